/* Blocks by their probability, and what of them to keep. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "measure.h"
#include "ranks.h"
#include "words.h"

enum { BYTES = 8, VALUES = 256 };
enum { LEAST_WORDS = 30 };
enum { LEAST_COPY = 15 }; /* characters; what is shorter may be a word of its own each time */
#define LEAST_SHARE 0.5   /* of the characters that are expected to be content */
enum { LEAST_CELLS = 3, CELL_WORDS = 8 }; /* cells of more words are columns of a page laid out as a table */
#define TABLE_ODDS 5 /* a cell alone looks less likely than it is: of tables near one half in articles, five in six are content */

/* Sorts byte by byte, from the last on: the bits of numbers from 0 up are in the order of the numbers. */
Rank *rank_blocks(const double *probability, int32_t count, Rank *ranks, Rank *room) {
    int32_t times[BYTES][VALUES] = {{0}};
    for (int32_t block = 0; block < count; block++) {
        uint64_t bits;
        memcpy(&bits, &probability[block], sizeof bits);
        ranks[block] = (Rank){~bits, block};
        for (int byte = 0; byte < BYTES; byte++) times[byte][~bits >> 8 * byte & 255]++;
    }
    for (int byte = 0; byte < BYTES; byte++) {
        if (times[byte][ranks[0].key >> 8 * byte & 255] == count) continue; /* the same in all */
        int32_t place = 0;
        for (int value = 0; value < VALUES; value++) {
            int32_t here = times[byte][value];
            times[byte][value] = place;
            place += here;
        }
        for (int32_t number = 0; number < count; number++) room[times[byte][ranks[number].key >> 8 * byte & 255]++] = ranks[number];
        Rank *sorted = room;
        room = ranks;
        ranks = sorted;
    }
    return ranks;
}

/* The threshold that maximises the expected F1: see counting.py. 0 when memory ran out. */
int expected_best(const double *probability, const double *weight, int32_t count, double *threshold) {
    Rank *ranks = malloc(2 * (size_t)count * sizeof *ranks);
    if (!ranks) return 0;
    const Rank *ranked = rank_blocks(probability, count, ranks, ranks + count);
    double all = 0, hits = 0, kept = 0, most = -1;
    for (int32_t rank = 0; rank < count; rank++) all += probability[ranked[rank].block] * weight[ranked[rank].block];
    *threshold = 1;
    for (int32_t rank = 0; all > 0 && rank < count; rank++) {
        int32_t block = ranked[rank].block;
        hits += probability[block] * weight[block];
        kept += weight[block];
        double expected = 2 * hits / (kept + all);
        if (expected > most) {
            most = expected;
            *threshold = probability[block];
        }
    }
    free(ranks);
    return 1;
}

/* A table of data is content as a whole or not at all: all its blocks get the mean of what they have, at TABLE_ODDS. */
void level_tables(const Page *page, const Lore *lore, const Measured *measured, double *probability) {
    for (int32_t c = 0; c < page->containers; c++) {
        int32_t first = page->start[c], last = page->end[c], cells = 0;
        if (last - first < LEAST_CELLS || !(lore->tag_bits[page->tag[c]] & TABLE_BIT)) continue;
        double words = 0, weight = 0, likely = 0;
        for (int32_t block = first; block < last; block++) {
            double root = sqrt(measured->words[block]);
            cells += measured->tags[block] == TD;
            words += measured->words[block];
            weight += root;
            likely += root * probability[block];
        }
        if (2 * cells < last - first || words > CELL_WORDS * (double)(last - first) || weight == 0) continue;
        double mean = likely / weight, raised = TABLE_ODDS * mean / (1 + (TABLE_ODDS - 1) * mean);
        for (int32_t block = first; block < last; block++) probability[block] = raised;
    }
}

/* Drops what stands in containers named after comments, unless hardly anything else would be left. */
static void drop_comments(const Measured *measured, int32_t count, uint8_t *kept) {
    const float *in_comments = measured->rows + (int64_t)(IN_FLAG + COMMENT_NAME) * count;
    double words = 0;
    for (int32_t block = 0; block < count; block++)
        if (kept[block] && in_comments[block] == 0) words += measured->words[block];
    if (words < LEAST_WORDS) return;
    for (int32_t block = 0; block < count; block++) kept[block] &= in_comments[block] == 0;
}

/* Drops texts that were kept before. */
static void drop_copies(const Measured *measured, int32_t count, uint8_t *kept) {
    enum { KEPT = 1, SEEN = 2 };
    for (int32_t block = 0; block < count; block++) {
        if (!(kept[block] & KEPT) || measured->chars[block] < LEAST_COPY) continue;
        uint8_t *twin = &kept[measured->twin[block]], seen = *twin & SEEN;
        *twin |= SEEN;
        if (seen) kept[block] &= (uint8_t)~KEPT;
    }
    for (int32_t block = 0; block < count; block++) kept[block] &= KEPT;
}

/* Which blocks are content, by threshold: `best` is what maximises the expected F1, `least` what their kind of page asks for. Gives
 * the threshold. */
double keep_blocks(
    const Measured *measured, const double *probability, int32_t count, double best, double least, int32_t comments, int32_t copies, uint8_t *kept
) {
    double threshold = larger(best, least), over = 0, expected = 0;
    for (int32_t block = 0; block < count; block++) {
        expected += measured->chars[block] * probability[block];
        if (probability[block] >= threshold) over += measured->chars[block];
    }
    if (over < LEAST_SHARE * expected) threshold = best; /* so strict a border would leave out most of what the page is about */
    for (int32_t block = 0; block < count; block++) kept[block] = probability[block] >= threshold;
    if (!comments) drop_comments(measured, count, kept);
    if (!copies) drop_copies(measured, count, kept);
    return threshold;
}
