/* Features of blocks: what content_features.py names, in that order. Texts and names are read first, then what containers hold and
 * pass on is counted, then row after row is written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "measure.h"
#include "words.h"

/* Rows, in the order of FEATURES, after those of measure.h. */
enum {
    DEPTH = HIDDEN + 1,
    INHERITED,
    UP = INHERITED + 6,
    NEAR_FAMILY = UP + 10 * LEVELS,
    TOP_FAMILY = NEAR_FAMILY + 5,
    PLACE = TOP_FAMILY + 5,
    STEPS = PLACE + 15,
    WINDOWS = STEPS + 20,
    PAGE = WINDOWS + 6,
    ROWS = PAGE + 3
};

/* Running totals over blocks: a container's sum is a difference of two. */
enum { RUN_WORDS, RUN_CHARS, RUN_LINKED, RUN_LONG, RUN_MEAN, RUN_STOP, RUNS };

/* What containers pass on to the blocks in them. */
typedef struct {
    double low, high, close, total; /* scores of names: least, greatest, nearest, sum */
    int32_t repeats, alike, flags, near, top;
} Inherited;

int32_t feature_rows(void) { return ROWS; }

static double smaller(double a, double b) { return a < b ? a : b; }

/* ---- containers ---- */

/* Containers of one parent, tag and first class are a family: numbers them, and counts the members of each. */
static int read_families(const Page *page, const Named *named, int32_t *family, Inherited *inherited) {
    int32_t count = page->containers, families = 0;
    int64_t mask = 1;
    while (mask < 2 * (int64_t)count) mask *= 2;
    uint64_t *keys = calloc((size_t)mask, sizeof *keys);
    int32_t *numbers = malloc((size_t)mask * sizeof *numbers);
    int32_t *sizes = calloc((size_t)count, sizeof *sizes);
    int done = keys && numbers && sizes;
    mask--;
    for (int32_t c = 0; done && c < count; c++) {
        uint64_t hash = hash_step(hash_step(named[page->named[c]].first, (uint32_t)(page->parent[c] + 1) ^ 0x55aa0000u), (uint32_t)page->tag[c] ^ 0xaa550000u);
        hash = hash_end(hash * 0x9e3779b97f4a7c15ULL);
        int64_t place = (int64_t)(hash & (uint64_t)mask);
        while (keys[place] && keys[place] != hash) place = (place + 1) & mask;
        if (!keys[place]) {
            keys[place] = hash;
            numbers[place] = families++;
        }
        family[c] = numbers[place];
        sizes[family[c]]++;
    }
    for (int32_t c = 0; done && c < count; c++) inherited[c].alike = sizes[family[c]];
    free(keys);
    free(numbers);
    free(sizes);
    return done;
}

/* Outer containers before inner ones. */
static void inherit(const Page *page, const Lore *lore, const Named *named, int32_t *wider, Inherited *inherited) {
    for (int32_t c = 0; c < page->containers; c++) {
        const Named *name = &named[page->named[c]];
        Inherited *mine = &inherited[c];
        int32_t parent = page->parent[c];
        double score = name->score;
        mine->flags = name->of_comments << COMMENT_NAME | lore->tag_bits[page->tag[c]] | page->bits[c];
        mine->low = mine->high = mine->total = 0;
        mine->close = score;
        mine->repeats = 1;
        mine->near = mine->top = 0;
        wider[c] = 0;
        if (parent < 0) continue;
        const Inherited *outer = &inherited[parent];
        mine->flags |= outer->flags;
        mine->low = smaller(score, outer->low);
        mine->high = larger(score, outer->high);
        mine->close = score != 0 ? score : outer->close * 0.8;
        mine->total = score + 0.8 * outer->total;
        mine->repeats = mine->alike > outer->repeats ? mine->alike : outer->repeats;
        if (mine->alike > 2) {
            mine->near = c;
            mine->top = outer->top ? outer->top : c;
        } else {
            mine->near = outer->near;
            mine->top = outer->top;
        }
        wider[c] = page->end[parent] - page->start[parent] > page->end[c] - page->start[c] ? parent : wider[parent];
    }
}

/* ---- rows ---- */

/* What containers say of themselves to the blocks in them: the rows of a level, in their order, less the block's place. */
enum { OF_LEVEL = 9 };

typedef struct {
    const Page *page;
    const Lore *lore;
    float *rows;
    const Own *own;
    double (*run)[RUNS];
    const Inherited *inherited;
    const int32_t *tags, *wider, *family;
    float (*looks)[OF_LEVEL]; /* by container */
} Work;

static float *row_of(const Work *work, int row) { return work->rows + (int64_t)row * work->page->blocks; }

static double held(const Work *work, int32_t container, int what) {
    return work->run[work->page->end[container]][what] - work->run[work->page->start[container]][what];
}

WIDE static void round_row(const double *from, float *to, int32_t count) {
    for (int32_t block = 0; block < count; block++) to[block] = (float)from[block];
}

WIDE static void mark_equal(const int32_t *from, int32_t value, float *to, int32_t count) {
    for (int32_t block = 0; block < count; block++) to[block] = from[block] == value;
}

WIDE static void mark_bit(const int32_t *from, int bit, float *to, int32_t count) {
    for (int32_t block = 0; block < count; block++) to[block] = (float)(from[block] >> bit & 1);
}

/* `flags` is room for a number a block. */
static void write_own(const Work *work, int32_t *flags) {
    const Page *page = work->page;
    int32_t count = page->blocks;
    float *hidden = row_of(work, HIDDEN), *depth = row_of(work, DEPTH), *passed = row_of(work, INHERITED);
    for (int row = 0; row < OWN; row++) round_row(own_row(work->own, row), row_of(work, row), count);
    for (int tag = 0; tag < TAGS; tag++) mark_equal(work->tags, tag, row_of(work, IS_TAG + tag), count);
    for (int32_t block = 0; block < count; block++) {
        int32_t c = page->container[block];
        const Inherited *from = &work->inherited[c];
        flags[block] = from->flags;
        hidden[block] = page->hidden[c];
        depth[block] = (float)page->depth[c];
        passed[block] = (float)from->low;
        passed[block + count] = (float)from->high;
        passed[block + 2 * (int64_t)count] = (float)from->close;
        passed[block + 3 * (int64_t)count] = (float)from->total;
        passed[block + 4 * (int64_t)count] = (float)from->repeats;
        passed[block + 5 * (int64_t)count] = (float)from->alike;
    }
    for (int flag = 0; flag < FLAGS; flag++) mark_bit(flags, flag, row_of(work, IN_FLAG + flag), count);
}

/* The container of a block and the wider ones around it. */
static void write_levels(const Work *work) {
    static const int rows[OF_LEVEL] = {0, 1, 2, 3, 4, 5, 7, 8, 9}; /* 6 is the place */
    const Page *page = work->page;
    const double *total = work->run[page->blocks];
    double all = larger(total[RUN_WORDS], 1), all_long = larger(total[RUN_LONG], 1);
    for (int32_t c = 0; c < page->containers; c++) {
        if (c && page->start[c] == page->end[c]) continue; /* nothing stands in it */
        float *look = work->looks[c];
        double words = held(work, c, RUN_WORDS), chars = held(work, c, RUN_CHARS), long_words = held(work, c, RUN_LONG);
        double count = larger(page->end[c] - page->start[c], 1);
        look[0] = (float)log_of(work->lore->logs, words);
        look[1] = (float)(words / all);
        look[2] = (float)(long_words / all_long);
        look[3] = (float)(held(work, c, RUN_LINKED) / larger(chars, 1));
        look[4] = (float)(words / count);
        look[5] = (float)(long_words / larger(words, 1));
        look[6] = (float)log_of(work->lore->logs, count);
        look[7] = (float)(held(work, c, RUN_STOP) / count);
        look[8] = (float)(held(work, c, RUN_MEAN) / count);
    }
    float *row[OF_LEVEL], *place = row_of(work, UP + 6 * LEVELS);
    for (int what = 0; what < OF_LEVEL; what++) row[what] = row_of(work, UP + rows[what] * LEVELS);
    for (int32_t block = 0; block < page->blocks; block++) {
        int32_t c = page->container[block];
        for (int64_t level = 0, at = block; level < LEVELS; level++, at += page->blocks, c = work->wider[c]) {
            for (int what = 0; what < OF_LEVEL; what++) row[what][at] = work->looks[c][what];
            place[at] = (float)((block - page->start[c]) / larger(page->end[c] - page->start[c], 1));
        }
    }
}

/* The family of repeated containers (cards, posts, rows) that a block stands in; zeros for blocks in none. 0 when memory ran out. */
static int write_families(const Work *work) {
    const Page *page = work->page;
    int32_t count = page->blocks;
    double (*sums)[4] = calloc((size_t)page->containers, sizeof *sums); /* members, words, chars, linked; by family */
    float (*looks)[4] = malloc((size_t)page->containers * sizeof *looks);
    int done = sums && looks;
    for (int32_t c = 0; done && c < page->containers; c++) {
        double *sum = sums[work->family[c]];
        sum[0] += page->end[c] > page->start[c];
        sum[1] += held(work, c, RUN_WORDS);
        sum[2] += held(work, c, RUN_CHARS);
        sum[3] += held(work, c, RUN_LINKED);
    }
    double all = larger(work->run[count][RUN_WORDS], 1);
    int32_t families = 0;
    for (int32_t c = 0; done && c < page->containers; c++) {
        if (work->family[c] < families) continue; /* seen before: families are numbered as they are met */
        families++;
        if (work->inherited[c].alike < 3) continue; /* no block asks for it */
        const double *sum = sums[work->family[c]];
        float *look = looks[work->family[c]];
        look[0] = (float)log_of(work->lore->logs, sum[0]);
        look[1] = (float)(sum[1] / all);
        look[2] = (float)log1p(sum[1] / larger(sum[0], 1));
        look[3] = (float)(sum[3] / larger(sum[2], 1));
    }
    for (int side = 0; done && side < 2; side++) {
        float *row = row_of(work, side ? TOP_FAMILY : NEAR_FAMILY);
        for (int32_t block = 0; block < count; block++) {
            static const float none[4];
            const Inherited *from = &work->inherited[page->container[block]];
            int32_t unit = side ? from->top : from->near;
            const float *look = unit ? looks[work->family[unit]] : none;
            for (int what = 0; what < 4; what++) row[block + what * (int64_t)count] = look[what];
            row[block + 4 * (int64_t)count] = unit ? work->looks[unit][0] : 0;
        }
    }
    free(sums);
    free(looks);
    return done;
}

/* The smallest container that holds a share of the page's long text. */
static int32_t holder(const Work *work, double share) {
    const Page *page = work->page;
    double least = share * work->run[page->blocks][RUN_LONG];
    int32_t best = -1;
    for (int32_t c = 0; c < page->containers; c++)
        if (held(work, c, RUN_LONG) >= least && (best < 0 || page->end[c] - page->start[c] < page->end[best] - page->start[best])) best = c;
    return best < 0 ? 0 : best;
}

static double signed_distance(const double *logs, int32_t from, int32_t to) {
    return from < 0 ? -9 : to < from ? -log_of(logs, from - to) : log_of(logs, to - from);
}

/* Where blocks stand: on the page, to the containers that hold most long text, to headings, to the title. */
static void write_places(const Work *work) {
    const Page *page = work->page;
    const double *logs = work->lore->logs, *total = work->run[page->blocks];
    const double *titled = own_row(work->own, TITLE_SHARE), *words = own_row(work->own, WORDS);
    const double *mean = own_row(work->own, WORD_MEAN), *least = own_row(work->own, WORD_MIN);
    int32_t count = page->blocks, top = -1, title = -1, heading = -1;
    for (int32_t block = count - 1; block >= 0; block--) {
        if (work->tags[block] == H1) top = block;
        if (titled[block] > 0.6 && words[block] > 1.2) title = block;
    }
    const int32_t holders[] = {holder(work, 0.5), holder(work, 0.75)};
    for (int32_t block = 0; block < count; block++) {
        float *place = row_of(work, PLACE) + block;
        place[0] = (float)(block / (double)count);
        place[count] = (float)(work->run[block][RUN_WORDS] / larger(total[RUN_WORDS], 1));
        place[2 * (int64_t)count] = (float)(work->run[block][RUN_LONG] / larger(total[RUN_LONG], 1));
        for (int64_t side = 0; side < 2; side++) {
            int32_t before = page->start[holders[side]] - block, after = block - page->end[holders[side]] + 1;
            place[(3 + 3 * side) * count] = before <= 0 && after <= 0;
            place[(4 + 3 * side) * count] = (float)(before > 0 ? log_of(logs, before) : 0);
            place[(5 + 3 * side) * count] = (float)(after > 0 ? log_of(logs, after) : 0);
        }
        if (work->tags[block] >= H1 && work->tags[block] <= H6) heading = block;
        place[9 * (int64_t)count] = (float)log_of(logs, heading < 0 ? 99 : block - heading);
        place[10 * (int64_t)count] = (float)(heading < 0 ? 0 : mean[heading]);
        place[11 * (int64_t)count] = (float)(heading < 0 ? 0 : least[heading]);
        place[12 * (int64_t)count] = (float)(heading < 0 ? 0 : work->tags[heading]);
        place[13 * (int64_t)count] = (float)signed_distance(logs, top, block);
        place[14 * (int64_t)count] = (float)signed_distance(logs, title, block);
    }
}

/* Sums over the NEAR blocks before and after each; the nearest first. */
WIDE static void write_windows(const double *from, float *before, float *after, int32_t count) {
    for (int32_t block = 0; block < count; block++) {
        double left = 0, right = 0;
        for (int step = 1; step <= NEAR; step++) {
            left += from[block - step];
            right += from[block + step];
        }
        before[block] = (float)left;
        after[block] = (float)right;
    }
}

/* The two blocks before and after, and sums over five on each side. `passed` is room for a row of OWN. */
static void write_neighbours(const Work *work, double *passed) {
    static const int steps[] = {-2, -1, 1, 2}, shared[] = {WORDS, LINK_SHARE, WORD_MEAN};
    const Page *page = work->page;
    int32_t count = page->blocks;
    for (int what = 0; what < 5; what++) {
        const double *from = what < 3 ? own_row(work->own, shared[what]) : passed;
        for (int32_t block = 0; what >= 3 && block < count; block++) {
            int32_t c = page->container[block];
            passed[block] = what == 3 ? work->inherited[c].total : page->depth[c];
        }
        for (int step = 0; step < 4; step++) round_row(from + steps[step], row_of(work, STEPS + step * 5 + what), count);
        if (what < 3) write_windows(from, row_of(work, WINDOWS + what), row_of(work, WINDOWS + 3 + what), count);
    }
}

static void write_page(const Work *work) {
    int32_t count = work->page->blocks;
    const double *total = work->run[count];
    const double values[] = {log1p(total[RUN_WORDS]), log1p(count), total[RUN_LINKED] / larger(total[RUN_CHARS], 1)};
    float *row = row_of(work, PAGE);
    for (int what = 0; what < 3; what++)
        for (int32_t block = 0; block < count; block++) *row++ = (float)values[what];
}

static void total_up(const Measured *out, const Own *own, double (*run)[RUNS], int32_t count) {
    const double *share = own_row(own, LINK_SHARE), *mean = own_row(own, WORD_MEAN), *stop = own_row(own, STOP);
    memset(run[0], 0, sizeof *run);
    for (int32_t block = 0; block < count; block++) {
        int is_long = out->words[block] >= 12 && share[block] < 0.4;
        const double values[] = {
            out->words[block], out->chars[block], out->linked[block], is_long ? out->words[block] : 0, mean[block], stop[block],
        };
        for (int what = 0; what < RUNS; what++) run[block + 1][what] = run[block][what] + values[what];
    }
}

/* Fills `out`; 0 when memory ran out. The page has at least one block and one container. */
int measure(const Page *page, const Lore *lore, const Measured *out) {
    int32_t count = page->blocks;
    Own own = {0, count + 2 * NEAR};
    own.values = calloc((OWN + 1) * (size_t)own.stride, sizeof *own.values);
    double (*run)[RUNS] = malloc(((size_t)count + 1) * sizeof *run);
    Named *named = malloc((size_t)page->names * sizeof *named);
    Inherited *inherited = malloc((size_t)page->containers * sizeof *inherited);
    float (*looks)[OF_LEVEL] = malloc((size_t)page->containers * sizeof *looks);
    int32_t *flags = malloc((size_t)count * sizeof *flags);
    int done = own.values && run && named && inherited && looks && flags && read_texts(page, lore, out, &own);
    if (done) {
        read_names(page, lore, out, named);
        done = read_families(page, named, out->family, inherited);
    }
    if (done) {
        inherit(page, lore, named, out->wider, inherited);
        for (int32_t block = 0; block < count; block++) out->tags[block] = lore->tag_number[page->tag[page->container[block]]];
        total_up(out, &own, run, count);
        const Work work = {page, lore, out->rows, &own, run, inherited, out->tags, out->wider, out->family, looks};
        write_own(&work, flags);
        write_levels(&work);
        done = write_families(&work);
        write_places(&work);
        write_neighbours(&work, own_row(&own, OWN));
        write_page(&work);
    }
    free(own.values);
    free(run);
    free(named);
    free(inherited);
    free(looks);
    free(flags);
    return done;
}
