"""The fixed words that several readers seek in a page's raw markup, all found in one pass at the first question."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache, cached_property
from typing import Final

from collectors.reading.date_words import SCRIPT_NAMES
from collectors.reading.native.searching import SHORTEST, Needles
from collectors.reading.product_words import BUY_MARKS, GTIN_MARKS, OLD_MARKS, PRICE_MARKS
from collectors.reading.technical_tags import PLATFORMS, TAGS

MAX_PLACES: Final = 200  # of the word of a tag
MAX_DATES: Final = 500  # of a name of dates in scripts


class MarkupWords:
    """Which of the known words stand in the markup, and where."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def places(self, word: bytes) -> Sequence[int]:
        """Where a word begins, in order: some hundreds of places at most, and of words of shops and platforms the first one."""
        return self.found.get(word, ())

    def has_any(self, words: Collection[bytes]) -> bool:
        if any(map(self.found.__contains__, words)):
            return True
        return any(word in self._raw for word in words if len(word) < SHORTEST)

    @cached_property
    def found(self) -> Mapping[bytes, Sequence[int]]:
        """The places of the words that stand there at all."""
        return _needles().places(self._raw)


@cache
def _needles() -> Needles:
    shops = (word for word in (*PRICE_MARKS, *BUY_MARKS, *OLD_MARKS, *GTIN_MARKS) if len(word) >= SHORTEST)
    most = dict.fromkeys((*shops, *(word for _, word in PLATFORMS)), 1)
    most |= dict.fromkeys((tag.needle for tag in TAGS), MAX_PLACES)
    return Needles(most | dict.fromkeys(SCRIPT_NAMES, MAX_DATES))
