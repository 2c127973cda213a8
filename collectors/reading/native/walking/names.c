/* Elements by what they are called: parts of class, of id, of the value of any attribute. */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

static uint8_t lower(uint8_t byte) { return (uint8_t)(byte - 'A') < 26 ? byte | 32 : byte; }

enum { PAIRS = 1 << 10 }; /* that are kept apart: those of letters */

/* Of two bytes, or of the second one of a pair and what follows. */
static int pair_of(int first, int second) { return (first & 31) << 5 | (second & 31); }

/* Puts all different values of class or id together. */
static int fill_text(Called *called, const Met *met) {
    size_t size = 1;
    for (int64_t number = 0; number < met->count; number++) size += ((const String *)met->keys[number])->length + 3;
    char *start = called->text = malloc(size), *end = start;
    if (!start) return 0;
    for (int64_t number = 0; number < met->count; number++) {
        const String *value = (const String *)met->keys[number];
        *end++ = ' ';
        memcpy(end, value->data, value->length);
        memcpy(end + value->length, " ", 2);
        end += value->length + 2;
    }
    called->size = end - start;
    for (char *at = start; at < end; at++) *at = (char)lower((uint8_t)*at);
    return 1;
}

/* Lists where the pairs of bytes stand, value by value. */
static int fill_places(Called *called, const Met *met) {
    Pair *pairs = called->pairs = calloc(PAIRS, sizeof *pairs);
    Place *places = called->places = malloc(((size_t)called->size + 1) * sizeof *places);
    if (!pairs || !places) return 0;
    const char *text = called->text;
    int32_t at = 0;
    for (int32_t value = 0; value < met->count; value++, at += 2) {
        int32_t last = at + 1 + (int32_t)((const String *)met->keys[value])->length;
        for (int both = pair_of(0, text[at]); at < last; at++) {
            both = pair_of(both, text[at + 1]);
            Pair *pair = &pairs[both];
            places[at] = (Place){pair->last, value};
            pair->last = at + 1;
            pair->count++;
        }
    }
    return 1;
}

void forget_called(Called *called) {
    free(called->text);
    free(called->pairs);
    free(called->places);
    *called = (Called){0};
}

/* Marks the numbers of the values that hold a part. */
static void mark_holding(const Called *called, const char *part, Size length, uint8_t *marks) {
    Size rarest = 0;
    const Pair *pair = 0;
    for (Size at = 0; at + 1 < length; at++) {
        const Pair *other = &called->pairs[pair_of(part[at], part[at + 1])];
        if (pair && pair->count <= other->count) continue;
        pair = other;
        rarest = at;
    }
    for (int32_t place = pair->last; place; place = called->places[place - 1].before) {
        Size at = place - 1 - rarest;
        if (at >= 0 && at + length <= called->size && !memcmp(called->text + at, part, (size_t)length)) marks[called->places[place - 1].value] = 1;
    }
}

/* A part as UTF-8; 0 with an exception for what is none. */
static const char *part_of(PyObject *text, Size *length) {
    const char *part = PyUnicode_AsUTF8AndSize(text, length);
    if (!part || *length >= 2) return part;
    PyErr_SetString(PyExc_ValueError, "a part has two letters");
    return 0;
}

/* Marks the numbers of values that hold one of these parts; 0 with an exception. */
static uint8_t *holding(Called *called, const Met *met, PyObject *const *texts, Size count) {
    if (!called->text && !(fill_text(called, met) && fill_places(called, met))) forget_called(called);
    uint8_t *marks = called->text ? calloc((size_t)met->count + 1, 1) : 0;
    if (!marks) {
        PyErr_NoMemory();
        return 0;
    }
    for (Size number = 0; number < count; number++) {
        Size length = 0;
        const char *part = part_of(texts[number], &length);
        if (!part) {
            free(marks);
            return 0;
        }
        mark_holding(called, part, length, marks);
    }
    return marks;
}

/* Parts that are looked for in values, all at once, A-Z read as lower case: a place is looked at only where two bytes may
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

/* 0 with an exception for parts that are none: too short, too many, no texts. */
static int read_parts(Parts *parts, PyObject *const *texts, Size count) {
    memset(parts->first, 0, sizeof parts->first);
    memset(parts->second, 0, sizeof parts->second);
    parts->count = 0;
    for (Size part = 0; part < count; part++) {
        Size length = 0;
        const char *text = part_of(texts[part], &length);
        if (!text) return 0;
        if (parts->count == MOST_PARTS) {
            PyErr_SetString(PyExc_ValueError, "there are 64 parts at most");
            return 0;
        }
        set_bit(parts->first, (uint8_t)text[0], parts->count);
        set_bit(parts->second, (uint8_t)text[1], parts->count);
        parts->lengths[parts->count] = (size_t)length;
        parts->texts[parts->count++] = text;
    }
    return 1;
}

static int holds_part(const Parts *parts, const char *value, size_t length) {
    const char *end = value + length;
    for (const char *at = value; end - at >= 2; at += parts->first[(uint8_t)at[1]] ? 1 : 2) { /* past what begins no part */
        if (!(parts->first[(uint8_t)at[0]] & parts->second[(uint8_t)at[1]])) continue;
        for (int part = 0; part < parts->count; part++) {
            size_t size = parts->lengths[part], same = 0;
            if ((size_t)(end - at) < size) continue;
            while (same < size && lower((uint8_t)at[same]) == (uint8_t)parts->texts[part][same]) same++;
            if (same == size) return 1;
        }
    }
    return 0;
}

PyObject *py_called(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    if (!tree) return 0;
    int which = PyLong_AsLong(arguments[1]) != 0;
    uint8_t *values = holding(&tree->called[which], which ? &tree->walked.ids : &tree->walked.classes, arguments + 2, count - 2);
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
    const char *wanted = tree ? PyUnicode_AsUTF8AndSize(arguments[1], 0) : 0;
    Parts parts;
    if (!wanted || !read_parts(&parts, arguments + 2, count - 2)) return 0;
    uint8_t *marks = 0; /* most pages have no such element */
    for (int64_t name = -1; (name = next_named(tree, wanted, name + 1)) >= 0;)
        for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) {
            const String *value = attribute_named(tree, tree->by_name[at], name)->value;
            if (!value || !value->data || !holds_part(&parts, (const char *)value->data, value->length)) continue;
            if (!marks && !(marks = calloc((size_t)tree->walked.elements.count, 1))) return PyErr_NoMemory();
            marks[tree->by_name[at]] = 1;
        }
    return marks ? marked_list(tree, marks) : PyList_New(0);
}
