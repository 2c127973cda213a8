"""The text of a product page in order: where its title and its buttons to buy stand, what the elements around are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from selectolax.lexbor import LexborNode

from collectors.reading import product_words as words
from collectors.reading.cards import Links, links_in
from collectors.reading.document import TAG_IDS, Document
from collectors.reading.native import walking
from collectors.reading.node_text import text_of

MAX_CHUNKS = 30_000  # pieces of text that are looked at
MAX_NODES = 150_000
MAX_PIECE, MAX_SOURCE = 250, 500  # characters of a piece: more is prose; the same as it stands in the page, with all white space
SHORT = 40  # characters of a piece that may be a label or a button

_NO_TEXT = ("script", "style", "noscript", "template", "option", "textarea", "title", "svg")
_OUTER = frozenset(TAG_IDS[name] for name in ("body", "html"))


_PIECE_KINDS = {TAG_IDS[name]: 1 for name in _NO_TEXT} | {TAG_IDS[name]: 2 for name in ("h1", "input", "button")}
_KINDS = bytes(_PIECE_KINDS.get(tag, 0) for tag in range(256))  # as walking.pieces takes them


class Around:
    """An element around a piece of text; its name is read at the first question. `up` is the next one below the body."""

    __slots__ = ("_away", "_name", "mark", "node", "tag", "up")

    def __init__(self, node: LexborNode, up: Around | None) -> None:
        self.node = node
        self.mark = node.mem_id
        self.tag = node.tag
        self.up = up
        self._name: str | None = None
        self._away: bool | None = None

    @property
    def name(self) -> str:
        """Tag, class and id, and what else names it, in small letters."""
        if self._name is None:
            attributes = walking.attributes(self.node)
            kind = attributes.get("data-testid") or attributes.get("data-qa") or attributes.get("itemprop") or ""
            if "line-through" in (attributes.get("style") or ""):
                kind += " line-through"
            self._name = f"{self.tag} {attributes.get('class') or ''} {attributes.get('id') or ''} {kind}"[:200].lower()
        return self._name

    @property
    def is_away(self) -> bool:
        """Whether its name says that it shows other things than the product."""
        if self._away is None:
            self._away = _is_away(self.name)
        return self._away

    def chain(self, levels: int) -> Iterator[Around]:
        """This element and those around it, from inside out."""
        current: Around | None = self
        while current is not None and levels:
            yield current
            current = current.up
            levels -= 1


@lru_cache(maxsize=4096)
def _is_away(name: str) -> bool:
    """Pages of one site name their elements alike."""
    return words.AWAY_NAME.search(name) is not None


@dataclass
class Walk:
    """The text of a page in order, and where the title and the first thing that buys stand in it."""

    document: Document
    chunks: Sequence[str] = ()
    keys: Sequence[str] = ()  # chunks as labels are compared; empty for longer ones
    places: Sequence[int] = ()  # addresses of the pieces of text that chunks are
    title: str | None = None
    title_at: int | None = None
    around_title: frozenset[int] = frozenset()  # elements that hold the title too: what they are called says nothing of a price
    buys: list[int] = field(default_factory=list)
    buy_buttons: int = 0
    _known: dict[int, Around] = field(default_factory=dict)

    @cached_property
    def links(self) -> Links:
        """The first link in each element that holds one."""
        return links_in(self.document)

    def place(self, at: int) -> Around:
        """The element around a chunk."""
        body = self.document.tree.body
        assert body is not None  # it has the chunk
        node = walking.node_at(body, self.places[at])
        return self.around(node.parent or node)

    def around(self, node: LexborNode) -> Around:
        """An element with those around it."""
        fresh: list[LexborNode] = []
        current: LexborNode | None = node
        up: Around | None = None
        while current is not None:
            up = self._known.get(current.mem_id)
            if up is not None:
                break
            fresh.append(current)
            current = current.parent
            if current is not None and current.tag_id in _OUTER:
                break
        for element in reversed(fresh):
            up = self._known[element.mem_id] = Around(element, up)
        return up or Around(node, None)

    def is_away(self, node: LexborNode, levels: int = 7) -> bool:
        """Whether an element stands among other things than the product."""
        up = self.around(node).up
        return up is not None and any(above.is_away for above in up.chain(levels))


def walk_page(document: Document, heading: str = "") -> Walk:
    """One pass over the body. Prose of 250 characters and more, scripts and choices of a form are left out.

    The title is the first-level heading that shares most words with `heading`, the page's title as its head says it.
    """
    walk = Walk(document)
    body = document.tree.body
    if body is None:
        return walk
    walk.chunks, walk.places, marked = walking.pieces(body, _KINDS, MAX_CHUNKS, MAX_NODES, MAX_SOURCE, MAX_PIECE)
    marks = dict(marked)
    walk.keys = [words.key_of(chunk) if len(chunk) < SHORT else "" for chunk in walk.chunks]
    buys = [at for at, key in enumerate(walk.keys) if key in words.BUY]
    walk.buy_buttons = len(buys)
    wanted = words_of(heading)
    closest = -1
    for node, _, _ in document.tagged("h1"):
        name = text_of(node)
        shared = len(words_of(name) & wanted)
        if name and shared > closest and node.mem_id in marks:
            closest, walk.title, walk.title_at = shared, name[:300], marks[node.mem_id]
            up = walk.around(node).up
            walk.around_title = frozenset(above.mark for above in up.chain(30)) if up is not None else frozenset()
    for tag in ("input", "button"):
        for node, _, attributes in document.tagged(tag):
            label = (attributes.get("value") or attributes.get("aria-label") or attributes.get("title") or "").strip()
            if label and len(label) < SHORT and words.key_of(label) in words.BUY and node.mem_id in marks:
                buys.append(marks[node.mem_id])
                walk.buy_buttons += tag == "input"
    walk.buys = sorted(buys)
    return walk


def words_of(text: str) -> set[str]:
    """The words of a short text, for comparing titles."""
    return set(re.findall(r"\w+", text[:300].lower()))
