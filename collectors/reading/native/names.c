/* What class and id strings say: their words and scores, and whether they speak of comments. */
#include <math.h>

#include "content.h"
#include "measure.h"
#include "words.h"

static int has(const uint32_t *text, const char *word) {
    for (; *word; word++, text++)
        if (*text != (uint32_t)*word) return 0;
    return 1;
}

/* Of a comment, Disqus or a respondent: `at` is the rarest letter of these words. */
static int speaks_of_comments(const uint32_t *first, const uint32_t *at) {
    if (at > first && at[-1] == 'o' && has(at, "mment")) return 1;
    return at - first > 1 && at[-1] == 's' && (has(at - 2, "espond") || has(at - 2, "isqus"));
}

static void spell_names(const Page *page, const Lore *lore, const Measured *out, Named *named) {
    const uint32_t *at = page->name;
    int32_t found = 0;
    for (int32_t number = 0; number < page->names; number++, at++) {
        const uint32_t *first = at, *space = 0;
        named[number].of_comments = 0;
        for (; *at; at++) {
            if (*at == ' ' && !space) space = at;
            if (*at == 'm' || *at == 'p' || *at == 'q') named[number].of_comments |= speaks_of_comments(first, at);
        }
        const uint32_t *limit = at - first > MAX_NAMES ? first + MAX_NAMES : at;
        out->called[number] = found;
        const uint32_t *word = first, *end;
        for (uint64_t hash = HASH_BASIS; (end = next_name(&word, limit, &hash)); word = end, hash = HASH_BASIS) {
            out->name_words[found++] = hash = hash_end(hash);
            seek_soon(&lore->names, hash);
        }
        if (!space) space = at;
        while (space > first && space[-1] >= '0' && space[-1] <= '9') space--;
        named[number].first = hash_run(HASH_BASIS, first, space);
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
