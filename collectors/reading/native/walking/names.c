/* Elements by what they are called: parts of class, of id, of the value of any attribute. */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

static int lower(int byte) { return byte >= 'A' && byte <= 'Z' ? byte + 32 : byte; }

/* Puts all different values of class (0) or id (1) together. */
static int fill_words(Tree *tree, int which) {
    if (tree->pairs[which]) return 1;
    const Met *met = which ? &tree->walked.ids : &tree->walked.classes;
    size_t size = 1;
    for (int64_t number = 0; number < met->count; number++) size += ((const String *)met->keys[number])->length + 3;
    free(tree->words[which]);
    char *to = tree->words[which] = malloc(size);
    if (!to) return 0;
    for (int64_t number = 0; number < met->count; number++) {
        const String *value = (const String *)met->keys[number];
        *to++ = ' ';
        for (size_t at = 0; at < value->length; at++) *to++ = (char)lower(value->data[at]);
        *to++ = ' ';
        *to++ = 0;
    }
    tree->sizes[which] = to - tree->words[which];
    uint8_t *pairs = tree->pairs[which] = calloc(1 << 13, 1);
    for (const char *at = tree->words[which]; pairs && at + 1 < to; at++) {
        int pair = (uint8_t)at[0] << 8 | (uint8_t)at[1];
        pairs[pair >> 3] |= (uint8_t)(1 << (pair & 7));
    }
    return pairs != 0;
}

/* Parts that are looked for in names and values, all at once, A-Z read as lower case: a place is looked at only where two bytes may
 * begin one. Each part has one bit of a byte. */
enum { MOST_PARTS = 64 };
typedef struct {
    const char *texts[MOST_PARTS];
    size_t lengths[MOST_PARTS];
    int count;
    uint8_t first[256], second[256]; /* by byte: the bits of parts that begin with it, and of those in which it comes next */
} Parts;

static void set_bit(uint8_t *of, int byte, int part) {
    of[byte] |= (uint8_t)(1 << (part & 7));
    if (byte >= 'a' && byte <= 'z') of[byte - 32] |= (uint8_t)(1 << (part & 7));
}

static int has_pairs(const uint8_t *pairs, const char *text, Size length) {
    for (Size at = 0; at + 1 < length; at++) {
        int pair = (uint8_t)text[at] << 8 | (uint8_t)text[at + 1];
        if (!(pairs[pair >> 3] >> (pair & 7) & 1)) return 0;
    }
    return 1;
}

/* 0 with an exception for parts that are none: too short, too many, no texts. Where it is known which bytes stand side by side, parts
 * of others are left out. */
static int read_parts(Parts *parts, PyObject *const *texts, Size count, const uint8_t *pairs) {
    memset(parts->first, 0, sizeof parts->first);
    memset(parts->second, 0, sizeof parts->second);
    parts->count = 0;
    for (Size part = 0; part < count; part++) {
        Size length = 0;
        const char *text = PyUnicode_AsUTF8AndSize(texts[part], &length);
        if (!text) return 0;
        if (length < 2 || parts->count == MOST_PARTS) {
            PyErr_SetString(PyExc_ValueError, "a part has two letters, and there are 64 at most");
            return 0;
        }
        if (pairs && !has_pairs(pairs, text, length)) continue;
        set_bit(parts->first, (uint8_t)text[0], parts->count);
        set_bit(parts->second, (uint8_t)text[1], parts->count);
        parts->lengths[parts->count] = (size_t)length;
        parts->texts[parts->count++] = text;
    }
    return 1;
}

/* The first place at or after `at` where a part begins; 0 for none before `end`. */
static const char *next_part(const Parts *parts, const char *at, const char *end) {
    for (; end - at >= 2; at++) {
        if (!(parts->first[(uint8_t)at[0]] & parts->second[(uint8_t)at[1]])) continue;
        for (int part = 0; part < parts->count; part++) {
            size_t length = parts->lengths[part], same = 0;
            if ((size_t)(end - at) < length) continue;
            while (same < length && lower((uint8_t)at[same]) == (uint8_t)parts->texts[part][same]) same++;
            if (same == length) return at;
        }
    }
    return 0;
}

/* Marks the numbers of values that hold one of these parts; 0 with an exception. */
static uint8_t *holding(Tree *tree, int which, PyObject *const *texts, Size count) {
    const Met *met = which ? &tree->walked.ids : &tree->walked.classes;
    Parts parts;
    uint8_t *marks = fill_words(tree, which) ? calloc((size_t)met->count + 1, 1) : 0;
    if (!marks) {
        PyErr_NoMemory();
        return 0;
    }
    if (!read_parts(&parts, texts, count, tree->pairs[which])) {
        free(marks);
        return 0;
    }
    const char *start = tree->words[which], *end = start + tree->sizes[which];
    for (int64_t number = 0; parts.count && start < end; number++) { /* from one value that holds a part to the next */
        const char *at = next_part(&parts, start, end);
        if (!at) break;
        const char *after;
        while ((after = (const char *)memchr(start, 0, (size_t)(end - start)) + 1) <= at) {
            start = after;
            number++;
        }
        marks[number] = 1;
        start = after;
    }
    return marks;
}

PyObject *py_called(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    if (!tree) return 0;
    int which = PyLong_AsLong(arguments[1]) != 0;
    uint8_t *values = holding(tree, which, arguments + 2, count - 2);
    const Column *column = which ? &tree->walked.identified : &tree->walked.classed;
    int32_t *numbers = malloc((size_t)column->count * sizeof *numbers + 1);
    int64_t found = 0;
    for (int64_t at = 0; values && numbers && at < column->count; at += VALUE_NUMBERS)
        if (values[column->values[at + 1]]) numbers[found++] = column->values[at];
    PyObject *list = !values ? 0 : numbers ? elements_list(tree, numbers, found) : PyErr_NoMemory();
    free(values);
    free(numbers);
    return list;
}

PyObject *py_valued(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    Parts parts;
    if (!tree || !read_parts(&parts, arguments + 2, count - 2, 0)) return 0;
    uint8_t *marks = 0; /* most pages have no such attribute */
    for (int64_t name = 0; name < tree->walked.names.count; name++) {
        if (PyUnicode_Compare(tree->names[name], arguments[1])) continue;
        if (!marks && !(marks = calloc((size_t)tree->walked.elements.count, 1))) return PyErr_NoMemory();
        for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) {
            const String *value = attribute_named(tree, tree->by_name[at], name)->value;
            if (value && value->data && next_part(&parts, (const char *)value->data, (const char *)value->data + value->length))
                marks[tree->by_name[at]] = 1;
        }
    }
    return marks ? marked_list(tree, marks) : PyList_New(0);
}
