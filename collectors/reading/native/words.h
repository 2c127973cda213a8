/* Hashes of words, and the tables they are looked up in. */
#ifndef DOZOR_WORDS_H
#define DOZOR_WORDS_H

#include "content.h"

#define HASH_BASIS 0xcbf29ce484222325ULL
#define LAST_CODE 0x10ffff

static inline uint64_t hash_step(uint64_t hash, uint32_t code) { return (hash ^ code) * 0x100000001b3ULL; }

static inline uint64_t hash_run(uint64_t hash, const uint32_t *first, const uint32_t *last) {
    for (; first < last; first++) hash = hash_step(hash, *first);
    return hash;
}

/* The place of a hash: never 0, which marks empty places, and spread over the low bits. */
static inline uint64_t hash_end(uint64_t hash) {
    hash ^= hash >> 32;
    return hash ? hash : 1;
}

/* The row of a word, or -1. */
static inline int32_t row_of(const Table *table, uint64_t hash) {
    for (int64_t place = (int64_t)(hash & (uint64_t)table->mask);; place = (place + 1) & table->mask) {
        if (table->hashes[place] == hash) return table->rows[place];
        if (!table->hashes[place]) return -1;
    }
}

/* The first word at or after `from`; gives its end, or 0 when there is none before `limit`. */
static inline const uint32_t *next_word(const uint8_t *is_word, const uint32_t **from, const uint32_t *limit) {
    const uint32_t *at = *from;
    while (at < limit && (*at > LAST_CODE || !is_word[*at])) at++;
    *from = at;
    if (at == limit) return 0;
    while (at < limit && *at <= LAST_CODE && is_word[*at]) at++;
    return at;
}

static inline int is_lower(uint32_t code) { return code >= 'a' && code <= 'z'; }
static inline int is_upper(uint32_t code) { return code >= 'A' && code <= 'Z'; }

/* The next word of a class or id string ("postBody post-1": post, Body, post): gives its end, or 0 when there is none. */
static inline const uint32_t *next_name(const uint32_t **from, const uint32_t *limit) {
    for (const uint32_t *at = *from; at + 1 < limit; at++) {
        const uint32_t *end = at;
        if (is_upper(*at) && at + 2 < limit && is_lower(at[1]) && is_lower(at[2])) end = at + 1;
        if (is_lower(*end) && end + 1 < limit && is_lower(end[1])) {
            while (end < limit && is_lower(*end)) end++;
        } else if (is_upper(*at) && is_upper(at[1])) {
            while (end < limit && is_upper(*end)) end++;
        } else {
            continue;
        }
        *from = at;
        return end;
    }
    return 0;
}

/* The hash of such a word in lower case. */
static inline uint64_t hash_name(uint64_t hash, const uint32_t *first, const uint32_t *last) {
    for (; first < last; first++) hash = hash_step(hash, is_upper(*first) ? *first + 32 : *first);
    return hash;
}

static inline double larger(double a, double b) { return a > b ? a : b; }

#endif
