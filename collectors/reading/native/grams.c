/* What the runs of letters of a word say for each language. */
#include "content.h"
#include "words.h"

enum { LONGEST_GRAM = 5 };

static void add_row(const Table *grams, uint64_t hash, const int8_t *weights, int32_t languages, int16_t *row) {
    const Entry *entry = entry_of(grams, hash_end(hash));
    if (!entry) return;
    const int8_t *says = weights + entry->number * languages;
    for (int32_t language = 0; language < languages; language++) row[language] = (int16_t)(row[language] + says[language]);
}

/* Adds the weights of all grams of one to five letters among the first `most`, and of the whole word, which stands behind a "=". */
void add_grams(const Table *grams, const int8_t *weights, int32_t languages, const uint32_t *word, int32_t length, int32_t most, int16_t *row) {
    int32_t looked = length < most ? length : most;
    for (int32_t start = 0; start < looked; start++) {
        uint64_t hash = HASH_BASIS;
        for (int32_t at = start; at < looked && at < start + LONGEST_GRAM; at++) {
            hash = hash_step(hash, word[at]);
            add_row(grams, hash, weights, languages, row);
        }
    }
    add_row(grams, hash_run(hash_step(HASH_BASIS, '='), word, word + length), weights, languages, row);
}
