"""Learned scores of words and of class names, and how strings are cut into them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collectors.reading.content_containers import TAG_BITS, TAG_CODES, TAG_NUMBERS
from collectors.reading.native.counting import HEAD, Alphabet, Lore
from collectors.reading.native.library import encoded

MAX_NAMES: Final = 120  # characters of a class and id string
NAME_TOKEN: Final = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}")
WORD: Final = re.compile(r"\w+")
# As `words.h` has them: the lower case of a character, what it is part of, and counters for the kinds of which it is one.
_IN_WORD, _IN_LETTERS, _FIRST_COUNTER, _COUNTER_BITS = 1 << 18, 1 << 19, 20, 7
_DIGIT, _UPPER, _COMMA, _SEPARATOR, _MONEY, _LETTER = (1 << _FIRST_COUNTER + _COUNTER_BITS * number for number in range(6))
_AFTER_DIGITS: Final = 0x20000  # the planes from here on are of ideographs
_AFTER_LETTERS: Final = 0x40000  # code points from here on are signs, or not assigned yet


class Scores(NamedTuple):
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
        _characters(),
        np.array([TAG_NUMBERS.get(tag, -1) for tag in TAG_CODES], np.int32),
        np.array([TAG_BITS.get(tag, 0) for tag in TAG_CODES], np.int32),
    )


def _characters() -> npt.NDArray[np.uint64]:
    """By code point; the last stands for all from _AFTER_LETTERS on."""
    chars = np.zeros(_AFTER_LETTERS + 1, np.uint64)
    chars[0xDF:] = _LETTER
    chars[ord("a") : ord("z") + 1] = _LETTER
    for first, last in (("A", "Z"), ("А", "Я"), ("À", "Þ")):
        chars[ord(first) : ord(last) + 1] = _LETTER | _UPPER
    chars[ord("0") : ord("9") + 1] = _DIGIT
    chars[ord(",")] = _COMMA
    chars[[ord(sign) for sign in "|©»›·"]] = _SEPARATOR
    chars[[ord(sign) for sign in "$€£₽"]] = _MONEY
    alone = np.arange(_AFTER_LETTERS, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    codes = encoded(alone.replace("\u0130", "i").lower())  # the one letter whose lower case has two: see counting.Page
    lower = np.frombuffer(codes, "<U1")
    chars[:-1] |= np.frombuffer(codes, "<u4")
    in_word = np.strings.isalnum(lower)  # as the pattern \w has it, but for the low line
    chars[:-1][in_word] |= _IN_WORD | _IN_LETTERS
    chars[:_AFTER_DIGITS][np.strings.isdecimal(lower[:_AFTER_DIGITS])] ^= _IN_LETTERS
    chars[ord("_")] |= _IN_WORD
    return chars


def name_tokens(names: str) -> list[str]:
    """Lower-case words of class and id strings: "postBody post-1" gives post, body, post."""
    return "\n".join(NAME_TOKEN.findall(names[:MAX_NAMES])).lower().split()


def block_words(text: str) -> list[str]:
    """Words by which a block is scored."""
    return WORD.findall(text[:HEAD].lower())
