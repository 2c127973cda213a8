/* Boosted oblivious trees, for all columns of a matrix at once: the questions of a level are asked of whole rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"

/* Adds up the leaves: `out` is columns x outputs. 0 when memory ran out. */
int trees_sums(const Trees *trees, const float *rows, int32_t columns, double *out) {
    int32_t outputs = trees->outputs, size = 1 << trees->depth;
    int32_t *leaf = malloc((size_t)columns * sizeof *leaf);
    if (!leaf) return 0;
    for (int32_t column = 0; column < columns; column++)
        for (int32_t output = 0; output < outputs; output++) out[(int64_t)column * outputs + output] = trees->bias[output];
    for (int32_t tree = 0; tree < trees->trees; tree++) {
        memset(leaf, 0, (size_t)columns * sizeof *leaf);
        for (int32_t level = trees->depth - 1; level >= 0; level--) {
            const float *row = rows + (int64_t)trees->feature[tree * trees->depth + level] * columns;
            float border = trees->border[tree * trees->depth + level];
            for (int32_t column = 0; column < columns; column++) leaf[column] = leaf[column] * 2 + (row[column] > border);
        }
        const float *leaves = trees->leaves + (int64_t)tree * size * outputs;
        if (outputs == 1) {
            for (int32_t column = 0; column < columns; column++) out[column] += leaves[leaf[column]];
            continue;
        }
        for (int32_t column = 0; column < columns; column++)
            for (int32_t output = 0; output < outputs; output++)
                out[(int64_t)column * outputs + output] += leaves[leaf[column] * outputs + output];
    }
    free(leaf);
    return 1;
}

/* The same as probabilities, for trees of one output. */
int trees_probabilities(const Trees *trees, const float *rows, int32_t columns, double *out) {
    if (!trees_sums(trees, rows, columns, out)) return 0;
    for (int32_t column = 0; column < columns; column++) out[column] = 1 / (1 + exp(-out[column]));
    return 1;
}
