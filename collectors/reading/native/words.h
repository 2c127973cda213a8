/* Characters, hashes of words, and the tables they are looked up in. */
#ifndef DOZOR_WORDS_H
#define DOZOR_WORDS_H

#include <math.h>

#include "content.h"

/* What a character is: its lower case, whether it is part of a word, or of a word of letters; above COUNTED seven bits for each of
 * the kinds that are counted, so that the sum of a HEAD of them counts all kinds at once. Beyond CHARS all are as the one there. */
enum { CHARS = 0x40000, COUNTED = 20, COUNT_BITS = 7 };
#define LOWER_CASE ((1ULL << 18) - 1)
#define IN_WORD (1ULL << 18)
#define IN_LETTERS (1ULL << 19)

static inline uint64_t char_of(const uint64_t *chars, uint32_t code) { return chars[code < CHARS ? code : CHARS]; }

#define LAST_CODE 0x10ffff
#define HASH_BASIS 0xcbf29ce484222325ULL

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

static inline void seek_soon(const Table *table, uint64_t hash) { SOON(&table->entries[hash & (uint64_t)table->mask]); }

/* The entry of a word, or 0. */
static inline const Entry *entry_of(const Table *table, uint64_t hash) {
    for (int64_t place = (int64_t)(hash & (uint64_t)table->mask);; place = (place + 1) & table->mask) {
        const Entry *entry = &table->entries[place];
        if (entry->hash == hash) return entry;
        if (!entry->hash) return 0;
    }
}

/* The next run of characters that are IN_WORD or IN_LETTERS: `from` moves to it, `hash` goes on over it in lower case. Gives its
 * end, or 0 when there is none before `limit`. */
static inline const uint32_t *next_run(const uint64_t *chars, uint64_t kind, const uint32_t **from, const uint32_t *limit, uint64_t *hash) {
    const uint32_t *at = *from;
    uint64_t character = 0, running = *hash;
    for (; at < limit; at++) {
        character = char_of(chars, *at);
        if (character & kind) break;
    }
    if (at == limit) return 0;
    *from = at;
    do {
        running = hash_step(running, (uint32_t)(character & LOWER_CASE));
        if (++at == limit) break;
        character = char_of(chars, *at);
    } while (character & kind);
    *hash = running;
    return at;
}

static inline int is_lower(uint32_t code) { return code - 'a' < 26; }
static inline int is_upper(uint32_t code) { return code - 'A' < 26; }

/* Where the words of a class or id string end that are looked at: behind MAX_NAMES characters, or at its end. */
static inline const uint8_t *names_end(const uint8_t *at) {
    for (int characters = 0; *at; at++)
        if ((*at & 0xc0) != 0x80 && characters++ == MAX_NAMES) break;
    return at;
}

/* The next word of a class or id string ("postBody post-1": post, Body, post): `from` moves to it, `hash` goes on over it in lower
 * case. Gives its end, or 0 when there is none before `limit`. */
static inline const uint8_t *next_name(const uint8_t **from, const uint8_t *limit, uint64_t *hash) {
    for (const uint8_t *at = *from; at < limit;) {
        const uint8_t *first = at;
        uint64_t running = *hash;
        if (is_upper(*at)) {
            running = hash_step(running, *at++ + 32);
            if (limit - at > 1 && is_lower(at[0]) && is_lower(at[1]))
                for (; at < limit && is_lower(*at); at++) running = hash_step(running, *at);
            else
                for (; at < limit && is_upper(*at); at++) running = hash_step(running, *at + 32);
        } else if (is_lower(*at)) {
            for (; at < limit && is_lower(*at); at++) running = hash_step(running, *at);
        } else {
            at++;
            continue;
        }
        if (at - first < 2) continue;
        *from = first;
        *hash = running;
        return at;
    }
    return 0;
}

static inline double larger(double a, double b) { return a > b ? a : b; }

/* log1p of a whole number; most are small and stand in a table. */
enum { LOGS = 4096 };
static inline double log_of(const double *logs, double number) { return number < LOGS ? logs[(int32_t)number] : log1p(number); }

#endif
