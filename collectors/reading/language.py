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
_RUNS = {script: re.compile(f"[{ranges}]+") for script, ranges in _SCRIPTS.items()}
_ONE_LANGUAGE = {
    "han": "zh", "kana": "ja", "hangul": "ko", "greek": "el", "hebrew": "he", "armenian": "hy", "georgian": "ka", "thai": "th",
    "devanagari": "hi", "bengali": "bn", "tamil": "ta", "telugu": "te",
}  # fmt: skip


def detect(text: str) -> str | None:
    """ISO 639-1 code of the language most of a text is in; None when it has no letters."""
    text = text[:LONGEST]
    if any(mark in text for mark in ("://", "www.", "@", "#")):
        text = _NOISE.sub(" ", text)
    script = script_of(text)
    if script is None:
        return None
    if script in _ONE_LANGUAGE:
        return _ONE_LANGUAGE[script]
    if script == "arabic":
        return _arabic(text)
    return _model(script).best(text)


def script_of(text: str) -> str | None:
    """The script of most letters of a text; Japanese is kana wherever it has some, whatever Han characters stand around."""
    if text.isascii():
        return "latin" if any(map(str.isalpha, text)) else None
    counts = {script: sum(map(len, run.findall(text))) for script, run in _RUNS.items()}
    if counts["kana"] and counts["kana"] * 10 > counts["han"]:
        counts["kana"] += counts["han"]
    # a Han or Hangul character says what several letters say
    for script in ("han", "kana", "hangul"):
        counts[script] *= 3
    script = max(counts, key=lambda name: counts[name])
    return script if counts[script] else None


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


class _Model:
    """Weights of one script and the words met so far."""

    def __init__(self, languages: list[str], weights: npt.NDArray[np.int8]) -> None:
        self.languages = languages
        self.weights = weights
        self.places: dict[str, int] = {}
        self.table = np.zeros((_MOST_WORDS, len(languages)), dtype=np.float32)

    def best(self, text: str) -> str | None:
        words = _LETTERS.findall(text.lower())
        if not words:
            return None
        places = self.places
        if len(places) + len(words) > _MOST_WORDS:
            places.clear()
        rows = []
        for word in words:
            place = places.get(word)
            if place is None:
                place = self._add(word)
            rows.append(place)
        scores = self.table[rows].sum(axis=0)
        return self.languages[int(scores.argmax())]

    def _add(self, word: str) -> int:
        place = len(self.places)
        rows = [row_of(gram, len(self.weights)) for gram in grams(word)]
        self.table[place] = self.weights[rows].sum(axis=0, dtype=np.float32)
        self.places[word] = place
        return place


@lru_cache(maxsize=4)
def _model(script: str) -> _Model:
    about = json.loads((_WEIGHTS / "language.json").read_text(encoding="utf-8"))
    weights = np.load(_WEIGHTS / f"language_{script}.npy", allow_pickle=False)
    return _Model(about[script], weights)
