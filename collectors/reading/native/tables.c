/* Tables that are filled once, when weights are loaded. */
#include "content.h"
#include "words.h"

/* Puts `count` words, each ended by a 0, into empty places, each with its value. Of equal words the first counts. */
void table_fill(const uint32_t *words, int32_t count, const int64_t *values, Entry *entries, int64_t mask) {
    for (int32_t word = 0; word < count; word++, words++) {
        uint64_t hash = HASH_BASIS;
        for (; *words; words++) hash = hash_step(hash, *words);
        hash = hash_end(hash);
        int64_t place = (int64_t)(hash & (uint64_t)mask);
        while (entries[place].hash && entries[place].hash != hash) place = (place + 1) & mask;
        if (entries[place].hash) continue;
        entries[place].hash = hash;
        entries[place].number = values[word]; /* or a score of the same size */
    }
}

int32_t logs_count(void) { return LOGS; }

/* By this machine's own log1p, which all others are counted with. */
void logs_fill(double *logs) {
    for (int32_t number = 0; number < LOGS; number++) logs[number] = log1p(number);
}
