"""The walk over a page: selectolax's tree as columns of numbers and texts (`walk.c`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import Structure, byref, c_char, c_int, c_int32, c_int64, c_size_t, c_void_p, string_at
from typing import NamedTuple

import numpy as np
from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.model import PageError
from collectors.reading.native.library import END, LIBRARY, Bytes, at, pointers


class _Bounds(Structure):
    _fields_ = (("blocks", c_int32), ("elements", c_int32), ("depth", c_int32), ("weight", c_int64))


class _Column(Structure):
    _fields_ = (*pointers("values"), ("count", c_int64), ("room", c_int64))


class _Walked(Structure):
    _fields_ = (*((name, _Column) for name in ("elements", "containers", "blocks", "text")), ("deepest", c_int32))


class Walked(NamedTuple):
    """What a walk found, as columns."""

    texts: list[str]
    blocks: list[list[int]]  # container, characters in links, links, images
    containers: list[list[int]]  # element, parent, tag, start, end, depth
    elements: list[list[int]]  # place in selectolax's traversal, tag; an inner element of a player has -1 - tag
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
            ended = _walk(body.mem_id, at(self._kinds), byref(self._bounds), byref(walked))
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
    body = root and root.css_first("body")
    walk = Walk(np.ones(256, np.uint8), blocks=9, elements=9, depth=9, weight=9)
    if not body or walk.over(body).texts != ["aж"]:
        raise ImportError("selectolax keeps its texts otherwise than dozor knows: install the version of uv.lock")


check_layout()
