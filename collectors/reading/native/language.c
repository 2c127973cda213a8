/* Which language a text is in, by its letters and by the n-grams of its words. */
#include "content.h"
#include "words.h"

enum { MOST_CODES = 4096 }; /* of a text that are looked at */
enum { MANY_WORDS = 80, ENOUGH_WORDS = 30, SHORT_WORD = 5 }; /* among so many the short ones, few and often met, tell the language */
enum { BEHIND_ALPHABETS = 0x530 }; /* behind Latin, Greek and Cyrillic: scripts that do not part words, among others */
enum { LONGEST_WORD = 24, LONGEST_GRAM = 5 };

/* As languages.py has them: scripts, the first ones with a model; languages of a script; marks of a letter above its script. */
enum { CYRILLIC, LATIN, ARABIC, HAN, KANA, HANGUL, SCRIPTS = 15, NO_SCRIPT = 15, MODELS = LATIN + 1 };
enum { MOST_LANGUAGES = 24 };
enum { ARAB, PERSIAN, URDU };
enum { OF_URDU = 1 << 4, OF_PERSIAN = 1 << 5, NOT_OF_PERSIAN = 1 << 6, OF_KANA = 1 << 7 };

/* What tells the languages of a script apart: what n-grams, and words behind a "=", say for each. */
typedef struct {
    const Table *grams;    /* rows */
    const int8_t *weights; /* MOST_LANGUAGES a row */
    const int32_t *prior;
    int32_t languages;
} Model;

typedef struct {
    const uint64_t *chars; /* by code point: see words.h */
    const uint8_t *tells;  /* by lower-case code point: its script and its marks */
    Model models[MODELS];
} Tongues;

typedef struct {
    int32_t first, last, script;
} Word;

typedef struct {
    int32_t letters[SCRIPTS + 1]; /* by script, weighed */
    int32_t says[MODELS][MOST_LANGUAGES];
    int marks;
} Heard;

static int is_letter(const Tongues *tongues, uint32_t code) { return (char_of(tongues->chars, code) & IN_LETTERS) != 0; }

/* Parts a text into its words, letters with single apostrophes between them, and gives how many; their letters go to `lower`. */
static int32_t part_words(const Tongues *tongues, const uint32_t *text, int32_t length, uint32_t *lower, Word *words) {
    int32_t count = 0;
    for (int32_t at = 0; at < length; at++) {
        if (!is_letter(tongues, text[at])) continue;
        int32_t first = at;
        while (at < length && (is_letter(tongues, text[at]) ||
                               ((text[at] == '\'' || text[at] == 0x2019) && at + 1 < length && is_letter(tongues, text[at + 1])))) {
            lower[at] = (uint32_t)(char_of(tongues->chars, text[at]) & LOWER_CASE);
            at++;
        }
        words[count++] = (Word){first, at, NO_SCRIPT};
    }
    return count;
}

static int is_short(const Word *word, const uint32_t *lower) {
    return word->last - word->first <= SHORT_WORD || lower[word->first] >= BEHIND_ALPHABETS;
}

/* Leaves only short words where there are enough of them among many. */
static int32_t choose_words(Word *words, int32_t count, const uint32_t *lower) {
    if (count < MANY_WORDS) return count;
    int32_t shorts = 0, kept = 0;
    for (int32_t word = 0; word < count; word++) shorts += is_short(words + word, lower);
    if (shorts < ENOUGH_WORDS) return count;
    for (int32_t word = 0; word < count; word++)
        if (is_short(words + word, lower)) words[kept++] = words[word];
    return kept;
}

/* All grams of one to five letters among the first ones, and the whole word. Their entries and rows are asked for before the first
 * of them is needed. */
WIDE void hear_grams(const Model *model, const uint32_t *word, const uint32_t *last, int32_t *says) {
    const uint32_t *looked = last - word < LONGEST_WORD ? last : word + LONGEST_WORD;
    uint64_t grams[LONGEST_WORD * LONGEST_GRAM + 1];
    const int8_t *rows[LONGEST_WORD * LONGEST_GRAM + 1];
    int32_t count = 0, found = 0;
    for (const uint32_t *start = word; start < looked; start++) {
        uint64_t hash = HASH_BASIS;
        for (const uint32_t *at = start; at < looked && at < start + LONGEST_GRAM; at++) seek_soon(model->grams, grams[count++] = hash_end(hash = hash_step(hash, *at)));
    }
    seek_soon(model->grams, grams[count++] = hash_end(hash_run(hash_step(HASH_BASIS, '='), word, last)));
    for (int32_t gram = 0; gram < count; gram++) {
        const Entry *entry = entry_of(model->grams, grams[gram]);
        if (!entry) continue;
        rows[found] = model->weights + entry->number * MOST_LANGUAGES;
        SOON(rows[found++]);
    }
    for (int32_t row = 0; row < found; row++)
        for (int32_t language = 0; language < MOST_LANGUAGES; language++) says[language] += rows[row][language];
}

/* Names in Latin letters stand among others, hardly the reverse; a Han or Hangul character says what several letters say. */
static int32_t weight_of_letter(int32_t script) { return script == LATIN ? 1 : script >= HAN && script <= HANGUL ? 6 : 2; }

static void hear_word(const Tongues *tongues, Word *word, const uint32_t *lower, Heard *heard) {
    int marks = 0, script = tongues->tells[lower[word->first]] & NO_SCRIPT;
    for (int32_t at = word->first; at < word->last; at++) marks |= tongues->tells[lower[at]];
    if (script == HAN && marks & OF_KANA) script = KANA; /* Japanese, whatever Han characters stand around */
    word->script = script;
    heard->marks |= marks;
    heard->letters[script] += (word->last - word->first) * weight_of_letter(script);
    if (script < MODELS) hear_grams(tongues->models + script, lower + word->first, lower + word->last, heard->says[script]);
}

/* The script with most letters, among equals that of the first word; NO_SCRIPT where no word has one. */
static int32_t heaviest(const Heard *heard, const Word *words, int32_t count) {
    int32_t most = 0;
    for (int32_t script = 0; script < SCRIPTS; script++)
        if (heard->letters[script] > most) most = heard->letters[script];
    for (int32_t word = 0; word < count && most; word++)
        if (words[word].script != NO_SCRIPT && heard->letters[words[word].script] == most) return words[word].script;
    return NO_SCRIPT;
}

static int32_t likeliest(const Model *model, const int32_t *says) {
    int32_t best = 0;
    for (int32_t language = 1; language < model->languages; language++)
        if (says[language] + model->prior[language] > says[best] + model->prior[best]) best = language;
    return best;
}

/* The script of most of a text, times MOST_LANGUAGES, and the number of the language among those of that script; -1 where no word
 * has a script. */
int32_t language_of(const Tongues *tongues, const uint32_t *text, int32_t length) {
    uint32_t lower[MOST_CODES];
    Word words[MOST_CODES / 2];
    Heard heard = {{0}};
    int32_t count = choose_words(words, part_words(tongues, text, length < MOST_CODES ? length : MOST_CODES, lower, words), lower);
    for (int32_t word = 0; word < count; word++) hear_word(tongues, words + word, lower, &heard);
    int32_t script = heaviest(&heard, words, count), language = 0;
    if (script == NO_SCRIPT) return -1;
    if (script == HAN && heard.letters[KANA] * 10 > heard.letters[HAN]) script = KANA;
    if (script < MODELS) language = likeliest(tongues->models + script, heard.says[script]);
    if (script == ARABIC)
        language = heard.marks & OF_URDU ? URDU : heard.marks & OF_PERSIAN && !(heard.marks & NOT_OF_PERSIAN) ? PERSIAN : ARAB;
    return script * MOST_LANGUAGES + language;
}
