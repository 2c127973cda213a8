/* What the texts of blocks are: how long, how they begin and end, whether they were there before. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "measure.h"
#include "words.h"

enum { DIGIT, UPPER, COMMA, SEPARATOR, MONEY, LETTER }; /* kinds that are counted, from the lowest bits on */

static double smaller(double a, double b) { return a < b ? a : b; }

static int is_stop(uint32_t code) { return code == '.' || code == '!' || code == '?' || code == 0x2026 || code == 0x3002; }

/* Where each text begins; one place more for the end of all. */
static void find_begins(const uint32_t *text, int32_t count, int32_t *begins) {
    const uint32_t *at = text;
    for (int32_t block = 0; block < count; block++, at++) {
        begins[block] = (int32_t)(at - text);
        while (*at) at++;
    }
    begins[count] = (int32_t)(at - text);
}

/* Spaces, and those after a full stop. */
WIDE static void count_spaces(const uint32_t *text, int32_t length, int32_t *spaces, int32_t *sentences) {
    int32_t all = length && text[0] == ' ', after = 0;
    for (int32_t at = 1; at < length; at++) {
        int32_t is_space = text[at] == ' ';
        all += is_space;
        after += is_space & (text[at - 1] == '.');
    }
    *spaces = all;
    *sentences = after;
}

/* Two characters a step: long texts are many. */
static uint64_t hash_text(const uint32_t *text, int32_t length) {
    uint64_t hash = HASH_BASIS ^ (uint64_t)length;
    int32_t at = 0;
    for (; at + 1 < length; at += 2) hash = ((hash << 29 | hash >> 35) ^ text[at] ^ (uint64_t)text[at + 1] << 32) * 0x9e3779b97f4a7c15ULL;
    if (at < length) hash = hash_step(hash, text[at]);
    return hash_end(hash * 0x9e3779b97f4a7c15ULL);
}

/* The first block of the same text, and how often the text was there so far. 0 when memory ran out. */
static int find_twins(const uint32_t *text, const int32_t *begins, int32_t count, int32_t *twin, double *times) {
    int64_t mask = 1;
    while (mask < 2 * (int64_t)count) mask *= 2;
    uint64_t *hashes = calloc((size_t)mask, sizeof *hashes);
    int32_t *firsts = malloc((size_t)mask * sizeof *firsts), *seen = calloc((size_t)count, sizeof *seen);
    int done = hashes && firsts && seen;
    mask--;
    for (int32_t block = 0; done && block < count; block++) {
        int32_t length = begins[block + 1] - begins[block];
        uint64_t hash = hash_text(text + begins[block], length - 1);
        int64_t place = (int64_t)(hash & (uint64_t)mask);
        for (; hashes[place]; place = (place + 1) & mask) {
            int32_t first = firsts[place];
            if (hashes[place] == hash && begins[first + 1] - begins[first] == length &&
                !memcmp(text + begins[first], text + begins[block], (size_t)length * sizeof *text)) break;
        }
        if (!hashes[place]) {
            hashes[place] = hash;
            firsts[place] = block;
        }
        twin[block] = firsts[place];
        times[block] = ++seen[twin[block]];
    }
    free(hashes);
    free(firsts);
    free(seen);
    return done;
}

/* Whole texts. */
static void read_lengths(const Page *page, const Lore *lore, const int32_t *begins, const Measured *out, const Own *own) {
    double *words = own_row(own, WORDS), *chars = own_row(own, CHARS_OF_TEXT), *sentences = own_row(own, SENTENCES);
    double *stop = own_row(own, STOP), *share = own_row(own, LINK_SHARE), *links = own_row(own, LINKS), *images = own_row(own, IMAGES);
    for (int32_t block = 0; block < page->blocks; block++) {
        const uint32_t *text = page->text + begins[block];
        int32_t length = begins[block + 1] - begins[block] - 1, spaces, ends;
        count_spaces(text, length, &spaces, &ends);
        uint32_t last = length ? text[length - 1] : 0;
        out->words[block] = larger(spaces + 1, length / 12); /* a script without spaces has words too */
        out->chars[block] = length;
        out->linked[block] = page->link_chars[block];
        out->questions[block] = last == '?';
        words[block] = log_of(lore->logs, out->words[block]);
        chars[block] = log_of(lore->logs, length);
        sentences[block] = log_of(lore->logs, ends);
        stop[block] = is_stop(last);
        share[block] = page->link_chars[block] / (double)length;
        links[block] = log_of(lore->logs, page->links[block]);
        images[block] = page->images[block];
    }
}

/* The letters of the beginnings of blocks. */
static void read_letters(const Page *page, const Lore *lore, const int32_t *begins, const Measured *out, const Own *own) {
    double *signs = own_row(own, SIGNS), *digits = own_row(own, DIGITS), *capitals = own_row(own, CAPITALS);
    double *commas = own_row(own, COMMAS), *separators = own_row(own, SEPARATORS);
    for (int32_t block = 0; block < page->blocks; block++) {
        const uint32_t *at = page->text + begins[block];
        int32_t length = begins[block + 1] - begins[block] - 1, counts[LETTER + 1];
        uint64_t sum = 0;
        if (length > HEAD) length = HEAD;
        for (const uint32_t *end = at + length; at < end; at++) sum += char_of(lore->chars, *at) >> COUNTED;
        for (int kind = 0; kind <= LETTER; kind++) counts[kind] = (int32_t)(sum >> kind * COUNT_BITS) & ((1 << COUNT_BITS) - 1);
        signs[block] = out->money[block] = counts[MONEY];
        digits[block] = out->digits[block] = counts[DIGIT] / larger(length, 1);
        capitals[block] = counts[UPPER] / larger(counts[LETTER], 1);
        commas[block] = counts[COMMA] / smaller(out->words[block], 20);
        separators[block] = counts[SEPARATOR];
    }
}

/* Hashes of the words that blocks begin with. */
static void spell_heads(const Page *page, const Lore *lore, const Measured *out) {
    int32_t found = 0;
    for (int32_t block = 0; block < page->blocks; block++) {
        const uint32_t *word = page->lower + out->begins[block], *limit = page->lower + out->begins[block + 1] - 1, *end;
        if (limit - word > HEAD) limit = word + HEAD;
        out->heads[block] = found;
        for (uint64_t hash = HASH_BASIS; (end = next_run(lore->chars, IN_WORD, &word, limit, &hash)); word = end, hash = HASH_BASIS) {
            out->head_words[found++] = hash = hash_end(hash);
            seek_soon(&lore->words, hash);
        }
    }
    out->heads[page->blocks] = found;
}

/* The scores of these words, and the share of them that the title has too. */
static int score_heads(const Page *page, const Lore *lore, const Measured *out, const Own *own) {
    int64_t length = 0;
    while (page->title[length]) length++;
    const uint32_t *title_end = page->title + length;
    uint64_t *title = malloc(((size_t)length / 2 + 1) * sizeof *title), hash = HASH_BASIS, sieve = 0; /* a bit for each of its words */
    if (!title) return 0;
    int32_t titled = 0;
    for (const uint32_t *word = page->title, *end; (end = next_run(lore->chars, IN_WORD, &word, title_end, &hash)); word = end) {
        title[titled] = hash_end(hash);
        sieve |= 1ULL << (title[titled++] & 63);
        hash = HASH_BASIS;
    }
    double *of_mean = own_row(own, WORD_MEAN), *of_least = own_row(own, WORD_MIN), *of_most = own_row(own, WORD_MAX);
    double *of_sum = own_row(own, WORD_SUM), *of_title = own_row(own, TITLE_SHARE);
    for (int32_t block = 0; block < page->blocks; block++) {
        double sum = 0, least = 0, most = 0;
        int32_t words = out->heads[block + 1] - out->heads[block], known = 0, shared = 0;
        for (const uint64_t *word = out->head_words + out->heads[block], *end = word + words; word < end; word++) {
            const Entry *entry = entry_of(&lore->words, *word);
            double score = entry ? entry->score : 0;
            known += score != 0;
            sum += score;
            least = smaller(least, score);
            most = larger(most, score);
            for (int32_t number = 0; (sieve >> (*word & 63) & 1) && number < titled; number++)
                if (title[number] == *word) {
                    shared++;
                    break;
                }
        }
        of_mean[block] = sum / larger(known, 1);
        of_least[block] = least;
        of_most[block] = most;
        of_sum[block] = sum;
        of_title[block] = shared / larger(words, 1);
    }
    free(title);
    return 1;
}

/* Fills the rows of OWN and what is kept of texts; 0 when memory ran out. */
int read_texts(const Page *page, const Lore *lore, const Measured *out, const Own *own) {
    int32_t *begins = malloc(((size_t)page->blocks + 1) * sizeof *begins);
    if (!begins) return 0;
    memcpy(begins, page->begins, (size_t)page->blocks * sizeof *begins);
    begins[page->blocks] = page->length;
    if (page->lower == page->text)
        memcpy(out->begins, begins, ((size_t)page->blocks + 1) * sizeof *begins);
    else
        find_begins(page->lower, page->blocks, out->begins);
    read_lengths(page, lore, begins, out, own);
    read_letters(page, lore, begins, out, own);
    spell_heads(page, lore, out);
    int done = find_twins(page->text, begins, page->blocks, out->twin, own_row(own, COPIES)) && score_heads(page, lore, out, own);
    free(begins);
    return done;
}
