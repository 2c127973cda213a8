/* What the readers of a page's kind hear: marks are words with or without a prefix, each counted once. benchmarks/kind_marks.py
 * says the same in Python, for training, and a test compares the two. */
#include <math.h>
#include <stdlib.h>

#include "content.h"
#include "words.h"

enum { BLOCK_HEAD = 300, MAX_CONTENT = 8000, MAX_TITLE = 200, SHORT = 20 };
enum { ADDRESS, NAMES, CONTENT, PAGE, READERS }; /* kind.READERS */

/* A reader at work: `heard` has a bit for each of its rows, `rows` are those heard so far, in the order of hearing. Marks wait until
 * their entries are near. */
enum { WAITING = 16 };
typedef struct {
    const Reader *reader;
    uint64_t *heard;
    int32_t *rows, found;
    uint32_t said; /* marks so far */
    uint64_t waiting[WAITING];
} Ear;

static uint64_t prefixed(const char *prefix) {
    uint64_t hash = HASH_BASIS;
    for (; *prefix; prefix++) hash = hash_step(hash, (uint32_t)*prefix);
    return hash;
}

static const uint32_t *nearer(const uint32_t *at, int64_t most, const uint32_t *end) { return end - at > most ? at + most : end; }

static void look_up(Ear *ear, uint64_t hash) {
    const Entry *entry = entry_of(&ear->reader->marks, hash);
    if (!entry) return;
    int64_t row = entry->number;
    uint64_t bit = 1ULL << (row & 63);
    if (ear->heard[row >> 6] & bit) return;
    ear->heard[row >> 6] |= bit;
    ear->rows[ear->found++] = (int32_t)row;
    SOON(ear->reader->weights + row * ear->reader->outputs);
}

/* `hash` is that of a whole mark. */
static inline void hear(Ear *ear, uint64_t hash) {
    uint64_t *place = ear->waiting + ear->said % WAITING;
    seek_soon(&ear->reader->marks, hash);
    if (ear->said++ >= WAITING) look_up(ear, *place);
    *place = hash;
}

static void hear_all(Ear *ear, const uint64_t *hashes, int32_t count) {
    for (int32_t number = 0; number < count; number++) hear(ear, hashes[number]);
}

static void end_hearing(Ear *ear) {
    for (uint32_t mark = ear->said > WAITING ? ear->said - WAITING : 0; mark < ear->said; mark++) look_up(ear, ear->waiting[mark % WAITING]);
}

/* Log-probabilities of the kinds. */
static void conclude(const Ear *ear, double *odds) {
    int32_t outputs = ear->reader->outputs;
    double most = -INFINITY, sum = 0, root = sqrt(ear->found ? ear->found : 1);
    for (int32_t output = 0; output < outputs; output++) odds[output] = 0;
    for (int32_t number = 0; number < ear->found; number++) {
        const float *weights = ear->reader->weights + (int64_t)ear->rows[number] * outputs;
        for (int32_t output = 0; output < outputs; output++) odds[output] += weights[output];
    }
    for (int32_t output = 0; output < outputs; output++) {
        odds[output] = ear->reader->bias[output] + odds[output] / root;
        most = larger(most, odds[output]);
    }
    for (int32_t output = 0; output < outputs; output++) sum += odds[output] = exp(odds[output] - most);
    for (int32_t output = 0; output < outputs; output++) odds[output] = log(odds[output] / sum + 1e-3);
}

/* A text in lower case. */
static uint64_t hash_label(const uint64_t *chars, uint64_t hash, const uint32_t *at, const uint32_t *end) {
    for (; at < end; at++) hash = hash_step(hash, *at < CHARS ? (uint32_t)(chars[*at] & LOWER_CASE) : *at);
    return hash_end(hash);
}

/* Class and id words, those of the body, and what short blocks say. */
static void hear_names(const Page *page, const uint64_t *chars, const Measured *measured, Ear *ear) {
    uint64_t body = prefixed("body:"), label = prefixed("label:");
    const uint8_t *at = page->name;
    const int32_t of_body = page->named[0], *called = measured->called;
    hear_all(ear, measured->name_words, called[of_body]);
    for (int32_t number = 0; number < of_body; number++, at++)
        while (*at) at++;
    const uint8_t *word = at, *limit = names_end(at), *end;
    for (int32_t place = called[of_body]; place < called[of_body + 1]; place++) {
        hear(ear, measured->name_words[place]);
        uint64_t hash = body;
        if (!(end = next_name(&word, limit, &hash))) break; /* never: they were found here before */
        hear(ear, hash_end(hash));
        word = end;
    }
    hear_all(ear, measured->name_words + called[of_body + 1], called[page->names] - called[of_body + 1]);
    for (int32_t block = 0; block < page->blocks; block++) {
        const uint32_t *text = page->lower + measured->begins[block];
        if (measured->chars[block] < SHORT) hear(ear, hash_label(chars, label, text, page->lower + measured->begins[block + 1] - 1));
    }
}

/* The words of all blocks; of them for `content` those of the likely ones and of headings, beside the title's. */
static void hear_words(const Page *page, const uint64_t *chars, const Measured *measured, const double *first, Ear *ears) {
    uint64_t head = prefixed("head:"), of_title = prefixed("title:"), hash, words[BLOCK_HEAD / 2];
    const uint32_t *word, *end, *title_end = page->title;
    int64_t left = MAX_CONTENT;
    for (int32_t block = 0; block < page->blocks; block++) {
        const uint32_t *text = page->lower + measured->begins[block], *whole = page->lower + measured->begins[block + 1] - 1;
        const uint32_t *limit = nearer(text, BLOCK_HEAD, whole);
        int32_t found = 0;
        for (word = text, hash = HASH_BASIS; (end = next_run(chars, IN_LETTERS, &word, limit, &hash)); word = end, hash = HASH_BASIS) {
            if (end - word < 2) continue;
            words[found++] = hash = hash_end(hash);
            hear(&ears[PAGE], hash);
        }
        if (first[block] > 0.5 && left > 0) {
            left -= limit - text + 1;
            hear_all(&ears[CONTENT], words, found);
        }
        if (measured->tags[block] >= H1 && measured->tags[block] <= H3) {
            limit = nearer(text, HEAD, whole);
            for (word = text, hash = head; (end = next_run(chars, IN_WORD, &word, limit, &hash)); word = end, hash = head) hear(&ears[CONTENT], hash_end(hash));
        }
    }
    while (title_end - page->title < MAX_TITLE && *title_end) title_end++;
    for (word = page->title, hash = of_title; (end = next_run(chars, IN_LETTERS, &word, title_end, &hash)); word = end, hash = of_title)
        if (end - word > 1) hear(&ears[CONTENT], hash_end(hash));
}

static Ear listening(const Reader *reader) {
    size_t rows = (size_t)reader->rows;
    return (Ear){reader, calloc(rows / 64 + 1, sizeof(uint64_t)), malloc((rows + 1) * sizeof(int32_t)), 0, 0, {0}};
}

/* Marks as they are, each ended by a 0. */
static void hear_marks(const uint32_t *at, int32_t count, Ear *ear) {
    for (int32_t number = 0; number < count; number++, at++) {
        uint64_t hash = HASH_BASIS;
        for (; *at; at++) hash = hash_step(hash, *at);
        hear(ear, hash_end(hash));
    }
}

/* Writes what each reader concludes; `address` are the `count` marks of the first. 0 when memory ran out. */
int kind_marks(
    const Page *page, const Lore *lore, const Measured *measured, const double *first, const uint32_t *address, int32_t count,
    const Reader *const *readers, double *out
) {
    Ear ears[READERS];
    int done = 1;
    for (int reader = 0; reader < READERS; reader++) {
        ears[reader] = listening(readers[reader]);
        done &= ears[reader].heard && ears[reader].rows;
    }
    if (done) {
        hear_marks(address, count, &ears[ADDRESS]);
        hear_names(page, lore->chars, measured, &ears[NAMES]);
        hear_words(page, lore->chars, measured, first, ears);
        for (int reader = 0; reader < READERS; out += readers[reader++]->outputs) {
            end_hearing(&ears[reader]);
            conclude(&ears[reader], out);
        }
    }
    for (int reader = 0; reader < READERS; reader++) {
        free(ears[reader].heard);
        free(ears[reader].rows);
    }
    return done;
}
