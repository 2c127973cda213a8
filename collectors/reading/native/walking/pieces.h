/* The texts of an element one by one, and where the elements of some tags stand between them. */
#ifndef DOZOR_PIECES_H
#define DOZOR_PIECES_H

#include "nodes.h"

typedef struct {
    long pieces, nodes;  /* that are looked at; texts that are blank do not count */
    long source, length; /* characters of a piece as it stands in the page, and in one line: longer ones are left out */
} PieceBounds;

/* A list of texts, one of the addresses of their nodes, and one of (address of a marked element, pieces before it). `kinds` says by
 * tag: 1 that the text right behind the beginning of such an element is left out, 2 that it is marked. */
PyObject *pieces_of(const Node *outer, const uint8_t *kinds, const PieceBounds *bounds);

/* The texts as they stand in the page, with the same `kinds`; None where an element holds more nodes, or a text more characters. */
PyObject *texts_of(const Node *outer, const uint8_t *kinds, long most_nodes, long most_characters);

#endif
