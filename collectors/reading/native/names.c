/* What class and id strings say: their words and scores, and whether they speak of comments. */
#include <math.h>
#include <string.h>

#include "content.h"
#include "measure.h"
#include "words.h"

/* Of a comment, Disqus or a respondent: `at` is the rarest letter of these words. */
static int speaks_of_comments(const uint8_t *first, const uint8_t *at) {
    if (*at == 'm') return at > first && at[-1] == 'o' && !strncmp((const char *)at, "mment", 5);
    return at - first > 1 && at[-1] == 's' && (!strncmp((const char *)at - 2, "espond", 6) || !strncmp((const char *)at - 2, "isqus", 5));
}

/* What a byte may tell where it stands in a name. */
enum { ENDING = 1, PARTING = 2, RARE = 4 };
static const uint8_t MEANING[256] = {[0] = ENDING, [' '] = PARTING, ['m'] = RARE, ['p'] = RARE, ['q'] = RARE};

static void spell_names(const Page *page, const Lore *lore, const Measured *out, Named *named) {
    const uint8_t *at = page->name;
    int32_t found = 0;
    for (int32_t number = 0; number < page->names; number++, at++) {
        const uint8_t *first = at, *space = 0;
        named[number].of_comments = 0;
        for (;; at++) {
            while (!MEANING[*at]) at++;
            if (MEANING[*at] == ENDING) break;
            if (MEANING[*at] == RARE) named[number].of_comments |= speaks_of_comments(first, at);
            else if (!space) space = at;
        }
        out->called[number] = found;
        const uint8_t *word = first, *limit = at - first > MAX_NAMES ? names_end(first) : at, *end;
        for (uint64_t hash = HASH_BASIS; (end = next_name(&word, limit, &hash)); word = end, hash = HASH_BASIS) {
            out->name_words[found++] = hash = hash_end(hash);
            seek_soon(&lore->names, hash);
        }
        if (!space) space = at;
        while (space > first && space[-1] >= '0' && space[-1] <= '9') space--;
        uint64_t hash = HASH_BASIS;
        for (; first < space; first++) hash = hash_step(hash, *first);
        named[number].first = hash;
    }
    out->called[page->names] = found;
}

void read_names(const Page *page, const Lore *lore, const Measured *out, Named *named) {
    spell_names(page, lore, out, named);
    for (int32_t number = 0; number < page->names; number++) {
        double sum = 0;
        int32_t known = 0;
        for (int32_t place = out->called[number]; place < out->called[number + 1]; place++) {
            const Entry *entry = entry_of(&lore->names, out->name_words[place]);
            double score = entry ? entry->score : 0;
            sum += score;
            known += score != 0;
        }
        named[number].score = sum / sqrt(larger(known, 1));
    }
}
