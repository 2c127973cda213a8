"""Learned scores of words and of class names, and how strings are cut into them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from collectors.reading.content_containers import TAG_BITS, TAG_CODES, TAG_NUMBERS
from collectors.reading.native.counting import Alphabet, Lore
from collectors.reading.native.library import Bytes

HEAD: Final = 80  # characters of a block whose words and letters are looked at: its beginning says what it is
MAX_NAMES: Final = 120  # characters of a class and id string
NAME_TOKEN: Final = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}")
WORD: Final = re.compile(r"\w+")
DIGIT, UPPER, COMMA, SEPARATOR, MONEY, LETTER = (1 << number for number in range(6))
_AFTER_LETTERS: Final = 0x40000  # code points from here on are signs, or not assigned yet
_LETTER_KINDS: Final = 0x20C0  # of code points; all beyond are as the last


@dataclass(frozen=True, slots=True)
class Scores:
    """Learned log-odds, of class or id tokens and of words, to stand in main content."""

    names: Mapping[str, float]
    words: Mapping[str, float]
    lore: Lore

    @classmethod
    def of(cls, names: Mapping[str, float], words: Mapping[str, float]) -> Scores:
        return cls(names, words, Lore(words, names, alphabet()))


@cache
def alphabet() -> Alphabet:
    return Alphabet(
        _letters(),
        _word_characters(),
        np.array([TAG_NUMBERS.get(tag, -1) for tag in TAG_CODES], np.int32),
        np.array([TAG_BITS.get(tag, 0) for tag in TAG_CODES], np.int32),
    )


def _letters() -> Bytes:
    kinds = np.zeros(_LETTER_KINDS, np.uint8)
    kinds[0xDF:] = LETTER
    kinds[ord("a") : ord("z") + 1] = LETTER
    for first, last in (("A", "Z"), ("А", "Я"), ("À", "Þ")):
        kinds[ord(first) : ord(last) + 1] = LETTER | UPPER
    kinds[ord("0") : ord("9") + 1] = DIGIT
    kinds[ord(",")] = COMMA
    kinds[[ord(sign) for sign in "|©»›·"]] = SEPARATOR
    kinds[[ord(sign) for sign in "$€£₽"]] = MONEY
    return kinds


def _word_characters() -> Bytes:
    """By code point: 0, or 1 for a part of a word, 2 for one that is a letter."""
    kinds = np.zeros(0x110000, np.uint8)
    codes = np.arange(_AFTER_LETTERS, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    for pattern, kind in ((r"\w+", 1), (r"[^\W\d_]+", 2)):
        for run in re.finditer(pattern, codes):
            kinds[run.start() : run.end()] = kind
    return kinds


def name_tokens(names: str) -> list[str]:
    """Lower-case words of class and id strings: "postBody post-1" gives post, body, post."""
    return "\n".join(NAME_TOKEN.findall(names[:MAX_NAMES])).lower().split()


def block_words(text: str) -> list[str]:
    """Words by which a block is scored."""
    return WORD.findall(text[:HEAD].lower())
