/* What is looked at of Lexbor's trees, as selectolax builds and owns them. layout.py compares it with what selectolax says of a small
 * page before the first real one is walked. */
#ifndef DOZOR_LEXBOR_H
#define DOZOR_LEXBOR_H

#include <stddef.h>
#include <stdint.h>

typedef struct Node Node;
struct Node {
    void *events;
    uintptr_t name, prefix, space;
    void *document;
    const Node *next, *previous, *parent, *first, *last;
    void *user;
    int type;
};
typedef struct {
    Node node;
    const unsigned char *data;
    size_t length;
} CharacterNode;
typedef struct {
    const unsigned char *data;
    size_t length;
} String;
typedef struct Attribute Attribute;
struct Attribute {
    Node node; /* its name is that of the attribute */
    uintptr_t upper, qualified;
    const String *value;
    void *owner;
    const Attribute *next, *previous;
};
typedef struct {
    Node node;
    uintptr_t upper, qualified;
    void *is;
    const Attribute *first, *last, *id, *class;
} ElementNode;

/* What a name of an attribute that is not a usual one points to: short ones stand in the place of the pointer. */
enum { SHORT_NAME = 16 };
typedef struct {
    union {
        const unsigned char *far;
        unsigned char here[SHORT_NAME + 1];
    } text;
    size_t length;
} NameEntry;

enum { ELEMENT = 1, TEXT = 3 };

/* A name is a small number that never changes for a usual one, the address of its entry for others. */
static inline uintptr_t name_of(const Attribute *attribute) {
    return attribute->qualified ? attribute->qualified : attribute->node.name;
}

static inline const Attribute *attributes_of(const Node *element) { return ((const ElementNode *)element)->first; }

#endif
