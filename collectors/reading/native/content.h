/* Pages as arrays, and what is counted over them. The Python side (counting.py) owns all memory but what a function takes
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

/* Asks for what will be read soon: tables are larger than the memory next to the processor. */
#if defined(__GNUC__)
#define SOON(place) __builtin_prefetch(place)
#else
#define SOON(place) ((void)(place))
#endif

/* Lengths in code points, and numbers of things, as the Python side has them too. */
enum { HEAD = 80, MAX_NAMES = 120, LEVELS = 5, TAGS = 16, FLAGS = 21, H1 = 1, H3 = 3, H6 = 6, TD = 8, TABLE_BIT = 1 << 7 };

/* Words or names with what each is worth: open addressing by 64-bit hashes, `mask` + 1 places, hash 0 for an empty one. */
typedef struct {
    uint64_t hash;
    union {
        int64_t number;
        double score;
    };
} Entry;

typedef struct {
    const Entry *entries;
    int64_t mask;
} Table;

/* A page's blocks and containers: see blocks.py. Strings are code points, names UTF-8, each string ended by a 0. */
typedef struct {
    int32_t blocks, containers, names;
    int32_t length;         /* of `text` */
    const uint32_t *text;   /* of blocks */
    const uint32_t *lower;  /* the same, with letters in lower case where `chars` alone cannot say it; else `text` itself */
    const uint8_t *name;    /* distinct class and id strings */
    const uint32_t *title;
    const uint8_t *hidden;  /* by container */
    const int32_t *container, *link_chars, *links, *images, *begins;        /* by block */
    const int32_t *parent, *tag, *named, *bits, *start, *end, *depth;       /* by container */
} Page;

/* What words and names say, and what characters and tags are. */
typedef struct {
    Table words, names;  /* scores */
    const uint64_t *chars;  /* by code point: see words.h */
    const double *logs;     /* log1p of numbers: see words.h */
    const int32_t *tag_number, *tag_bits;  /* by tag */
} Lore;

/* Results by block, unless said otherwise. `rows` has a row a feature. */
typedef struct {
    float *rows;
    double *words, *chars, *linked, *money, *digits;
    int32_t *tags;           /* number of the container's tag among those with a feature, or -1 */
    int32_t *questions;      /* does it end in a question mark */
    int32_t *twin;           /* the first block of the same text */
    int32_t *begins;         /* where it begins in `lower`; one more for the end */
    int32_t *heads;          /* where the words it begins with are among `head_words`; one more for the end */
    int32_t *wider, *family; /* by container */
    int32_t *called;         /* by name: where its words are among `name_words`; one more for the end */
    uint64_t *head_words, *name_words;  /* hashes */
} Measured;

/* One of the readers that tell the kind of a page: what each mark says for each kind. */
typedef struct {
    Table marks;           /* rows */
    int32_t rows, outputs;
    const float *weights;  /* rows x outputs */
    const double *bias;    /* by output */
} Reader;

/* Oblivious trees: every level of a tree asks one question, so a leaf's number is the answers read as bits. */
typedef struct {
    int32_t trees, depth, outputs;
    const int32_t *feature;  /* trees x depth: a row */
    const float *border;     /* trees x depth */
    const float *leaves;     /* trees x 2^depth x outputs */
    const double *bias;      /* by output */
} Trees;

#endif
