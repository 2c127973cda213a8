"""Features of blocks, trees and marks of kinds (`measure.c`, `context.c`, `kind.c`, `marks.c`, `trees.c`).

Whatever is given to the library lives in the object that gave it. A page must have at least one block.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from ctypes import Structure, addressof, byref, c_int32, c_int64, c_void_p
from dataclasses import dataclass
from typing import Final

import numpy as np

from collectors.reading.blocks import Blocks
from collectors.reading.native.library import LIBRARY, Bytes, Doubles, Floats, Numbers, at, codes, filling, joined, pointers


class _Table(Structure):
    _fields_ = (*pointers("hashes", "rows"), ("mask", c_int64))


class _Page(Structure):
    _fields_ = (
        ("blocks", c_int32), ("containers", c_int32), ("names", c_int32),
        *pointers("text", "lower", "name", "title", "container", "link_chars", "links", "images"),
        *pointers("parent", "tag", "named", "bits", "hidden", "start", "end", "depth"),
    )  # fmt: skip


class _Lore(Structure):
    _fields_ = (
        ("words", _Table), ("names", _Table),
        *pointers("word_scores", "name_scores", "letters", "is_word", "tag_number", "tag_bits"),
    )  # fmt: skip


class _Measured(Structure):
    _fields_ = pointers("rows", "words", "chars", "linked", "money", "digits", "tags", "wider", "family", "questions")


class _Reader(Structure):
    _fields_ = (("marks", _Table), ("outputs", c_int32), *pointers("weights", "bias"))


class _Topics(Structure):
    _fields_ = (("words", _Table), *pointers("topic"))


class _Trees(Structure):
    _fields_ = (
        ("trees", c_int32), ("depth", c_int32), ("outputs", c_int32),
        *pointers("feature", "border", "leaves", "bias"),
    )  # fmt: skip


ROWS: Final[int] = LIBRARY.feature_rows()
_fill = LIBRARY.table_fill
_fill.argtypes, _fill.restype = (c_void_p, c_int32, c_void_p, c_void_p, c_int64), None
_measure = filling("measure", c_void_p, c_void_p, c_void_p)
_context = filling("context", c_void_p, c_void_p, c_void_p, c_void_p)
_kind_measures = filling("kind_measures", c_void_p, c_void_p, c_void_p, c_void_p)
_kind_marks = filling("kind_marks", *[c_void_p] * 8)
_trees_sums, _trees_probabilities = LIBRARY.trees_sums, LIBRARY.trees_probabilities
for _of_trees in (_trees_sums, _trees_probabilities):
    _of_trees.argtypes, _of_trees.restype = (c_void_p, c_void_p, c_int32, c_void_p), None


class Table:
    """Words with a row each, in their order, to be looked up by the library."""

    __slots__ = ("_hashes", "_rows", "struct")

    def __init__(self, words: Iterable[str]) -> None:
        listed = list(words)
        size = 1 << (2 * len(listed) + 1).bit_length()
        self._hashes, self._rows = np.zeros(size, np.uint64), np.zeros(size, np.int32)
        strings = codes(joined(listed))
        _fill(at(strings), len(listed), at(self._hashes), at(self._rows), size - 1)
        self.struct = _Table(at(self._hashes), at(self._rows), size - 1)


@dataclass(frozen=True, slots=True)
class Alphabet:
    """What characters and tags are, by number: see content_features.py."""

    letters: Bytes
    is_word: Bytes
    tag_number: Numbers
    tag_bits: Numbers


class Lore:
    """What words and names of classes say, beside an alphabet."""

    __slots__ = ("_held", "alphabet", "struct")

    def __init__(self, words: Mapping[str, float], names: Mapping[str, float], alphabet: Alphabet) -> None:
        self.alphabet = alphabet
        tables = Table(words), Table(names)
        scores = np.array([*words.values()], np.float64), np.array([*names.values()], np.float64)
        self._held = tables, scores
        self.struct = _Lore(
            tables[0].struct, tables[1].struct, at(scores[0]), at(scores[1]), at(alphabet.letters), at(alphabet.is_word),
            at(alphabet.tag_number), at(alphabet.tag_bits),
        )  # fmt: skip


class Page:
    """A page's blocks as the library takes them. `tags` are numbers of the containers' tags, `bits` their own flags."""

    __slots__ = ("_held", "place", "struct")

    def __init__(self, blocks: Blocks, title: str, tags: Iterable[int], bits: Iterable[int]) -> None:
        lower = blocks.joined.lower()
        strings = [codes(blocks.joined), codes(lower), codes(joined(blocks.called)), codes(joined([title.lower()]))]
        counts, shape = np.ascontiguousarray(blocks.counts), np.ascontiguousarray(blocks.shape)
        columns = [array("i", values) for values in (tags, bits, blocks.hidden)]
        self._held = strings, columns, counts, shape
        count, containers = counts.shape[1], shape.shape[1]
        _, parent, _, start, end, depth, named = range(at(shape), at(shape) + shape.nbytes, 4 * containers)
        tag, own, hidden = (column.buffer_info()[0] for column in columns)
        self.struct = _Page(
            count, containers, len(blocks.called), *map(at, strings), *range(at(counts), at(counts) + counts.nbytes, 4 * count),
            parent, tag, named, own, hidden, start, end, depth,
        )  # fmt: skip
        self.place = addressof(self.struct)


class Measured:
    """What was counted of a page: arrays by block, but `start`, `end`, `wider`, `family` by container."""

    __slots__ = ("_held", "chars", "page", "place", "rows", "struct", "tags", "words")

    def __init__(self, page: Page, lore: Lore) -> None:
        blocks, containers = page.struct.blocks, page.struct.containers
        self.page = page
        self.rows: Floats = np.empty((ROWS, blocks), np.float32)
        doubles = np.empty((5, blocks), np.float64)
        self.words: Doubles = doubles[0]
        self.chars: Doubles = doubles[1]
        numbers = np.empty(2 * (blocks + containers), np.int32)
        self.tags: Numbers = numbers[:blocks]
        self._held = doubles, numbers
        first, number = at(doubles), at(numbers)
        self.struct = _Measured(
            at(self.rows), *range(first, first + 40 * blocks, 8 * blocks),
            number, number + 8 * blocks, number + 8 * blocks + 4 * containers, number + 4 * blocks,
        )  # fmt: skip
        self.place = addressof(self.struct)
        _measure(page.place, byref(lore.struct), self.place)


class Trees:
    """Oblivious trees: `feature` and `border` are trees x depth, `leaves` trees x 2^depth x outputs."""

    __slots__ = ("bias", "border", "feature", "leaves", "struct")

    def __init__(self, feature: Numbers, border: Floats, leaves: Floats, bias: Doubles) -> None:
        self.feature, self.border, self.leaves, self.bias = feature, border, leaves, bias
        trees, depth = feature.shape
        self.struct = _Trees(trees, depth, len(bias), at(feature), at(border), at(leaves), at(bias))

    def sums(self, rows: Floats) -> Doubles:
        """Log-odds (columns of `rows` x outputs)."""
        result = np.empty((rows.shape[1], len(self.bias)), np.float64)
        _trees_sums(byref(self.struct), at(rows), rows.shape[1], at(result))
        return result

    def probabilities(self, rows: Floats) -> Doubles:
        """The probability of every column, for trees of one output."""
        result = np.empty(rows.shape[1], np.float64)
        _trees_probabilities(byref(self.struct), at(rows), rows.shape[1], at(result))
        return result


class Reader:
    """What each mark says for each kind: `weights` has a row a mark."""

    __slots__ = ("_marks", "bias", "struct", "weights")

    def __init__(self, marks: Iterable[str], weights: Floats, bias: Doubles) -> None:
        self._marks = Table(marks)
        self.weights, self.bias = weights, bias
        self.struct = _Reader(self._marks.struct, len(bias), at(weights), at(bias))


class Topics:
    """Words of topics, and the number of each one's topic."""

    __slots__ = ("_topic", "_words", "struct")

    def __init__(self, topic_of: Mapping[str, int]) -> None:
        self._words, self._topic = Table(topic_of), np.array([*topic_of.values()], np.int32)
        self.struct = _Topics(self._words.struct, at(self._topic))


def write_context(measured: Measured, first: Doubles, rows: Floats) -> None:
    """Fills the rows of content_context.CONTEXT_FEATURES."""
    _context(measured.page.place, measured.place, at(first), at(rows))


def write_kind_measures(measured: Measured, first: Doubles, row: Doubles) -> None:
    """Fills the measures of blocks that kind.py names."""
    _kind_measures(measured.page.place, measured.place, at(first), at(row))


def write_kind_marks(
    measured: Measured, alphabet: Alphabet, first: Doubles, topics: Topics, names: Reader, words: Reader, row: Doubles
) -> None:
    """Fills shares of topics in the content and the page, and what readers of names and words conclude."""
    _kind_marks(
        measured.page.place, at(alphabet.is_word), measured.place, at(first), byref(topics.struct), byref(names.struct),
        byref(words.struct), at(row),
    )  # fmt: skip
