/* The tree must not change or go while it is walked. */
#include "text.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_LEVEL, INLINE, CLOSED, MEDIA, IMAGE, LINK, BREAK, PREFORMATTED, HEAD_PART, BODY_PART }; /* what a tag does to the walk */
enum { USUAL_DEPTH = 16 };

typedef struct {
    Walked *out;
    const uint8_t *kinds; /* by tag */
    const Bounds *bounds;
    Codes parts; /* of the block that is being read */
    int has_parts, last_is_break, gap; /* gap: an inline element has just ended, so the next one needs a space */
    int32_t link_chars, links, images, in_link, in_pre, error;
    int64_t weight;
} State;

static void walk_inside(State *state, const Node *node, int32_t container, int32_t depth);

/* ---- growing ---- */

static void push(State *state, Column *column, const int32_t *values, int32_t count) {
    if (column->count + count > column->room) {
        int64_t room = column->room ? 2 * column->room : 1024;
        int32_t *grown = realloc(column->values, (size_t)room * sizeof *grown);
        if (!grown) {
            state->error = NO_MEMORY;
            return;
        }
        column->values = grown;
        column->room = room;
    }
    memcpy(column->values + column->count, values, (size_t)count * sizeof *values);
    column->count += count;
}

static void push_element(State *state, const Node *node, int32_t tag) {
    Elements *elements = &state->out->elements;
    if (elements->count == elements->room) {
        int64_t room = elements->room ? 2 * elements->room : 1024;
        Element *grown = realloc(elements->rows, (size_t)room * sizeof *grown);
        if (!grown) {
            state->error = NO_MEMORY;
            return;
        }
        elements->rows = grown;
        elements->room = room;
    }
    elements->rows[elements->count++] = (Element){node, tag};
}

static int reserve(State *state, Codes *codes, int64_t more) {
    if (codes->count + more <= codes->room) return 1;
    int64_t room = codes->room ? codes->room : 4096;
    while (room < codes->count + more) room *= 2;
    uint32_t *grown = realloc(codes->codes, (size_t)room * sizeof *grown);
    if (!grown) {
        state->error = NO_MEMORY;
        return 0;
    }
    codes->codes = grown;
    codes->room = room;
    return 1;
}

/* ---- text ---- */

static int is_blank(const CharacterNode *text) {
    for (size_t at = 0; at < text->length; at++) {
        unsigned char byte = text->data[at];
        if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\f' && byte != '\r') return 0;
    }
    return 1;
}

/* UTF-8 to code points; what is none becomes U+FFFD, as does a 0, which ends strings here. */
static int64_t decode(const unsigned char *data, size_t length, uint32_t *codes) {
    uint32_t *out = codes;
    for (size_t at = 0; at < length;) {
        uint32_t code = next_code(data, length, &at);
        *out++ = code ? code : 0xfffd;
    }
    return out - codes;
}

/* White space folded; a break made by <br>, here a form feed, stays one. */
static int64_t fold(const uint32_t *codes, int64_t count, uint32_t *out) {
    uint32_t *to = out;
    for (int64_t at = 0; at < count;) {
        uint32_t between = 0;
        for (; at < count && is_space(codes[at]); at++)
            if (!between || codes[at] == '\f') between = codes[at] == '\f' ? '\n' : ' ';
        if (between && at < count && to > out) *to++ = between;
        while (at < count && !is_space(codes[at])) *to++ = codes[at++];
    }
    return to - out;
}

static int64_t without_line_ends(const uint32_t *codes, int64_t count, uint32_t *out) {
    int64_t first = 0, is_text = 0;
    while (first < count && codes[first] == '\n') first++;
    while (count > first && codes[count - 1] == '\n') count--;
    for (int64_t at = first; at < count; at++) is_text |= !is_space(codes[at]);
    if (!is_text) return 0;
    memcpy(out, codes + first, (size_t)(count - first) * sizeof *out);
    return count - first;
}

/* Ends the block that is being read. */
static void flush(State *state, int32_t container) {
    Codes *text = &state->out->text;
    if (!reserve(state, text, state->parts.count + 1)) return;
    uint32_t *to = text->codes + text->count;
    int64_t length = (state->in_pre ? without_line_ends : fold)(state->parts.codes, state->parts.count, to);
    state->parts.count = state->has_parts = state->last_is_break = 0;
    if (length) {
        int32_t chars = state->link_chars < length ? state->link_chars : (int32_t)length, begin = (int32_t)text->count;
        push(state, &state->out->blocks, (const int32_t[]){container, chars, state->links, state->images, begin}, BLOCK_NUMBERS);
        to[length] = 0;
        text->count += length + 1;
        if (state->out->blocks.count > (int64_t)state->bounds->blocks * BLOCK_NUMBERS) state->error = TOO_MANY_BLOCKS;
    }
    state->link_chars = state->links = state->images = 0;
}

static void add_code(State *state, uint32_t code) {
    if (!reserve(state, &state->parts, 1)) return;
    state->parts.codes[state->parts.count++] = code;
    state->has_parts = 1;
}

static void add_text(State *state, const CharacterNode *text, int32_t depth) {
    if (!reserve(state, &state->parts, (int64_t)text->length)) return;
    uint32_t *first = state->parts.codes + state->parts.count;
    int64_t length = decode(text->data, text->length, first);
    state->parts.count += length;
    state->has_parts = 1;
    state->last_is_break = length == 1 && *first == '\f';
    state->gap = 0;
    if (depth > USUAL_DEPTH && (state->weight += length * depth) > state->bounds->weight) state->error = TOO_HEAVY;
    if (state->in_link) {
        const uint32_t *last = first + length;
        while (first < last && is_space(*first)) first++;
        while (last > first && is_space(last[-1])) last--;
        state->link_chars += (int32_t)(last - first);
    }
}

static void line_break(State *state, int32_t container) {
    if (state->in_pre) {
        add_code(state, '\n');
        state->last_is_break = 0;
    } else if (state->last_is_break) {
        flush(state, container); /* two breaks in a row part paragraphs */
    } else if (state->has_parts) {
        add_code(state, '\f');
        state->last_is_break = 1;
    }
    state->gap = 0;
}

/* ---- elements ---- */

static int32_t blocks_so_far(const State *state) { return (int32_t)(state->out->blocks.count / BLOCK_NUMBERS); }

static int32_t tag_of(const Node *node) { return node->name < KNOWN_TAGS ? (int32_t)node->name : 0; }

static int32_t elements_so_far(const State *state) { return (int32_t)state->out->elements.count; }

static uint64_t spread(uint64_t key) { return key * 0x9e3779b97f4a7c15ULL >> 32; }

static uint64_t hash_of_name(uintptr_t key) { return spread(key); }

static int is_same_name(uintptr_t key, uintptr_t other) { return key == other; }

static uint64_t hash_of_value(uintptr_t key) {
    const String *value = (const String *)key;
    const unsigned char *at = value->data;
    size_t left = value->length;
    uint64_t hash = left, part;
    for (; left >= sizeof part; at += sizeof part, left -= sizeof part) {
        memcpy(&part, at, sizeof part);
        hash = (hash ^ part) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 29;
    }
    part = 0;
    memcpy(&part, at, left);
    return spread(hash ^ part);
}

static int is_same_value(uintptr_t key, uintptr_t other) {
    const String *one = (const String *)key, *two = (const String *)other;
    return one->length == two->length && !memcmp(one->data, two->data, one->length);
}

/* The number of a key among those met. How keys are hashed and compared is known to the compiler, which makes two functions of it. */
static inline int32_t number_of(State *state, Met *met, uintptr_t key, uint64_t hash(uintptr_t), int same(uintptr_t, uintptr_t)) {
    if (!met->places || 2 * met->count > met->mask) {
        int64_t size = met->places ? 2 * (met->mask + 1) : 256;
        uintptr_t *keys = realloc(met->keys, (size_t)size * sizeof *keys);
        if (keys) met->keys = keys;
        int32_t *places = calloc((size_t)size, sizeof *places);
        if (!keys || !places) {
            free(places);
            state->error = NO_MEMORY;
            return 0;
        }
        free(met->places);
        met->places = places;
        met->mask = size - 1;
        for (int32_t number = 0; number < met->count; number++) {
            int64_t place = (int64_t)hash(keys[number]) & met->mask;
            while (places[place]) place = (place + 1) & met->mask;
            places[place] = number + 1;
        }
    }
    int64_t place = (int64_t)hash(key) & met->mask;
    for (; met->places[place]; place = (place + 1) & met->mask)
        if (same(key, met->keys[met->places[place] - 1])) return met->places[place] - 1;
    met->keys[met->count++] = key;
    met->places[place] = (int32_t)met->count;
    return (int32_t)met->count - 1;
}

/* Pages use few classes over and over: each gets one number. */
static void add_value(State *state, const Attribute *attribute, int32_t element, Met *met, Column *elements) {
    if (!attribute || !attribute->value || !attribute->value->data || !attribute->value->length) return;
    int32_t number = number_of(state, met, (uintptr_t)attribute->value, hash_of_value, is_same_value);
    push(state, elements, (const int32_t[]){element, number}, VALUE_NUMBERS);
}

static void add_element(State *state, const Node *node, int is_in_player) {
    int32_t element = elements_so_far(state), tag = tag_of(node);
    const ElementNode *with = (const ElementNode *)node;
    for (const Attribute *attribute = with->first; attribute && !state->error; attribute = attribute->next) {
        int32_t name = number_of(state, &state->out->names, name_of(attribute), hash_of_name, is_same_name);
        push(state, &state->out->attributes, (const int32_t[]){element, name}, ATTRIBUTE_NUMBERS);
    }
    add_value(state, with->class, element, &state->out->classes, &state->out->classed);
    add_value(state, with->id, element, &state->out->ids, &state->out->identified);
    push_element(state, node, is_in_player ? -1 - tag : tag);
    if (state->out->elements.count > state->bounds->elements) state->error = TOO_MANY_ELEMENTS;
}

/* What is in a player is listed too, since structured data may stand there. */
static void list_inside(State *state, const Node *outer) {
    for (const Node *node = outer->first; node && !state->error;) {
        if (node->type == ELEMENT) add_element(state, node, 1);
        if (node->first) {
            node = node->first;
            continue;
        }
        while (node != outer && !node->next) node = node->parent;
        if (node == outer) return;
        node = node->next;
    }
}

static void walk_block(State *state, const Node *node, int32_t tag, int32_t element, int32_t parent, int32_t depth) {
    Column *containers = &state->out->containers;
    int32_t container = (int32_t)(containers->count / CONTAINER_NUMBERS), start = blocks_so_far(state);
    push(state, containers, (const int32_t[]){element, parent, tag, start, 0, depth, 0}, CONTAINER_NUMBERS);
    int is_pre = state->kinds[tag] == PREFORMATTED;
    state->in_pre += is_pre;
    walk_inside(state, node, container, depth);
    if (state->error) return;
    if (state->has_parts) flush(state, container);
    state->gap = 0;
    state->links = state->images = 0;
    state->in_pre -= is_pre;
    int32_t end = blocks_so_far(state);
    if (end == start && container == containers->count / CONTAINER_NUMBERS - 1)
        containers->count -= CONTAINER_NUMBERS; /* nothing in it says anything: icons, spacers, places that scripts fill */
    else
        containers->values[container * CONTAINER_NUMBERS + 4] = end;
}

/* What an element holds. White space between elements is left out, except in preformatted text. */
static void walk_inside(State *state, const Node *node, int32_t container, int32_t depth) {
    if (depth > state->out->deepest) state->out->deepest = depth;
    if (depth > state->bounds->depth) state->error = TOO_DEEP;
    for (const Node *child = node->first; child && !state->error; child = child->next) {
        if (child->type == TEXT) {
            const CharacterNode *text = (const CharacterNode *)child;
            if (state->in_pre || !is_blank(text)) add_text(state, text, depth);
            continue;
        }
        if (child->type != ELEMENT) continue;
        int32_t tag = tag_of(child), element = elements_so_far(state);
        add_element(state, child, 0);
        switch (state->kinds[tag]) {
        case CLOSED:
            break;
        case MEDIA:
            list_inside(state, child);
            break;
        case IMAGE:
            state->images++;
            break;
        case BREAK:
            line_break(state, container);
            break;
        case INLINE:
        case LINK:
            if (state->gap) {
                add_code(state, ' ');
                state->last_is_break = state->gap = 0;
            }
            state->in_link += state->kinds[tag] == LINK;
            state->links += state->kinds[tag] == LINK;
            walk_inside(state, child, container, depth + 1);
            state->in_link -= state->kinds[tag] == LINK;
            state->gap = state->has_parts;
            break;
        default:
            if (state->has_parts) flush(state, container);
            state->gap = 0;
            state->links = state->images = 0;
            walk_block(state, child, tag, element, container, depth + 1);
        }
    }
}

/* The head with what stands in it directly. */
static void walk_head(State *state, const Node *head) {
    add_element(state, head, 0);
    for (const Node *child = head->first; child && !state->error; child = child->next)
        if (child->type == ELEMENT) add_element(state, child, 0);
}

/* ---- after the walk ---- */

/* The value of an element in a column of (element, value); the cursor moves on with elements that come in order. */
static int32_t value_of(const Column *column, int64_t *cursor, int32_t element) {
    while (*cursor < column->count && column->values[*cursor] < element) *cursor += VALUE_NUMBERS;
    return *cursor < column->count && column->values[*cursor] == element ? column->values[*cursor + 1] : -1;
}

/* Numbers what containers are called: pages call many of them alike. */
static void call_containers(State *state) {
    Walked *out = state->out;
    int64_t mask = 255, of_class = 0, of_id = 0;
    while (mask * CONTAINER_NUMBERS < 2 * out->containers.count) mask = 2 * mask + 1;
    int32_t *places = calloc((size_t)mask + 1, sizeof *places);
    if (!places) {
        state->error = NO_MEMORY;
        return;
    }
    for (int64_t at = 0; at < out->containers.count && !state->error; at += CONTAINER_NUMBERS) {
        int32_t element = out->containers.values[at];
        int32_t class = value_of(&out->classed, &of_class, element), id = value_of(&out->identified, &of_id, element);
        if (!attributes_of(out->elements.rows[element].node)) class = id = -2;
        int64_t place = (int64_t)(((uint64_t)(uint32_t)class << 32 | (uint32_t)id) * 0x9e3779b97f4a7c15ULL >> 32) & mask;
        const int32_t *other;
        while (places[place] && (other = out->called.values + (int64_t)(places[place] - 1) * CALLED_NUMBERS, other[0] != class || other[1] != id))
            place = (place + 1) & mask;
        if (!places[place]) {
            push(state, &out->called, (const int32_t[]){class, id}, CALLED_NUMBERS);
            places[place] = (int32_t)(out->called.count / CALLED_NUMBERS);
        }
        out->containers.values[at + 6] = places[place] - 1;
    }
    free(places);
}

int walk(const Node *root, const uint8_t *kinds, const Bounds *bounds, Walked *out) {
    memset(out, 0, sizeof *out);
    State state = {.out = out, .kinds = kinds, .bounds = bounds};
    const Node *body = 0;
    add_element(&state, root, 0);
    for (const Node *child = root->first; child && !state.error; child = child->next) {
        if (child->type != ELEMENT) continue;
        if (kinds[tag_of(child)] == HEAD_PART) {
            walk_head(&state, child);
        } else if (!body && kinds[tag_of(child)] == BODY_PART) {
            body = child;
            int32_t element = elements_so_far(&state);
            add_element(&state, body, 0);
            walk_block(&state, body, tag_of(body), element, -1, 0);
        }
    }
    if (!body && !state.error) walk_block(&state, root, tag_of(root), 0, -1, 0);
    if (!state.error) call_containers(&state);
    free(state.parts.codes);
    return state.error;
}

static void free_met(Met *met) {
    free(met->keys);
    free(met->places);
}

void walk_free(Walked *out) {
    Column *columns[] = {&out->attributes, &out->containers, &out->called, &out->blocks, &out->classed, &out->identified};
    for (size_t number = 0; number < sizeof columns / sizeof *columns; number++) free(columns[number]->values);
    free(out->elements.rows);
    free(out->text.codes);
    free_met(&out->names);
    free_met(&out->classes);
    free_met(&out->ids);
}
