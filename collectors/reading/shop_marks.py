"""Whether a page's markup holds what only pages that sell hold: a look at it that spares most pages the search for prices."""

from __future__ import annotations

from collectors.reading import product_words as words
from collectors.reading.markup_words import MarkupWords


class ShopMarks:
    """What stands in the markup."""

    def __init__(self, markup: MarkupWords) -> None:
        self._words = markup

    @property
    def has_price(self) -> bool:
        """Words and signs of prices."""
        return self._words.has_any(words.PRICE_MARKS)

    @property
    def has_buy(self) -> bool:
        """Words of buttons that buy."""
        return self._words.has_any(words.BUY_MARKS)

    @property
    def has_old(self) -> bool:
        """Names of prices before."""
        return self._words.has_any(words.OLD_MARKS)

    @property
    def has_gtin(self) -> bool:
        """Names of trade numbers."""
        return self._words.has_any(words.GTIN_MARKS)
