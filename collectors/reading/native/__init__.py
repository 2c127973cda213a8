"""The part of reading that counts: features of blocks, trees, marks of kinds; C sources, compiled on installation.

What is done for every character of a page is many times cheaper there. The library knows nothing of Python: it is given arrays
and fills arrays, so that one build serves every version. This module owns the memory: whatever it gives to the library lives in
the object it returns. A page must have at least one block.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from ctypes import CDLL, Structure, addressof, byref, c_char, c_int, c_int32, c_int64, c_size_t, c_void_p, string_at
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.blocks import Blocks
from collectors.reading.model import PageError

LIBRARY: Final = Path(__file__).with_name("content.so")
END: Final = "\0"  # after every string; no parsed page holds it

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]


def _pointers(*names: str) -> tuple[tuple[str, type[c_void_p]], ...]:
    return tuple((name, c_void_p) for name in names)


class _Table(Structure):
    _fields_ = (*_pointers("hashes", "rows"), ("mask", c_int64))


class _Bounds(Structure):
    _fields_ = (("blocks", c_int32), ("elements", c_int32), ("depth", c_int32), ("weight", c_int64))


class _Column(Structure):
    _fields_ = (*_pointers("values"), ("count", c_int64), ("room", c_int64))


class _Walked(Structure):
    _fields_ = (*((name, _Column) for name in ("elements", "containers", "blocks", "text")), ("deepest", c_int32))


class _Page(Structure):
    _fields_ = (
        ("blocks", c_int32), ("containers", c_int32), ("names", c_int32),
        *_pointers("text", "lower", "name", "title", "container", "link_chars", "links", "images"),
        *_pointers("parent", "tag", "named", "bits", "hidden", "start", "end", "depth"),
    )  # fmt: skip


class _Lore(Structure):
    _fields_ = (
        ("words", _Table), ("names", _Table),
        *_pointers("word_scores", "name_scores", "letters", "is_word", "tag_number", "tag_bits"),
    )  # fmt: skip


class _Measured(Structure):
    _fields_ = _pointers("rows", "words", "chars", "linked", "money", "digits", "tags", "wider", "family", "questions")


class _Reader(Structure):
    _fields_ = (("marks", _Table), ("outputs", c_int32), *_pointers("weights", "bias"))


class _Topics(Structure):
    _fields_ = (("words", _Table), *_pointers("topic"))


class _Trees(Structure):
    _fields_ = (
        ("trees", c_int32), ("depth", c_int32), ("outputs", c_int32),
        *_pointers("feature", "border", "leaves", "bias"),
    )  # fmt: skip


class Walked(NamedTuple):
    """What a walk found, as columns."""

    texts: list[str]
    blocks: list[list[int]]  # container, characters in links, links, images
    containers: list[list[int]]  # element, parent, tag, start, end, depth
    elements: list[list[int]]  # place in selectolax's traversal, tag; an inner element of a player has -1 - tag
    deepest: int


def _load() -> CDLL:
    try:
        return CDLL(str(LIBRARY))
    except OSError as error:
        raise ImportError(f"{LIBRARY.name} is not built: install dozor again (uv sync --reinstall-package dozor)") from error


_LIBRARY: Final = _load()
ROWS: Final[int] = _LIBRARY.feature_rows()


def _function(name: str, *arguments: Any) -> Callable[..., None]:
    """A function of the library that is 0 when memory ran out."""
    found = getattr(_LIBRARY, name)
    found.argtypes, found.restype = arguments, c_int

    def call(*values: Any) -> None:
        if not found(*values):
            raise MemoryError

    return call


_fill = _LIBRARY.table_fill
_fill.argtypes, _fill.restype = (c_void_p, c_int32, c_void_p, c_void_p, c_int64), None
_walk = _LIBRARY.walk
_walk.argtypes, _walk.restype = (c_size_t, c_void_p, c_void_p, c_void_p), c_int
_walk_free = _LIBRARY.walk_free
_walk_free.argtypes, _walk_free.restype = (c_void_p,), None
_node_facts = _LIBRARY.node_facts
_node_facts.argtypes, _node_facts.restype = (c_size_t, c_void_p), None
_measure = _function("measure", c_void_p, c_void_p, c_void_p)
_context = _function("context", c_void_p, c_void_p, c_void_p, c_void_p)
_kind_measures = _function("kind_measures", c_void_p, c_void_p, c_void_p, c_void_p)
_kind_marks = _function("kind_marks", *[c_void_p] * 8)
_trees_sums = _function("trees_sums", c_void_p, c_void_p, c_int32, c_void_p)
_trees_probabilities = _function("trees_probabilities", c_void_p, c_void_p, c_int32, c_void_p)


def _at(values: npt.NDArray[Any]) -> int:
    place: int = values.__array_interface__["data"][0]
    return place


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _joined(strings: Sequence[str]) -> str:
    joined = END.join(strings) + END
    if joined.count(END) > len(strings):  # only structured data can hold one
        joined = END.join([text.replace(END, " ") for text in strings]) + END
    return joined


class Walk:
    """A walk over the elements of selectolax's trees, with what it may meet at most.

    `kinds` says by number of a tag what it does to the walk: 0 parts blocks, 1 is inline, 2 is passed over, 3 the same but its
    elements are listed, 4 is an image, 5 a link, 6 a line break, 7 preformatted.
    """

    __slots__ = ("_bounds", "_errors", "_kinds")

    def __init__(self, kinds: Bytes, *, blocks: int, elements: int, depth: int, weight: int) -> None:
        self._kinds = kinds
        self._bounds = _Bounds(blocks, elements, depth, weight)
        self._errors = (
            "",
            f"too many blocks of text (more than {blocks:,})",
            f"too many elements (more than {elements:,})",
            f"nested too deeply (more than {depth} levels)",
            f"too much text nested too deeply (more than {weight:,} characters times levels)",
        )

    def over(self, body: LexborNode) -> Walked:
        """Walks an element and all in it. Raises PageError when it holds more than any real page does."""
        walked = _Walked()
        try:
            ended = _walk(body.mem_id, _at(self._kinds), byref(self._bounds), byref(walked))
            if ended:
                raise PageError(self._errors[ended]) if ended < len(self._errors) else MemoryError
            text = string_at(walked.text.values, 4 * walked.text.count).decode("utf-32-le") if walked.text.count else ""
            columns = (_columns(walked.blocks, 4), _columns(walked.containers, 6), _columns(walked.elements, 2))
            return Walked(text.split(END)[:-1], *columns, walked.deepest)
        finally:
            _walk_free(byref(walked))


def _columns(column: _Column, width: int) -> list[list[int]]:
    if not column.count:
        return [[] for _ in range(width)]
    held = (c_char * (4 * column.count)).from_address(column.values)
    columns: list[list[int]] = np.frombuffer(held, np.int32).reshape(-1, width).T.tolist()
    return columns


def _check_layout() -> None:
    """Compares what the library sees of a small tree with what selectolax says of it."""
    facts = np.zeros(7, np.uintp)
    root = LexborHTMLParser("<p>a<b>ж</b><!--c--></p><i></i>").root
    for node in root.traverse(include_text=True) if root else ():
        _node_facts(node.mem_id, _at(facts))
        near = (node.next, node.prev, node.parent, node.first_child, node.last_child)
        kind = 3 if node.is_text_node else 8 if node.is_comment_node else 1
        told = (node.tag_id, *(other.mem_id if other else 0 for other in near), kind)
        if any(ours != theirs for ours, theirs in zip(facts.tolist(), told, strict=True) if theirs):
            raise ImportError("selectolax builds its trees otherwise than dozor knows: install the version of uv.lock")
    body = root and root.css_first("body")
    walk = Walk(np.ones(256, np.uint8), blocks=9, elements=9, depth=9, weight=9)
    if not body or walk.over(body).texts != ["aж"]:
        raise ImportError("selectolax keeps its texts otherwise than dozor knows: install the version of uv.lock")


class Table:
    """Words with a row each, in their order, to be looked up by the library."""

    __slots__ = ("_hashes", "_rows", "struct")

    def __init__(self, words: Iterable[str]) -> None:
        listed = list(words)
        size = 1 << (2 * len(listed) + 1).bit_length()
        self._hashes, self._rows = np.zeros(size, np.uint64), np.zeros(size, np.int32)
        codes = _codes(_joined(listed))
        _fill(_at(codes), len(listed), _at(self._hashes), _at(self._rows), size - 1)
        self.struct = _Table(_at(self._hashes), _at(self._rows), size - 1)


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
            tables[0].struct, tables[1].struct, _at(scores[0]), _at(scores[1]), _at(alphabet.letters), _at(alphabet.is_word),
            _at(alphabet.tag_number), _at(alphabet.tag_bits),
        )  # fmt: skip


class Page:
    """A page's blocks as the library takes them. `tags` are numbers of the containers' tags, `bits` their own flags."""

    __slots__ = ("_held", "place", "struct")

    def __init__(self, blocks: Blocks, title: str, tags: Iterable[int], bits: Iterable[int]) -> None:
        numbers: dict[str, int] = {}
        number_of = numbers.setdefault
        named = [number_of(names, len(numbers)) for names in blocks.names]
        text = _joined(blocks.texts)
        lower = text.lower()
        strings = [_codes(text), _codes(lower), _codes(_joined(list(numbers))), _codes(_joined([title.lower()]))]
        columns = [
            array("i", values)
            for values in (
                blocks.container, blocks.link_chars, blocks.links, blocks.images,
                blocks.parent, tags, named, bits, blocks.hidden, blocks.start, blocks.end, blocks.depth,
            )
        ]  # fmt: skip
        self._held = strings, columns
        self.struct = _Page(
            len(blocks.texts),
            len(blocks.parent),
            len(numbers),
            *map(_at, strings),
            *[column.buffer_info()[0] for column in columns],
        )
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
        first, number = _at(doubles), _at(numbers)
        self.struct = _Measured(
            _at(self.rows), *range(first, first + 40 * blocks, 8 * blocks),
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
        self.struct = _Trees(trees, depth, len(bias), _at(feature), _at(border), _at(leaves), _at(bias))

    def sums(self, rows: Floats) -> Doubles:
        """Log-odds (columns of `rows` x outputs)."""
        result = np.empty((rows.shape[1], len(self.bias)), np.float64)
        _trees_sums(byref(self.struct), _at(rows), rows.shape[1], _at(result))
        return result

    def probabilities(self, rows: Floats) -> Doubles:
        """The probability of every column, for trees of one output."""
        result = np.empty(rows.shape[1], np.float64)
        _trees_probabilities(byref(self.struct), _at(rows), rows.shape[1], _at(result))
        return result


class Reader:
    """What each mark says for each kind: `weights` has a row a mark."""

    __slots__ = ("_marks", "bias", "struct", "weights")

    def __init__(self, marks: Iterable[str], weights: Floats, bias: Doubles) -> None:
        self._marks = Table(marks)
        self.weights, self.bias = weights, bias
        self.struct = _Reader(self._marks.struct, len(bias), _at(weights), _at(bias))


class Topics:
    """Words of topics, and the number of each one's topic."""

    __slots__ = ("_topic", "_words", "struct")

    def __init__(self, topic_of: Mapping[str, int]) -> None:
        self._words, self._topic = Table(topic_of), np.array([*topic_of.values()], np.int32)
        self.struct = _Topics(self._words.struct, _at(self._topic))


def write_context(measured: Measured, first: Doubles, rows: Floats) -> None:
    """Fills the rows of content_context.CONTEXT_FEATURES."""
    _context(measured.page.place, measured.place, _at(first), _at(rows))


def write_kind_measures(measured: Measured, first: Doubles, row: Doubles) -> None:
    """Fills the measures of blocks that kind.py names."""
    _kind_measures(measured.page.place, measured.place, _at(first), _at(row))


def write_kind_marks(
    measured: Measured, alphabet: Alphabet, first: Doubles, topics: Topics, names: Reader, words: Reader, row: Doubles
) -> None:
    """Fills shares of topics in the content and the page, and what readers of names and words conclude."""
    _kind_marks(
        measured.page.place, _at(alphabet.is_word), measured.place, _at(first), byref(topics.struct), byref(names.struct),
        byref(words.struct), _at(row),
    )  # fmt: skip


_check_layout()
