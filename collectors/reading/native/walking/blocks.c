/* Blocks of text and their containers, as lists and tables. */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

/* A table by column, as numpy reads it: all of the first, then all of the next. */
static PyObject *columns(const Column *table, int width) {
    int64_t rows = table->count / width;
    PyObject *bytes = PyByteArray_FromStringAndSize(0, (Size)(table->count * (int64_t)sizeof(int32_t)));
    if (!bytes) return 0;
    int32_t *to = (int32_t *)PyByteArray_AsString(bytes);
    for (int column = 0; column < width; column++)
        for (int64_t row = 0; row < rows; row++) *to++ = table->values[row * width + column];
    return bytes;
}

/* Parts of all texts: those are one string already, whose parts are made with fewer looks at each character. */
static PyObject *texts_list(const Tree *tree, PyObject *joined) {
    int64_t count = tree->walked.blocks.count / BLOCK_NUMBERS;
    const int32_t *begin = tree->walked.blocks.values + BLOCK_NUMBERS - 1;
    PyObject *list = PyList_New(count);
    for (int64_t block = 0; list && block < count; block++, begin += BLOCK_NUMBERS) {
        int64_t end = block + 1 < count ? begin[BLOCK_NUMBERS] : tree->walked.text.count;
        PyObject *text = PyUnicode_Substring(joined, *begin, (Size)end - 1);
        if (!text) {
            Py_DecRef(list);
            return 0;
        }
        PyList_SetItem(list, block, text);
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

/* An attribute of the containers that have it. */
static PyObject *values_dict(const Tree *tree, const char *wanted) {
    PyObject *dict = PyDict_New();
    for (int64_t name = -1; dict && (name = next_named(tree, wanted, name + 1)) >= 0;) {
        int64_t cursor = 0;
        for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) {
            int64_t container = container_of(tree, tree->by_name[at], &cursor);
            const String *value = container < 0 ? 0 : attribute_named(tree, tree->by_name[at], name)->value;
            if (!value || !value->data) continue;
            PyObject *number = PyLong_FromLongLong(container), *text = number ? string_of(value->data, value->length) : 0;
            int failed = !text || PyDict_SetItem(dict, number, text);
            if (number) Py_DecRef(number);
            if (text) Py_DecRef(text);
            if (failed) {
                Py_DecRef(dict);
                return 0;
            }
        }
    }
    return dict;
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
static PyObject *hidden_bytes(const Tree *tree) {
    static const char *const hiding[] = {"hidden", "aria-hidden", "style"};
    int64_t count = tree->walked.containers.count / CONTAINER_NUMBERS;
    uint8_t *hidden = calloc((size_t)count + 1, 1);
    if (!hidden) return PyErr_NoMemory();
    for (size_t which = 0; which < sizeof hiding / sizeof *hiding; which++)
        for (int64_t name = -1; (name = next_named(tree, hiding[which], name + 1)) >= 0;) {
            int64_t cursor = 0;
            for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) {
                int64_t container = container_of(tree, tree->by_name[at], &cursor);
                if (container >= 0 && is_hiding(hiding[which], attribute_named(tree, tree->by_name[at], name)->value)) hidden[container] = 1;
            }
        }
    for (int64_t container = 1; container < count; container++)
        hidden[container] |= hidden[tree->walked.containers.values[container * CONTAINER_NUMBERS + 1]];
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)hidden, (Size)count);
    free(hidden);
    return bytes;
}

/* All about blocks and their containers (layout.py names the parts). */
PyObject *py_blocks(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 3)) return 0;
    Tree *tree = tree_of(arguments[0]);
    if (!tree) return 0;
    const Walked *walked = &tree->walked;
    PyObject *joined = PyUnicode_FromWideChar((const wchar_t *)walked->text.codes, (Size)walked->text.count), *names = called_list(tree);
    PyObject *parts[] = {
        joined,
        PyBytes_FromStringAndSize((const char *)walked->text.codes, (Size)(walked->text.count * (int64_t)sizeof *walked->text.codes)),
        columns(&walked->blocks, BLOCK_NUMBERS),
        columns(&walked->containers, CONTAINER_NUMBERS),
        names,
        joined ? texts_list(tree, joined) : 0,
        tags_list(tree, arguments[1], arguments[2]),
        names ? names_list(tree, names) : 0,
        values_dict(tree, "role"),
        values_dict(tree, "itemprop"),
        hidden_bytes(tree),
    };
    enum { PARTS = sizeof parts / sizeof *parts };
    return tuple_of(parts, PARTS);
}

/* The node of a container. */
PyObject *py_container_node(PyObject *module, PyObject *const *arguments, Size count) {
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

PyObject *py_deepest(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    Tree *tree = tree_of(arguments[0]);
    return tree ? PyLong_FromLongLong(tree->walked.deepest) : 0;
}
