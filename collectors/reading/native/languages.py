"""Which language a text is in (`language.c`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ctypes import Structure, addressof, c_char_p, c_int32, c_void_p
from typing import Final

import numpy as np
import numpy.typing as npt

from collectors.reading.native.counting import Table
from collectors.reading.native.library import LIBRARY, Bytes, at, encoded, pointers

MOST_LANGUAGES: Final = 24  # of one script
NO_SCRIPT: Final = 15
# Marks of a letter, added to the number of its script.
OF_URDU, OF_PERSIAN, NOT_OF_PERSIAN, OF_KANA = 1 << 4, 1 << 5, 1 << 6, 1 << 7


class _Model(Structure):
    _fields_ = (*pointers("grams", "weights", "prior"), ("languages", c_int32))


class _Tongues(Structure):
    _fields_ = (*pointers("chars", "tells"), ("models", _Model * 2))


_language_of = LIBRARY.language_of
_language_of.argtypes, _language_of.restype = (c_void_p, c_char_p, c_int32), c_int32


class Model:
    """Runs of one to five letters, and whole words behind a "=", with what each says for each language: a row of `weights`.

    Every one is ended by END.
    """

    __slots__ = ("_held", "languages", "struct")

    def __init__(self, languages: Sequence[str], grams: str, weights: npt.NDArray[np.int8], prior: Iterable[int]) -> None:
        self.languages = languages
        table, rows = Table(grams, np.arange(len(weights))), np.zeros((len(weights), MOST_LANGUAGES), np.int8)
        rows[:, : len(languages)] = weights
        before = np.array([*prior], np.int32)
        self._held = table, rows, before
        self.struct = _Model(addressof(table.struct), at(rows), at(before), len(languages))


class Tongues:
    """What letters and words tell. `tells` has the script of each lower-case letter, `languages` those of each script.

    The first scripts have a model each; `chars` are those of an Alphabet.
    """

    __slots__ = ("_held", "_languages", "_place", "_struct")

    def __init__(
        self, chars: npt.NDArray[np.uint64], tells: Bytes, models: Sequence[Model], languages: Sequence[Sequence[str]]
    ) -> None:
        self._held = chars, tells, models
        self._languages = languages
        self._struct = _Tongues(at(chars), at(tells), tuple(model.struct for model in models))
        self._place = addressof(self._struct)

    def language(self, text: str) -> str | None:
        """The language of most of a text; None where no letter has a script. Of a long one the beginning is looked at."""
        found: int = _language_of(self._place, encoded(text), len(text))
        if found < 0:
            return None
        script, language = divmod(found, MOST_LANGUAGES)
        return self._languages[script][language]
