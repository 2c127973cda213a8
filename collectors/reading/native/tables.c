/* Tables of hashed words: filled once when weights are loaded. */
#include "content.h"
#include "words.h"

/* Puts `count` words, each ended by a 0, into empty places; row numbers follow their order. Of equal words the first counts. */
void table_fill(const uint32_t *words, int32_t count, uint64_t *hashes, int32_t *rows, int64_t mask) {
    for (int32_t row = 0; row < count; row++, words++) {
        uint64_t hash = HASH_BASIS;
        for (; *words; words++) hash = hash_step(hash, *words);
        hash = hash_end(hash);
        int64_t place = (int64_t)(hash & (uint64_t)mask);
        while (hashes[place] && hashes[place] != hash) place = (place + 1) & mask;
        if (hashes[place]) continue;
        hashes[place] = hash;
        rows[place] = row;
    }
}
