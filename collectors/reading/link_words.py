"""The fixed words that several readers seek in the addresses of a page's links, all found in one look at all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from collectors.reading.model import Link
from collectors.reading.word_search import WordSearch

FEED_WORDS: Final = ("rss", "feed", "atom", "index.xml", "index.rdf")  # one is in every address that looks like a feed's
MARK_WORDS: Final = ("utm_", "apple.com/", "play.google.com/", "rustore.ru/", "appgallery.")  # of campaigns and shops of apps
AD_WORDS: Final = ("erid",)  # of advertisements


class LinkWords:
    """Which links hold which of the known words, in letters of any size."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._links = links
        self._holding: dict[str, list[int]] = {}  # by word: numbers of links in order, some of them more than once
        for word, number in _search().places([link.url for link in links]):
            self._holding.setdefault(word, []).append(number)

    def holding(self, words: Iterable[str]) -> list[Link]:
        """The links that hold at least one of these words, in their order."""
        numbers = {number for word in words for number in self._holding.get(word, ())}
        return [self._links[number] for number in sorted(numbers)]


@cache
def _search() -> WordSearch:
    """No word of one reader overlaps with one of another."""
    return WordSearch((*FEED_WORDS, *MARK_WORDS, *AD_WORDS))
