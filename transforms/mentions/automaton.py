"""The scan: which texts of a batch hold any of very many spellings, at a cost that does not grow with their number.

A batch is looked at as one array of UTF-16 units. Each unit becomes the code of its skeleton letter (`fold.skeleton_char`:
case, ё, diacritics and look-alikes are gone); running sums of these give the hash of every word (`running_hash`); a table of
marks tells the few words that may be anchors, a sorted one which. Some ten array operations a letter, none of them Python.

The scan may report a text too many (skeletons are coarser than folds, hashes can collide) and never one too few: the evaluator
decides.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from unicodedata import normalize

import numpy as np
import numpy.typing as npt

from transforms.mentions.fold import IGNORABLE, skeleton, skeleton_char
from transforms.mentions.running_hash import Codes, Places, Starts, hashes_between, mixed, powers, running_sums
from transforms.mentions.tokens import CONNECTORS, is_emoji, split_camel


@dataclass(slots=True)
class Candidate:
    """A text that may hold anchors."""

    groups: set[int]  # what they stand for
    words: tuple[Codes, ...] = ()
    tags: frozenset[int] = frozenset()

    def hashes(self) -> set[int]:
        """Those of all its words, joined compounds and parts of tags."""
        return set(self.tags).union(*(hashes.tolist() for hashes in self.words))


Found = dict[int, Candidate | None]
Groups = frozenset[int]

_SLOTS_PER_KEY = 16  # about one word in 16 comes upon a mark by chance; more slots would not fit the cache
_SEVERAL = 1  # the mark of a slot with several keys
_MOST_BITS = 23
_CHUNK = 1 << 17  # characters scanned at a time, so that the arrays stay in the processor's cache
_HEAD = 4  # letters by which words with a given beginning are looked for: the least that a query may give
_LINE_BREAK = 10
_TAG = re.compile(rf"[#@]([\w{IGNORABLE}]+)")

_BREAK, _LETTER, _IGNORED, _CONNECTOR, _ODD = range(5)  # what a UTF-16 unit is


@cache
def _tables() -> tuple[npt.NDArray[np.uint8], Codes]:
    """Kind and code of every UTF-16 unit."""
    kind, letter = np.zeros(65536, np.uint8), np.zeros(65536, np.uint64)
    ignorable = re.compile(f"[{IGNORABLE}]")
    for point in range(65536):
        char = chr(point)
        if char in CONNECTORS:
            kind[point] = _CONNECTOR
        elif ignorable.match(char):
            kind[point] = _IGNORED
        elif len(composed := normalize("NFC", char)) > 1 or composed > "\uffff" or "\uffa0" <= char <= "\uffdc":
            kind[point] = _ODD  # comes apart, or joins with the next (half-width Korean): rare, looked at in full
        elif char.isalnum():
            kind[point], letter[point] = _LETTER, ord(skeleton_char(char))
    kind[0xD800:0xDC00] = kind[0x1100:0x1200] = _ODD  # letters beyond the basic plane, parts of Korean syllables
    kind[0xD83C:0xD83F] = _BREAK  # emoji
    return kind, np.where(kind == _LETTER, mixed(letter), np.uint64(0))


def hashes_of(spellings: Iterable[str]) -> frozenset[int]:
    """The hashes that the scan computes for folded spellings; none when one of them has characters that it does not see."""
    words = list(spellings)
    if any(char > "\uffff" or is_emoji(char) for word in words for char in word):
        return frozenset()
    return frozenset(_hash(skeleton(word)) for word in words)


def _hash(word: str) -> int:
    """The hash that the scan computes for a spelling, given as its skeleton."""
    codes = _tables()[1][np.frombuffer(word.encode("utf-16-le", "surrogatepass"), np.uint16)]
    return int((codes * powers()[0][: len(codes)]).sum(dtype=np.uint64))


def _mark(hashes: Codes) -> npt.NDArray[np.uint8]:
    """Some bits of each hash, as a number from 128."""
    return hashes.astype(np.uint8) | np.uint8(128)


class _Table:
    """A set of hashes, each with the groups it stands for."""

    def __init__(self, groups_of: Mapping[str, Iterable[int]]) -> None:
        """From skeletons and their groups; equal groups are kept once, since there are far fewer of them than spellings."""
        groups: dict[int, frozenset[int]] = {}
        kept: dict[frozenset[int], frozenset[int]] = {}
        for spelling, named in groups_of.items():
            key = _hash(spelling)
            both = groups.get(key, frozenset()).union(named)
            groups[key] = kept.setdefault(both, both)
        order = sorted(groups)
        self._keys = np.array(order, np.uint64)
        self.groups = [groups[key] for key in order]
        bits = min(_MOST_BITS, max(10, (_SLOTS_PER_KEY * len(order)).bit_length()))
        self._shift = np.uint64(64 - bits)
        slots = self._slots(self._keys)
        self._marks = np.zeros(1 << bits, np.uint8)
        self._marks[slots] = _mark(self._keys)
        self._marks[slots[1:][slots[1:] == slots[:-1]]] = _SEVERAL

    def _slots(self, hashes: Codes) -> Places:
        return (hashes >> self._shift).view(np.int64)

    def find(self, hashes: Codes) -> tuple[Places, Places]:
        """Which of the hashes are in the table: their places, and the numbers of their keys."""
        marks = self._marks.take(self._slots(hashes))
        likely = np.flatnonzero((marks == _mark(hashes)) | (marks == _SEVERAL))
        if not len(likely):
            return likely, likely
        keys = np.searchsorted(self._keys, hashes[likely])
        keys[keys == len(self._keys)] = 0
        sure = self._keys[keys] == hashes[likely]
        return likely[sure], keys[sure]


class Scanner:
    """Finds which of `anchors` each text of a batch may hold.

    An anchor is a folded spelling, or a stem that ends in "*"; it stands for numbered groups.
    """

    def __init__(self, anchors: Mapping[str, Iterable[int]]) -> None:
        self._words: dict[str, Groups] = {}
        self._stems: dict[str, Groups] = {}
        self._emoji: dict[str, Groups] = {}
        kept: dict[Groups, Groups] = {}
        for anchor, groups in anchors.items():
            if anchor.endswith("*"):
                table, key = self._stems, skeleton(anchor[:-1])
            elif symbols := [char for char in anchor if is_emoji(char)]:
                table, key = self._emoji, symbols[0]
            else:
                table, key = self._words, skeleton(anchor)
            both = table.get(key, frozenset()).union(groups)
            table[key] = kept.setdefault(both, both)
        self._word_table = _Table(self._words)
        by_length: dict[int, dict[str, Groups]] = {}
        for stem, groups in self._stems.items():
            by_length.setdefault(len(stem), {})[stem] = groups
        self._stem_tables = {length: _Table(table) for length, table in by_length.items()}
        self._head_table = _Table({stem[:_HEAD]: () for stem in self._stems})
        self._emoji_pattern = re.compile(f"[{''.join(map(re.escape, self._emoji))}]") if self._emoji else None

    def scan(self, texts: Sequence[str]) -> Found:
        """The texts, by number, that may hold anchors; None = too odd or too long to tell."""
        found: Found = {}
        for first, chunk in _chunks(texts, found):
            self._scan_chunk(first, chunk, found)
        return found

    def _scan_chunk(self, first: int, texts: Sequence[str], found: Found) -> None:
        chunk = _Chunk(texts)
        groups: dict[int, set[int]] = {}
        for place, number in chunk.find(self._word_table):
            groups.setdefault(place, set()).update(self._word_table.groups[number])
        if self._stems:
            begun = chunk.begun(self._head_table)
            for length, table in self._stem_tables.items():
                for place, number in chunk.find_stems(table, length, begun):
                    groups.setdefault(place, set()).update(table.groups[number])
        tags = {number: list(_tag_parts(text)) for number, text in enumerate(texts) if "#" in text or "@" in text}
        for number, parts in tags.items():
            for part in parts:
                if named := self._groups_of(part):
                    groups.setdefault(number, set()).update(named)
        if self._emoji_pattern:
            for number, text in enumerate(texts):
                for char in set(self._emoji_pattern.findall(text)):
                    groups.setdefault(number, set()).update(self._emoji[char])
        for number, named in groups.items():
            found[first + number] = Candidate(named, chunk.hashes_in(number), frozenset(map(_hash, tags.get(number, ()))))
        for number in chunk.odd:
            found[first + number] = None

    def _groups_of(self, spelling: str) -> set[int]:
        """The groups of a skeleton spelling, whole or as the beginning of a longer one."""
        found = set(self._words.get(spelling, ()))
        for length in self._stem_tables:
            found |= self._stems.get(spelling[:length], frozenset())
        return found


def _tag_parts(text: str) -> Iterator[str]:
    """Skeletons of marked names that are more than a word: their parts (#ЛюблюЧай) and the whole (@my_brand)."""
    for name in _TAG.findall(text):
        parts = [skeleton(part) for piece in name.split("_") for part in split_camel(piece)]
        if len(parts) > 1:
            yield from parts
            yield "".join(parts)


class _Chunk:
    """A few hundred texts as arrays: where words start and stop, their hashes, where texts end."""

    def __init__(self, texts: Sequence[str]) -> None:
        units = np.frombuffer(("\n".join(texts) + "\n").encode("utf-16-le", "surrogatepass"), np.uint16)
        kinds_of, codes_of = _tables()
        kinds = kinds_of.take(units)
        ends = np.flatnonzero(units == _LINE_BREAK)
        if len(ends) != len(texts):  # texts with line breaks of their own
            lengths = (len(text.encode("utf-16-le", "surrogatepass")) // 2 + 1 for text in texts)
            ends = np.cumsum(np.fromiter(lengths, np.int64, len(texts))) - 1
        self.odd = set(np.searchsorted(ends, np.flatnonzero(kinds == _ODD)).tolist())
        if (kinds == _IGNORED).any():
            kept = np.flatnonzero(kinds != _IGNORED)
            units, kinds, ends = units[kept], kinds[kept], np.searchsorted(kept, ends)
        self._kinds, self._ends = kinds, ends
        edges = np.flatnonzero(
            np.diff((kinds == _LETTER).view(np.int8), prepend=np.int8(0))
        )  # even: the last unit is a line break
        self._starts, self._stops = edges[::2].copy(), edges[1::2].copy()
        self._sums = running_sums(codes_of[units])
        self._from_starts = Starts(self._sums, self._starts)
        self._hashes = self._from_starts.hashes(self._stops)
        self._joined_starts, self._joined_hashes = self._compounds()
        self._bounds = [0, *np.searchsorted(self._starts, ends).tolist()]
        self._joined_bounds = [0, *np.searchsorted(self._joined_starts, ends).tolist()]

    def _compounds(self) -> tuple[Places, Codes]:
        """Runs of words with one connector between them: where each starts, and its hash without the connectors."""
        starts, stops = self._starts, self._stops
        joins = np.flatnonzero((starts[1:] == stops[:-1] + 1) & (self._kinds[stops[:-1]] == _CONNECTOR)) + 1
        if not len(joins):
            return joins, np.zeros(0, np.uint64)
        goes_on = np.zeros(len(starts) + 1, bool)  # word k goes on from word k-1
        goes_on[joins] = True
        members = np.flatnonzero(goes_on[:-1] | goes_on[1:])
        opens = np.flatnonzero(~goes_on[members])
        heads = np.repeat(members[opens], np.diff(np.append(opens, len(members))))
        letters_before = starts[members] - starts[heads] - (members - heads)
        return starts[heads[opens]], np.add.reduceat(self._hashes[members] * powers()[0][letters_before], opens)

    def find(self, table: _Table) -> Iterator[tuple[int, int]]:
        """(text number, key number) of every word and joined compound that is in the table."""
        for starts, hashes in ((self._starts, self._hashes), (self._joined_starts, self._joined_hashes)):
            places, keys = table.find(hashes)
            yield from zip(np.searchsorted(self._ends, starts[places]).tolist(), keys.tolist(), strict=True)

    def begun(self, heads: _Table) -> Places:
        """The numbers of words whose first letters are in the table: the few that are worth comparing with longer beginnings.

        Shorter words are taken with what follows them; that is no letter, so no head has their hash.
        """
        return heads.find(self._from_starts.hashes(self._starts + _HEAD))[0]

    def find_stems(self, table: _Table, length: int, words: Places) -> Iterator[tuple[int, int]]:
        """(text number, key number) of those words whose beginning of a length is in the table."""
        words = words[self._stops[words] - self._starts[words] >= length]
        starts = self._starts[words]
        places, keys = table.find(hashes_between(self._sums, starts, starts + length))
        yield from zip(np.searchsorted(self._ends, starts[places]).tolist(), keys.tolist(), strict=True)

    def hashes_in(self, number: int) -> tuple[Codes, Codes]:
        """The hashes of all words and joined compounds of a text."""
        words, joined = self._bounds, self._joined_bounds
        return self._hashes[words[number] : words[number + 1]], self._joined_hashes[joined[number] : joined[number + 1]]


def _chunks(texts: Sequence[str], found: Found) -> Iterator[tuple[int, list[str]]]:
    """Runs of texts of some `_CHUNK` characters with the number of the first; very long texts are marked for a full look."""
    chunk: list[str] = []
    size = 0
    for number, text in enumerate(texts):
        if len(text) > _CHUNK:
            found[number] = None
            text = ""
        chunk.append(text)
        size += len(text) + 1
        if size >= _CHUNK:
            yield number + 1 - len(chunk), chunk
            chunk, size = [], 0
    if chunk:
        yield len(texts) - len(chunk), chunk
