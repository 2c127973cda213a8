/* Which elements a page has: all, by tag, by attribute; what those of a tag say; and putting elements in order. */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

PyObject *py_elements(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    Tree *tree = tree_of(arguments[0]);
    uint8_t *marks = tree ? malloc((size_t)tree->walked.elements.count) : 0;
    if (!marks) return tree ? PyErr_NoMemory() : 0;
    memset(marks, 1, (size_t)tree->walked.elements.count);
    return marked_list(tree, marks);
}

PyObject *py_tagged(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    int32_t first, last;
    return tag_range(tree, arguments[1], &first, &last) ? elements_list(tree, tree->by_tag + first, last - first) : 0;
}

PyObject *py_counts(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    char *tags;
    Size size = 0;
    if (!tree || PyBytes_AsStringAndSize(arguments[1], &tags, &size)) return 0;
    PyObject *list = PyList_New(size);
    for (Size at = 0; list && at < size; at++) {
        int tag = (uint8_t)tags[at];
        PyList_SetItem(list, at, PyLong_FromLongLong(tree->tag_ends[tag] - (tag ? tree->tag_ends[tag - 1] : 0)));
    }
    return list;
}

PyObject *py_attribute_names(PyObject *module, PyObject *const *arguments, Size count) {
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

PyObject *py_with_attribute(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    const char *wanted = tree ? PyUnicode_AsUTF8AndSize(arguments[1], 0) : 0;
    if (!wanted) return 0;
    int64_t name = next_named(tree, wanted, 0);
    if (name < 0) return PyList_New(0);
    int32_t first = name ? tree->name_ends[name - 1] : 0;
    if (next_named(tree, wanted, name + 1) < 0) return elements_list(tree, tree->by_name + first, tree->name_ends[name] - first);
    uint8_t *marks = calloc((size_t)tree->walked.elements.count, 1);
    if (!marks) return PyErr_NoMemory();
    for (; name >= 0; name = next_named(tree, wanted, name + 1))
        for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) marks[tree->by_name[at]] = 1;
    return marked_list(tree, marks);
}

/* What an element says in the attributes with these keys. */
static PyObject *values_tuple(const Node *element, const uintptr_t *keys, Size count) {
    PyObject *tuple = PyTuple_New(count);
    for (Size at = 0; tuple && at < count; at++) {
        const Attribute *attribute = keys[at] ? attributes_of(element) : 0;
        while (attribute && name_of(attribute) != keys[at]) attribute = attribute->next;
        const String *said = attribute ? attribute->value : 0;
        PyObject *value = said && said->data ? string_of(said->data, said->length) : attribute ? nothing : None;
        if (value == nothing || value == None) Py_IncRef(value);
        if (value && !PyTuple_SetItem(tuple, at, value)) continue;
        Py_DecRef(tuple);
        return 0;
    }
    return tuple;
}

PyObject *py_values(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    Tree *tree = tree_of(arguments[0]);
    int32_t first, last;
    if (!tag_range(tree, arguments[1], &first, &last)) return 0;
    Size names = count - 2;
    uintptr_t *keys = malloc((size_t)names * sizeof *keys + 1);
    if (!keys) return PyErr_NoMemory();
    for (Size at = 0; at < names; at++) {
        const char *name = PyUnicode_AsUTF8AndSize(arguments[at + 2], 0);
        keys[at] = name ? key_of(tree, name) : 0;
    }
    PyObject *list = PyErr_Occurred() ? 0 : PyList_New(last - first);
    for (Size at = 0; list && at < last - first; at++) {
        PyObject *tuple = values_tuple(tree->walked.elements.rows[tree->by_tag[first + at]].node, keys, names);
        if (tuple && !PyList_SetItem(list, at, tuple)) continue;
        Py_DecRef(list);
        list = 0;
    }
    free(keys);
    return list;
}

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

PyObject *py_in_order(PyObject *module, PyObject *const *arguments, Size count) {
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
