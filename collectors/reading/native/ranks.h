/* Blocks by their probability. */
#ifndef DOZOR_RANKS_H
#define DOZOR_RANKS_H

#include <stdint.h>

/* A block, and its probability as a number that is the smaller the likelier it is. */
typedef struct {
    uint64_t key;
    int32_t block;
} Rank;

/* The blocks, the likeliest first, equal ones in their order; the result stands in `ranks` or in `room`, which is as large. */
Rank *rank_blocks(const double *probability, int32_t count, Rank *ranks, Rank *room);

#endif
