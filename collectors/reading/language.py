"""Which language a text is in, fast enough to ask of every comment.

The script decides first: Greek, Hebrew, Thai and others have one language each, Cyrillic, Latin and Arabic letters have several.
Those are told apart by the n-grams of words (naive Bayes): each n-gram has a weight per language, a word the sum of its n-grams,
a text the sum of its words. Sums of words are remembered in the rows of one table, so a text costs a look-up per word and the
sum of their rows.

The weights are plain numbers, `weights/language_<script>.npz`: n-grams and frequent words (`=word`), one a line, and a
signed byte per line and language. `benchmarks/train_language.py` makes them and names their source.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from collectors.reading.native.counting import Grams
from collectors.reading.native.library import at

LONGEST = 1_500  # characters looked at: two thirds at the beginning of a text, one in its middle
MANY_WORDS = 80  # among so many the short ones, few and often met, tell the language
_ENOUGH_WORDS = 30
_SHORT_WORD = 5  # letters
_BEHIND_ALPHABETS = "\u0530"  # behind Latin, Greek and Cyrillic: scripts that do not part words, among others
_LONGEST_WORD = 24
_MOST_WORDS = 60_000  # remembered per script
WEIGHTS = Path(__file__).parent / "weights"
_LETTERS = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
# What is no letter or apostrophe of ASCII to spaces: most of what stands between words.
_SPACED = bytes(byte if byte > 127 or chr(byte).isalpha() or byte == ord("'") else ord(" ") for byte in range(256))
_NOISE = re.compile(r"https?://\S+|www\.\S+|[@#][\w.]+|\S+@\S+\.\w+")
_NOISE_WITHOUT_AT = re.compile(r"https?://\S+|www\.\S+|#[\w.]+")  # the same where no @ is: an address is sought at every letter

_SCRIPTS = {
    "cyrillic": "\u0400-\u052f",
    "latin": "a-zA-Z\u00c0-\u024f\u1e00-\u1eff",
    "arabic": "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff",
    "han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "kana": "\u3040-\u30ff",
    "hangul": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "hebrew": "\u0590-\u05ff",
    "armenian": "\u0530-\u058f",
    "georgian": "\u10a0-\u10ff",
    "thai": "\u0e00-\u0e7f",
    "devanagari": "\u0900-\u097f",
    "bengali": "\u0980-\u09ff",
    "tamil": "\u0b80-\u0bff",
    "telugu": "\u0c00-\u0c7f",
}
_NAMES = tuple(_SCRIPTS)
_NUMBERS = {script: number for number, script in enumerate(_SCRIPTS)}
_PLACES = [(script, re.compile(f"[{ranges}]")) for script, ranges in _SCRIPTS.items()]
_ONE_LANGUAGE = {
    "han": "zh", "kana": "ja", "hangul": "ko", "greek": "el", "hebrew": "he", "armenian": "hy", "georgian": "ka", "thai": "th",
    "devanagari": "hi", "bengali": "bn", "tamil": "ta", "telugu": "te",
}  # fmt: skip

# What a text is likelier to be before a letter of it is read, in tenths of a nat: decides single words, never sentences.
_PRIOR = {"en": 45, "de": 25, "fr": 25, "es": 25, "pt": 25, "it": 25, "pl": 25, "tr": 25, "ru": 60, "bg": 30}


def detect(text: str) -> str | None:
    """ISO 639-1 code of the language most of a text is in; None when it has no letters."""
    if len(text) > LONGEST:
        third = LONGEST // 3
        middle = max(2 * third, len(text) // 2)
        text = f"{text[: 2 * third]} {text[middle : middle + third]}"
    text = text.lower()
    if "@" in text:
        text = _NOISE.sub(" ", text)
    elif "://" in text or "www." in text or "#" in text:
        text = _NOISE_WITHOUT_AT.sub(" ", text)
    words = _words_in(text)
    if len(words) >= MANY_WORDS:
        short = [word for word in words if len(word) <= _SHORT_WORD or word >= _BEHIND_ALPHABETS]
        words = short if len(short) >= _ENOUGH_WORDS else words
    return _words().language(words) if words else None


def _words_in(text: str) -> list[str]:
    """Words as `_LETTERS` finds them; most of a text is parted faster by its spaces."""
    words: list[str] = []
    for part in text.encode("utf-8", "surrogatepass").translate(_SPACED).decode("utf-8", "surrogatepass").split():
        if part.isalpha():
            words.append(part)
        else:
            words += _LETTERS.findall(part)
    return words


@lru_cache(maxsize=4096)
def _script_of_letter(letter: str) -> str | None:
    return next((script for script, place in _PLACES if place.match(letter)), None)


def script_of(word: str) -> str | None:
    """The script of a word; Japanese is kana wherever it has some, whatever Han characters stand around."""
    script = _script_of_letter(word[0])
    if script == "han" and any(_script_of_letter(letter) == "kana" for letter in word):
        return "kana"
    return script


def _arabic(text: str) -> str:
    if any(letter in text for letter in "ٹڈڑںے"):
        return "ur"
    return "fa" if any(letter in text for letter in "پچژگ") and not any(letter in text for letter in "ةىأإ") else "ar"


class _Words(dict[str, int]):
    """The words met so far, each with the number of its row in one table, which a word gets when it is first asked for.

    A row holds what its word says for each language of the scripts that a model tells apart, and the weight of its letters for
    each script: what a text says is the sum of the rows of its words.
    """

    def __init__(self) -> None:
        self.languages: dict[str, list[str]] = {}
        self.columns: dict[str, slice] = {}  # of the languages of a script
        self.grams: dict[str, Grams] = {}
        self.priors: dict[str, npt.NDArray[np.int32]] = {}
        width = len(_SCRIPTS)
        for script in ("cyrillic", "latin"):
            with np.load(WEIGHTS / f"language_{script}.npz", allow_pickle=False) as stored:
                languages = stored["languages"].tobytes().decode().split("\n")
                grams = stored["grams"].tobytes().decode().split("\n")
                self.grams[script] = Grams(grams, stored["weights"])
            self.languages[script] = languages
            self.columns[script] = slice(width, width + len(languages))
            self.priors[script] = np.array([_PRIOR.get(language, 0) for language in languages], np.int32)
            width += len(languages)
        self.table = np.zeros((_MOST_WORDS, width), dtype=np.int16)
        self._place = at(self.table)

    def forget(self) -> None:
        self.clear()
        self.table[:] = 0

    def language(self, words: list[str]) -> str | None:
        if len(self) + len(words) > _MOST_WORDS:
            self.forget()
        rows = self.table.take([*map(self.__getitem__, words)], axis=0)
        sums = np.add.reduce(rows, axis=0, dtype=np.int32)
        letters = sums[: len(_SCRIPTS)].tolist()
        script = _heaviest(letters, words)
        if script is None:
            return None
        if script == "han" and letters[_NUMBERS["kana"]] * 10 > letters[_NUMBERS["han"]]:
            return "ja"
        if script in self.languages:
            return self.languages[script][int((sums[self.columns[script]] + self.priors[script]).argmax())]
        return _arabic("".join(words)) if script == "arabic" else _ONE_LANGUAGE[script]

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        script = script_of(word)
        if script is None:
            return number
        # names are written in Latin letters among others, hardly the reverse; a Han or Hangul character says what several
        # letters say
        row = self.table[number]
        row[_NUMBERS[script]] = len(word) * (1 if script == "latin" else 6 if script in ("han", "kana", "hangul") else 2)
        if script in self.languages:
            first = number * self.table.shape[1] + self.columns[script].start
            self.grams[script].add(word, _LONGEST_WORD, self._place + first * self.table.itemsize)
        return number


def _heaviest(letters: list[int], words: list[str]) -> str | None:
    """The script with most letters, among equals that of the first word; None where no word has one."""
    most = max(letters)
    if not most:
        return None
    if letters.count(most) == 1:
        return _NAMES[letters.index(most)]
    return next(script for word in words if (script := script_of(word)) and letters[_NUMBERS[script]] == most)


@lru_cache(maxsize=1)
def _words() -> _Words:
    return _Words()
