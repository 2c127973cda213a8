/* Features of blocks: what content_features.py names, in that order. One pass over texts, one over containers, one over blocks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "words.h"

enum { DIGIT = 1, UPPER = 2, COMMA = 4, SEPARATOR = 8, MONEY = 16, LETTER = 32, LETTER_KINDS = 0x20c0 };
enum { COMMENT_NAME = 1 << 17 }; /* of the flags */

/* Rows, in the order of FEATURES. */
enum {
    WORDS, CHARS, SENTENCES, STOP, SIGNS, COPIES, LINK_SHARE, LINKS, IMAGES, WORD_MEAN, WORD_MIN, WORD_MAX, WORD_SUM,
    TITLE_SHARE, DIGITS, CAPITALS, COMMAS, SEPARATORS,
    IS_TAG,
    IN_FLAG = IS_TAG + TAGS,
    HIDDEN = IN_FLAG + FLAGS,
    DEPTH,
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

typedef struct {
    double score;
    uint64_t first; /* hash of the first class, less the number it ends in */
    int32_t flag;
} Named;

int32_t feature_rows(void) { return ROWS; }

static double smaller(double a, double b) { return a < b ? a : b; }

/* ---- texts ---- */

static int is_stop(uint32_t code) { return code == '.' || code == '!' || code == '?' || code == 0x2026 || code == 0x3002; }

/* Whole texts: how long, how many words and sentences, how they end, whether they were there before. */
static int read_texts(const Page *page, const Measured *out, double (*own)[18]) {
    int32_t count = page->blocks;
    int64_t mask = 1;
    while (mask < 2 * (int64_t)count) mask *= 2;
    uint64_t *seen = calloc((size_t)mask, sizeof *seen);
    int32_t *times = calloc((size_t)mask, sizeof *times);
    if (!seen || !times) {
        free(seen);
        free(times);
        return 0;
    }
    mask--;
    const uint32_t *at = page->text;
    for (int32_t block = 0; block < count; block++, at++) {
        const uint32_t *first = at;
        uint64_t hash = HASH_BASIS;
        int32_t spaces = 0, sentences = 0;
        for (; *at; at++) {
            hash = hash_step(hash, *at);
            if (*at == ' ') {
                spaces++;
                sentences += at > first && at[-1] == '.';
            }
        }
        hash = hash_end(hash);
        int64_t place = (int64_t)(hash & (uint64_t)mask);
        while (seen[place] && seen[place] != hash) place = (place + 1) & mask;
        seen[place] = hash;
        double chars = (double)(at - first);
        double words = larger(spaces + 1, floor(chars / 12)); /* a script without spaces has words too */
        out->words[block] = words;
        out->chars[block] = chars;
        out->linked[block] = page->link_chars[block];
        out->questions[block] = at > first && at[-1] == '?';
        own[block][WORDS] = log1p(words);
        own[block][CHARS] = log1p(chars);
        own[block][SENTENCES] = log1p(sentences);
        own[block][STOP] = at > first && is_stop(at[-1]);
        own[block][COPIES] = ++times[place];
        own[block][LINK_SHARE] = page->link_chars[block] / chars;
        own[block][LINKS] = log1p(page->links[block]);
        own[block][IMAGES] = page->images[block];
    }
    free(seen);
    free(times);
    return 1;
}

/* The letters of the beginnings of blocks. */
static void read_letters(const Page *page, const Lore *lore, const Measured *out, double (*own)[18]) {
    const uint32_t *at = page->text;
    for (int32_t block = 0; block < page->blocks; block++, at++) {
        const uint32_t *first = at;
        int32_t digits = 0, capitals = 0, commas = 0, separators = 0, money = 0, letters = 0;
        for (; *at && at - first < HEAD; at++) {
            uint8_t kind = lore->letters[*at < LETTER_KINDS ? *at : LETTER_KINDS - 1];
            digits += (kind & DIGIT) != 0;
            capitals += (kind & UPPER) != 0;
            commas += (kind & COMMA) != 0;
            separators += (kind & SEPARATOR) != 0;
            money += (kind & MONEY) != 0;
            letters += (kind & LETTER) != 0;
        }
        own[block][SIGNS] = out->money[block] = money;
        own[block][DIGITS] = out->digits[block] = digits / larger((double)(at - first), 1);
        own[block][CAPITALS] = capitals / larger(letters, 1);
        own[block][COMMAS] = commas / smaller(out->words[block], 20);
        own[block][SEPARATORS] = separators;
        while (*at) at++;
    }
}

/* The scores of the words that blocks begin with, and the share of them that the title has too. */
static int read_words(const Page *page, const Lore *lore, double (*own)[18]) {
    int64_t length = 0;
    while (page->title[length]) length++;
    const uint32_t *title_end = page->title + length;
    uint64_t *title = malloc(((size_t)length / 2 + 1) * sizeof *title);
    if (!title) return 0;
    int32_t titled = 0;
    for (const uint32_t *word = page->title, *end; (end = next_word(lore->is_word, &word, title_end)); word = end)
        title[titled++] = hash_end(hash_run(HASH_BASIS, word, end));
    const uint32_t *at = page->lower;
    for (int32_t block = 0; block < page->blocks; block++, at++) {
        const uint32_t *first = at;
        while (*at && at - first < HEAD) at++;
        double sum = 0, least = 0, most = 0;
        int32_t words = 0, known = 0, shared = 0;
        for (const uint32_t *word = first, *end; (end = next_word(lore->is_word, &word, at)); word = end) {
            uint64_t hash = hash_end(hash_run(HASH_BASIS, word, end));
            int32_t row = row_of(&lore->words, hash);
            double score = row < 0 ? 0 : lore->word_scores[row];
            words++;
            known += score != 0;
            sum += score;
            least = smaller(least, score);
            most = larger(most, score);
            for (int32_t number = 0; number < titled; number++)
                if (title[number] == hash) {
                    shared++;
                    break;
                }
        }
        own[block][WORD_MEAN] = sum / larger(known, 1);
        own[block][WORD_MIN] = least;
        own[block][WORD_MAX] = most;
        own[block][WORD_SUM] = sum;
        own[block][TITLE_SHARE] = shared / larger(words, 1);
        while (*at) at++;
    }
    free(title);
    return 1;
}

/* ---- containers ---- */

static int starts_with(const uint32_t *text, const char *word) {
    for (; *word; word++, text++)
        if (*text != (uint32_t)*word) return 0;
    return 1;
}

static void read_names(const Page *page, const Lore *lore, Named *named) {
    const uint32_t *at = page->name;
    for (int32_t number = 0; number < page->names; number++, at++) {
        const uint32_t *first = at, *space = 0;
        named[number].flag = 0;
        for (; *at; at++) {
            if (*at == ' ' && !space) space = at;
            if (starts_with(at, "omment") || starts_with(at, "isqus") || starts_with(at, "espond")) named[number].flag = COMMENT_NAME;
        }
        const uint32_t *limit = at - first > MAX_NAMES ? first + MAX_NAMES : at;
        double sum = 0;
        int32_t known = 0;
        for (const uint32_t *word = first, *end; (end = next_name(&word, limit)); word = end) {
            int32_t row = row_of(&lore->names, hash_end(hash_name(HASH_BASIS, word, end)));
            double score = row < 0 ? 0 : lore->name_scores[row];
            sum += score;
            known += score != 0;
        }
        named[number].score = sum / sqrt(larger(known, 1));
        if (!space) space = at;
        while (space > first && space[-1] >= '0' && space[-1] <= '9') space--;
        named[number].first = hash_run(HASH_BASIS, first, space);
    }
}

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
        mine->flags = name->flag | lore->tag_bits[page->tag[c]] | page->bits[c];
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

typedef struct {
    const Page *page;
    float *rows;
    double (*own)[18];
    double (*run)[RUNS];
    const Inherited *inherited;
    const int32_t *tags, *wider, *family;
} Work;

static void put(const Work *work, int32_t row, int32_t block, double value) {
    work->rows[(int64_t)row * work->page->blocks + block] = (float)value;
}

static double held(const Work *work, int32_t container, int what) {
    return work->run[work->page->end[container]][what] - work->run[work->page->start[container]][what];
}

static void write_own(const Work *work) {
    const Page *page = work->page;
    for (int32_t block = 0; block < page->blocks; block++) {
        int32_t c = page->container[block];
        const Inherited *from = &work->inherited[c];
        for (int row = 0; row < IS_TAG; row++) put(work, row, block, work->own[block][row]);
        for (int tag = 0; tag < TAGS; tag++) put(work, IS_TAG + tag, block, work->tags[block] == tag);
        for (int flag = 0; flag < FLAGS; flag++) put(work, IN_FLAG + flag, block, from->flags >> flag & 1);
        put(work, HIDDEN, block, page->hidden[c]);
        put(work, DEPTH, block, page->depth[c]);
        const double inherited[] = {from->low, from->high, from->close, from->total, from->repeats, from->alike};
        for (int row = 0; row < 6; row++) put(work, INHERITED + row, block, inherited[row]);
    }
}

/* What a container says of itself to the blocks in it: the rows of a level, in their order; the block's place in it comes last. */
enum { OF_CONTAINER = 9 };

static void look_at(const Work *work, int32_t c, double all, double all_long, double *out) {
    double words = held(work, c, RUN_WORDS), chars = held(work, c, RUN_CHARS), long_words = held(work, c, RUN_LONG);
    double count = larger(work->page->end[c] - work->page->start[c], 1);
    out[0] = log1p(words);
    out[1] = words / all;
    out[2] = long_words / all_long;
    out[3] = held(work, c, RUN_LINKED) / larger(chars, 1);
    out[4] = words / count;
    out[5] = long_words / larger(words, 1);
    out[6] = log1p(count);
    out[7] = held(work, c, RUN_STOP) / count;
    out[8] = held(work, c, RUN_MEAN) / count;
}

/* The container of a block and the wider ones around it; 0 when memory ran out. */
static int write_levels(const Work *work) {
    static const int rows[OF_CONTAINER] = {0, 1, 2, 3, 4, 5, 7, 8, 9}; /* 6 is the place */
    const Page *page = work->page;
    const double *total = work->run[page->blocks];
    double all = larger(total[RUN_WORDS], 1), all_long = larger(total[RUN_LONG], 1);
    double (*looks)[OF_CONTAINER] = malloc((size_t)page->containers * sizeof *looks);
    if (!looks) return 0;
    for (int32_t c = 0; c < page->containers; c++) look_at(work, c, all, all_long, looks[c]);
    for (int32_t block = 0; block < page->blocks; block++) {
        int32_t c = page->container[block];
        for (int level = 0; level < LEVELS; level++, c = work->wider[c]) {
            for (int what = 0; what < OF_CONTAINER; what++) put(work, UP + rows[what] * LEVELS + level, block, looks[c][what]);
            put(work, UP + 6 * LEVELS + level, block, (block - page->start[c]) / larger(page->end[c] - page->start[c], 1));
        }
    }
    free(looks);
    return 1;
}

/* The family of repeated containers (cards, posts, rows) that a block stands in; zeros for blocks in none. */
static int write_families(const Work *work) {
    const Page *page = work->page;
    double (*sums)[4] = calloc((size_t)page->containers, sizeof *sums); /* members, words, chars, linked; by family */
    if (!sums) return 0;
    for (int32_t c = 0; c < page->containers; c++) {
        double *sum = sums[work->family[c]];
        sum[0] += page->end[c] > page->start[c];
        sum[1] += held(work, c, RUN_WORDS);
        sum[2] += held(work, c, RUN_CHARS);
        sum[3] += held(work, c, RUN_LINKED);
    }
    double all = larger(work->run[page->blocks][RUN_WORDS], 1);
    for (int32_t block = 0; block < page->blocks; block++) {
        const Inherited *from = &work->inherited[page->container[block]];
        for (int side = 0; side < 2; side++) {
            int32_t unit = side ? from->top : from->near, row = side ? TOP_FAMILY : NEAR_FAMILY;
            const double *sum = sums[work->family[unit]];
            put(work, row, block, unit ? log1p(sum[0]) : 0);
            put(work, row + 1, block, unit ? sum[1] / all : 0);
            put(work, row + 2, block, unit ? log1p(sum[1] / larger(sum[0], 1)) : 0);
            put(work, row + 3, block, unit ? sum[3] / larger(sum[2], 1) : 0);
            put(work, row + 4, block, unit ? log1p(held(work, unit, RUN_WORDS)) : 0);
        }
    }
    free(sums);
    return 1;
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

static double signed_distance(int32_t from, int32_t to) {
    return from < 0 ? -9 : to < from ? -log1p(from - to) : log1p(to - from);
}

/* Where blocks stand: on the page, to the containers that hold most long text, to headings, to the title. */
static void write_places(const Work *work) {
    const Page *page = work->page;
    int32_t count = page->blocks, top = -1, title = -1, heading = -1;
    const double *total = work->run[count];
    for (int32_t block = count - 1; block >= 0; block--) {
        if (work->tags[block] == H1) top = block;
        if (work->own[block][TITLE_SHARE] > 0.6 && work->own[block][WORDS] > 1.2) title = block;
    }
    const int32_t holders[] = {holder(work, 0.5), holder(work, 0.75)};
    for (int32_t block = 0; block < count; block++) {
        put(work, PLACE, block, block / (double)count);
        put(work, PLACE + 1, block, work->run[block][RUN_WORDS] / larger(total[RUN_WORDS], 1));
        put(work, PLACE + 2, block, work->run[block][RUN_LONG] / larger(total[RUN_LONG], 1));
        for (int side = 0; side < 2; side++) {
            int32_t before = page->start[holders[side]] - block, after = block - page->end[holders[side]] + 1;
            put(work, PLACE + 3 + 3 * side, block, before <= 0 && after <= 0);
            put(work, PLACE + 4 + 3 * side, block, before > 0 ? log1p(before) : 0);
            put(work, PLACE + 5 + 3 * side, block, after > 0 ? log1p(after) : 0);
        }
        if (work->tags[block] >= H1 && work->tags[block] <= H6) heading = block;
        put(work, PLACE + 9, block, log1p(heading < 0 ? 99 : block - heading));
        put(work, PLACE + 10, block, heading < 0 ? 0 : work->own[heading][WORD_MEAN]);
        put(work, PLACE + 11, block, heading < 0 ? 0 : work->own[heading][WORD_MIN]);
        put(work, PLACE + 12, block, heading < 0 ? 0 : work->tags[heading]);
        put(work, PLACE + 13, block, signed_distance(top, block));
        put(work, PLACE + 14, block, signed_distance(title, block));
    }
}

static double near_value(const Work *work, int what, int32_t block) {
    static const int rows[] = {WORDS, LINK_SHARE, WORD_MEAN};
    if (block < 0 || block >= work->page->blocks) return 0;
    if (what < 3) return work->own[block][rows[what]];
    int32_t c = work->page->container[block];
    return what == 3 ? work->inherited[c].total : work->page->depth[c];
}

/* The two blocks before and after, and sums over five on each side. */
static void write_neighbours(const Work *work) {
    static const int steps[] = {-2, -1, 1, 2};
    for (int32_t block = 0; block < work->page->blocks; block++) {
        for (int step = 0; step < 4; step++)
            for (int what = 0; what < 5; what++) put(work, STEPS + step * 5 + what, block, near_value(work, what, block + steps[step]));
        for (int what = 0; what < 3; what++) {
            double before = 0, after = 0;
            for (int step = 1; step <= 5; step++) {
                before += near_value(work, what, block - step);
                after += near_value(work, what, block + step);
            }
            put(work, WINDOWS + what, block, before);
            put(work, WINDOWS + 3 + what, block, after);
        }
    }
}

static void write_page(const Work *work) {
    int32_t count = work->page->blocks;
    const double *total = work->run[count];
    const double values[] = {log1p(total[RUN_WORDS]), log1p(count), total[RUN_LINKED] / larger(total[RUN_CHARS], 1)};
    for (int row = 0; row < 3; row++)
        for (int32_t block = 0; block < count; block++) put(work, PAGE + row, block, values[row]);
}

static void total_up(const Measured *out, double (*own)[18], double (*run)[RUNS], int32_t count) {
    memset(run[0], 0, sizeof *run);
    for (int32_t block = 0; block < count; block++) {
        int is_long = out->words[block] >= 12 && own[block][LINK_SHARE] < 0.4;
        const double values[] = {
            out->words[block], out->chars[block], out->linked[block], is_long ? out->words[block] : 0, own[block][WORD_MEAN],
            own[block][STOP],
        };
        for (int what = 0; what < RUNS; what++) run[block + 1][what] = run[block][what] + values[what];
    }
}

/* Fills `out`; 0 when memory ran out. The page has at least one block and one container. */
int measure(const Page *page, const Lore *lore, const Measured *out) {
    int32_t count = page->blocks;
    double (*own)[18] = malloc((size_t)count * sizeof *own);
    double (*run)[RUNS] = malloc(((size_t)count + 1) * sizeof *run);
    Named *named = malloc((size_t)page->names * sizeof *named);
    Inherited *inherited = malloc((size_t)page->containers * sizeof *inherited);
    int done = own && run && named && inherited && read_texts(page, out, own) && read_words(page, lore, own);
    if (done) {
        read_letters(page, lore, out, own);
        read_names(page, lore, named);
        done = read_families(page, named, out->family, inherited);
    }
    if (done) {
        inherit(page, lore, named, out->wider, inherited);
        for (int32_t block = 0; block < count; block++) out->tags[block] = lore->tag_number[page->tag[page->container[block]]];
        total_up(out, own, run, count);
        const Work work = {page, out->rows, own, run, inherited, out->tags, out->wider, out->family};
        write_own(&work);
        done = write_levels(&work) && write_families(&work);
        write_places(&work);
        write_neighbours(&work);
        write_page(&work);
    }
    free(own);
    free(run);
    free(named);
    free(inherited);
    return done;
}
