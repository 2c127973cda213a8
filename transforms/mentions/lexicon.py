"""Words as numbers: a vector and a valence for each stem, one space for Russian and English.

The table in `weights/` is made by `benchmarks/train_words.py`. A stem's vector is a projection of the multilingual-e5-small
embedding of its commonest form, so a Russian word lies near its English translation. Its valence is predicted from the full
embedding by a regression fitted on the VADER lexicon (English, rated by people), which so gives a lexicon for Russian too;
`rated` is the rating itself, for words and emoticons that the VADER lexicon has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from zlib import crc32

import numpy as np
import numpy.typing as npt
import Stemmer

EMBEDDING_WIDTH = 64  # columns of a vector that are the embedding; after them the valence, and the rated valence
MOST_FORMS = 400_000  # word forms remembered before the memory is emptied: about 100 MB

COLUMNS = 7  # numbers kept of a form

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int32]

# What a token is besides its meaning: one bit each.
MARKS = ("comma", "stop", "exclamation", "question", "open", "close", "quote", "dash", "colon", "bracket", "number", "symbol")
NEGATION, CAPITALISED, UPPER, UNKNOWN = range(len(MARKS), len(MARKS) + 4)
FLAGS = len(MARKS) + 4  # those above are seen by the network; the rules know more:
STRONGER, WEAKER, CONTRAST, CYRILLIC, OPPOSED, COMPARED = range(FLAGS, FLAGS + 6)
EFFECTS = 3  # numbers of an effect, see `effects`
EFFECT_UNIT = 1.5  # brings the numbers of the list, -3 to 3, to the spread of the other inputs of the networks
LONGEST_BEGINNING, SHORT_BEGINNING, MOST_ENDING = 16, 3, 2
RATING_SCALE, RATING_ZERO = 20, 128  # how a rating of -4 to 4 is kept as a number from 0 to 255
EVALUATION_ZERO = 8  # how an evaluation of -3 to 3 is kept as a number

_MARK_OF = {
    **dict.fromkeys(",،", 0),
    **dict.fromkeys((".", "...", "…"), 1),
    "!": 2,
    "?": 3,
    "«": 4,
    "»": 5,
    **dict.fromkeys("\"“”„'‘’", 6),
    **dict.fromkeys("-–—", 7),
    **dict.fromkeys(":;", 8),
    **dict.fromkeys("()[]{}", 9),
}
_NEGATIONS = frozenset(
    (
        *("не", "ни", "нет", "без", "нельзя", "никогда", "никто", "ничто", "ничего", "никак", "вряд"),
        *("not", "no", "never", "without", "nor", "none", "nobody", "nothing", "neither", "cannot", "hardly", "barely"),
    )
)
_STRONGER = frozenset(
    (
        *("очень", "крайне", "чрезвычайно", "невероятно", "особенно", "слишком", "совершенно", "абсолютно", "полностью"),
        *("просто", "реально", "настолько", "самый", "самая", "самое", "самые", "такой", "такая", "такое", "весьма"),
        *("very", "really", "so", "extremely", "incredibly", "absolutely", "totally", "completely", "utterly", "quite"),
        *("especially", "particularly", "most", "more", "too", "deeply", "highly", "truly", "fucking", "remarkably"),
    )
)
_WEAKER = frozenset(
    (
        *("немного", "слегка", "чуть", "отчасти", "почти", "несколько", "едва", "довольно"),
        *("slightly", "somewhat", "barely", "hardly", "kinda", "sorta", "almost", "marginally", "partly", "less", "little"),
    )
)
_CONTRASTS = frozenset(("но", "однако", "зато", "but", "however"))
_OPPOSITIONS = _CONTRASTS | {"а", "while", "whereas"}  # what follows speaks of another
_COMPARISONS = frozenset(("лучше", "хуже", "better", "worse"))  # than what follows
_CYRILLIC = re.compile("[а-я]")
_REPEATED = re.compile(r"(.)\1{2,}")


def fold(form: str) -> str:
    """One spelling of a word form: lower case, ё = е, straight apostrophes."""
    return form.lower().replace("ё", "е").replace("’", "'")


class Stems:
    """Snowball stems of Russian and English words, told apart by their letters."""

    def __init__(self) -> None:
        self._russian = Stemmer.Stemmer("russian")
        self._english = Stemmer.Stemmer("english")

    def of(self, folded: str) -> str:
        stemmer = self._russian if _CYRILLIC.search(folded) else self._english
        stem: str = stemmer.stemWord(folded)
        return stem


@dataclass(frozen=True, slots=True)
class WordTable:
    """Stems and their vectors; the last row is for words not in the table (zeros)."""

    rows: dict[str, int]
    codes: npt.NDArray[np.int8]  # (stems + 1, EMBEDDING_WIDTH + 2): the vectors, each column in steps of its scale
    scale: Floats  # (EMBEDDING_WIDTH + 2,)
    vectors: Floats  # codes * scale
    rarity: Floats  # (stems + 1,): logarithm of the inverse share of texts that have the stem

    @property
    def unknown(self) -> int:
        return len(self.vectors) - 1


@cache
def word_table() -> WordTable:
    """The table in `weights/words.txt` and `weights/words.npz`."""
    folder = files(__package__).joinpath("weights")
    stems = folder.joinpath("words.txt").read_text(encoding="utf-8").splitlines()
    with as_file(folder.joinpath("words.npz")) as path, np.load(path) as stored:
        codes, scale = stored["vectors"], stored["scale"].astype(np.float32)
        rarity = stored["rarity"].astype(np.float32)
    codes = np.concatenate([codes, np.zeros((1, codes.shape[1]), np.int8)])
    rows = {stem: row for row, stem in enumerate(stems)}
    return WordTable(rows, codes, scale, codes * scale, np.append(rarity, rarity.max()))


@dataclass(frozen=True, slots=True)
class Beginnings:
    """What words say by how they begin; a list written by hand."""

    kinds: dict[str, int]  # beginning of a word -> row of `values`
    values: Floats  # (kinds, numbers of a line); row 0 is for other words

    def kind(self, folded: str) -> int:
        """The kind of the longest beginning in the list. A short one fits short words only: "рак" is not in "ракурс"."""
        for length in range(min(len(folded), LONGEST_BEGINNING), 1, -1):
            kind = self.kinds.get(folded[:length])
            if kind is not None and (length > SHORT_BEGINNING or len(folded) - length <= MOST_ENDING):
                return kind
        return 0


def _beginnings(name: str, numbers: int) -> Beginnings:
    """A list in `weights/`: a line is some numbers from -3 to 3, then beginnings of words."""
    lines = files(__package__).joinpath("weights", name).read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    kinds = {beginning: number for number, row in enumerate(rows, 1) for beginning in row[numbers:]}
    values = [[0.0] * numbers, *([float(value) for value in row[:numbers]] for row in rows)]
    return Beginnings(kinds, np.array(values, np.float32))


@cache
def effects() -> Beginnings:
    """What a word does to those around it (EFFECTS numbers: for the doer, for the one it is done to, for the text; -2 to 2)."""
    listed = _beginnings("effects.txt", EFFECTS)
    return Beginnings(listed.kinds, listed.values / np.float32(EFFECT_UNIT))


@cache
def evaluations() -> Beginnings:
    """What a word says of the thing that it is said of (one number, -3 to 3; 1 is what everybody expects)."""
    return _beginnings("evaluations.txt", 1)


@cache
def ratings() -> dict[str, float]:
    """Word or emoticon -> how people rated it, -4 to 4: the VADER lexicon (MIT, C.J. Hutto), in `weights/ratings.txt`."""
    lines = files(__package__).joinpath("weights", "ratings.txt").read_text(encoding="utf-8").splitlines()
    return {word: float(rating) for word, rating in (line.split("\t") for line in lines)}


class Forms:
    """Numbers of word forms, each computed once."""

    def __init__(self, table: WordTable) -> None:
        self.table = table
        self._ratings = ratings()
        self._effects, self._evaluations = effects(), evaluations()
        self._stems = Stems()
        self._ids: dict[str, int] = {}
        self._numbers = np.zeros((4096, COLUMNS), np.uint32)

    def numbers(self, forms: list[str]) -> npt.NDArray[np.uint32]:
        """(forms, COLUMNS): row, stem hash, ending hash, flags as bits, rating as a number (see RATING_SCALE), kind of effect,
        evaluation (see EVALUATION_ZERO)."""
        if len(self._ids) > MOST_FORMS:
            self._ids.clear()
        ids = self._ids
        found = [ids[form] if form in ids else self._add(form) for form in forms]
        return self._numbers[found]

    def _add(self, form: str) -> int:
        folded = fold(form)
        stem, row = self._found(folded)
        flags = 1 << UNKNOWN if row == self.table.unknown else 0
        if form[0].isalpha():
            flags |= (folded in _NEGATIONS or folded.endswith("n't")) << NEGATION
            flags |= form[0].isupper() << CAPITALISED
            flags |= (len(form) > 1 and form.isupper()) << UPPER
            flags |= (folded in _STRONGER) << STRONGER | (folded in _WEAKER) << WEAKER | (folded in _CONTRASTS) << CONTRAST
            flags |= (_CYRILLIC.search(folded) is not None) << CYRILLIC
            flags |= (folded in _OPPOSITIONS) << OPPOSED | (folded in _COMPARISONS) << COMPARED
        elif (mark := _MARK_OF.get(form, _MARK_OF.get(form[-1]))) is not None:
            flags |= 1 << mark
        else:
            flags |= 1 << MARKS.index("number" if form[0].isdigit() else "symbol")
        rating = next((self._ratings[spelling] for spelling in _spellings(folded) if spelling in self._ratings), 0.0)
        number = round(rating * RATING_SCALE) + RATING_ZERO
        evaluation = int(self._evaluations.values[self._evaluations.kind(folded), 0]) + EVALUATION_ZERO
        place = len(self._ids)
        if place == len(self._numbers):
            self._numbers = np.concatenate([self._numbers, np.zeros_like(self._numbers)])
        hashes = crc32(stem.encode()), crc32(folded[-3:].encode())
        self._numbers[place] = row, *hashes, flags, number, self._effects.kind(folded), evaluation
        self._ids[form] = place
        return place

    def _found(self, folded: str) -> tuple[str, int]:
        rows, unknown = self.table.rows, self.table.unknown
        for spelling in _spellings(folded):
            stem = self._stems.of(spelling)
            if stem in rows:
                return stem, rows[stem]
        for part in reversed(re.split(r"['-]", folded)):  # of a compound, the part that carries the ending
            stem = self._stems.of(part)
            if part != folded and stem in rows:
                return stem, rows[stem]
        return self._stems.of(_REPEATED.sub(r"\1", folded)), unknown


def _spellings(folded: str) -> tuple[str, ...]:
    """As written, sooo -> soo, sooo -> so."""
    return (folded, _REPEATED.sub(r"\1\1", folded), _REPEATED.sub(r"\1", folded)) if _REPEATED.search(folded) else (folded,)
