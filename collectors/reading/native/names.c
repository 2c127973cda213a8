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

/* A comment, Disqus or a respondent, told by the rarest of their letters first. */
static int speaks_of_comments(const uint32_t *first, const uint32_t *end) {
    for (const uint32_t *at = first; at < end; at++) {
        if (*at != 'm' && *at != 'p' && *at != 'q') continue;
        if (at > first && at[-1] == 'o' && has(at, "mment")) return 1;
        if (at - first > 1 && at[-1] == 's' && (has(at - 2, "espond") || has(at - 2, "isqus"))) return 1;
    }
    return 0;
}

static void spell_names(const Page *page, const Lore *lore, const Measured *out, Named *named) {
    const uint32_t *at = page->name;
    int32_t found = 0;
    for (int32_t number = 0; number < page->names; number++, at++) {
        const uint32_t *first = at, *space = 0;
        for (; *at; at++)
            if (*at == ' ' && !space) space = at;
        const uint32_t *limit = at - first > MAX_NAMES ? first + MAX_NAMES : at;
        out->called[number] = found;
        for (const uint32_t *word = first, *end; (end = next_name(&word, limit)); word = end) {
            uint64_t hash = out->name_words[found++] = hash_end(hash_name(HASH_BASIS, word, end));
            seek_soon(&lore->names, hash);
        }
        named[number].of_comments = speaks_of_comments(first, at);
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
