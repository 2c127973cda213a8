"""The language of a text, found slowly and obviously: what `native/language.c` must say."""

import re
from functools import cache
from itertools import combinations

import numpy as np

from collectors.reading.language import SCRIPTS, WEIGHTS
from collectors.reading.native.library import END

PRIOR = {"en": 45, "de": 25, "fr": 25, "es": 25, "pt": 25, "it": 25, "pl": 25, "tr": 25, "ru": 60, "bg": 30}
ONE_LANGUAGE = {
    "han": "zh", "kana": "ja", "hangul": "ko", "greek": "el", "hebrew": "he", "armenian": "hy", "georgian": "ka", "thai": "th",
    "devanagari": "hi", "bengali": "bn", "tamil": "ta", "telugu": "te",
}  # fmt: skip


@cache
def model(script: str) -> tuple[list[str], dict[str, np.ndarray]]:
    with np.load(WEIGHTS / f"language_{script}.npz") as stored:
        grams = stored["grams"].tobytes().decode().split(END)[:-1]
        return stored["languages"].tobytes().decode().split("\n"), dict(zip(grams, stored["weights"].astype(int), strict=True))


def script_of_letter(letter: str) -> str | None:
    return next((name for name, ranges in SCRIPTS.items() if re.match(f"[{ranges.replace(' ', '')}]", letter)), None)


def script_of(word: str) -> str | None:
    script = script_of_letter(word[0])
    return "kana" if script == "han" and any(script_of_letter(letter) == "kana" for letter in word) else script


def weight(word: str, script: str) -> int:
    return len(word) * {"latin": 1, "han": 6, "kana": 6, "hangul": 6}.get(script, 2)


def arabic(text: str) -> str:
    if any(letter in text for letter in "ٹڈڑںے"):
        return "ur"
    return "fa" if any(letter in text for letter in "پچژگ") and not any(letter in text for letter in "ةىأإ") else "ar"


def told(words: list[str], script: str) -> str:
    languages, grams = model(script)
    sums = np.array([PRIOR.get(language, 0) for language in languages])
    for word in words:
        looked = word[:24]
        for start, end in combinations(range(len(looked) + 1), 2):
            if end - start <= 5:
                sums += grams.get(looked[start:end], 0)
        sums += grams.get(f"={word}", 0)
    return languages[int(sums.argmax())]


def detect(text: str) -> str | None:
    """The same as collectors.reading.language.detect, for texts that are not cut and have no addresses, tags and mentions."""
    words = re.findall(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*", text.lower())
    short = [word for word in words if len(word) <= 5 or word >= "\u0530"]
    if len(words) >= 80 and len(short) >= 30:
        words = short
    scripts = [script_of(word) for word in words]
    letters = dict.fromkeys(filter(None, scripts), 0)  # in the order of words
    for word, script in zip(words, scripts, strict=True):
        if script:
            letters[script] += weight(word, script)
    if not letters:
        return None
    script = max(letters, key=lambda name: letters[name])
    if script == "han" and letters.get("kana", 0) * 10 > letters["han"]:
        return "ja"
    if script in ("cyrillic", "latin"):
        return told([word for word, its in zip(words, scripts, strict=True) if its == script], script)
    return arabic("".join(words)) if script == "arabic" else ONE_LANGUAGE[script]
