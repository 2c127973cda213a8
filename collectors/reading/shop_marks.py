"""Whether a page's markup holds what only pages that sell hold: one pass that spares most pages the search for prices."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from collectors.reading import product_words as words


class ShopMarks(NamedTuple):
    """What stands in the markup: words of prices, of buying, of prices before."""

    has_price: bool
    has_buy: bool
    has_old: bool


def shop_marks(raw: bytes) -> ShopMarks:
    """The marks of a page, in one pass over it."""
    found = {number for number, _, _ in _search().find_matches_as_indexes(raw)}
    buy = len(words.PRICE_MARKS)
    old = buy + len(words.BUY_MARKS)
    return ShopMarks(
        has_price=any(number < buy for number in found),
        has_buy=any(buy <= number < old for number in found),
        has_old=any(number >= old for number in found),
    )


@cache
def _search() -> BytesAhoCorasick:
    marks = [*words.PRICE_MARKS, *words.BUY_MARKS, *words.OLD_MARKS]
    return BytesAhoCorasick(marks, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)
