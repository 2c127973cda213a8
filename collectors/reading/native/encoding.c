/* Whether bytes are UTF-8. */
#include <stdint.h>
#include <string.h>

#include "content.h"

enum { NOT_UTF8, ASCII, BEYOND_ASCII };
enum { BLOCK = 64, BEFORE = 3 }; /* bytes that are looked at together, and those before them that matter to them */

/* Whether a block, with the bytes before it, is what Unicode's table 3-7 allows. Without a branch, so that many bytes are compared
 * at once: a byte continues a character exactly where one of the three before it says so, and a second one has limits of its own. */
static inline int is_wrong(const uint8_t *bytes) {
    uint8_t wrong = 0;
    for (int place = BEFORE; place < BEFORE + BLOCK; place++) {
        uint8_t byte = bytes[place], first = bytes[place - 1], second = bytes[place - 2], third = bytes[place - 3];
        uint8_t continues = (byte & 0xc0) == 0x80;
        uint8_t must = (first >= 0xc2) | (second >= 0xe0) | (third >= 0xf0);
        wrong |= continues ^ must;
        wrong |= (byte == 0xc0) | (byte == 0xc1) | (byte > 0xf4);
        wrong |= (uint8_t)((first == 0xe0) & (byte < 0xa0)) | (uint8_t)((first == 0xed) & (byte > 0x9f));
        wrong |= (uint8_t)((first == 0xf0) & (byte < 0x90)) | (uint8_t)((first == 0xf4) & (byte > 0x8f));
    }
    return wrong;
}

static inline int is_high(const uint8_t *bytes) {
    uint8_t all = 0;
    for (int place = 0; place < BLOCK; place++) all |= bytes[place];
    return all > 0x7f;
}

WIDE int utf8_kind(const uint8_t *bytes, int64_t size) {
    int was_high = 0, kind = ASCII;
    int64_t at = 0, whole = size - size % BLOCK;
    uint8_t edge[BEFORE + BLOCK] = {0}; /* the first block with nothing before it, the last one with zeros behind */
    for (; at < whole; at += BLOCK) {
        int high = is_high(bytes + at);
        if (high || was_high) {
            if (!at) memcpy(edge + BEFORE, bytes, BLOCK);
            if (is_wrong(at ? bytes + at - BEFORE : edge)) return NOT_UTF8;
            kind = BEYOND_ASCII;
        }
        was_high = high;
    }
    int before = at ? BEFORE : 0;
    memset(edge, 0, sizeof edge);
    memcpy(edge + BEFORE - before, bytes + at - before, (size_t)(before + size - at));
    if (is_wrong(edge)) return NOT_UTF8;
    return is_high(edge + BEFORE) ? BEYOND_ASCII : kind;
}
