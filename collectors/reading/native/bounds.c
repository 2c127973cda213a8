/* How many tags markup has, the most attributes of one of them, and how deep they nest: what decides whether a parser may see it.
 *
 * Tags are told as the tokenizer of the HTML standard tells them (https://html.spec.whatwg.org/multipage/parsing.html), with its
 * comments, quotes and elements whose content is text; a parser that builds a tree knows more of a few of these than is known here.
 * Every function reads the markup once, whatever it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef const uint8_t *Place;
typedef enum { NOTHING, START, END, COMMENT } Kind;
enum { KEY = 8 }; /* letters of the longest name that is known here */

/* What has been read so far, and of the last tag its kind, name and attributes. */
typedef struct {
    Place at, limit, name;
    int64_t length, attributes;
    char key[KEY];   /* the name as it was spelled last: in lower case as far as it fits, the rest 0 */
    int self_closed; /* by a slash right before its ">" */
    int text;        /* its content is text, and has been passed */
    int64_t foreign; /* drawings and formulas that are open: in them the content of no element is text */
} Reader;

typedef struct {
    int64_t opened, attributes, most; /* tags that open, with comments; attributes of all; those of the tag with the most */
} Counted;

static const char TEXTS[][KEY + 1] = {"script", "style", "title", "textarea", "iframe", "noframes", "noembed", "xmp"};
static const char DRAWINGS[][KEY + 1] = {"svg", "math"};
/* Elements that hold nothing, and those that stand in each other only with another one between, which is counted. */
static const char FLAT[][KEY + 1] = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "p", "li", "dt",
    "dd", "option", "optgroup", "tr", "td", "th", "thead", "tbody", "tfoot", "caption", "colgroup", "body", "html", "head", "rt", "rp",
};
static const char FORMATTING[][KEY + 1] = {
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
};
/* No end tag reaches out of these. */
static const char BORDERS[][KEY + 1] = {"table", "template", "object", "applet", "marquee", "svg", "math"};

#define IS_ONE_OF(reader, names) is_one_of(reader, names, sizeof(names) / sizeof *(names))

static int is_one_of(const Reader *reader, const char names[][KEY + 1], size_t count) {
    if (reader->length > KEY) return 0;
    for (size_t number = 0; number < count; number++) {
        if (!memcmp(reader->key, names[number], KEY)) return 1;
    }
    return 0;
}

/* What bytes are in a tag. */
enum { SPACE = 1, SLASH = 2, CLOSE = 4, EQUALS = 8, NAME_END = SPACE | SLASH | CLOSE };
static const uint8_t MEANING[256] = {
    [' '] = SPACE, ['\n'] = SPACE, ['\t'] = SPACE, ['\r'] = SPACE, ['\f'] = SPACE, ['/'] = SLASH, ['>'] = CLOSE, ['='] = EQUALS,
};

/* The first byte that means one of these, or the limit. */
static inline Place until(Place at, Place limit, int meaning) {
    while (at < limit && !(MEANING[*at] & meaning)) at++;
    return at;
}

static inline Place behind_all(Place at, Place limit, int meaning) {
    while (at < limit && MEANING[*at] & meaning) at++;
    return at;
}

static inline uint8_t lower(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? byte | 32 : byte; }
static inline int is_letter(uint8_t byte) { return lower(byte) >= 'a' && lower(byte) <= 'z'; }

/* The first such byte, or the limit. */
static inline Place find(Place at, Place limit, char byte) {
    Place found = at < limit ? memchr(at, byte, (size_t)(limit - at)) : 0;
    return found ? found : limit;
}

static int begins(Place at, Place limit, const char *lower_case, int64_t length) {
    if (limit - at < length) return 0;
    for (int64_t place = 0; place < length; place++) {
        if (lower(at[place]) != (uint8_t)lower_case[place]) return 0;
    }
    return 1;
}

/* The same of a name that ends there. */
static int begins_name(Place at, Place limit, const char *lower_case, int64_t length) {
    return limit - at > length && MEANING[at[length]] & NAME_END && begins(at, limit, lower_case, length);
}

/* Behind the ">" that follows two such bytes at or after `at`. */
static Place behind(Place at, Place limit, char twice) {
    for (Place found = at; (found = find(found, limit, '>')) < limit; found++) {
        if (found - at >= 2 && found[-1] == twice && found[-2] == twice) return found + 1;
    }
    return limit;
}

/* Behind a comment; `at` is behind its "<!--". */
static Place behind_comment(Place at, Place limit) {
    for (Place found = at; (found = find(found, limit, '>')) < limit; found++) {
        int64_t read = found - at;
        if (read == 0 || (read == 1 && *at == '-')) return found + 1;
        if (read >= 2 && found[-1] == '-' && found[-2] == '-') return found + 1;
        if (read >= 3 && found[-1] == '!' && found[-2] == '-' && found[-3] == '-') return found + 1;
    }
    return limit;
}

/* Behind the ">" of a tag, whose attributes are counted; `at` is behind its name. */
static Place behind_attributes(Reader *reader, Place at, Place limit) {
    for (reader->attributes = 0;; reader->attributes++) {
        Place name = behind_all(at, limit, SPACE | SLASH);
        if (name == limit) return limit;
        if (*name == '>') {
            reader->self_closed = name > at && name[-1] == '/';
            return name + 1;
        }
        /* A "=" that begins a name is part of it: nothing is before it that it could belong to. */
        at = behind_all(until(name + 1, limit, NAME_END | EQUALS), limit, SPACE);
        if (at == limit || *at != '=') continue;
        at = behind_all(at + 1, limit, SPACE);
        if (at < limit && (*at == '"' || *at == '\'')) {
            at = find(at + 1, limit, (char)*at);
            if (at < limit) at++;
        } else {
            at = until(at, limit, SPACE | CLOSE);
        }
    }
}

/* The end tag that closes an element whose content is text. In a script, one inside a comment belongs to a script begun there. */
static Place end_of_text(Reader *reader, Place at, Place limit) {
    int is_script = !memcmp(reader->key, "script\0", KEY), is_inner = 0;
    Place commented = at; /* up to there */
    for (; (at = find(at, limit, '<')) < limit; at++) {
        if (limit - at < 3) return limit;
        if (at >= commented) is_inner = 0;
        if (at[1] == '/' && begins_name(at + 2, limit, reader->key, reader->length)) {
            if (!is_inner) return at;
            is_inner = 0;
        } else if (is_script && at >= commented && at[1] == '!' && begins(at, limit, "<!--", 4)) {
            commented = behind(at + 2, limit, '-');
        } else if (is_script && at < commented && begins_name(at + 1, limit, "script", 6)) {
            is_inner = 1;
        }
    }
    return limit;
}

static void spell(Reader *reader) {
    memset(reader->key, 0, KEY);
    for (int place = 0; place < KEY && place < reader->length; place++) {
        uint8_t letter = reader->name[place]; /* a 0 would look like the end of a name that is known here */
        reader->key[place] = letter ? (char)lower(letter) : '?';
    }
}

/* Whether a tag may be one of TEXTS or DRAWINGS, by its first letter. */
static int may_matter(uint8_t letter) {
    switch (lower(letter)) {
    case 'i': case 'm': case 'n': case 's': case 't': case 'x': return 1;
    default: return 0;
    }
}

static Kind read_tag(Reader *reader, Kind kind, Place at, Place limit) {
    reader->name = at;
    at = until(at, limit, NAME_END);
    reader->length = at - reader->name;
    reader->self_closed = reader->text = 0;
    reader->at = behind_attributes(reader, at, limit);
    if (!(kind == START || reader->foreign) || !may_matter(*reader->name)) return kind;
    spell(reader);
    if (IS_ONE_OF(reader, DRAWINGS)) {
        if (kind == END) reader->foreign -= reader->foreign > 0;
        else reader->foreign += !reader->self_closed;
    } else if (kind == START && !reader->foreign && IS_ONE_OF(reader, TEXTS)) {
        reader->text = 1;
        reader->at = end_of_text(reader, reader->at, limit);
    }
    return kind;
}

/* Reads on to the next tag or comment. */
static Kind next_tag(Reader *reader) {
    Place limit = reader->limit;
    for (Place at = reader->at; (at = find(at, limit, '<')) < limit && limit - at >= 2; at++) {
        if (is_letter(at[1])) return read_tag(reader, START, at + 1, limit);
        if (at[1] == '/' && limit - at > 2) {
            if (is_letter(at[2])) return read_tag(reader, END, at + 2, limit);
            if (at[2] == '>') continue;
        } else if (at[1] != '!' && at[1] != '?') {
            continue;
        }
        if (begins(at, limit, "<!--", 4)) reader->at = behind_comment(at + 4, limit);
        else if (reader->foreign && begins(at, limit, "<![cdata[", 9)) reader->at = behind(at + 9, limit, ']');
        else reader->at = find(at, limit, '>');
        return COMMENT;
    }
    return NOTHING;
}

static Reader reader_of(Place markup, int64_t size) { return (Reader){.at = markup, .limit = markup + size}; }

void count_tags(Place markup, int64_t size, Counted *counted) {
    Reader reader = reader_of(markup, size);
    *counted = (Counted){0};
    for (Kind kind; (kind = next_tag(&reader));) {
        if (kind == END) continue;
        counted->opened++;
        if (kind == COMMENT) continue;
        counted->attributes += reader.attributes;
        if (reader.attributes > counted->most) counted->most = reader.attributes;
    }
}

/* A tag as far as nesting goes. */
typedef struct {
    Place name;
    int32_t length, number; /* equal names have one number */
    uint8_t is_end, is_formatting, is_border;
} Tag;

/* An element that is open, or one of formatting that was closed under others. */
typedef struct {
    int32_t number; /* of its name; -1 for the latter */
    int32_t before; /* the place of the element of the same name that is open around it, or -1 */
    int32_t border; /* the place of the last border up to it, or -1 */
} Open;

typedef struct {
    Open *open;
    int32_t *last; /* by number of a name: the place of the last one that is open, or -1 */
    int32_t count, depth;
} Stack;

static void push(Stack *stack, const Tag *tag) {
    int32_t place = stack->count++, around = place ? stack->open[place - 1].border : -1;
    stack->open[place] = (Open){tag->number, stack->last[tag->number], tag->is_border ? place : around};
    stack->last[tag->number] = place;
    stack->depth++;
}

static void close_one(Stack *stack, Open *one) {
    if (one->number < 0) return;
    stack->last[one->number] = one->before;
    one->number = -1;
    stack->depth--;
}

static void close_tag(Stack *stack, const Tag *tag) {
    int32_t place = stack->last[tag->number];
    if (place < 0 || place < stack->open[stack->count - 1].border) return;
    if (tag->is_formatting) close_one(stack, &stack->open[place]); /* what was opened in it stays */
    else while (stack->count > place) close_one(stack, &stack->open[--stack->count]);
    while (stack->count && stack->open[stack->count - 1].number < 0) stack->count--;
}

static int by_name(const void *one, const void *other) {
    const Tag *a = *(Tag *const *)one, *b = *(Tag *const *)other;
    if (a->length != b->length) return a->length < b->length ? -1 : 1;
    for (int32_t place = 0; place < a->length; place++) {
        int difference = lower(a->name[place]) - lower(b->name[place]);
        if (difference) return difference;
    }
    return 0;
}

/* The tags that may nest. Gives their number, or -1 when memory ran out. */
static int64_t list_tags(Place markup, int64_t size, Tag **tags) {
    Reader reader = reader_of(markup, size);
    int64_t count = 0, room = 0;
    for (Kind kind; (kind = next_tag(&reader));) {
        if (kind == COMMENT || reader.text) continue;
        spell(&reader);
        if (IS_ONE_OF(&reader, FLAT)) continue;
        if (kind == START && reader.self_closed && (reader.foreign || IS_ONE_OF(&reader, DRAWINGS))) continue;
        if (count == room) {
            room = room ? 2 * room : 1 << 14;
            Tag *more = realloc(*tags, (size_t)room * sizeof **tags);
            if (!more) return -1;
            *tags = more;
        }
        (*tags)[count++] = (Tag){
            reader.name, (int32_t)reader.length, 0, kind == END, (uint8_t)IS_ONE_OF(&reader, FORMATTING),
            (uint8_t)IS_ONE_OF(&reader, BORDERS),
        };
    }
    return count;
}

/* How many tags are open at once, up to one more than `most`; -1 when memory ran out. It is as much as can be told without a tree:
 * where a parser's rules are intricate, tags count as open, since a page made to look flat is what this is against. */
int64_t nesting(Place markup, int64_t size, int64_t most) {
    Tag *tags = 0;
    int64_t count = list_tags(markup, size, &tags), deepest = count > 0 ? -1 : count;
    Tag **sorted = count > 0 ? malloc((size_t)count * sizeof *sorted) : 0;
    Stack stack = {0};
    if (sorted) {
        stack.open = malloc((size_t)count * sizeof *stack.open);
        stack.last = malloc((size_t)count * sizeof *stack.last);
    }
    if (stack.open && stack.last) {
        /* Sorted, not hashed: names can be made to collide. */
        for (int64_t place = 0; place < count; place++) sorted[place] = &tags[place];
        qsort(sorted, (size_t)count, sizeof *sorted, by_name);
        for (int64_t place = 1; place < count; place++) {
            sorted[place]->number = sorted[place - 1]->number + (by_name(&sorted[place - 1], &sorted[place]) != 0);
        }
        memset(stack.last, 0xff, (size_t)count * sizeof *stack.last);
        deepest = 0;
        for (int64_t place = 0; place < count && deepest <= most; place++) {
            if (tags[place].is_end) close_tag(&stack, &tags[place]);
            else push(&stack, &tags[place]);
            if (stack.depth > deepest) deepest = stack.depth;
        }
    }
    free(stack.last);
    free(stack.open);
    free(sorted);
    free(tags);
    return deepest;
}
