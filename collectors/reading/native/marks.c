/* What the readers of a page's kind hear: marks are words with or without a prefix, each counted once. benchmarks/kind_marks.py
 * says the same in Python, for training, and a test compares the two. */
#include <math.h>
#include <stdlib.h>

#include "content.h"
#include "words.h"

enum { CONTENT_HEAD = 300, MAX_CONTENT = 8000, MAX_TITLE = 200, SHORT = 20, TOPICS = 10 };

/* A reader at work: `heard` has a byte a row. */
typedef struct {
    const Reader *reader;
    uint8_t *heard;
    int32_t found;
    double *odds;
} Ear;

/* How often words of each topic were met among all. */
typedef struct {
    const Topics *topics;
    int32_t words, counts[TOPICS];
} Tally;

static uint64_t prefixed(const char *prefix) {
    uint64_t hash = HASH_BASIS;
    for (; *prefix; prefix++) hash = hash_step(hash, (uint32_t)*prefix);
    return hash;
}

static const uint32_t *end_of(const uint32_t *text, int64_t most) {
    const uint32_t *at = text;
    while (at - text < most && *at) at++;
    return at;
}

static void hear(Ear *ear, uint64_t hash) {
    int32_t row = row_of(&ear->reader->marks, hash_end(hash)), outputs = ear->reader->outputs;
    if (row < 0 || ear->heard[row]) return;
    ear->heard[row] = 1;
    ear->found++;
    for (int32_t output = 0; output < outputs; output++) ear->odds[output] += ear->reader->weights[(int64_t)row * outputs + output];
}

/* Log-probabilities of the kinds. */
static void conclude(const Ear *ear) {
    int32_t outputs = ear->reader->outputs;
    double most = -INFINITY, sum = 0, root = sqrt(ear->found ? ear->found : 1);
    for (int32_t output = 0; output < outputs; output++) {
        ear->odds[output] = ear->reader->bias[output] + ear->odds[output] / root;
        most = larger(most, ear->odds[output]);
    }
    for (int32_t output = 0; output < outputs; output++) sum += ear->odds[output] = exp(ear->odds[output] - most);
    for (int32_t output = 0; output < outputs; output++) ear->odds[output] = log(ear->odds[output] / sum + 1e-3);
}

/* The next run of at least two letters: gives its end, or 0 when there is none. */
static const uint32_t *next_letters(const uint8_t *is_word, const uint32_t **from, const uint32_t *limit) {
    for (const uint32_t *at = *from, *end; at < limit; at = end + 1) {
        for (end = at; end < limit && *end <= LAST_CODE && is_word[*end] == LETTERS;) end++;
        if (end - at < 2) continue;
        *from = at;
        return end;
    }
    return 0;
}

static void count_word(Tally *tally, uint64_t hash) {
    int32_t row = row_of(&tally->topics->words, hash_end(hash));
    tally->words++;
    if (row >= 0) tally->counts[tally->topics->topic[row]]++;
}

static void write_shares(const Tally *tally, double *out) {
    for (int topic = 0; topic < TOPICS; topic++) out[topic] = 100.0 * tally->counts[topic] / larger(tally->words, 1);
}

/* Class and id words, those of the body, and what short blocks say. */
static void hear_names(const Page *page, const Measured *measured, Ear *ear) {
    uint64_t body = prefixed("body:"), label = prefixed("label:");
    const uint32_t *at = page->name;
    for (int32_t number = 0; number < page->names; number++, at++) {
        const uint32_t *limit = end_of(at, MAX_NAMES);
        for (const uint32_t *word = at, *end; (end = next_name(&word, limit)); word = end) {
            hear(ear, hash_name(HASH_BASIS, word, end));
            if (number == page->named[0]) hear(ear, hash_name(body, word, end));
        }
        while (*at) at++;
    }
    at = page->lower;
    for (int32_t block = 0; block < page->blocks; block++, at++) {
        const uint32_t *first = at;
        while (*at) at++;
        if (measured->chars[block] < SHORT) hear(ear, hash_run(label, first, at));
    }
}

/* The words of the likely content, of its headings and of the title; tallies topics of the content and of all blocks. */
static void hear_words(const Page *page, const uint8_t *is_word, const Measured *measured, const double *first, Ear *ear, Tally *content, Tally *all) {
    uint64_t head = prefixed("head:"), title = prefixed("title:");
    int64_t left = MAX_CONTENT;
    const uint32_t *at = page->lower;
    for (int32_t block = 0; block < page->blocks; block++, at++) {
        const uint32_t *limit = end_of(at, HEAD);
        int is_heading = measured->tags[block] >= H1 && measured->tags[block] <= H3;
        all->words++; /* the end of a block counts as a word */
        for (const uint32_t *word = at, *end; (end = next_word(is_word, &word, limit)); word = end) {
            count_word(all, hash_run(HASH_BASIS, word, end));
            if (is_heading) hear(ear, hash_run(head, word, end));
        }
        if (first[block] > 0.5 && left > 0) {
            limit = end_of(at, left < CONTENT_HEAD ? left : CONTENT_HEAD);
            left -= limit - at + 1;
            for (const uint32_t *word = at, *end; (end = next_letters(is_word, &word, limit)); word = end) {
                uint64_t hash = hash_run(HASH_BASIS, word, end);
                count_word(content, hash);
                hear(ear, hash);
            }
        }
        while (*at) at++;
    }
    const uint32_t *limit = end_of(page->title, MAX_TITLE);
    for (const uint32_t *word = page->title, *end; (end = next_letters(is_word, &word, limit)); word = end)
        hear(ear, hash_run(title, word, end));
}

/* Writes topics of the content and of the page, and what the readers of names and of words conclude; 0 when memory ran out. */
int kind_marks(
    const Page *page, const uint8_t *is_word, const Measured *measured, const double *first, const Topics *topics, const Reader *of_names,
    const Reader *of_words, double *out
) {
    Tally content = {topics, 0, {0}}, all = {topics, 0, {0}};
    Ear names = {of_names, calloc((size_t)of_names->marks.mask + 1, 1), 0, out + 2 * TOPICS};
    Ear words = {of_words, calloc((size_t)of_words->marks.mask + 1, 1), 0, names.odds + of_names->outputs};
    int done = names.heard && words.heard;
    if (done) {
        for (int32_t output = 0; output < of_names->outputs + of_words->outputs; output++) names.odds[output] = 0;
        hear_names(page, measured, &names);
        hear_words(page, is_word, measured, first, &words, &content, &all);
        conclude(&names);
        conclude(&words);
        write_shares(&content, out);
        write_shares(&all, out + TOPICS);
    }
    free(names.heard);
    free(words.heard);
    return done;
}
