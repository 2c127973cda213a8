/* The module that Python sees: a walked page is kept behind a capsule, and elements are made as somebody asks for them. */
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "markup.h"
#include "nodes.h"
#include "pieces.h"
#include "text.h"
#include "walk.h"

#define CAPSULE "dozor.tree"

enum { DROPPED = -1 }; /* the tag of an element that no reader shall see */

typedef struct {
    Walked walked;
    PyObject *parser;
    PyObject **made;  /* elements by number, 0 until somebody asks */
    PyObject **names; /* of attributes, by number */
    int32_t *by_tag, *tag_ends;   /* elements of each tag in order, and where those of a tag end */
    int32_t *by_name, *name_ends; /* the same of each attribute */
    char *words[2]; /* all values of class and of id in lower case, " value " and a 0 each */
    Size sizes[2];
    uint8_t *pairs[2]; /* a bit for each two bytes that stand side by side in them */
    int32_t *numbers; /* open addressing by node: 1 + number of the element */
    int64_t mask;
} Tree;

static PyObject *tag_names[KNOWN_TAGS]; /* None where a tag has no name here */
static PyObject *nothing;               /* "" */

/* Whether a function was given as many arguments as it looks at. */
static int has(Size count, Size needed) {
    if (count < needed) PyErr_SetString(PyExc_TypeError, "too few arguments");
    return count >= needed;
}

/* ---- making and unmaking ---- */

static void free_tree(Tree *tree) {
    for (int64_t number = 0; tree->made && number < tree->walked.elements.count; number++)
        if (tree->made[number]) Py_DecRef(tree->made[number]);
    for (int64_t number = 0; tree->names && number < tree->walked.names.count; number++)
        if (tree->names[number]) Py_DecRef(tree->names[number]);
    free(tree->made);
    free(tree->names);
    free(tree->by_tag);
    free(tree->tag_ends);
    free(tree->by_name);
    free(tree->name_ends);
    free(tree->words[0]);
    free(tree->words[1]);
    free(tree->pairs[0]);
    free(tree->pairs[1]);
    free(tree->numbers);
    walk_free(&tree->walked);
    if (tree->parser) Py_DecRef(tree->parser);
    free(tree);
}

static void destroy(PyObject *capsule) { free_tree(PyCapsule_GetPointer(capsule, CAPSULE)); }

static Tree *tree_of(PyObject *capsule) { return PyCapsule_GetPointer(capsule, CAPSULE); }

/* Rows (what, of which of `kinds`) sorted by kind, each kind's in the order they come: gives where each kind's end. */
static int32_t *sorted_by_kind(int64_t count, int64_t kinds, int32_t *sorted, const int32_t *what, const int32_t *of, int step) {
    int32_t *ends = calloc((size_t)kinds + 1, sizeof *ends), before = 0;
    if (!ends || !sorted) {
        free(ends);
        return 0;
    }
    for (int64_t row = 0; row < count; row++) ends[of[row * step]]++;
    for (int64_t kind = 0; kind < kinds; kind++) { /* where each begins; filling in moves that to its end */
        int32_t size = ends[kind];
        ends[kind] = before;
        before += size;
    }
    for (int64_t row = 0; row < count; row++) sorted[ends[of[row * step]]++] = what ? what[row * step] : (int32_t)row;
    return ends;
}

/* What stands in a player is for browsers that cannot play, unless it is structured data. */
static void settle_players(Tree *tree) {
    Elements *elements = &tree->walked.elements;
    int8_t *is_data = 0;
    for (int64_t number = 0; number < elements->count; number++) {
        if (elements->rows[number].tag >= 0) continue;
        if (!is_data) {
            if (!(is_data = calloc((size_t)elements->count, 1))) return;
            for (int64_t name = 0; name < tree->walked.names.count; name++)
                if (!PyUnicode_CompareWithASCIIString(tree->names[name], "itemprop"))
                    for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) is_data[tree->by_name[at]] = 1;
        }
        elements->rows[number].tag = is_data[number] ? -1 - elements->rows[number].tag : DROPPED;
    }
    free(is_data);
}

static int fill_names(Tree *tree) {
    const Column *attributes = &tree->walked.attributes;
    int64_t count = tree->walked.names.count, rows = attributes->count / ATTRIBUTE_NUMBERS;
    tree->names = calloc((size_t)count + 1, sizeof *tree->names);
    tree->by_name = malloc(((size_t)rows + 1) * sizeof *tree->by_name);
    tree->name_ends = sorted_by_kind(rows, count, tree->by_name, attributes->values, attributes->values + 1, ATTRIBUTE_NUMBERS);
    if (!tree->names || !tree->name_ends) return 0;
    for (int64_t name = 0; name < count; name++) {
        const Node *element = tree->walked.elements.rows[tree->by_name[name ? tree->name_ends[name - 1] : 0]].node;
        const Attribute *attribute = attributes_of(element);
        while (name_of(attribute) != tree->walked.names.keys[name]) attribute = attribute->next;
        if (!(tree->names[name] = name_string(element, attribute, tree->parser))) return 0;
    }
    return 1;
}

static int fill_tags(Tree *tree) {
    const Elements *elements = &tree->walked.elements;
    int32_t *tags = malloc(((size_t)elements->count + 1) * sizeof *tags);
    tree->by_tag = malloc(((size_t)elements->count + 1) * sizeof *tree->by_tag);
    for (int64_t number = 0; tags && number < elements->count; number++)
        tags[number] = elements->rows[number].tag == DROPPED ? KNOWN_TAGS : elements->rows[number].tag;
    if (tags) tree->tag_ends = sorted_by_kind(elements->count, KNOWN_TAGS + 1, tree->by_tag, 0, tags, 1);
    free(tags);
    return tree->tag_ends != 0;
}

/* What an argument says by tag; 0 with an exception when it does not. */
static const uint8_t *by_tag_of(PyObject *argument) {
    char *values;
    Size size = 0;
    if (PyBytes_AsStringAndSize(argument, &values, &size)) return 0;
    if (size == KNOWN_TAGS) return (const uint8_t *)values;
    PyErr_SetString(PyExc_ValueError, "not a value for each tag");
    return 0;
}

static PyObject *walk_page(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 6)) return 0;
    const Node *root = node_of(arguments[0]);
    const uint8_t *kinds = by_tag_of(arguments[1]);
    if (!root || !kinds) return 0;
    Bounds bounds = {
        (int32_t)PyLong_AsLong(arguments[2]), (int32_t)PyLong_AsLong(arguments[3]), (int32_t)PyLong_AsLong(arguments[4]), PyLong_AsLong(arguments[5]),
    };
    Tree *tree = calloc(1, sizeof *tree);
    if (!tree) return PyErr_NoMemory();
    int ended = walk(root, kinds, &bounds, &tree->walked);
    tree->parser = parser_of(arguments[0]);
    Py_IncRef(tree->parser);
    PyObject *result = 0;
    if (ended == NO_MEMORY) {
        PyErr_NoMemory();
    } else if (ended) {
        result = PyLong_FromLongLong(ended);
    } else if (!(tree->made = calloc((size_t)tree->walked.elements.count, sizeof *tree->made)) || !fill_names(tree)) {
        if (!PyErr_Occurred()) PyErr_NoMemory();
    } else {
        settle_players(tree);
        if (!fill_tags(tree))
            PyErr_NoMemory();
        else if ((result = PyCapsule_New(tree, CAPSULE, destroy)))
            return result;
    }
    free_tree(tree);
    return result;
}

/* ---- elements ---- */

/* An element as readers know it: its node, its tag, its attributes. */
static PyObject *make_element(Tree *tree, int32_t number) {
    const Element *row = &tree->walked.elements.rows[number];
    PyObject *node = new_node(row->node, tree->parser), *tag = tag_names[row->tag], *attributes = 0, *element = 0;
    if (tag != None)
        Py_IncRef(tag);
    else
        tag = node ? PyObject_GetAttrString(node, "tag") : 0;
    if (node && tag && (attributes = attributes_dict(row->node, tree->parser)) && (element = PyTuple_New(3))) {
        PyTuple_SetItem(element, 0, node);
        PyTuple_SetItem(element, 1, tag);
        PyTuple_SetItem(element, 2, attributes);
        return tree->made[number] = element;
    }
    if (node) Py_DecRef(node);
    if (tag) Py_DecRef(tag);
    if (attributes) Py_DecRef(attributes);
    return 0;
}

/* A list of elements, those left out that no reader shall see. */
static PyObject *elements_list(Tree *tree, const int32_t *numbers, int64_t count) {
    int64_t seen = 0;
    for (int64_t at = 0; at < count; at++) seen += tree->walked.elements.rows[numbers[at]].tag != DROPPED;
    PyObject *list = PyList_New(seen);
    seen = 0;
    for (int64_t at = 0; list && at < count; at++) {
        if (tree->walked.elements.rows[numbers[at]].tag == DROPPED) continue;
        PyObject *element = tree->made[numbers[at]];
        if (!element && !(element = make_element(tree, numbers[at]))) {
            Py_DecRef(list);
            return 0;
        }
        Py_IncRef(element);
        PyList_SetItem(list, seen++, element);
    }
    return list;
}

/* The numbers that are marked, and their elements; frees the marks. */
static PyObject *marked_list(Tree *tree, uint8_t *marks) {
    int64_t count = tree->walked.elements.count, found = 0;
    int32_t *numbers = malloc((size_t)count * sizeof *numbers);
    for (int64_t number = 0; numbers && number < count; number++)
        if (marks[number]) numbers[found++] = (int32_t)number;
    PyObject *list = numbers ? elements_list(tree, numbers, found) : PyErr_NoMemory();
    free(numbers);
    free(marks);
    return list;
}

static PyObject *all_elements(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    Tree *tree = tree_of(arguments[0]);
    uint8_t *marks = tree ? malloc((size_t)tree->walked.elements.count) : 0;
    if (!marks) return tree ? PyErr_NoMemory() : 0;
    memset(marks, 1, (size_t)tree->walked.elements.count);
    return marked_list(tree, marks);
}

static int tag_range(Tree *tree, PyObject *tag, int32_t *first, int32_t *last) {
    long number = PyLong_AsLong(tag);
    if (!tree || number < 0 || number >= KNOWN_TAGS) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "not the number of a tag");
        return 0;
    }
    *first = number ? tree->tag_ends[number - 1] : 0;
    *last = tree->tag_ends[number];
    return 1;
}

static PyObject *tagged(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    int32_t first, last;
    return tag_range(tree, arguments[1], &first, &last) ? elements_list(tree, tree->by_tag + first, last - first) : 0;
}

static PyObject *counts(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    Tree *tree = tree_of(arguments[0]);
    PyObject *list = tree ? PyList_New(KNOWN_TAGS) : 0;
    for (int tag = 0; list && tag < KNOWN_TAGS; tag++)
        PyList_SetItem(list, tag, PyLong_FromLongLong(tree->tag_ends[tag] - (tag ? tree->tag_ends[tag - 1] : 0)));
    return list;
}

static PyObject *attribute_names(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    Tree *tree = tree_of(arguments[0]);
    PyObject *list = tree ? PyList_New(tree->walked.names.count) : 0;
    for (int64_t name = 0; list && name < tree->walked.names.count; name++) {
        Py_IncRef(tree->names[name]);
        PyList_SetItem(list, name, tree->names[name]);
    }
    return list;
}

/* Elements that have an attribute; a prefix may make two of Lexbor's names one. */
static PyObject *with_attribute(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    if (!tree) return 0;
    int64_t found = 0, name = 0;
    for (int64_t number = 0; number < tree->walked.names.count; number++) {
        if (PyUnicode_Compare(tree->names[number], arguments[1])) continue;
        name = number;
        found++;
    }
    int32_t first = found && name ? tree->name_ends[name - 1] : 0;
    if (found <= 1) return elements_list(tree, tree->by_name + first, found ? tree->name_ends[name] - first : 0);
    uint8_t *marks = calloc((size_t)tree->walked.elements.count, 1);
    if (!marks) return PyErr_NoMemory();
    for (name = 0; name < tree->walked.names.count; name++)
        if (!PyUnicode_Compare(tree->names[name], arguments[1]))
            for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) marks[tree->by_name[at]] = 1;
    return marked_list(tree, marks);
}

/* ---- what elements are called ---- */

static const Attribute *attribute_named(const Tree *tree, int32_t element, int64_t name) {
    const Attribute *attribute = attributes_of(tree->walked.elements.rows[element].node);
    while (name_of(attribute) != tree->walked.names.keys[name]) attribute = attribute->next;
    return attribute;
}

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

static PyObject *words(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    int which = PyLong_AsLong(arguments[1]) != 0;
    if (!tree) return 0;
    if (!fill_words(tree, which)) return PyErr_NoMemory();
    return string_of((const unsigned char *)tree->words[which], (size_t)tree->sizes[which]);
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

static PyObject *called(PyObject *module, PyObject *const *arguments, Size count) {
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

static PyObject *classes_with(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    Tree *tree = tree_of(arguments[0]);
    uint8_t *marks = tree ? holding(tree, 0, arguments + 1, count - 1) : 0;
    PyObject *list = marks ? PyList_New(0) : 0;
    for (int64_t number = 0; list && number < tree->walked.classes.count; number++) {
        if (!marks[number]) continue;
        const String *value = (const String *)tree->walked.classes.keys[number];
        PyObject *text = string_of(value->data, value->length);
        int failed = !text || PyList_Append(list, text);
        if (text) Py_DecRef(text);
        if (failed) {
            Py_DecRef(list);
            list = 0;
        }
    }
    free(marks);
    return list;
}

static PyObject *valued(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    Parts parts;
    if (!tree || !read_parts(&parts, arguments + 2, count - 2, 0)) return 0;
    uint8_t *marks = calloc((size_t)tree->walked.elements.count, 1);
    if (!marks) return PyErr_NoMemory();
    for (int64_t name = 0; name < tree->walked.names.count; name++) {
        if (PyUnicode_Compare(tree->names[name], arguments[1])) continue;
        for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) {
            const String *value = attribute_named(tree, tree->by_name[at], name)->value;
            if (value && value->data && next_part(&parts, (const char *)value->data, (const char *)value->data + value->length))
                marks[tree->by_name[at]] = 1;
        }
    }
    return marked_list(tree, marks);
}

/* ---- links ---- */

/* A line as Python has it, `most` characters of it; all for 0. */
static PyObject *line_string(const Line *line, int64_t most) {
    size_t end = line->count;
    if (most && line->characters > most) {
        int64_t characters = 0;
        for (end = 0; characters < most || (line->bytes[end] & 0xc0) == 0x80; end++) characters += (line->bytes[end] & 0xc0) != 0x80;
    }
    return line->failed ? PyErr_NoMemory() : string_of(line->bytes, end);
}

/* The name of an attribute as the page's elements have it; 0 where none has. */
static uintptr_t key_of(const Tree *tree, const char *wanted) {
    for (int64_t name = 0; name < tree->walked.names.count; name++)
        if (!PyUnicode_CompareWithASCIIString(tree->names[name], wanted)) return tree->walked.names.keys[name];
    return 0;
}

/* The value of an attribute; 0 for none. */
static const String *value_of(const Node *element, uintptr_t key) {
    const Attribute *attribute = key ? attributes_of(element) : 0;
    while (attribute && name_of(attribute) != key) attribute = attribute->next;
    return attribute && attribute->value && attribute->value->data ? attribute->value : 0;
}

/* What a link without text is called: its own label, else that of its first picture that has one. */
static const String *label_of(const Node *link, uintptr_t image, uintptr_t title, uintptr_t label, uintptr_t alt) {
    const String *said = value_of(link, title);
    if (!said || !said->length) said = value_of(link, label);
    if (said && said->length) return said;
    for (const Node *below = next_below(link, link); alt && below; below = next_below(below, link)) {
        if (below->type != ELEMENT || below->name != image) continue;
        const Attribute *attribute = attributes_of(below);
        while (attribute && name_of(attribute) != alt) attribute = attribute->next;
        if (attribute) return value_of(below, alt);
    }
    return 0;
}

/* The address a link leads to, where it is spelt as it is; else None. */
static PyObject *target_of(const String *href, const char *origin, size_t origin_length) {
    size_t length;
    int kind = plain_address(href, &length);
    if (kind == ABSOLUTE) return string_of(href->data, length);
    if (kind == NOT_PLAIN || !origin_length) {
        Py_IncRef(None);
        return None;
    }
    unsigned char own[512], *joined = origin_length + length <= sizeof own ? own : malloc(origin_length + length);
    if (!joined) return PyErr_NoMemory();
    memcpy(joined, origin, origin_length);
    memcpy(joined + origin_length, href->data, length);
    PyObject *target = string_of(joined, origin_length + length);
    if (joined != own) free(joined);
    return target;
}

/* Links of the page: where they lead to or None, href, rel or None, and the text in one line, `most` characters of it. */
static PyObject *links(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 6)) return 0;
    Tree *tree = tree_of(arguments[0]);
    Size origin_length = 0;
    const char *origin = PyUnicode_AsUTF8AndSize(arguments[5], &origin_length);
    uintptr_t image = PyLong_AsSize_t(arguments[2]);
    long most_links = PyLong_AsLong(arguments[3]), most = PyLong_AsLong(arguments[4]);
    int32_t first, last;
    if (PyErr_Occurred() || !tag_range(tree, arguments[1], &first, &last)) return 0;
    uintptr_t href = key_of(tree, "href"), rel = key_of(tree, "rel"), alt = key_of(tree, "alt"), title = key_of(tree, "title"),
              label = key_of(tree, "aria-label");
    PyObject *list = PyList_New(0);
    for (int32_t at = first; list && at < last && at - first < most_links; at++) {
        const Node *node = tree->walked.elements.rows[tree->by_tag[at]].node;
        const String *target = value_of(node, href), *said = value_of(node, rel);
        if (!target || !target->length) continue;
        Line line;
        line_start(&line);
        line_of(&line, node, most);
        const String *named = line.count ? 0 : label_of(node, image, title, label, alt);
        if (named) line_add(&line, named);
        PyObject *parts[] = {
            target_of(target, origin, (size_t)origin_length), string_of(target->data, target->length),
            said ? string_of(said->data, said->length) : None, line_string(&line, most),
        };
        enum { PARTS = sizeof parts / sizeof *parts };
        if (!said) Py_IncRef(None);
        line_end(&line);
        PyObject *link = PyTuple_New(PARTS);
        int failed = !link;
        for (int part = 0; part < PARTS; part++) {
            failed |= !parts[part];
            if (link && parts[part])
                PyTuple_SetItem(link, part, parts[part]);
            else if (parts[part])
                Py_DecRef(parts[part]);
        }
        failed = failed || PyList_Append(list, link);
        if (link) Py_DecRef(link);
        if (failed) {
            Py_DecRef(list);
            list = 0;
        }
    }
    return list;
}

/* ---- order ---- */

static int64_t place_of(const Tree *tree, const Node *node) {
    int64_t place = (int64_t)((uintptr_t)node * 0x9e3779b97f4a7c15ULL >> 32) & tree->mask;
    while (tree->numbers[place] && tree->walked.elements.rows[tree->numbers[place] - 1].node != node) place = (place + 1) & tree->mask;
    return place;
}

static int fill_numbers(Tree *tree) {
    if (tree->numbers) return 1;
    for (tree->mask = 255; tree->mask < 2 * tree->walked.elements.count;) tree->mask = 2 * tree->mask + 1;
    if (!(tree->numbers = calloc((size_t)tree->mask + 1, sizeof *tree->numbers))) return 0;
    for (int32_t number = 0; number < tree->walked.elements.count; number++)
        tree->numbers[place_of(tree, tree->walked.elements.rows[number].node)] = number + 1;
    return 1;
}

static PyObject *in_order(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    Tree *tree = tree_of(arguments[0]);
    if (!tree) return 0;
    uint8_t *marks = fill_numbers(tree) ? calloc((size_t)tree->walked.elements.count, 1) : 0;
    if (!marks) return PyErr_NoMemory();
    for (Size group = 1; group < count; group++) {
        Size size = PyList_Size(arguments[group]);
        for (Size at = 0; at < size; at++) {
            PyObject *object = PyTuple_GetItem(PyList_GetItem(arguments[group], at), 0);
            const Node *node = object ? node_of(object) : 0;
            int32_t number = node ? tree->numbers[place_of(tree, node)] : 0;
            if (number) marks[number - 1] = 1;
        }
        if (PyErr_Occurred()) {
            free(marks);
            return 0;
        }
    }
    return marked_list(tree, marks);
}

/* ---- blocks ---- */

static PyObject *numbers_list(const int32_t *values, int64_t count, int step) {
    PyObject *list = PyList_New(count);
    for (int64_t at = 0; list && at < count; at++) PyList_SetItem(list, at, PyLong_FromLongLong(values[at * step]));
    return list;
}

/* A table by column, as numpy reads it: all of the first, then all of the next. */
static PyObject *columns(const Column *table, int width) {
    int64_t rows = table->count / width;
    PyObject *bytes = PyBytes_FromStringAndSize(0, (Size)(table->count * (int64_t)sizeof(int32_t)));
    char *filled;
    Size size;
    if (!bytes || PyBytes_AsStringAndSize(bytes, &filled, &size)) return 0;
    int32_t *to = (int32_t *)filled;
    for (int column = 0; column < width; column++)
        for (int64_t row = 0; row < rows; row++) *to++ = table->values[row * width + column];
    return bytes;
}

static PyObject *texts_list(const Tree *tree) {
    const uint32_t *at = tree->walked.text.codes;
    int64_t count = tree->walked.blocks.count / BLOCK_NUMBERS;
    PyObject *list = PyList_New(count);
    for (int64_t block = 0; list && block < count; block++) {
        const uint32_t *end = at;
        while (*end) end++;
        PyObject *text = PyUnicode_FromWideChar((const wchar_t *)at, end - at);
        if (!text) {
            Py_DecRef(list);
            return 0;
        }
        PyList_SetItem(list, block, text);
        at = end + 1;
    }
    return list;
}

/* The different pairs of class and id of containers, each as one string. */
static PyObject *called_list(const Tree *tree) {
    const Column *pairs = &tree->walked.called;
    const Met *met[] = {&tree->walked.classes, &tree->walked.ids};
    int64_t count = pairs->count / CALLED_NUMBERS;
    PyObject *list = PyList_New(count);
    for (int64_t row = 0; list && row < count; row++) {
        const int32_t *pair = pairs->values + row * CALLED_NUMBERS;
        const String *parts[2] = {0, 0};
        for (int which = 0; which < 2; which++)
            if (pair[which] >= 0) parts[which] = (const String *)met[which]->keys[pair[which]];
        size_t first = parts[0] ? parts[0]->length : 0, second = parts[1] ? parts[1]->length : 0;
        unsigned char *joined = malloc(first + second + 1);
        if (first && joined) memcpy(joined, parts[0]->data, first);
        if (joined) joined[first] = ' ';
        if (second && joined) memcpy(joined + first + 1, parts[1]->data, second);
        PyObject *text = joined ? string_of(joined, pair[0] > -2 ? first + second + 1 : 0) : PyErr_NoMemory();
        free(joined);
        if (!text) {
            Py_DecRef(list);
            return 0;
        }
        PyList_SetItem(list, row, text);
    }
    return list;
}

/* What containers are called, each. */
static PyObject *names_list(const Tree *tree, PyObject *called) {
    int64_t count = tree->walked.containers.count / CONTAINER_NUMBERS;
    PyObject *list = PyList_New(count);
    for (int64_t container = 0; list && container < count; container++) {
        PyObject *name = PyList_GetItem(called, tree->walked.containers.values[container * CONTAINER_NUMBERS + 6]);
        Py_IncRef(name);
        PyList_SetItem(list, container, name);
    }
    return list;
}

/* Tags of containers: what a site calls its own elements says little, so they count as the plainest one. */
static PyObject *tags_list(const Tree *tree, PyObject *plain, PyObject *first) {
    int64_t count = tree->walked.containers.count / CONTAINER_NUMBERS;
    PyObject *list = PyList_New(count);
    for (int64_t container = 0; list && container < count; container++) {
        PyObject *tag = tag_names[tree->walked.containers.values[container * CONTAINER_NUMBERS + 2]];
        if (tag == None) tag = plain;
        if (!container) tag = first;
        Py_IncRef(tag);
        PyList_SetItem(list, container, tag);
    }
    return list;
}

/* The container that an element is, or -1; the cursor moves on with elements that come in order. */
static int64_t container_of(const Tree *tree, int32_t element, int64_t *cursor) {
    const Column *containers = &tree->walked.containers;
    while (*cursor < containers->count && containers->values[*cursor] < element) *cursor += CONTAINER_NUMBERS;
    return *cursor < containers->count && containers->values[*cursor] == element ? *cursor / CONTAINER_NUMBERS : -1;
}

/* An attribute of each container, "" for none. */
static PyObject *values_list(const Tree *tree, const char *wanted) {
    int64_t count = tree->walked.containers.count / CONTAINER_NUMBERS;
    PyObject *list = PyList_New(count);
    for (int64_t container = 0; list && container < count; container++) {
        Py_IncRef(nothing);
        PyList_SetItem(list, container, nothing);
    }
    for (int64_t name = 0; list && name < tree->walked.names.count; name++) {
        if (PyUnicode_CompareWithASCIIString(tree->names[name], wanted)) continue;
        int64_t cursor = 0;
        for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) {
            int64_t container = container_of(tree, tree->by_name[at], &cursor);
            const String *value = container < 0 ? 0 : attribute_named(tree, tree->by_name[at], name)->value;
            if (!value || !value->data) continue;
            PyObject *text = string_of(value->data, value->length);
            if (!text) {
                Py_DecRef(list);
                return 0;
            }
            PyList_SetItem(list, container, text);
        }
    }
    return list;
}

/* Whether a style hides its element: "display:none", with spaces anywhere. */
static int is_undisplayed(const String *style) {
    static const char wanted[] = "display:none";
    for (size_t start = 0; start < style->length; start++) {
        if (style->data[start] != 'd') continue;
        size_t at = start, same = 0;
        while (at < style->length && (style->data[at] == ' ' || (wanted[same] && style->data[at] == (unsigned char)wanted[same]))) same += style->data[at++] != ' ';
        if (!wanted[same]) return 1;
    }
    return 0;
}

static int is_hiding(const char *name, const String *value) {
    if (!strcmp(name, "hidden")) return 1;
    if (!value || !value->data) return 0;
    return strcmp(name, "style") ? value->length == 4 && !memcmp(value->data, "true", 4) : is_undisplayed(value);
}

/* By container: is it or anything around it hidden. */
static PyObject *hidden_list(const Tree *tree) {
    static const char *const hiding[] = {"hidden", "aria-hidden", "style"};
    int64_t count = tree->walked.containers.count / CONTAINER_NUMBERS;
    uint8_t *hidden = calloc((size_t)count + 1, 1);
    if (!hidden) return PyErr_NoMemory();
    for (size_t which = 0; which < sizeof hiding / sizeof *hiding; which++)
        for (int64_t name = 0; name < tree->walked.names.count; name++) {
            if (PyUnicode_CompareWithASCIIString(tree->names[name], hiding[which])) continue;
            int64_t cursor = 0;
            for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) {
                int64_t container = container_of(tree, tree->by_name[at], &cursor);
                if (container >= 0 && is_hiding(hiding[which], attribute_named(tree, tree->by_name[at], name)->value)) hidden[container] = 1;
            }
        }
    for (int64_t container = 1; container < count; container++)
        hidden[container] |= hidden[tree->walked.containers.values[container * CONTAINER_NUMBERS + 1]];
    PyObject *list = PyList_New(count);
    for (int64_t container = 0; list && container < count; container++) PyList_SetItem(list, container, PyBool_FromLong(hidden[container]));
    free(hidden);
    return list;
}

/* All about blocks and their containers (layout.py names the parts). */
static PyObject *blocks(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 3)) return 0;
    Tree *tree = tree_of(arguments[0]);
    if (!tree) return 0;
    const Walked *walked = &tree->walked;
    int64_t containers = walked->containers.count / CONTAINER_NUMBERS, rows = walked->blocks.count / BLOCK_NUMBERS;
    const int32_t *container = walked->containers.values, *block = walked->blocks.values;
    PyObject *names = called_list(tree);
    PyObject *parts[] = {
        PyUnicode_FromWideChar((const wchar_t *)walked->text.codes, (Size)walked->text.count),
        columns(&walked->blocks, BLOCK_NUMBERS),
        columns(&walked->containers, CONTAINER_NUMBERS),
        names,
        texts_list(tree),
        numbers_list(block, rows, BLOCK_NUMBERS),
        numbers_list(block + 1, rows, BLOCK_NUMBERS),
        numbers_list(container + 1, containers, CONTAINER_NUMBERS),
        tags_list(tree, arguments[1], arguments[2]),
        names ? names_list(tree, names) : 0,
        values_list(tree, "role"),
        values_list(tree, "itemprop"),
        hidden_list(tree),
        numbers_list(container + 3, containers, CONTAINER_NUMBERS),
        numbers_list(container + 4, containers, CONTAINER_NUMBERS),
    };
    enum { PARTS = sizeof parts / sizeof *parts };
    PyObject *all = PyTuple_New(PARTS);
    for (int part = 0; part < PARTS; part++) {
        if (all && parts[part]) {
            PyTuple_SetItem(all, part, parts[part]);
        } else {
            if (parts[part]) Py_DecRef(parts[part]);
            if (all) Py_DecRef(all);
            all = 0;
        }
    }
    return all;
}

/* The node of a container. */
static PyObject *container_node(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    long container = PyLong_AsLong(arguments[1]);
    if (!tree || container < 0 || container >= tree->walked.containers.count / CONTAINER_NUMBERS) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "not the number of a container");
        return 0;
    }
    return new_node(tree->walked.elements.rows[tree->walked.containers.values[container * CONTAINER_NUMBERS]].node, tree->parser);
}

static PyObject *deepest(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    Tree *tree = tree_of(arguments[0]);
    return tree ? PyLong_FromLongLong(tree->walked.deepest) : 0;
}

/* ---- nodes ---- */

static PyObject *attributes(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    const Node *node = node_of(arguments[0]);
    return node ? attributes_dict(node, parser_of(arguments[0])) : 0;
}

static PyObject *visible_text(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 3)) return 0;
    const Node *node = node_of(arguments[0]);
    const uint8_t *parts = by_tag_of(arguments[1]);
    long depth = PyLong_AsLong(arguments[2]);
    if (!node || !parts || PyErr_Occurred()) return 0;
    Line line;
    line_start(&line);
    visible_line(&line, node, parts, (int)depth);
    PyObject *text = line_string(&line, 0);
    line_end(&line);
    return text;
}

static PyObject *pieces(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 6)) return 0;
    const Node *node = node_of(arguments[0]);
    const uint8_t *kinds = by_tag_of(arguments[1]);
    PieceBounds bounds = {
        PyLong_AsLong(arguments[2]), PyLong_AsLong(arguments[3]), PyLong_AsLong(arguments[4]), PyLong_AsLong(arguments[5]),
    };
    return node && kinds && !PyErr_Occurred() ? pieces_of(node, kinds, &bounds) : 0;
}

/* The node at an address of the tree that another node is of. */
static PyObject *node_at(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    uintptr_t address = PyLong_AsSize_t(arguments[1]);
    return node_of(arguments[0]) && !PyErr_Occurred() ? new_node((const Node *)address, parser_of(arguments[0])) : 0;
}

static PyObject *words_shown(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    char *markup;
    Size length = 0;
    long most = PyLong_AsLong(arguments[1]);
    if (PyBytes_AsStringAndSize(arguments[0], &markup, &length) || PyErr_Occurred()) return 0;
    return PyLong_FromLongLong(shown_words((const unsigned char *)markup, (size_t)length, most));
}

/* What a node is taken for: its tag, its next, previous, parent, first and last node, its type. */
static PyObject *node_facts(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    const Node *node = node_of(arguments[0]);
    if (!node) return 0;
    const uintptr_t facts[] = {
        node->name, (uintptr_t)node->next, (uintptr_t)node->previous, (uintptr_t)node->parent, (uintptr_t)node->first,
        (uintptr_t)node->last, (uintptr_t)node->type,
    };
    PyObject *list = PyList_New(sizeof facts / sizeof *facts);
    for (size_t at = 0; list && at < sizeof facts / sizeof *facts; at++) PyList_SetItem(list, (Size)at, PyLong_FromLongLong((long long)facts[at]));
    return list;
}

/* Takes a node of selectolax's, its address, its parser, and the names of tags by number. */
static PyObject *learn(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 4)) return 0;
    if (!learn_nodes(arguments[0], PyLong_AsSize_t(arguments[1]), arguments[2])) return 0;
    for (int tag = 0; tag < KNOWN_TAGS; tag++) {
        if (!(tag_names[tag] = PyList_GetItem(arguments[3], tag))) return 0;
        Py_IncRef(tag_names[tag]);
    }
    Py_IncRef(None);
    return None;
}

static PyMethodDef functions[] = {
    {"learn", learn, METH_FASTCALL, 0},
    {"node_facts", node_facts, METH_FASTCALL, 0},
    {"walk", walk_page, METH_FASTCALL, 0},
    {"deepest", deepest, METH_FASTCALL, 0},
    {"elements", all_elements, METH_FASTCALL, 0},
    {"tagged", tagged, METH_FASTCALL, 0},
    {"counts", counts, METH_FASTCALL, 0},
    {"attribute_names", attribute_names, METH_FASTCALL, 0},
    {"with_attribute", with_attribute, METH_FASTCALL, 0},
    {"words", words, METH_FASTCALL, 0},
    {"called", called, METH_FASTCALL, 0},
    {"classes_with", classes_with, METH_FASTCALL, 0},
    {"valued", valued, METH_FASTCALL, 0},
    {"links", links, METH_FASTCALL, 0},
    {"in_order", in_order, METH_FASTCALL, 0},
    {"blocks", blocks, METH_FASTCALL, 0},
    {"container_node", container_node, METH_FASTCALL, 0},
    {"attributes", attributes, METH_FASTCALL, 0},
    {"visible_text", visible_text, METH_FASTCALL, 0},
    {"pieces", pieces, METH_FASTCALL, 0},
    {"words_shown", words_shown, METH_FASTCALL, 0},
    {"node_at", node_at, METH_FASTCALL, 0},
    {0, 0, 0, 0},
};
static PyModuleDef definition = {.head = {1, 0}, .name = "walking", .size = -1, .methods = functions};

PyObject *PyInit_walking(void) {
    if (!(nothing = PyUnicode_InternFromString(""))) return 0;
    return PyModule_Create2(&definition, PYTHON_ABI);
}
