"""Which language a text is in, fast enough to ask of every comment.

The script decides first: Greek, Hebrew, Thai and others have one language each, Cyrillic, Latin and Arabic letters have several.
Those are told apart by a linear model over the n-grams of words: each word has a vector of scores, one per language, and the
scores of a text are the sum over its words. Vectors of words are remembered, so a text costs a table look-up per word.

The weights are plain numbers, `weights/language_<script>.npy` (signed bytes, one row per hashed n-gram) and
`weights/language.json` (languages and sizes); `benchmarks/train_language.py` makes them and names their sources.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

LONGEST = 3_000  # characters looked at; more do not change the answer
_LONGEST_WORD = 24
_MOST_WORDS = 60_000  # remembered per script
_WEIGHTS = Path(__file__).parent / "weights"
_LETTERS = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
_NOISE = re.compile(r"https?://\S+|www\.\S+|[@#][\w.]+|\S+@\S+\.\w+")

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
_PLACES = [(script, re.compile(f"[{ranges}]")) for script, ranges in _SCRIPTS.items()]
_ONE_LANGUAGE = {
    "han": "zh", "kana": "ja", "hangul": "ko", "greek": "el", "hebrew": "he", "armenian": "hy", "georgian": "ka", "thai": "th",
    "devanagari": "hi", "bengali": "bn", "tamil": "ta", "telugu": "te",
}  # fmt: skip


def detect(text: str) -> str | None:
    """ISO 639-1 code of the language most of a text is in; None when it has no letters."""
    text = text[:LONGEST].lower()
    if "://" in text or "www." in text or "@" in text or "#" in text:
        text = _NOISE.sub(" ", text)
    return _words().language(_LETTERS.findall(text))


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


def grams(word: str) -> Iterator[str]:
    """The n-grams of a lower-case word, one to five letters with its edges marked, and the word itself."""
    marked = f"<{word[:_LONGEST_WORD]}>"
    for size in range(1, 6):
        for start in range(len(marked) - size + 1):
            yield marked[start : start + size]
    yield f"={marked}"


def row_of(gram: str, rows: int) -> int:
    return zlib.crc32(gram.encode("utf-8", "surrogatepass")) % rows


class _Words:
    """The words met so far: script, letters and, where a model tells languages apart, their row in its table."""

    def __init__(self) -> None:
        about = json.loads((_WEIGHTS / "language.json").read_text(encoding="utf-8"))
        self.languages: dict[str, list[str]] = about
        self.weights = {script: np.load(_WEIGHTS / f"language_{script}.npy", allow_pickle=False) for script in about}
        self.clear()

    def clear(self) -> None:
        self.known: dict[str, tuple[str | None, int, int]] = {}  # word -> script, weight of its letters, row
        self.tables = {
            script: np.zeros((_MOST_WORDS, len(languages)), dtype=np.int16) for script, languages in self.languages.items()
        }
        self.sizes = dict.fromkeys(self.languages, 0)

    def language(self, words: list[str]) -> str | None:
        if len(self.known) + len(words) > _MOST_WORDS:
            self.clear()
        known = self.known
        letters: dict[str | None, int] = {}
        rows: dict[str | None, list[int]] = {}
        for word in words:
            entry = known.get(word) or self._add(word)
            script, weight, row = entry
            if script in letters:
                letters[script] += weight
                rows[script].append(row)
            else:
                letters[script] = weight
                rows[script] = [row]
        letters.pop(None, None)
        if not letters:
            return None
        script = max(letters, key=letters.__getitem__) if len(letters) > 1 else next(iter(letters))
        if "kana" in letters and script == "han" and letters["kana"] * 10 > letters["han"]:
            return "ja"
        languages = self.languages.get(script or "")
        if languages is None:
            return _arabic("".join(words)) if script == "arabic" else _ONE_LANGUAGE[script or ""]
        scores = self.tables[script or ""][rows[script]].sum(axis=0, dtype=np.int32)
        return languages[int(scores.argmax())]

    def _add(self, word: str) -> tuple[str | None, int, int]:
        script = script_of(word)
        row = 0
        if script in self.languages:
            row = self.sizes[script]
            self.sizes[script] += 1
            weights = self.weights[script]
            self.tables[script][row] = weights[[row_of(gram, len(weights)) for gram in grams(word)]].sum(axis=0, dtype=np.int16)
        # a Han or Hangul character says what several letters say
        weight = len(word) * (3 if script in ("han", "kana", "hangul") else 1)
        entry = (script, weight, row)
        self.known[word] = entry
        return entry


@lru_cache(maxsize=1)
def _words() -> _Words:
    return _Words()
