#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NODES = 5000 }; /* below one node that are looked at for a line of bounded length */

void line_start(Line *line) {
    line->bytes = line->own;
    line->room = sizeof line->own;
    line->count = 0;
    line->characters = 0;
    line->gap = line->failed = 0;
}

void line_end(Line *line) {
    if (line->bytes != line->own) free(line->bytes);
}

static int reserve(Line *line, size_t more) {
    if (line->count + more <= line->room) return 1;
    size_t room = 2 * line->room;
    while (room < line->count + more) room *= 2;
    unsigned char *grown = line->bytes == line->own ? malloc(room) : realloc(line->bytes, room);
    if (!grown) {
        line->failed = 1;
        return 0;
    }
    if (line->bytes == line->own) memcpy(grown, line->own, line->count);
    line->bytes = grown;
    line->room = room;
    return 1;
}

void line_add(Line *line, const String *text) {
    const unsigned char *data = text->data;
    size_t length = text->length;
    if (!reserve(line, length + 1)) return;
    unsigned char *to = line->bytes + line->count;
    int64_t characters = line->characters;
    for (size_t at = 0; at < length;) {
        size_t first = at;
        if (is_space(next_code(data, length, &at))) {
            line->gap = 1;
            continue;
        }
        if (line->gap && to > line->bytes) {
            *to++ = ' ';
            characters++;
        }
        line->gap = 0;
        characters++;
        while (first < at) *to++ = data[first++];
        for (; at < length && data[at] > ' ' && data[at] < 0x80; characters++) *to++ = data[at++]; /* most of a word */
    }
    line->characters = characters;
    line->count = (size_t)(to - line->bytes);
}

void line_of(Line *line, const Node *node, int64_t most) {
    int visited = 0;
    for (const Node *below = next_below(node, node); below && line->characters <= most && visited++ < MOST_NODES; below = next_below(below, node))
        if (below->type == TEXT) line_add(line, text_in(below));
}

void visible_line(Line *line, const Node *node, const uint8_t *parts, int depth) {
    int level = 0;
    for (const Node *below = node->first; below;) {
        int part = below->type == ELEMENT && below->name < 256 ? parts[below->name] : 0;
        if (below->type == TEXT) line_add(line, text_in(below));
        line->gap |= part == 2;
        if (below->first && part != 1 && level < depth) {
            below = below->first;
            level++;
            continue;
        }
        while (!below->next) {
            below = below->parent;
            if (below == node) return;
            level--;
            line->gap |= below->name < 256 && parts[below->name] == 2;
        }
        below = below->next;
    }
}
