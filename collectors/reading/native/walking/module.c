/* The module that Python sees, and what it asks of single nodes and of markup. */
#include "markup.h"
#include "pieces.h"
#include "tree.h"

int has(Size count, Size needed) {
    if (count < needed) PyErr_SetString(PyExc_TypeError, "too few arguments");
    return count >= needed;
}

const uint8_t *by_tag_of(PyObject *argument) {
    char *values;
    Size size = 0;
    if (PyBytes_AsStringAndSize(argument, &values, &size)) return 0;
    if (size == KNOWN_TAGS) return (const uint8_t *)values;
    PyErr_SetString(PyExc_ValueError, "not a value for each tag");
    return 0;
}

PyObject *line_string(const Line *line, int64_t most) {
    size_t end = line->count;
    if (most && line->characters > most) {
        int64_t characters = 0;
        for (end = 0; characters < most || (line->bytes[end] & 0xc0) == 0x80; end++) characters += (line->bytes[end] & 0xc0) != 0x80;
    }
    return line->failed ? PyErr_NoMemory() : string_of(line->bytes, end);
}

PyObject *py_attributes(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 1)) return 0;
    const Node *node = node_of(arguments[0]);
    return node ? attributes_dict(node, parser_of(arguments[0])) : 0;
}

PyObject *py_visible_text(PyObject *module, PyObject *const *arguments, Size count) {
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

PyObject *py_pieces(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 6)) return 0;
    const Node *node = node_of(arguments[0]);
    const uint8_t *kinds = by_tag_of(arguments[1]);
    PieceBounds bounds = {
        PyLong_AsLong(arguments[2]), PyLong_AsLong(arguments[3]), PyLong_AsLong(arguments[4]), PyLong_AsLong(arguments[5]),
    };
    return node && kinds && !PyErr_Occurred() ? pieces_of(node, kinds, &bounds) : 0;
}

PyObject *py_texts(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 4)) return 0;
    const Node *node = node_of(arguments[0]);
    const uint8_t *kinds = by_tag_of(arguments[1]);
    long nodes = PyLong_AsLong(arguments[2]), characters = PyLong_AsLong(arguments[3]);
    return node && kinds && !PyErr_Occurred() ? texts_of(node, kinds, nodes, characters) : 0;
}

/* The node at an address of the tree that another node is of. */
PyObject *py_node_at(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    uintptr_t address = PyLong_AsSize_t(arguments[1]);
    return node_of(arguments[0]) && !PyErr_Occurred() ? new_node((const Node *)address, parser_of(arguments[0])) : 0;
}

PyObject *py_words_shown(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 2)) return 0;
    char *markup;
    Size length = 0;
    long most = PyLong_AsLong(arguments[1]);
    if (PyBytes_AsStringAndSize(arguments[0], &markup, &length) || PyErr_Occurred()) return 0;
    return PyLong_FromLongLong(shown_words((const unsigned char *)markup, (size_t)length, most));
}

/* What a node is taken for: its tag, its next, previous, parent, first and last node, its type. */
PyObject *py_node_facts(PyObject *module, PyObject *const *arguments, Size count) {
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
PyObject *py_learn(PyObject *module, PyObject *const *arguments, Size count) {
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
    {"learn", py_learn, METH_FASTCALL, 0},
    {"node_facts", py_node_facts, METH_FASTCALL, 0},
    {"walk", py_walk, METH_FASTCALL, 0},
    {"deepest", py_deepest, METH_FASTCALL, 0},
    {"elements", py_elements, METH_FASTCALL, 0},
    {"tagged", py_tagged, METH_FASTCALL, 0},
    {"counts", py_counts, METH_FASTCALL, 0},
    {"attribute_names", py_attribute_names, METH_FASTCALL, 0},
    {"with_attribute", py_with_attribute, METH_FASTCALL, 0},
    {"values", py_values, METH_FASTCALL, 0},
    {"called", py_called, METH_FASTCALL, 0},
    {"valued", py_valued, METH_FASTCALL, 0},
    {"links", py_links, METH_FASTCALL, 0},
    {"in_order", py_in_order, METH_FASTCALL, 0},
    {"blocks", py_blocks, METH_FASTCALL, 0},
    {"container_node", py_container_node, METH_FASTCALL, 0},
    {"attributes", py_attributes, METH_FASTCALL, 0},
    {"visible_text", py_visible_text, METH_FASTCALL, 0},
    {"pieces", py_pieces, METH_FASTCALL, 0},
    {"texts", py_texts, METH_FASTCALL, 0},
    {"words_shown", py_words_shown, METH_FASTCALL, 0},
    {"node_at", py_node_at, METH_FASTCALL, 0},
    {0, 0, 0, 0},
};
static PyModuleDef definition = {.head = {1, 0}, .name = "walking", .size = -1, .methods = functions};

PyObject *PyInit_walking(void);

PyObject *PyInit_walking(void) {
    if (!(nothing = PyUnicode_InternFromString(""))) return 0;
    return PyModule_Create2(&definition, PYTHON_ABI);
}
