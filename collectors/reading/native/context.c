/* A second look at blocks: what the first look thinks of the blocks around each (content_context.py names the rows). */
#include <math.h>
#include <stdlib.h>

#include "content.h"
#include "words.h"

#define STRONG 0.8

typedef struct {
    double probability;
    int32_t block;
} Ranked;

static int likelier(const void *left, const void *right) {
    const Ranked *a = left, *b = right;
    if (a->probability != b->probability) return a->probability > b->probability ? -1 : 1;
    return a->block < b->block ? -1 : 1;
}

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
        for (int64_t place = 0; place <= mask; place++) keys[place] = 0;
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

/* Fills the rows of CONTEXT_FEATURES; 0 when memory ran out. */
int context(const Page *page, const Measured *measured, const double *first, float *rows) {
    int32_t count = page->blocks;
    double (*run)[2] = malloc(((size_t)count + 1) * sizeof *run);
    double *logit = malloc((size_t)count * sizeof *logit), *weight = malloc((size_t)count * sizeof *weight);
    Ranked *ranked = malloc((size_t)count * sizeof *ranked);
    int done = run && logit && weight && ranked;
    double top = 0, strong_words = 0, expected = 0;
    if (done) {
        run[0][0] = run[0][1] = 0;
        for (int32_t block = 0; block < count; block++) {
            double clipped = first[block] < 1e-4 ? 1e-4 : first[block] > 1 - 1e-4 ? 1 - 1e-4 : first[block];
            logit[block] = log(clipped / (1 - clipped));
            weight[block] = sqrt(measured->words[block]);
            run[block + 1][0] = run[block][0] + weight[block];
            run[block + 1][1] = run[block][1] + weight[block] * first[block];
            ranked[block] = (Ranked){first[block], block};
            top = larger(top, first[block]);
            expected += first[block] * measured->words[block];
            if (first[block] >= STRONG) strong_words += measured->words[block];
        }
        done = alike_rows(page, weight, first, rows + 13 * (int64_t)count, rows + 14 * (int64_t)count);
    }
    if (done) {
        qsort(ranked, (size_t)count, sizeof *ranked, likelier);
        double before = 0;
        for (int32_t rank = 0; rank < count; rank++) {
            before += measured->words[ranked[rank].block];
            rows[22 * (int64_t)count + ranked[rank].block] = (float)(before / larger(expected, 1));
        }
        static const int steps[] = {-2, -1, 1, 2};
        double of_page = run[count][1] / larger(run[count][0], 1e-9), passed = 0;
        int32_t last = -1, following = count;
        for (int32_t block = count - 1; block >= 0; block--) {
            if (first[block] >= STRONG) following = block;
            rows[19 * (int64_t)count + block] = (float)log1p(following < count ? following - block : 200);
            rows[21 * (int64_t)count + block] = following < count;
        }
        for (int32_t block = 0; block < count; block++) {
            float *column = rows + block;
            double best = -1;
            column[0] = (float)logit[block];
            for (int step = 0; step < 4; step++) {
                int32_t near = block + steps[step];
                column[(int64_t)(1 + step) * count] = (float)(near < 0 || near >= count ? -9 : logit[near]);
            }
            int32_t c = page->container[block];
            for (int level = 0; level < LEVELS; level++, c = measured->wider[c]) {
                double mean = share(run, page->start[c], page->end[c]);
                column[(int64_t)(5 + level) * count] = (float)mean;
                best = larger(best, mean);
            }
            column[10 * (int64_t)count] = (float)share(run, block < 6 ? 0 : block - 6, block);
            column[11 * (int64_t)count] = (float)share(run, block + 1, block + 7 < count ? block + 7 : count);
            column[12 * (int64_t)count] = (float)best;
            column[15 * (int64_t)count] = (float)of_page;
            column[16 * (int64_t)count] = (float)top;
            column[17 * (int64_t)count] = (float)(first[block] / top);
            if (first[block] >= STRONG) {
                last = block;
                passed += measured->words[block];
            }
            column[18 * (int64_t)count] = (float)log1p(last >= 0 ? block - last : 200);
            column[20 * (int64_t)count] = (float)(passed / larger(strong_words, 1));
            column[21 * (int64_t)count] = last >= 0 && column[21 * (int64_t)count] > 0;
        }
    }
    free(run);
    free(logit);
    free(weight);
    free(ranked);
    return done;
}
