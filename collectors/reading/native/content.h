/* Pages as arrays, and what is counted over them. The Python side (content_native.py) owns all memory but what a function takes
 * for itself and gives back before it returns; it also guarantees that every index is within its array. */
#ifndef DOZOR_CONTENT_H
#define DOZOR_CONTENT_H

#include <stdint.h>

/* A function built twice, the second time for processors with wider registers; both do the same sums in the same order. */
#if defined(__x86_64__) && defined(__GLIBC__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

/* Lengths in code points, and numbers of things, as the Python side has them too. */
enum { HEAD = 80, MAX_NAMES = 120, LEVELS = 5, TAGS = 16, FLAGS = 21, H1 = 1, H3 = 3, H6 = 6, LETTERS = 2 };

/* Words or names with a row each: open addressing by 64-bit hashes, `mask` + 1 places, 0 for an empty one. */
typedef struct {
    const uint64_t *hashes;
    const int32_t *rows;
    int64_t mask;
} Table;

/* A page's blocks and containers: see blocks.py. Strings are code points, each string ended by a 0. */
typedef struct {
    int32_t blocks, containers, names;
    const uint32_t *text;   /* of blocks */
    const uint32_t *lower;  /* the same in lower case */
    const uint32_t *name;   /* distinct class and id strings */
    const uint32_t *title;  /* lower case */
    const int32_t *container, *link_chars, *links, *images;                       /* by block */
    const int32_t *parent, *tag, *named, *bits, *hidden, *start, *end, *depth;    /* by container */
} Page;

/* What words and names say, and what characters and tags are. */
typedef struct {
    Table words, names;
    const double *word_scores, *name_scores;  /* by row of their tables */
    const uint8_t *letters;                   /* by code point: kinds of letters (LETTER_KINDS of them), and the last for all others */
    const uint8_t *is_word;                   /* by code point: 0, or part of a word: 1, of a word of letters: LETTERS */
    const int32_t *tag_number, *tag_bits;     /* by tag */
} Lore;

/* Results by block, unless said otherwise. `rows` has a row a feature. */
typedef struct {
    float *rows;
    double *words, *chars, *linked, *money, *digits;
    int32_t *tags;           /* number of the container's tag among those with a feature, or -1 */
    int32_t *wider, *family; /* by container */
    int32_t *questions;      /* does it end in a question mark */
} Measured;

/* One of the readers that tell the kind of a page: what each mark says for each kind. */
typedef struct {
    Table marks;
    int32_t outputs;
    const float *weights;  /* by row of the table x outputs */
    const double *bias;    /* by output */
} Reader;

/* Words of TOPICS. */
typedef struct {
    Table words;
    const int32_t *topic;  /* by row of the table */
} Topics;

/* Oblivious trees: every level of a tree asks one question, so a leaf's number is the answers read as bits. */
typedef struct {
    int32_t trees, depth, outputs;
    const int32_t *feature;  /* trees x depth: a row */
    const float *border;     /* trees x depth */
    const float *leaves;     /* trees x 2^depth x outputs */
    const double *bias;      /* by output */
} Trees;

#endif
