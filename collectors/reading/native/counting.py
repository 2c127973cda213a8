"""Features of blocks, trees and marks of kinds (`measure.c`, `context.c`, `kind.c`, `marks.c`, `trees.c`).

Whatever is given to the library lives in the object that gave it. A page must have at least one block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes import Structure, addressof, byref, c_char_p, c_double, c_int32, c_int64, c_void_p
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collectors.reading.blocks import Blocks
from collectors.reading.native.library import LIBRARY, Doubles, Floats, Numbers, at, encoded, filling, joined, pointers


class _Table(Structure):
    _fields_ = (*pointers("entries"), ("mask", c_int64))


class _Page(Structure):
    _fields_ = (
        ("blocks", c_int32), ("containers", c_int32), ("names", c_int32), ("length", c_int32),
        *((string, c_char_p) for string in ("text", "lower", "name", "title", "hidden")),
        *pointers("container", "link_chars", "links", "images", "begins"),
        *pointers("parent", "tag", "named", "bits", "start", "end", "depth"),
    )  # fmt: skip


class _Lore(Structure):
    _fields_ = (("words", _Table), ("names", _Table), *pointers("chars", "logs", "tag_number", "tag_bits"))


class _Measured(Structure):
    _fields_ = pointers(
        "rows", "words", "chars", "linked", "money", "digits", "tags", "questions", "twin", "begins", "heads", "wider", "family",
        "called", "head_words", "name_words",
    )  # fmt: skip


class _Reader(Structure):
    _fields_ = (("marks", _Table), ("rows", c_int32), ("outputs", c_int32), *pointers("weights", "bias"))


class _Trees(Structure):
    _fields_ = (
        ("trees", c_int32), ("depth", c_int32), ("outputs", c_int32),
        *pointers("feature", "border", "leaves", "bias"),
    )  # fmt: skip


ROWS: Final[int] = LIBRARY.feature_rows()
HEAD: Final = 80  # characters of a block whose words and letters are looked at: its beginning says what it is
_fill = LIBRARY.table_fill
_fill.argtypes, _fill.restype = (c_void_p, c_int32, c_void_p, c_void_p, c_int64), None
_logs_fill = LIBRARY.logs_fill
_logs_fill.argtypes, _logs_fill.restype = (c_void_p,), None
_measure = filling("measure", c_void_p, c_void_p, c_void_p)
_second_look = filling("second_look", *[c_void_p] * 5, c_int32, c_void_p, c_int32, c_void_p)
_kind_measures = filling("kind_measures", c_void_p, c_void_p, c_void_p, c_void_p)
_kind_marks = filling("kind_marks", *[c_void_p] * 5, c_int32, c_void_p, c_void_p)
_expected_best = filling("expected_best", c_void_p, c_void_p, c_int32, c_void_p)
_level_tables = LIBRARY.level_tables
_level_tables.argtypes, _level_tables.restype = (c_void_p,) * 4, None
_keep = LIBRARY.keep_blocks
_keep.argtypes = (c_void_p, c_void_p, c_int32, c_double, c_double, c_int32, c_int32, c_void_p)
_keep.restype = c_double
_trees_sums, _trees_probabilities = LIBRARY.trees_sums, LIBRARY.trees_probabilities
for _of_trees in (_trees_sums, _trees_probabilities):
    _of_trees.argtypes, _of_trees.restype = (c_void_p, c_void_p, c_int32, c_void_p), None


class Table:
    """Words, each ended by END, with a value of eight bytes each, to be looked up by the library."""

    __slots__ = ("_entries", "struct")

    def __init__(self, words: str, values: npt.NDArray[np.int64] | Doubles) -> None:
        size = 1 << (2 * len(values) + 1).bit_length()
        self._entries = np.zeros((size, 2), np.int64)  # hash, value
        _fill(encoded(words), len(values), at(values), at(self._entries), size - 1)
        self.struct = _Table(at(self._entries), size - 1)


class Alphabet(NamedTuple):
    """What characters and tags are, by number: see content_scores.py."""

    chars: npt.NDArray[np.uint64]
    tag_number: Numbers
    tag_bits: Numbers


class Lore:
    """What words and names of classes say, beside an alphabet."""

    __slots__ = ("_held", "place", "struct")

    def __init__(self, words: Mapping[str, float], names: Mapping[str, float], alphabet: Alphabet) -> None:
        tables = [Table(joined([*scores]), np.array([*scores.values()], np.float64)) for scores in (words, names)]
        logs = np.empty(LIBRARY.logs_count(), np.float64)
        _logs_fill(at(logs))
        self._held = tables, logs, alphabet
        self.struct = _Lore(
            tables[0].struct, tables[1].struct, at(alphabet.chars), at(logs), at(alphabet.tag_number), at(alphabet.tag_bits)
        )
        self.place = addressof(self.struct)


class Page:
    """A page's blocks as the library takes them. `tags` are numbers of the containers' tags, `bits` their own flags."""

    __slots__ = ("_held", "heads", "names", "place", "struct")

    def __init__(self, blocks: Blocks, title: str, tags: Numbers, bits: Numbers) -> None:
        text, codes = blocks.joined, blocks.codes
        # All other letters have one lower case each, of one letter, whatever stands around them.
        lower = text.lower() if "\u03a3" in text or "\u0130" in text else text
        names = joined(blocks.called).encode("utf-8", "surrogatepass")
        counts, shape = np.ascontiguousarray(blocks.counts), np.ascontiguousarray(blocks.shape)
        self._held = counts, shape, tags, bits
        count, containers = counts.shape[1], shape.shape[1]
        # How many words there may be at most: each is followed by something else.
        self.heads, self.names = min(len(lower), HEAD * count) // 2 + count, len(names) // 2
        by_block, by_container = at(counts), at(shape)
        _, parent, _, start, end, depth, named = range(by_container, by_container + shape.nbytes, 4 * containers)
        self.struct = _Page(
            count, containers, len(blocks.called), len(text), codes, codes if lower is text else encoded(lower), names,
            encoded(joined([title.lower()])), blocks.hidden, *range(by_block, by_block + counts.nbytes, 4 * count),
            parent, at(tags), named, at(bits), start, end, depth,
        )  # fmt: skip
        self.place = addressof(self.struct)


class Measured:
    """What was counted of a page: arrays by block, as content.h names them."""

    __slots__ = ("_held", "chars", "lore", "page", "place", "rows", "struct", "words")

    def __init__(self, page: Page, lore: Lore) -> None:
        blocks, containers, names = page.struct.blocks, page.struct.containers, page.struct.names
        self.page, self.lore = page, lore
        self.rows: Floats = np.empty((ROWS, blocks), np.float32)
        doubles = np.empty((5, blocks), np.float64)
        self.words: Doubles = doubles[0]
        self.chars: Doubles = doubles[1]
        words = np.empty(page.heads + page.names, np.uint64)
        sizes = (blocks, blocks, blocks, blocks + 1, blocks + 1, containers, containers, names + 1)
        numbers = np.empty(sum(sizes), np.int32)
        self._held = doubles, words, numbers
        first, hashes, place = at(doubles), at(words), at(numbers)
        self.struct = _Measured(
            at(self.rows), *range(first, first + 40 * blocks, 8 * blocks),
            *(place + 4 * before for before in accumulate(sizes[:-1], initial=0)),
            hashes, hashes + 8 * page.heads,
        )  # fmt: skip
        self.place = addressof(self.struct)
        _measure(page.place, lore.place, self.place)


class Trees:
    """Oblivious trees: `feature` and `border` are trees x depth, `leaves` trees x 2^depth x outputs."""

    __slots__ = ("bias", "border", "feature", "leaves", "place", "struct")

    def __init__(self, feature: Numbers, border: Floats, leaves: Floats, bias: Doubles) -> None:
        self.feature, self.border, self.leaves, self.bias = feature, border, leaves, bias
        trees, depth = feature.shape
        self.struct = _Trees(trees, depth, len(bias), at(feature), at(border), at(leaves), at(bias))
        self.place = addressof(self.struct)

    def sums(self, rows: Floats) -> Doubles:
        """Log-odds (columns of `rows` x outputs)."""
        result = np.empty((rows.shape[1], len(self.bias)), np.float64)
        _trees_sums(self.place, at(rows), rows.shape[1], at(result))
        return result

    def probabilities(self, rows: Floats) -> Doubles:
        """The probability of every column, for trees of one output."""
        result = np.empty(rows.shape[1], np.float64)
        _trees_probabilities(self.place, at(rows), rows.shape[1], at(result))
        return result


class Reader:
    """What each mark says for each kind: `weights` has a row a mark. Every mark is ended by END."""

    __slots__ = ("_marks", "bias", "place", "struct", "weights")

    def __init__(self, marks: str, weights: Floats, bias: Doubles) -> None:
        self._marks = Table(marks, np.arange(len(weights)))
        self.weights, self.bias = weights, bias
        self.struct = _Reader(self._marks.struct, *weights.shape, at(weights), at(bias))
        self.place = addressof(self.struct)


class Readers:
    """Those of a page's address, its names, the words of its content and all its words."""

    __slots__ = ("_pointers", "place", "readers")

    def __init__(self, readers: Sequence[Reader]) -> None:
        self.readers = readers
        self._pointers = np.array([reader.place for reader in readers], np.uintp)
        self.place = at(self._pointers)


def write_second_look(measured: Measured, first: Doubles, own: Numbers, kinds: Sequence[float], rows: Floats) -> None:
    """Fills the rows of content_context.SECOND_FEATURES; `own` are the numbers of those that stand in `measured`."""
    odds = np.array(kinds, np.float64)
    _second_look(
        measured.page.place, measured.lore.place, measured.place, at(first), at(own), len(own), at(odds), len(odds), at(rows)
    )


def write_kind_measures(measured: Measured, first: Doubles, row: Doubles) -> None:
    """Fills the measures of blocks that kind.py names."""
    _kind_measures(measured.page.place, measured.place, at(first), at(row))


def write_kind_marks(measured: Measured, first: Doubles, address: Sequence[str], readers: Readers, row: Doubles) -> None:
    """Fills what readers conclude, the first from the marks of an address."""
    _kind_marks(
        measured.page.place, measured.lore.place, measured.place, at(first), encoded(joined(address)), len(address),
        readers.place, at(row),
    )  # fmt: skip


def expected_best(probability: Doubles, weight: Doubles) -> float:
    """The threshold that maximises the expected F1 of a page: blocks at or above it are kept.

    Keeping the likeliest blocks first, F1 is estimated by 2 * (sum of p*w kept) / (sum of w kept + sum of p*w of all).
    """
    best = c_double()
    _expected_best(at(probability), at(weight), len(probability), byref(best))
    return best.value


def level_tables(measured: Measured, probability: Doubles) -> Doubles:
    """The same, with one probability for all blocks of a table of data (three or more, mostly short cells).

    Such a table is content as a whole or not at all. It gets the mean (blocks weigh by the root of words) at five times the odds.
    """
    level = probability.copy()
    _level_tables(measured.page.place, measured.lore.place, measured.place, at(level))
    return level


def keep_blocks(
    measured: Measured, probability: Doubles, best: float, least: float, *, comments: bool, copies: bool
) -> tuple[float, npt.NDArray[np.bool_]]:
    """The threshold, and the blocks to keep: with those in comments, and with copies of kept ones, where it is said so."""
    kept = np.empty(len(probability), np.bool_)
    threshold = _keep(measured.place, at(probability), len(probability), best, least, comments, copies, at(kept))
    return threshold, kept
