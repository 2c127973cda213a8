"""A few fixed words sought in many strings at once: most hold none, as one look at all of them shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from collectors.reading.native.library import END


class WordSearch:
    """Words in small letters. Of words that overlap in a string only the first one is found, or the longer one."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = list(words)
        encoded = [word.encode() for word in self._words]
        self._search = BytesAhoCorasick(encoded, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)

    def places(self, strings: Sequence[str]) -> Iterator[tuple[str, int]]:
        """The words that stand in the strings in letters of any size, with the numbers of these; strings of parsed pages only."""
        joined = END.join(strings).lower().encode("utf-8", "replace")
        number = seen = 0
        for word, start, _ in self._search.find_matches_as_indexes(joined):
            number += joined.count(b"\0", seen, start)
            seen = start
            yield self._words[word], number
