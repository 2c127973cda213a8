/* Nodes and their attributes as Python's objects. What gives an object gives 0 with an exception set when it cannot. */
#ifndef DOZOR_NODES_H
#define DOZOR_NODES_H

#include "lexbor.h"
#include "python.h"

#define None (&_Py_NoneStruct)

/* Learns from a node of selectolax's, its address and its parser how such objects are made. 0 with an exception when they are made otherwise. */
int learn_nodes(PyObject *node, uintptr_t address, PyObject *parser);
PyObject *new_node(const Node *node, PyObject *parser);
/* The node of such an object; 0 with an exception for other objects. */
const Node *node_of(PyObject *object);
PyObject *parser_of(PyObject *object); /* borrowed */

PyObject *string_of(const unsigned char *data, size_t length);
/* The name of an attribute of an element, whose place among them it is asked by where it is a usual one that was never met. */
PyObject *name_string(const Node *element, const Attribute *attribute, PyObject *parser);
PyObject *attribute_string(const Attribute *attribute); /* its value, or None */
PyObject *attributes_dict(const Node *element, PyObject *parser);
/* The parts, which it takes over, as a tuple; 0 with an exception where one of them is 0. */
PyObject *tuple_of(PyObject *const *parts, Size count);

#endif
