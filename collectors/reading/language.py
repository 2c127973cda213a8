"""Which language a text is in, fast enough to ask of every comment.

The script decides first: Greek, Hebrew, Thai and others have one language each, Cyrillic, Latin and Arabic letters have several.
Arabic ones are told by letters that few of them have, the others by the n-grams of words (naive Bayes): each n-gram has a weight
per language, a word the sum of its n-grams, a text the sum of its words (`native/language.c`).

The weights are plain numbers, `weights/language_<script>.npz`: n-grams and frequent words (`=word`), each ended by
END, and a signed byte for each of them and each language. `benchmarks/train_language.py` makes them and names their source.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from collectors.reading.content_scores import alphabet
from collectors.reading.native.languages import NO_SCRIPT, NOT_OF_PERSIAN, OF_KANA, OF_PERSIAN, OF_URDU, Model, Tongues
from collectors.reading.native.library import Bytes

LONGEST = 1_500  # characters looked at: two thirds at the beginning of a text, one in its middle
WEIGHTS = Path(__file__).parent / "weights"
_NOISE = re.compile(r"https?://\S+|www\.\S+|[@#][\w.]+|\S+@\S+\.\w+")
_NOISE_WITHOUT_AT = re.compile(r"https?://\S+|www\.\S+|#[\w.]+")  # the same where no @ is: an address is sought at every letter
_NOISE_SIGNS = ("@", "#", "://", "w.", "W.")  # all noise has one of them
_CHANGING = ("\u0130", "\u03a3")  # letters whose lower case is two, or hangs on what stands around

# In the order of language.c: the first and the last letter of each range, in lower case.
SCRIPTS: Final = {
    "cyrillic": "\u0400-\u052f",
    "latin": "a-z \u00c0-\u024f \u1e00-\u1eff",
    "arabic": "\u0600-\u06ff \u0750-\u077f \ufb50-\ufdff \ufe70-\ufeff",
    "han": "\u3400-\u4dbf \u4e00-\u9fff \uf900-\ufaff",
    "kana": "\u3040-\u30ff",
    "hangul": "\u1100-\u11ff \u3130-\u318f \uac00-\ud7af",
    "greek": "\u0370-\u03ff \u1f00-\u1fff",
    "hebrew": "\u0590-\u05ff",
    "armenian": "\u0530-\u058f",
    "georgian": "\u10a0-\u10ff",
    "thai": "\u0e00-\u0e7f",
    "devanagari": "\u0900-\u097f",
    "bengali": "\u0980-\u09ff",
    "tamil": "\u0b80-\u0bff",
    "telugu": "\u0c00-\u0c7f",
}
_MODELLED = ("cyrillic", "latin")
_LANGUAGES = {
    "arabic": ("ar", "fa", "ur"),
    "han": ("zh",), "kana": ("ja",), "hangul": ("ko",), "greek": ("el",), "hebrew": ("he",), "armenian": ("hy",),
    "georgian": ("ka",), "thai": ("th",), "devanagari": ("hi",), "bengali": ("bn",), "tamil": ("ta",), "telugu": ("te",),
}  # fmt: skip
_MARKED = {OF_URDU: "ٹڈڑںے", OF_PERSIAN: "پچژگ", NOT_OF_PERSIAN: "ةىأإ"}

# What a text is likelier to be before a letter of it is read, in tenths of a nat: decides single words, never sentences.
_PRIOR = {"en": 45, "de": 25, "fr": 25, "es": 25, "pt": 25, "it": 25, "pl": 25, "tr": 25, "ru": 60, "bg": 30}


def detect(text: str) -> str | None:
    """ISO 639-1 code of the language most of a text is in; None when it has no letters."""
    if len(text) > LONGEST:
        third = LONGEST // 3
        middle = max(2 * third, len(text) // 2)
        text = f"{text[: 2 * third]} {text[middle : middle + third]}"
    if any(map(text.__contains__, _NOISE_SIGNS)):
        noise = _NOISE if "@" in text else _NOISE_WITHOUT_AT
        text = noise.sub(" ", text.lower())
    elif any(map(text.__contains__, _CHANGING)):
        text = text.lower()
    return _tongues().language(text)


@cache
def _tongues() -> Tongues:
    models = [_model(script) for script in _MODELLED]
    return Tongues(alphabet().chars, _letters(), models, [*(model.languages for model in models), *_LANGUAGES.values()])


def _model(script: str) -> Model:
    with np.load(WEIGHTS / f"language_{script}.npz", allow_pickle=False) as stored:
        languages = stored["languages"].tobytes().decode().split("\n")
        grams = stored["grams"].tobytes().decode()
        return Model(languages, grams, stored["weights"], [_PRIOR.get(language, 0) for language in languages])


def _letters() -> Bytes:
    """What a letter tells, by lower-case code point."""
    tells = np.full(len(alphabet().chars), NO_SCRIPT, np.uint8)
    for number, ranges in enumerate(SCRIPTS.values()):
        for letters in ranges.split():
            tells[ord(letters[0]) : ord(letters[-1]) + 1] = number
    tells[tells == [*SCRIPTS].index("kana")] |= OF_KANA
    for mark, marked in _MARKED.items():
        tells[[*map(ord, marked)]] |= mark
    return tells
