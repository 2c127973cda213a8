#include "nodes.h"

#include <string.h>

enum { USUAL_NAMES = 4096, MOST_WORDS = 12 }; /* names of attributes below it are the same in every tree; words of an object */

static struct {
    PyObject *type, *no_arguments;
    PyObject *(*make)(void *type, PyObject *arguments, PyObject *keywords);
    int node, parser; /* words at which an object keeps its node and its parser */
} made;
static PyObject *usual_names[USUAL_NAMES];

static uintptr_t *words_of(PyObject *object) { return (uintptr_t *)object; }

static int other_than_known(void) {
    PyErr_SetString(PyExc_TypeError, "a node of another make than selectolax's");
    return 0;
}

int learn_nodes(PyObject *node, uintptr_t address, PyObject *parser) {
    made.node = made.parser = 0;
    for (int word = 2; word < MOST_WORDS && !(made.node && made.parser); word++) {
        if (words_of(node)[word] == address) made.node = word;
        if (words_of(node)[word] == (uintptr_t)parser) made.parser = word;
    }
    made.type = node->type;
    made.make = PyType_GetSlot(node->type, Py_tp_new);
    made.no_arguments = PyTuple_New(0);
    return (made.node && made.parser && made.make && made.no_arguments) || other_than_known();
}

PyObject *new_node(const Node *node, PyObject *parser) {
    PyObject *object = made.make(made.type, made.no_arguments, 0);
    if (!object) return 0;
    PyObject *before = (PyObject *)words_of(object)[made.parser];
    Py_IncRef(parser);
    words_of(object)[made.node] = (uintptr_t)node;
    words_of(object)[made.parser] = (uintptr_t)parser;
    if (before) Py_DecRef(before);
    return object;
}

const Node *node_of(PyObject *object) {
    if (object->type != made.type) {
        other_than_known();
        return 0;
    }
    return (const Node *)words_of(object)[made.node];
}

PyObject *parser_of(PyObject *object) { return (PyObject *)words_of(object)[made.parser]; }

PyObject *string_of(const unsigned char *data, size_t length) { return PyUnicode_DecodeUTF8((const char *)data, (Size)length, "replace"); }

/* Asks selectolax for the names of an element's attributes, and keeps the usual ones for good. */
static int learn_names(const Node *element, PyObject *parser) {
    PyObject *node = new_node(element, parser);
    PyObject *attributes = node ? PyObject_GetAttrString(node, "attributes") : 0;
    Size at = 0;
    PyObject *name, *value;
    for (const Attribute *one = attributes_of(element); attributes && one && PyDict_Next(attributes, &at, &name, &value); one = one->next) {
        if (name_of(one) >= USUAL_NAMES || usual_names[name_of(one)]) continue;
        const char *text = PyUnicode_AsUTF8AndSize(name, 0);
        if (!text || !(usual_names[name_of(one)] = PyUnicode_InternFromString(text))) break;
    }
    if (node) Py_DecRef(node);
    if (attributes) Py_DecRef(attributes);
    return !PyErr_Occurred();
}

PyObject *name_string(const Node *element, const Attribute *attribute, PyObject *parser) {
    uintptr_t name = name_of(attribute);
    if (name >= USUAL_NAMES) {
        const NameEntry *entry = (const NameEntry *)name;
        return string_of(entry->length > SHORT_NAME ? entry->text.far : entry->text.here, entry->length);
    }
    if (!usual_names[name] && !learn_names(element, parser)) return 0;
    if (!usual_names[name]) {
        other_than_known();
        return 0;
    }
    Py_IncRef(usual_names[name]);
    return usual_names[name];
}

PyObject *attribute_string(const Attribute *attribute) {
    if (attribute->value && attribute->value->data) return string_of(attribute->value->data, attribute->value->length);
    Py_IncRef(None);
    return None;
}

PyObject *attributes_dict(const Node *element, PyObject *parser) {
    PyObject *dict = PyDict_New();
    const Attribute *attribute = dict && element->type == ELEMENT ? attributes_of(element) : 0;
    for (; attribute; attribute = attribute->next) {
        PyObject *name = name_string(element, attribute, parser), *value = name ? attribute_string(attribute) : 0;
        int failed = !value || PyDict_SetItem(dict, name, value);
        if (name) Py_DecRef(name);
        if (value) Py_DecRef(value);
        if (failed) {
            Py_DecRef(dict);
            return 0;
        }
    }
    return dict;
}

PyObject *tuple_of(PyObject *const *parts, Size count) {
    PyObject *all = PyTuple_New(count);
    int done = all != 0;
    for (Size part = 0; part < count; part++) {
        done = done && parts[part];
        if (all && parts[part])
            PyTuple_SetItem(all, part, parts[part]);
        else if (parts[part])
            Py_DecRef(parts[part]);
    }
    if (done) return all;
    if (all) Py_DecRef(all);
    return 0;
}
