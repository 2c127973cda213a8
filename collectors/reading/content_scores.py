"""Learned scores of words and of class names, looked up for all blocks or containers of a page at once.

The words of many strings are found in one pass over the joined strings; what ends a string is a token too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

HEAD: Final = 80  # characters of a block whose words and letters are looked at: its beginning says what it is
MAX_NAMES: Final = 120  # characters of a class and id string
END: Final = "\x00"  # between strings; no parsed page holds it
NAME_TOKEN: Final = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}|\x00")
WORD: Final = re.compile(r"\w+|\x00")


class Scores(NamedTuple):
    """Learned log-odds, of class or id tokens and of words, to stand in main content."""

    names: Mapping[str, float]
    words: Mapping[str, float]

    @classmethod
    def of(cls, names: Mapping[str, float], words: Mapping[str, float]) -> Scores:
        """Ends of strings are tokens as well, of a score that is no number, so that they are found among the scores."""
        return cls({**names, END: math.nan}, {**words, END: math.nan})


def name_tokens(names: str) -> list[str]:
    """Lower-case words of class and id strings: "postBody post-1" gives post, body, post."""
    return "\n".join(NAME_TOKEN.findall(names[:MAX_NAMES])).lower().split()


def block_words(text: str) -> list[str]:
    """Words by which a block is scored."""
    return WORD.findall(text[:HEAD].lower())


def scored(tokens: Sequence[str], scores: Mapping[str, float]) -> tuple[Doubles, Numbers, Numbers]:
    """The score of each token (0 for ENDs and unknown ones), and where each string's tokens start and end (its END)."""
    get = scores.get
    marks = np.array([get(token, 0.0) for token in tokens])
    ends = np.flatnonzero(np.isnan(marks))
    marks[ends] = 0
    return marks, np.concatenate(([0], ends[:-1] + 1)), ends
