/* Boosted oblivious trees, for all columns of a matrix at once: the questions of a level are asked of whole rows. */
#include <math.h>

#include "content.h"

enum { USUAL_DEPTH = 6, KIND_DEPTH = 4, KINDS = 7, GROUP = 64, COLUMNS = 256 }; /* leaves of a group are asked for before the first of them is needed */

/* Trees of one output and the depth that is known here, so that the questions of several columns are answered at once. The leaves
 * are read when all answers of some columns stand in memory: taking them out of a wide register one by one is slower. */
WIDE static void add_usual_trees(const Trees *trees, const float *rows, int32_t columns, double *out) {
    for (int32_t tree = 0; tree < trees->trees; tree++) {
        const float *row[USUAL_DEPTH], *border = trees->border + (int64_t)tree * USUAL_DEPTH, *leaves = trees->leaves + ((int64_t)tree << USUAL_DEPTH);
        for (int32_t level = 0; level < USUAL_DEPTH; level++) row[level] = rows + (int64_t)trees->feature[tree * USUAL_DEPTH + level] * columns;
        for (int32_t start = 0; start < columns; start += COLUMNS) {
            int32_t count = columns - start < COLUMNS ? columns - start : COLUMNS;
            uint32_t leaf[COLUMNS];
            for (int32_t column = 0; column < count; column++) {
                uint32_t answers = 0;
                for (int32_t level = USUAL_DEPTH - 1; level >= 0; level--) answers = answers * 2 + (row[level][start + column] > border[level]);
                leaf[column] = answers;
            }
            for (int32_t column = 0; column < count; column++) out[start + column] += leaves[leaf[column]];
        }
    }
}

/* Trees of any shape; where depth and outputs are constants, the loops over them are unrolled. */
static inline void add_trees(const Trees *trees, const float *rows, int32_t columns, int32_t depth, int32_t outputs, double *restrict out) {
    for (int32_t start = 0; start < trees->trees; start += GROUP)
        for (int32_t column = 0; column < columns; column++) {
            int32_t count = trees->trees - start < GROUP ? trees->trees - start : GROUP;
            const float *found[GROUP];
            for (int32_t number = 0; number < count; number++) {
                int64_t tree = start + number, leaf = 0;
                for (int32_t level = depth - 1; level >= 0; level--) {
                    int64_t question = tree * depth + level;
                    leaf = leaf * 2 + (rows[(int64_t)trees->feature[question] * columns + column] > trees->border[question]);
                }
                found[number] = trees->leaves + ((tree << depth) + leaf) * outputs;
                SOON(found[number]);
            }
            for (int32_t number = 0; number < count; number++)
                for (int32_t output = 0; output < outputs; output++) out[(int64_t)column * outputs + output] += found[number][output];
        }
}

/* Adds up the leaves: `out` is columns x outputs. */
void trees_sums(const Trees *trees, const float *rows, int32_t columns, double *out) {
    int32_t outputs = trees->outputs, depth = trees->depth;
    for (int32_t column = 0; column < columns; column++)
        for (int32_t output = 0; output < outputs; output++) out[(int64_t)column * outputs + output] = trees->bias[output];
    if (depth == USUAL_DEPTH && outputs == 1) add_usual_trees(trees, rows, columns, out);
    else if (depth == KIND_DEPTH && outputs == KINDS) add_trees(trees, rows, columns, KIND_DEPTH, KINDS, out);
    else add_trees(trees, rows, columns, depth, outputs, out);
}

/* The same as probabilities, for trees of one output. */
void trees_probabilities(const Trees *trees, const float *rows, int32_t columns, double *out) {
    trees_sums(trees, rows, columns, out);
    for (int32_t column = 0; column < columns; column++) out[column] = 1 / (1 + exp(-out[column]));
}
