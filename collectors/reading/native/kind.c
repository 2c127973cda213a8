/* What tells the kind of a page: measures of its blocks, and the marks that readers hear in its words (kind.py names them). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "words.h"

enum { LONG = 120 };

typedef struct {
    double members, chars, linked, kept;
} Family;

static void write_family(const Family *family, double chars, double kept, double *out) {
    out[0] = log1p(family->members);
    out[1] = family->chars / chars;
    out[2] = family->linked / larger(family->chars, 1);
    out[3] = log1p(family->chars / family->members);
    out[4] = family->kept / larger(kept, 1e-9);
}

/* The family of like siblings that holds most text, and that which holds most of the likely content. */
static int write_families(const Page *page, const Measured *measured, const double *first, double *out) {
    Family *families = calloc((size_t)page->containers, sizeof *families);
    Family *run = malloc(((size_t)page->blocks + 1) * sizeof *run);
    int done = families && run;
    if (done) {
        memset(run, 0, sizeof *run);
        for (int32_t block = 0; block < page->blocks; block++) {
            run[block + 1].chars = run[block].chars + measured->chars[block];
            run[block + 1].linked = run[block].linked + measured->linked[block];
            run[block + 1].kept = run[block].kept + first[block] * measured->chars[block];
        }
        for (int32_t c = 0; c < page->containers; c++) {
            Family *family = &families[measured->family[c]];
            const Family *start = &run[page->start[c]], *end = &run[page->end[c]];
            family->members += page->end[c] > page->start[c];
            family->chars += end->chars - start->chars;
            family->linked += end->linked - start->linked;
            family->kept += end->kept - start->kept;
        }
        const Family *longest = 0, *likeliest = 0;
        for (int32_t number = 0; number < page->containers; number++) {
            const Family *family = &families[number];
            if (family->members < 3) continue;
            if (family->chars > (longest ? longest->chars : 0)) longest = family;
            if (family->kept > (likeliest ? likeliest->kept : 0)) likeliest = family;
        }
        memset(out, 0, 10 * sizeof *out);
        if (longest) write_family(longest, run[page->blocks].chars, run[page->blocks].kept, out);
        if (likeliest) write_family(likeliest, run[page->blocks].chars, run[page->blocks].kept, out + 5);
    }
    free(families);
    free(run);
    return done;
}

/* The measures of a page's blocks, from "blocks" to the last "kept_" tag: 51 of them. 0 when memory ran out. */
int kind_measures(const Page *page, const Measured *measured, const double *first, double *out) {
    int32_t count = page->blocks, start = -1;
    double total = 0, linked = 0, long_count = 0, long_chars = 0, longest = 0, titles = 0, links = 0, sentences = 0;
    double money = 0, asked = 0, numbers = 0, kept = 0, likely = 0, kept_links = 0, top = 0, kept_long = 0, kept_asked = 0;
    double kept_money = 0, images = 0, by_tag[TAGS] = {0};
    for (int32_t block = 0; block < count; block++) {
        double chars = measured->chars[block], share = measured->linked[block] / chars, weight = first[block] * chars;
        total += chars;
        linked += measured->linked[block];
        longest = larger(longest, chars);
        if (chars > LONG && share < 0.3) {
            long_count++;
            long_chars += chars;
        }
        if (share > 0.8) {
            links++;
            titles += chars > 25;
            sentences += chars > 60;
        }
        if (chars < 60) {
            money += measured->money[block] > 0;
            numbers += measured->digits[block] > 0.3;
        }
        asked += measured->questions[block];
        kept += weight;
        likely += first[block];
        kept_links += first[block] * measured->linked[block];
        top = larger(top, first[block]);
        if (chars > 150) kept_long += weight;
        if (first[block] > 0.5) {
            if (start < 0) start = block;
            kept_asked += measured->questions[block];
            kept_money += measured->money[block] > 0;
        }
        images += first[block] * page->images[block];
        if (measured->tags[block] >= 0) by_tag[measured->tags[block]] += weight;
    }
    kept = larger(kept, 1e-9);
    const double of_blocks[] = {
        log1p(count), log1p(total), log1p(long_count), log1p(long_chars), long_chars / total, linked / total,
        long_chars / larger(long_count, 1), log1p(longest), links / count, log1p(titles), log1p(sentences), log1p(money), log1p(asked),
        log1p(numbers),
    };
    const double of_content[] = {
        log1p(kept), kept / total, kept_links / kept, log1p(likely), log1p(kept / larger(likely, 0.1)), top, kept_long / kept,
        (start < 0 ? 0 : start) / (double)count, log1p(kept_asked), log1p(kept_money), log1p(images),
    };
    memcpy(out, of_blocks, sizeof of_blocks);
    if (!write_families(page, measured, first, out + 14)) return 0;
    memcpy(out + 24, of_content, sizeof of_content);
    for (int tag = 0; tag < TAGS; tag++) out[35 + tag] = by_tag[tag] / kept;
    return 1;
}
