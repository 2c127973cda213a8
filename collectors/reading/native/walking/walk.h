/* One walk over a parsed page: which elements it has, its blocks of text, and the containers these stand in. */
#ifndef DOZOR_WALK_H
#define DOZOR_WALK_H

#include "lexbor.h"

enum { DONE, TOO_MANY_BLOCKS, TOO_MANY_ELEMENTS, TOO_DEEP, TOO_HEAVY, NO_MEMORY }; /* what ends a walk */
enum { KNOWN_TAGS = 256 };

typedef struct {
    int32_t blocks, elements, depth;
    int64_t weight; /* characters times levels */
} Bounds;

/* Whole numbers that grow; rows of a table stand one after the other. */
typedef struct {
    int32_t *values;
    int64_t count, room;
} Column;

typedef struct {
    uint32_t *codes;
    int64_t count, room;
} Codes;

typedef struct {
    const Node *node;
    int32_t tag; /* 0 for one without a number; an inner element of a player has -1 - tag */
} Element;

typedef struct {
    Element *rows;
    int64_t count, room;
} Elements;

/* Which of something has been met: each is given a number as it comes. Open addressing: 1 + number, 0 for an empty place. */
typedef struct {
    uintptr_t *keys; /* by number: the name of an attribute, or the String of a value */
    int32_t *places;
    int64_t count, mask;
} Met;

/* Tables with several numbers a row: attributes (element, number of its name), containers (element, parent, tag, start, end, depth,
 * number of what it is called), what containers are called (numbers of a class and of an id; -1 for none, -2 where there is no
 * attribute at all), blocks (container, characters in links, links, images, where its text begins), elements with a class and the number of its value, the
 * same of ids. Texts of blocks end in a 0 each. */
typedef struct {
    Elements elements;
    Column attributes, containers, called, blocks, classed, identified;
    Met names, classes, ids;
    Codes text;
    int32_t deepest;
} Walked;

enum { ATTRIBUTE_NUMBERS = 2, CONTAINER_NUMBERS = 7, CALLED_NUMBERS = 2, BLOCK_NUMBERS = 5, VALUE_NUMBERS = 2 };

/* Walks a page from its root element on: the root, its head, its body. A page without a body (a frameset) is its own. Gives what
 * ended the walk: DONE or why it was given up. `kinds` says by tag what it does to the walk (layout.py). */
int walk(const Node *root, const uint8_t *kinds, const Bounds *bounds, Walked *out);
void walk_free(Walked *out);

#endif
