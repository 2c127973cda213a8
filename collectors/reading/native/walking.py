"""The walk over a page: selectolax's tree as columns of numbers and texts (`walk.c`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import Structure, byref, c_int, c_int32, c_int64, c_size_t, c_void_p, string_at
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.model import PageError
from collectors.reading.native.library import END, LIBRARY, Bytes, Numbers, at, pointers

USUAL_KEYS: Final = 4096


class _Bounds(Structure):
    _fields_ = (("blocks", c_int32), ("elements", c_int32), ("depth", c_int32), ("weight", c_int64))


class _Column(Structure):
    _fields_ = (*pointers("values"), ("count", c_int64), ("room", c_int64))


class _Walked(Structure):
    _fields_ = (
        *((name, _Column) for name in ("elements", "attributes", "names", "containers", "called", "blocks")),
        *((name, _Column) for name in ("classed", "identified", "named", "ends")),
        *((name, _Column) for name in ("text", "classes", "ids")),
        *pointers("keys"),
        ("deepest", c_int32),
    )


class Walked(NamedTuple):
    """What a walk found, as columns. Elements are numbered in document order, names of attributes as they are met."""

    elements: list[list[int]]  # place in selectolax's traversal, tag, number of attributes; in a player the tag is -1 - tag
    named: Numbers  # elements that have an attribute, name by name
    ends: list[int]  # where those of each name end
    names: list[list[int]]  # first element that has it, its position there
    keys: list[int]  # what Lexbor calls a name by: below USUAL_KEYS for good, else while the tree lives
    containers: Numbers  # rows: element, parent, tag, start, end, depth, number of what it is called
    called: list[list[int]]  # number of a class and of an id: -1 for none, -2 where there is no attribute at all
    blocks: Numbers  # rows: container, characters in links, links, images
    text: str  # of all blocks, each ended by END
    classed: list[list[int]]  # elements with a class, number of its value
    classes: list[str]  # all different values, as they are met
    identified: list[list[int]]
    ids: list[str]
    deepest: int


_walk = LIBRARY.walk
_walk.argtypes, _walk.restype = (c_size_t, c_void_p, c_void_p, c_void_p), c_int
_walk_free = LIBRARY.walk_free
_walk_free.argtypes, _walk_free.restype = (c_void_p,), None
_node_facts = LIBRARY.node_facts
_node_facts.argtypes, _node_facts.restype = (c_size_t, c_void_p), None


class Walk:
    """A walk over the elements of selectolax's trees, with what it may meet at most.

    `kinds` says by number of a tag what it does to the walk: 0 parts blocks, 1 is inline, 2 is passed over, 3 the same but its
    elements are listed, 4 is an image, 5 a link, 6 a line break, 7 preformatted, 8 the head, 9 the body.
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

    def over(self, root: LexborNode) -> Walked:
        """Walks a page from its root element on. Raises PageError when it holds more than any real page does."""
        walked = _Walked()
        try:
            ended = _walk(root.mem_id, at(self._kinds), byref(self._bounds), byref(walked))
            if ended:
                raise PageError(self._errors[ended]) if ended < len(self._errors) else MemoryError
            return Walked(
                _lists(walked.elements, 3),
                _columns(walked.named, 1)[0],
                _columns(walked.ends, 1)[0].tolist(),
                _lists(walked.names, 2),
                _array(walked.keys, walked.names.count // 2, np.uint64).tolist(),
                np.ascontiguousarray(_columns(walked.containers, 7)),
                _lists(walked.called, 2),
                np.ascontiguousarray(_columns(walked.blocks, 4)),
                _text(walked.text),
                *(_lists(walked.classed, 2), _strings(walked.classes)),
                *(_lists(walked.identified, 2), _strings(walked.ids)),
                walked.deepest,
            )
        finally:
            _walk_free(byref(walked))


def _array(place: int | None, count: int, kind: type[np.int32 | np.uint64]) -> npt.NDArray[Any]:
    """A copy of what the library holds."""
    return np.frombuffer(string_at(place or 0, count * np.dtype(kind).itemsize), kind)


def _columns(column: _Column, width: int) -> npt.NDArray[np.int32]:
    return _array(column.values, column.count, np.int32).reshape(-1, width).T


def _lists(column: _Column, width: int) -> list[list[int]]:
    lists: list[list[int]] = _columns(column, width).tolist()
    return lists


def _text(codes: _Column) -> str:
    return string_at(codes.values, 4 * codes.count).decode("utf-32-le") if codes.count else ""


def _strings(codes: _Column) -> list[str]:
    """Strings that end in END each."""
    return _text(codes).split(END)[:-1]


def node_facts(address: int) -> Sequence[int]:
    """What the library takes a node for: its tag, its next, previous, parent, first and last node, its type."""
    facts = np.zeros(7, np.uintp)
    _node_facts(address, at(facts))
    found: list[int] = facts.tolist()
    return found


def check_layout(facts_of: Callable[[int], Sequence[int]] = node_facts) -> None:
    """Compares what the library sees of a small tree with what selectolax says of it; ImportError where they differ."""
    root = LexborHTMLParser("<p>a<b>ж</b><!--c--></p><i></i>").root
    for node in root.traverse(include_text=True) if root else ():
        near = (node.next, node.prev, node.parent, node.first_child, node.last_child)
        kind = 3 if node.is_text_node else 8 if node.is_comment_node else 1
        told = (node.tag_id, *(other.mem_id if other else 0 for other in near), kind)
        if any(ours != theirs for ours, theirs in zip(facts_of(node.mem_id), told, strict=True) if theirs):
            raise ImportError("selectolax builds its trees otherwise than dozor knows: install the version of uv.lock")
    kinds = np.zeros(256, np.uint8)
    html = LexborHTMLParser('<body lang=en><p class="a b" id=c>a<b data-x>ж</b><input class="" value=1>').root
    walked = html and Walk(kinds, blocks=9, elements=9, depth=9, weight=99).over(html)
    if not walked or walked.text != f"a{END}ж{END}" or (walked.classes, walked.ids) != (["a b"], ["c"]):
        raise ImportError("selectolax keeps its texts otherwise than dozor knows: install the version of uv.lock")
    counts = [len(node.attributes) for node in html.traverse()] if html else []
    if walked.elements[2] != counts or len(walked.keys) != 5:
        raise ImportError("selectolax keeps its attributes otherwise than dozor knows: install the version of uv.lock")


check_layout()
