/* Where many fixed words stand in a text of bytes: all found in one pass that looks at every second place.
 *
 * Each word is sought by a window of four bytes of it, one for even places and one for odd ones. Windows belong to one of eight
 * groups, a bit each, and two tables say for every pair of bytes in which groups a window begins with it or ends in it. Only where
 * two pairs in a row have a group in common, the window is looked up, and the word compared. */
#include <stdint.h>
#include <string.h>

enum { GROUPS = 8, WINDOW = 4, STEP = 2, BLOCK = 16, SLOT_BITS = 12 };

typedef struct {
    uint32_t bytes; /* as they are in memory, without those that may be any */
    int32_t group, word;
    int32_t offset; /* from the beginning of the word; may be -1 */
} Window;

typedef struct {
    const uint8_t *begins, *ends; /* by first byte + 256 times the second: groups */
    const uint32_t *masks; /* by group: which bytes of its windows count */
    const Window *windows; /* slot by slot */
    const int32_t *slots;  /* by slot, and one more: where its windows begin */
    const uint8_t *bytes;  /* of all words, one behind another */
    const int32_t *starts; /* by word, and one more: where it begins in them */
    const int32_t *most;   /* by word: places that are asked for */
} Needles;

typedef struct {
    const uint8_t *bytes;
    int64_t size, from; /* in bytes; where it begins in the whole */
} Text;

typedef struct {
    int32_t *counts; /* by word: places found, not more than asked for */
    int32_t *next;   /* where the next word and its place go */
} Found;

static inline uint32_t slot_of(uint32_t bytes) { return bytes * 0x9e3779b1u >> (32 - SLOT_BITS); }

uint32_t needles_slot(uint32_t bytes) { return slot_of(bytes); }

static void compare(const Needles *needles, const Text *text, const Window *window, int64_t start, Found *found) {
    int32_t word = window->word, length = needles->starts[word + 1] - needles->starts[word];
    if (start < 0 || start + length > text->size || found->counts[word] == needles->most[word]) return;
    if (memcmp(text->bytes + start, needles->bytes + needles->starts[word], (size_t)length)) return;
    found->counts[word]++;
    *found->next++ = word;
    *found->next++ = (int32_t)(text->from + start);
}

/* Looks up the windows that may begin at the even places from `place` on: their groups, eight bits a place. */
static void look_up(const Needles *needles, const Text *text, int64_t place, uint64_t groups, Found *found) {
    for (; groups; groups &= groups - 1) {
        int bit = __builtin_ctzll(groups), group = bit % GROUPS;
        int64_t begin = place + bit / GROUPS * STEP;
        uint32_t bytes;
        memcpy(&bytes, text->bytes + begin, WINDOW);
        bytes &= needles->masks[group];
        uint32_t slot = slot_of(bytes);
        for (int32_t number = needles->slots[slot]; number < needles->slots[slot + 1]; number++) {
            const Window *window = &needles->windows[number];
            if (window->bytes == bytes && window->group == group) compare(needles, text, window, begin - window->offset, found);
        }
    }
}

/* Four pairs of bytes, the first one lowest. */
static inline uint64_t four_pairs(const uint8_t *at) {
    uint64_t pairs = 0;
    for (int byte = 0; byte < 8; byte++) pairs |= (uint64_t)at[byte] << 8 * byte;
    return pairs;
}

/* The groups of the windows that may stand at a pair and the next one. */
static inline uint64_t groups_of(const Needles *needles, uint64_t pair, uint64_t next) {
    return needles->begins[pair & 0xffff] & needles->ends[next & 0xffff];
}

/* Looks at the even places from `place` on and before `limit`, behind which three more bytes must be. */
static void look(const Needles *needles, const Text *text, int64_t place, int64_t limit, Found *found) {
    const uint8_t *at = text->bytes + place;
    for (; place + BLOCK <= limit; place += BLOCK, at += BLOCK) {
        uint64_t near = four_pairs(at), far = four_pairs(at + BLOCK / 2), behind = at[BLOCK] | (uint64_t)at[BLOCK + 1] << 8;
        uint64_t pairs[BLOCK / STEP + 1] = {near, near >> 16, near >> 32, near >> 48, far, far >> 16, far >> 32, far >> 48, behind};
        uint64_t any = 0;
        for (int pair = 0; pair < BLOCK / STEP; pair++) any |= groups_of(needles, pairs[pair], pairs[pair + 1]);
        if (!any) continue;
        any = 0;
        for (int pair = 0; pair < BLOCK / STEP; pair++) any |= groups_of(needles, pairs[pair], pairs[pair + 1]) << GROUPS * pair;
        look_up(needles, text, place, any, found);
    }
    for (; place < limit; place += STEP, at += STEP)
        look_up(needles, text, place, groups_of(needles, at[0] | (uint64_t)at[1] << 8, at[2] | (uint64_t)at[3] << 8), found);
}

/* Gives the number of places found; `places` get a word and its place in turn, those of one word in order, and have room for twice
 * the sum of `most`. `counts` must be zeros, one for each word. */
int64_t find_needles(const Needles *needles, const uint8_t *bytes, int64_t size, int32_t *counts, int32_t *places) {
    Found found = {counts, places};
    int64_t limit = size < WINDOW ? 0 : size - WINDOW + 1, rest = limit + limit % STEP;
    if (limit) look(needles, &(Text){bytes, size, 0}, 0, limit, &found);
    /* The last windows reach behind the end; a word of theirs begins one byte before them at most. */
    int64_t seen = rest < STEP ? rest : STEP;
    uint8_t end[STEP + 2 * WINDOW] = {0};
    memcpy(end, bytes + rest - seen, (size_t)(size - rest + seen));
    look(needles, &(Text){end, size - rest + seen, rest - seen}, seen, seen + WINDOW, &found);
    return (found.next - places) / 2;
}
