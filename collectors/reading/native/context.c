/* A second look at blocks: what the first look thinks of the blocks around each (content_context.py names the rows). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "ranks.h"
#include "words.h"

#define STRONG 0.8

/* Rows, in the order of CONTEXT_FEATURES. */
enum {
    FIRST, FIRST_NEAR, FIRST_UP = FIRST_NEAR + 4, BEFORE = FIRST_UP + LEVELS, AFTER, BEST_UP, TWINS, COUSINS, OF_PAGE, TOP, OVER,
    STRONG_BEFORE, STRONG_AFTER, STRONG_SHARE, BETWEEN_STRONG, LIKELIER
};

/* Mean probability of a run of blocks, weighted by the root of their words; 0 for an empty run. */
static double share(double (*run)[2], int32_t first, int32_t last) {
    return (run[last][1] - run[first][1]) / larger(run[last][0] - run[first][0], 1e-9);
}

/* Groups of containers alike by a key: `group` gets a number for each container, `sums` the weights of a group's blocks. */
static int alike_rows(const Page *page, const double *weight, const double *first, float *twins, float *cousins) {
    int32_t count = page->containers, groups[2] = {0, 0};
    int64_t mask = 1;
    while (mask < 2 * (int64_t)count) mask *= 2;
    uint64_t *keys = malloc((size_t)mask * sizeof *keys);
    int32_t *numbers = malloc((size_t)mask * sizeof *numbers);
    int32_t *group = malloc(2 * (size_t)count * sizeof *group);
    double (*sums)[2] = malloc((size_t)count * sizeof *sums);
    int done = keys && numbers && group && sums;
    mask--;
    for (int side = 0; done && side < 2; side++) {
        memset(keys, 0, ((size_t)mask + 1) * sizeof *keys);
        for (int32_t c = 0; c < count; c++) {
            uint64_t key = side ? ((uint64_t)(uint32_t)group[c] << 32 | (uint32_t)group[page->parent[c] < 0 ? 0 : page->parent[c]])
                                : ((uint64_t)(uint32_t)page->tag[c] << 32 | (uint32_t)page->named[c]);
            key = hash_end((key + 1) * 0x9e3779b97f4a7c15ULL);
            int64_t place = (int64_t)(key & (uint64_t)mask);
            while (keys[place] && keys[place] != key) place = (place + 1) & mask;
            if (!keys[place]) {
                keys[place] = key;
                numbers[place] = groups[side]++;
            }
            group[side * count + c] = numbers[place];
        }
        const int32_t *mine = group + side * count;
        for (int32_t number = 0; number < groups[side]; number++) sums[number][0] = sums[number][1] = 0;
        for (int32_t block = 0; block < page->blocks; block++) {
            double *sum = sums[mine[page->container[block]]];
            sum[0] += weight[block];
            sum[1] += weight[block] * first[block];
        }
        float *row = side ? cousins : twins;
        for (int32_t block = 0; block < page->blocks; block++) {
            const double *sum = sums[mine[page->container[block]]];
            row[block] = (float)(sum[1] / larger(sum[0], 1e-9));
        }
    }
    free(keys);
    free(numbers);
    free(group);
    free(sums);
    return done;
}

/* What is likely around each block, level by level and on both sides. */
static void write_around(const Page *page, const Measured *measured, const double *logit, double (*run)[2], float *rows) {
    static const int steps[] = {-2, -1, 1, 2};
    int32_t count = page->blocks;
    for (int32_t block = 0; block < count; block++) {
        float *column = rows + block;
        double best = -1;
        column[0] = (float)logit[block];
        for (int64_t step = 0; step < 4; step++) {
            int32_t near = block + steps[step];
            column[(FIRST_NEAR + step) * count] = (float)(near < 0 || near >= count ? -9 : logit[near]);
        }
        int32_t c = page->container[block];
        for (int64_t level = 0; level < LEVELS; level++, c = measured->wider[c]) {
            double mean = share(run, page->start[c], page->end[c]);
            column[(FIRST_UP + level) * count] = (float)mean;
            best = larger(best, mean);
        }
        column[BEFORE * (int64_t)count] = (float)share(run, block < 6 ? 0 : block - 6, block);
        column[AFTER * (int64_t)count] = (float)share(run, block + 1, block + 7 < count ? block + 7 : count);
        column[BEST_UP * (int64_t)count] = (float)best;
    }
}

/* How blocks stand to the likeliest of the page, and to the strong ones before and after them. */
static void write_strong(const Lore *lore, const Measured *measured, const double *first, int32_t count, float *rows) {
    double top = 0, strong_words = 0, passed = 0;
    for (int32_t block = 0; block < count; block++) {
        top = larger(top, first[block]);
        if (first[block] >= STRONG) strong_words += measured->words[block];
    }
    int32_t last = -1, following = count;
    float *after = rows + STRONG_AFTER * (int64_t)count, *between = rows + BETWEEN_STRONG * (int64_t)count;
    for (int32_t block = count - 1; block >= 0; block--) {
        if (first[block] >= STRONG) following = block;
        after[block] = (float)log_of(lore->logs, following < count ? following - block : 200);
        between[block] = following < count;
    }
    for (int32_t block = 0; block < count; block++) {
        float *column = rows + block;
        if (first[block] >= STRONG) {
            last = block;
            passed += measured->words[block];
        }
        column[TOP * (int64_t)count] = (float)top;
        column[OVER * (int64_t)count] = (float)(first[block] / top);
        column[STRONG_BEFORE * (int64_t)count] = (float)log_of(lore->logs, last >= 0 ? block - last : 200);
        column[STRONG_SHARE * (int64_t)count] = (float)(passed / larger(strong_words, 1));
        between[block] = last >= 0 && between[block] > 0;
    }
}

/* Fills the rows of CONTEXT_FEATURES; 0 when memory ran out. */
static int write_context(const Page *page, const Lore *lore, const Measured *measured, const double *first, float *rows) {
    int32_t count = page->blocks;
    double (*run)[2] = malloc(((size_t)count + 1) * sizeof *run);
    double *logit = malloc((size_t)count * sizeof *logit), *weight = malloc((size_t)count * sizeof *weight), expected = 0, before = 0;
    Rank *ranks = malloc(2 * (size_t)count * sizeof *ranks);
    int done = run && logit && weight && ranks;
    if (done) {
        run[0][0] = run[0][1] = 0;
        for (int32_t block = 0; block < count; block++) {
            double clipped = first[block] < 1e-4 ? 1e-4 : first[block] > 1 - 1e-4 ? 1 - 1e-4 : first[block];
            logit[block] = log(clipped / (1 - clipped));
            weight[block] = sqrt(measured->words[block]);
            run[block + 1][0] = run[block][0] + weight[block];
            run[block + 1][1] = run[block][1] + weight[block] * first[block];
            expected += first[block] * measured->words[block];
        }
        done = alike_rows(page, weight, first, rows + TWINS * (int64_t)count, rows + COUSINS * (int64_t)count);
    }
    if (done) {
        const Rank *ranked = rank_blocks(first, count, ranks, ranks + count);
        for (int32_t rank = 0; rank < count; rank++) {
            before += measured->words[ranked[rank].block];
            rows[LIKELIER * (int64_t)count + ranked[rank].block] = (float)(before / larger(expected, 1));
        }
        float of_page = (float)(run[count][1] / larger(run[count][0], 1e-9));
        for (int32_t block = 0; block < count; block++) rows[OF_PAGE * (int64_t)count + block] = of_page;
        write_around(page, measured, logit, run, rows);
        write_strong(lore, measured, first, count, rows);
    }
    free(run);
    free(logit);
    free(weight);
    free(ranks);
    return done;
}

/* Fills the rows of SECOND_FEATURES: `own` are numbers of rows of the first look. 0 when memory ran out. */
int second_look(
    const Page *page, const Lore *lore, const Measured *measured, const double *first, const int32_t *own, int32_t owns,
    const double *kinds, int32_t kind_count, float *rows
) {
    int32_t count = page->blocks;
    for (int32_t number = 0; number < owns; number++, rows += count)
        memcpy(rows, measured->rows + (int64_t)own[number] * count, (size_t)count * sizeof *rows);
    for (int32_t kind = 0; kind < kind_count; kind++)
        for (int32_t block = 0; block < count; block++) *rows++ = (float)kinds[kind];
    return write_context(page, lore, measured, first, rows);
}
