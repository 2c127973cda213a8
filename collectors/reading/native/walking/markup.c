#include "markup.h"

#include <string.h>

static int is_white(unsigned char byte) { return byte == ' ' || (byte >= 9 && byte <= 13); }

static int is_word(unsigned char byte) {
    unsigned char small = byte | 32;
    return (small >= 'a' && small <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
}

/* Whether these bytes are a name in any case. */
static int is_named(const unsigned char *at, const unsigned char *end, const char *name, size_t length) {
    if ((size_t)(end - at) < length) return 0;
    for (size_t letter = 0; letter < length; letter++)
        if ((at[letter] | 32) != (unsigned char)name[letter]) return 0;
    return 1;
}

/* The name of the element that hides what it holds, if one begins behind a "<". */
static const char *hiding(const unsigned char *at, const unsigned char *end) {
    static const char *const names[] = {"script", "style", "title", "template", "svg"};
    for (size_t number = 0; number < sizeof names / sizeof *names; number++) {
        size_t length = strlen(names[number]);
        if (is_named(at, end, names[number], length) && (at + length == end || !is_word(at[length]))) return names[number];
    }
    return 0;
}

static const unsigned char *behind_white(const unsigned char *at, const unsigned char *end) {
    while (at < end && is_white(*at)) at++;
    return at;
}

/* Where the end tag of a name ends, with the white space behind it; the end of all for none. */
static const unsigned char *behind_end_tag(const unsigned char *at, const unsigned char *end, const char *name) {
    size_t length = strlen(name);
    while ((at = memchr(at, '<', (size_t)(end - at)))) {
        at++;
        if (at == end || *at != '/' || !is_named(at + 1, end, name, length)) continue;
        const unsigned char *close = behind_white(at + 1 + length, end);
        if (close < end && *close == '>') return behind_white(close + 1, end);
    }
    return end;
}

static const unsigned char *behind_comment(const unsigned char *at, const unsigned char *end) {
    while (end - at >= 3 && (at = memchr(at, '-', (size_t)(end - at - 2)))) {
        if (at[1] == '-' && at[2] == '>') return at + 3;
        at++;
    }
    return end;
}

static int64_t words_between(const unsigned char *at, const unsigned char *end) {
    int64_t count = 0;
    for (int before = 1; at < end; at++) {
        int white = is_white(*at);
        count += before && !white;
        before = white;
    }
    return count;
}

static const unsigned char *body_of(const unsigned char *markup, const unsigned char *end) {
    for (const unsigned char *at = markup; (at = memchr(at, '<', (size_t)(end - at))); at++)
        if (is_named(at + 1, end, "body", 4)) return at;
    return markup;
}

int64_t shown_words(const unsigned char *markup, size_t length, int64_t most) {
    const unsigned char *end = markup + length, *at = body_of(markup, end);
    int64_t count = 0;
    while (at < end && count < most) {
        const unsigned char *tag = memchr(at, '<', (size_t)(end - at)), *stop = tag ? tag : end;
        count += words_between(at, stop);
        if (!tag) break;
        const char *name = hiding(tag + 1, end);
        if (name) {
            at = behind_end_tag(tag + 1 + strlen(name), end, name);
        } else if (end - tag >= 4 && !memcmp(tag, "<!--", 4)) {
            at = behind_comment(tag + 4, end);
        } else {
            at = memchr(tag, '>', (size_t)(end - tag));
            at = at ? behind_white(at + 1, end) : end;
        }
    }
    return count;
}
