/* One walk over a parsed page: which elements it has, its blocks of text, and the containers these stand in.
 *
 * The tree is Lexbor's, built and owned by selectolax, which tells the address of a node (mem_id); it must not change or go
 * while it is walked. What is looked at of Lexbor's structures is declared below, and walking.py compares it with what selectolax
 * says of a small page before the first real one is walked. */
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "words.h"

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
enum { ELEMENT = 1, TEXT = 3 };

enum { BLOCK_LEVEL, INLINE, CLOSED, MEDIA, IMAGE, LINK, BREAK, PREFORMATTED, HEAD_PART, BODY_PART }; /* what a tag does to the walk */
enum { KNOWN_TAGS = 256, USUAL_DEPTH = 16 };
enum { DONE, TOO_MANY_BLOCKS, TOO_MANY_ELEMENTS, TOO_DEEP, TOO_HEAVY, NO_MEMORY };

typedef struct {
    int32_t blocks, elements, depth;
    int64_t weight; /* characters times levels */
} Bounds;

typedef struct {
    int32_t *values;
    int64_t count, room;
} Column;

typedef struct {
    uint32_t *codes;
    int64_t count, room;
} Codes;

/* Columns of several numbers a row: elements (place in selectolax's traversal, tag, number of attributes; an inner element of a
 * player has -1 - tag), attributes (element, number of the name), names (first element that has it, its position there), containers
 * (element, parent, tag, start, end, depth, number of what it is called), what containers are called (numbers of a class and of an
 * id; -1 for none, -2 where there is no attribute at all), blocks (container, characters in links, links, images), elements with a
 * class and the number of its value among all different ones, the same of ids. `named` are the elements that have an attribute, name
 * by name, and `ends` where each name's end. Texts, classes and ids end in a 0 each. `keys` are what Lexbor calls the names by: small
 * numbers that never change for usual ones, addresses for others. */
typedef struct {
    Column elements, attributes, names, containers, called, blocks, classed, identified, named, ends;
    Codes text, classes, ids;
    uintptr_t *keys;
    int32_t deepest;
} Walked;

enum { ELEMENT_NUMBERS = 3, ATTRIBUTE_NUMBERS = 2, NAME_NUMBERS = 2, CONTAINER_NUMBERS = 7, CALLED_NUMBERS = 2, BLOCK_NUMBERS = 4, VALUE_NUMBERS = 2 };

/* Which strings of a column were met: open addressing, 1 + number of the string, 0 for an empty place. */
typedef struct {
    Column starts; /* where each begins */
    int32_t *places;
    int64_t mask;
} Met;

typedef struct {
    Walked *out;
    const uint8_t *kinds; /* by tag */
    const Bounds *bounds;
    Codes parts;          /* of the block that is being read */
    int32_t *name_places; /* open addressing of the names met: 1 + number, 0 for an empty place */
    int64_t name_mask;
    Met classes, ids;
    int has_parts, last_is_break, gap; /* gap: an inline element has just ended, so the next one needs a space */
    int32_t link_chars, links, images, in_link, in_pre, place, error;
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

static int is_space(uint32_t code) {
    if (code < 0x80) return code == ' ' || (code >= 9 && code <= 13) || (code >= 28 && code <= 31);
    return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
           code == 0x202f || code == 0x205f || code == 0x3000;
}

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
        uint32_t code = data[at++];
        if (code < 0x80) {
            *out++ = code ? code : 0xfffd;
            continue;
        }
        int more = code >= 0xf0 && code < 0xf5 ? 3 : code >= 0xe0 && code < 0xf0 ? 2 : code >= 0xc2 && code < 0xe0 ? 1 : 0;
        code &= more == 3 ? 7 : more == 2 ? 15 : 31;
        uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
        int left = more;
        for (; left && at < length && (data[at] & 0xc0) == 0x80; left--) code = code << 6 | (data[at++] & 63);
        *out++ = !more || left || code < least || code > LAST_CODE || (code >= 0xd800 && code < 0xe000) ? 0xfffd : code;
    }
    return out - codes;
}

/* White space folded; a break made by <br>, here a form feed, stays one. */
static int64_t fold(const uint32_t *codes, int64_t count, uint32_t *out) {
    uint32_t *to = out;
    uint32_t between = 0;
    for (int64_t at = 0; at < count; at++) {
        uint32_t code = codes[at];
        if (code == '\f') {
            between = '\n';
        } else if (is_space(code)) {
            if (!between) between = ' ';
        } else {
            if (between && to > out) *to++ = between;
            between = 0;
            *to++ = code;
        }
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
        to[length] = 0;
        text->count += length + 1;
        int32_t chars = state->link_chars < length ? state->link_chars : (int32_t)length;
        push(state, &state->out->blocks, (const int32_t[]){container, chars, state->links, state->images}, BLOCK_NUMBERS);
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

static int32_t elements_so_far(const State *state) { return (int32_t)(state->out->elements.count / ELEMENT_NUMBERS); }

static int64_t place_of_name(const State *state, uintptr_t key) {
    int64_t place = (int64_t)((key * 0x9e3779b97f4a7c15ULL) >> 32 & (uint64_t)state->name_mask);
    while (state->name_places[place] && state->out->keys[state->name_places[place] - 1] != key) place = (place + 1) & state->name_mask;
    return place;
}

/* Twice the places for names; 0 when memory ran out. */
static int more_names(State *state) {
    int64_t count = state->out->names.count / NAME_NUMBERS, size = state->name_places ? 2 * (state->name_mask + 1) : 256;
    uintptr_t *keys = realloc(state->out->keys, (size_t)size * sizeof *keys);
    if (keys) state->out->keys = keys;
    int32_t *places = calloc((size_t)size, sizeof *places);
    if (!keys || !places) {
        free(places);
        state->error = NO_MEMORY;
        return 0;
    }
    free(state->name_places);
    state->name_places = places;
    state->name_mask = size - 1;
    for (int32_t number = 0; number < count; number++) places[place_of_name(state, keys[number])] = number + 1;
    return 1;
}

static void add_attribute(State *state, const Attribute *attribute, int32_t element, int32_t position) {
    int32_t count = (int32_t)(state->out->names.count / NAME_NUMBERS);
    if ((!state->name_places || 2 * (int64_t)count > state->name_mask) && !more_names(state)) return;
    uintptr_t key = attribute->qualified ? attribute->qualified : attribute->node.name;
    int64_t place = place_of_name(state, key);
    if (!state->name_places[place]) {
        state->out->keys[count] = key;
        push(state, &state->out->names, (const int32_t[]){element, position}, NAME_NUMBERS);
        state->name_places[place] = count + 1;
    }
    push(state, &state->out->attributes, (const int32_t[]){element, state->name_places[place] - 1}, ATTRIBUTE_NUMBERS);
}

/* The place of a string among those met; it ends in a 0, which is compared too. */
static int64_t place_of_value(const Met *met, const uint32_t *codes, const uint32_t *value, int64_t length) {
    uint64_t hash = hash_end(hash_run(HASH_BASIS, value, value + length));
    int64_t place = (int64_t)(hash & (uint64_t)met->mask);
    for (; met->places[place]; place = (place + 1) & met->mask) {
        const uint32_t *other = codes + met->starts.values[met->places[place] - 1];
        int64_t same = 0;
        while (same < length && other[same] == value[same]) same++;
        if (same == length) break;
    }
    return place;
}

/* Twice the places for strings; 0 when memory ran out. */
static int more_values(State *state, Met *met, const Codes *values) {
    int64_t size = met->places ? 2 * (met->mask + 1) : 256;
    int32_t *places = calloc((size_t)size, sizeof *places);
    if (!places) {
        state->error = NO_MEMORY;
        return 0;
    }
    free(met->places);
    met->places = places;
    met->mask = size - 1;
    for (int32_t number = 0; number < met->starts.count; number++) {
        const uint32_t *value = values->codes + met->starts.values[number], *end = value;
        while (*end) end++;
        places[place_of_value(met, values->codes, value, end - value + 1)] = number + 1;
    }
    return 1;
}

/* Pages use few classes over and over: each is kept once. */
static void add_value(State *state, const Attribute *attribute, int32_t element, Codes *values, Met *met, Column *elements) {
    if (!attribute || !attribute->value || !attribute->value->length) return;
    if (!reserve(state, values, (int64_t)attribute->value->length + 1)) return;
    if ((!met->places || 2 * met->starts.count > met->mask) && !more_values(state, met, values)) return;
    int32_t start = (int32_t)values->count;
    uint32_t *value = values->codes + start;
    int64_t length = decode(attribute->value->data, attribute->value->length, value) + 1;
    value[length - 1] = 0;
    int64_t place = place_of_value(met, values->codes, value, length);
    if (!met->places[place]) {
        push(state, &met->starts, &start, 1);
        met->places[place] = (int32_t)met->starts.count;
        values->count += length;
    }
    push(state, elements, (const int32_t[]){element, met->places[place] - 1}, VALUE_NUMBERS);
}

static void add_element(State *state, const Node *node, int32_t place, int is_in_player) {
    const ElementNode *with = (const ElementNode *)node;
    int32_t element = elements_so_far(state), count = 0;
    for (const Attribute *attribute = with->first; attribute && !state->error; attribute = attribute->next)
        add_attribute(state, attribute, element, count++);
    add_value(state, with->class, element, &state->out->classes, &state->classes, &state->out->classed);
    add_value(state, with->id, element, &state->out->ids, &state->ids, &state->out->identified);
    int32_t tag = tag_of(node);
    push(state, &state->out->elements, (const int32_t[]){place, is_in_player ? -1 - tag : tag, count}, ELEMENT_NUMBERS);
    if (state->out->elements.count > (int64_t)state->bounds->elements * ELEMENT_NUMBERS) state->error = TOO_MANY_ELEMENTS;
}

/* Steps over what is in a closed element; what is in a player is listed, since structured data may stand there. */
static void pass_over(State *state, const Node *outer, int is_listed) {
    for (const Node *node = outer->first; node && !state->error;) {
        if (node->type != TEXT) {
            if (is_listed && node->type == ELEMENT) add_element(state, node, state->place, 1);
            state->place++;
        }
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
        int32_t place = state->place++;
        if (child->type != ELEMENT) continue;
        int32_t tag = tag_of(child), element = elements_so_far(state);
        add_element(state, child, place, 0);
        switch (state->kinds[tag]) {
        case CLOSED:
        case MEDIA:
            pass_over(state, child, state->kinds[tag] == MEDIA);
            break;
        case IMAGE:
            state->images++;
            pass_over(state, child, 0);
            break;
        case BREAK:
            line_break(state, container);
            pass_over(state, child, 0);
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
    add_element(state, head, state->place++, 0);
    for (const Node *child = head->first; child && !state->error; child = child->next) {
        if (child->type == TEXT) continue;
        if (child->type == ELEMENT) add_element(state, child, state->place, 0);
        state->place++;
        pass_over(state, child, 0);
    }
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
        if (!out->elements.values[(int64_t)element * ELEMENT_NUMBERS + 2]) class = id = -2;
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

/* Sorts the elements that have attributes by their names, those of a name in order. */
static void sort_attributes(State *state) {
    Walked *out = state->out;
    int64_t names = out->names.count / NAME_NUMBERS, count = out->attributes.count / ATTRIBUTE_NUMBERS, before = 0;
    int32_t *ends = calloc((size_t)names + 1, sizeof *ends), *named = malloc(((size_t)count + 1) * sizeof *named);
    out->ends = (Column){ends, names, names};
    out->named = (Column){named, count, count};
    if (!ends || !named) {
        state->error = NO_MEMORY;
        return;
    }
    const int32_t *attributes = out->attributes.values;
    for (int64_t at = 0; at < count; at++) ends[attributes[at * ATTRIBUTE_NUMBERS + 1]]++;
    for (int64_t name = 0; name < names; name++) { /* where each begins; counting moves that to its end */
        int32_t size = ends[name];
        ends[name] = (int32_t)before;
        before += size;
    }
    for (int64_t at = 0; at < count; at++) named[ends[attributes[at * ATTRIBUTE_NUMBERS + 1]]++] = attributes[at * ATTRIBUTE_NUMBERS];
}

/* Walks a page from its root element on: the root, its head, its body. A page without a body (a frameset) is its own. Gives what
 * ended the walk: DONE or why it was given up. */
int walk(uintptr_t address, const uint8_t *kinds, const Bounds *bounds, Walked *out) {
    memset(out, 0, sizeof *out);
    State state = {.out = out, .kinds = kinds, .bounds = bounds, .place = 1};
    const Node *root = (const Node *)address, *body = 0;
    add_element(&state, root, 0, 0);
    for (const Node *child = root->first; child && !state.error; child = child->next) {
        if (child->type == TEXT) continue;
        if (child->type == ELEMENT && state.kinds[tag_of(child)] == HEAD_PART) {
            walk_head(&state, child);
        } else if (child->type == ELEMENT && !body && state.kinds[tag_of(child)] == BODY_PART) {
            body = child;
            int32_t element = elements_so_far(&state);
            add_element(&state, body, state.place++, 0);
            walk_block(&state, body, tag_of(body), element, -1, 0);
        } else {
            state.place++;
            pass_over(&state, child, 0);
        }
    }
    if (!body && !state.error) {
        state.place = 1;
        walk_block(&state, root, tag_of(root), 0, -1, 0);
    }
    if (!state.error) call_containers(&state);
    if (!state.error) sort_attributes(&state);
    free(state.parts.codes);
    free(state.name_places);
    free(state.classes.starts.values);
    free(state.classes.places);
    free(state.ids.starts.values);
    free(state.ids.places);
    return state.error;
}

void walk_free(Walked *out) {
    Column *columns[] = {
        &out->elements, &out->attributes, &out->names, &out->containers, &out->called, &out->blocks, &out->classed, &out->identified,
        &out->named, &out->ends,
    };
    for (size_t number = 0; number < sizeof columns / sizeof *columns; number++) free(columns[number]->values);
    free(out->text.codes);
    free(out->classes.codes);
    free(out->ids.codes);
    free(out->keys);
}

/* What the walk takes a node for: its tag, its neighbours, its type. */
void node_facts(uintptr_t address, uintptr_t *out) {
    const Node *node = (const Node *)address;
    const uintptr_t facts[] = {
        node->name, (uintptr_t)node->next, (uintptr_t)node->previous, (uintptr_t)node->parent, (uintptr_t)node->first,
        (uintptr_t)node->last, (uintptr_t)node->type,
    };
    memcpy(out, facts, sizeof facts);
}
