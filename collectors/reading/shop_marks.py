"""Whether a page's markup holds what only pages that sell hold: a look at it that spares most pages the search for prices."""

from __future__ import annotations

from functools import cache, cached_property

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from collectors.reading import product_words as words

MARKS_AT_ONCE = 16  # of so few the search looks at 16 bytes in one step, of more at one


class ShopMarks:
    """What stands in the markup; each is sought at the first question."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @cached_property
    def has_price(self) -> bool:
        """Words and signs of prices."""
        return _holds(self._raw, words.PRICE_MARKS)

    @cached_property
    def has_buy(self) -> bool:
        """Words of buttons that buy."""
        return _holds(self._raw, words.BUY_MARKS)

    @cached_property
    def has_old(self) -> bool:
        """Names of prices before."""
        return _holds(self._raw, words.OLD_MARKS)

    @cached_property
    def has_gtin(self) -> bool:
        """Names of trade numbers."""
        return _holds(self._raw, words.GTIN_MARKS)


def _holds(raw: bytes, marks: tuple[bytes, ...]) -> bool:
    return any(search.find_matches_as_indexes(raw) for search in _searches(marks))


@cache
def _searches(marks: tuple[bytes, ...]) -> list[BytesAhoCorasick]:
    """The marks in groups of about one size: among few that begin with few letters the search is slow again."""
    count = -(-len(marks) // MARKS_AT_ONCE)
    # the kind matters for speed only: searches of other kinds are ten times slower
    return [BytesAhoCorasick(marks[number::count], matchkind=MatchKind.LeftmostLongest) for number in range(count)]
