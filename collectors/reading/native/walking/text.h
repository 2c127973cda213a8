/* Characters of texts as Lexbor keeps them, and what readers make of them. */
#ifndef DOZOR_TEXT_H
#define DOZOR_TEXT_H

#include "lexbor.h"

enum { LAST_CODE = 0x10ffff };

/* What Python's str.split() parts words at. */
static inline int is_space(uint32_t code) {
    if (code > ' ' && code < 0x85) return 0;
    if (code <= ' ') return code == ' ' || (code >= 9 && code <= 13) || code >= 28;
    if (code < 0x1680) return code == 0x85 || code == 0xa0;
    return code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
           code == 0x202f || code == 0x205f || code == 0x3000;
}

/* The character at a place, and where the next one begins; U+FFFD for what is none. */
static inline uint32_t next_code(const unsigned char *data, size_t length, size_t *at) {
    uint32_t code = data[(*at)++];
    if (code < 0x80) return code;
    if (code >= 0xc2 && code < 0xe0 && *at < length && (data[*at] & 0xc0) == 0x80) return (code & 31) << 6 | (data[(*at)++] & 63);
    int more = code >= 0xf0 && code < 0xf5 ? 3 : code >= 0xe0 && code < 0xf0 ? 2 : code >= 0xc2 && code < 0xe0 ? 1 : 0;
    code &= more == 3 ? 7 : more == 2 ? 15 : 31;
    uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
    int left = more;
    for (; left && *at < length && (data[*at] & 0xc0) == 0x80; left--) code = code << 6 | (data[(*at)++] & 63);
    return !more || left || code < least || code > LAST_CODE || (code >= 0xd800 && code < 0xe000) ? 0xfffd : code;
}

/* A text in one line: words with single spaces between them, as UTF-8. */
typedef struct {
    unsigned char *bytes; /* `own` or from the heap */
    size_t count, room;
    int64_t characters;
    int gap, failed;
    unsigned char own[512];
} Line;

void line_start(Line *line);
void line_end(Line *line);
void line_add(Line *line, const String *text);
/* All text below a node, the first `most` characters at least. */
void line_of(Line *line, const Node *node, int64_t most);
/* The same with what `parts` says by tag of a descendant: 1 gives no text, 2 parts words; none below `depth` levels. */
void visible_line(Line *line, const Node *node, const uint8_t *parts, int depth);

static inline const String *text_in(const Node *text) { return (const String *)&((const CharacterNode *)text)->data; }

/* The next node below `top` in document order, or 0. */
static inline const Node *next_below(const Node *node, const Node *top) {
    if (node->first) return node->first;
    while (node != top && !node->next) node = node->parent;
    return node == top ? 0 : node->next;
}

#endif
