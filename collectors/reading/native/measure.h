/* What the parts of measuring share (`texts.c`, `names.c`, `measure.c`). */
#ifndef DOZOR_MEASURE_H
#define DOZOR_MEASURE_H

#include "content.h"

/* Rows of the text of a block itself, in the order of FEATURES. */
enum {
    WORDS, CHARS_OF_TEXT, SENTENCES, STOP, SIGNS, COPIES, LINK_SHARE, LINKS, IMAGES, WORD_MEAN, WORD_MIN, WORD_MAX, WORD_SUM,
    TITLE_SHARE, DIGITS, CAPITALS, COMMAS, SEPARATORS,
    OWN
};

/* Rows that say by which containers a block is held; the flag of names that speak of comments. */
enum { IS_TAG = OWN, IN_FLAG = IS_TAG + TAGS, HIDDEN = IN_FLAG + FLAGS, COMMENT_NAME = 17 };

/* Neighbours are looked at this far, also beyond both ends, where zeros stand. */
enum { NEAR = 5 };

/* The rows of OWN before they are rounded: `values` begin with NEAR zeros, and a row ends in as many. */
typedef struct {
    double *values;
    int64_t stride;
} Own;

static inline double *own_row(const Own *own, int row) { return own->values + row * own->stride + NEAR; }

typedef struct {
    double score;
    uint64_t first; /* hash of the first class, less the number it ends in */
    int32_t of_comments;
} Named;

int read_texts(const Page *page, const Lore *lore, const Measured *out, const Own *own);
void read_names(const Page *page, const Lore *lore, const Measured *out, Named *named);

#endif
