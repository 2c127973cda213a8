/* A walked page, kept for Python behind a capsule; elements are made as somebody asks for them. */
#ifndef DOZOR_TREE_H
#define DOZOR_TREE_H

#include "nodes.h"
#include "text.h"
#include "walk.h"

enum { DROPPED = -1 }; /* the tag of an element that no reader shall see */

/* The values of class or id, all in lower case, " value " and a 0 each, and where in them every two bytes stand side by side. */
typedef struct {
    int32_t last, count; /* 1 + the last place of a pair */
} Pair;

typedef struct {
    int32_t before, value; /* 1 + the place before of its pair; the number of its value */
} Place;

typedef struct {
    char *text;
    Size size;
    Pair *pairs;
    Place *places;
} Called;

typedef struct {
    Walked walked;
    PyObject *parser;
    PyObject **made;  /* elements by number, 0 until somebody asks */
    PyObject **names; /* of attributes, by number */
    int32_t *by_tag, *tag_ends;   /* elements of each tag in order, and where those of a tag end */
    int32_t *by_name, *name_ends; /* the same of each attribute */
    Called called[2]; /* class and id */
    int32_t *numbers; /* open addressing by node: 1 + number of the element */
    int64_t mask;
} Tree;

void forget_called(Called *called);

extern PyObject *tag_names[KNOWN_TAGS]; /* None where a tag has no name here */
extern PyObject *nothing;               /* "" */

Tree *tree_of(PyObject *capsule);
/* Lists of elements, made if need be; those left out that no reader shall see. */
PyObject *elements_list(Tree *tree, const int32_t *numbers, int64_t count);
/* The same of the elements that are marked, by number; frees the marks. */
PyObject *marked_list(Tree *tree, uint8_t *marks);
/* Where in `by_tag` the elements of a tag stand; 0 with an exception for what is no number of a tag. */
int tag_range(Tree *tree, PyObject *tag, int32_t *first, int32_t *last);
/* The number of the next attribute, from one on, that has a name; -1 for none. A prefix may make two of Lexbor's names one. */
int64_t next_named(const Tree *tree, const char *wanted, int64_t from);
/* The first of them as the page's elements have it; 0 where none has. */
uintptr_t key_of(const Tree *tree, const char *wanted);
/* The attribute with the number of a name, which the element has. */
const Attribute *attribute_named(const Tree *tree, int32_t element, int64_t name);

/* Whether a function was given as many arguments as it looks at. */
int has(Size count, Size needed);
/* What an argument says by tag; 0 with an exception when it does not. */
const uint8_t *by_tag_of(PyObject *argument);
/* A line as Python has it, `most` characters of it; all for 0. */
PyObject *line_string(const Line *line, int64_t most);

/* What Python calls: walking.pyi says what each does. */
Function py_walk, py_elements, py_tagged, py_counts, py_attribute_names, py_with_attribute, py_values, py_called,
    py_valued, py_links, py_in_order, py_blocks, py_container_node, py_deepest, py_attributes, py_visible_text, py_pieces, py_texts, py_node_at,
    py_words_shown, py_node_facts, py_learn;

#endif
