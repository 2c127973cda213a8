"""The visible page as a list of blocks: units of text between two block-level borders, each in its containers.

One walk over the tree reads everything the content model looks at. Scripts, styles, drawings and form lists are never entered.
A block is a run of text that no block-level element interrupts (a paragraph, a heading, a list item, a table cell, a button's label).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.model import PageError

MAX_BLOCKS: Final = 20_000  # the longest page of the corpora has under 4 000
MAX_NODES: Final = 400_000
MAX_DEPTH: Final = 800  # the deepest page of the corpora has 41 levels

SKIPPED: Final = (
    "head script style svg template iframe canvas math object noscript select datalist option optgroup textarea audio video map head frameset"
)
INLINE: Final = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd link mark meta nobr picture q rp rt ruby s samp "
    "small source span strike strong sub sup time track tt u var wbr"
)
GLUED: Final = "b strong i em u font sup sub mark code small big s q var wbr"  # no gap is added between these and their neighbours
OTHER: Final = (
    "p h1 h2 h3 h4 h5 h6 div section article main header footer nav aside ul ol li dl dt dd table tbody thead tfoot tr td th caption "
    "colgroup col form fieldset legend label button blockquote pre figure figcaption address details summary center body html br hr "
    "dialog menu hgroup output progress meter"
)


def _tag_ids(names: str) -> dict[int, str]:
    """Lexbor's numbers of tags, read from a parsed sample, so that they hold for the version installed."""
    found = {}
    for name in names.split():
        sample = LexborHTMLParser("<html><head></head><body></body></html>")
        node = sample.create_node(name)
        found[node.tag_id] = name
    return found


TEXT_ID: Final = LexborHTMLParser("<p>x").css("p")[0].first_child.tag_id  # type: ignore[union-attr]
COMMENT_ID: Final = LexborHTMLParser("<p><!--x--></p>").css("p")[0].first_child.tag_id  # type: ignore[union-attr]
_SKIP: Final = frozenset(_tag_ids(SKIPPED)) | {COMMENT_ID}
_INLINE: Final = _tag_ids(INLINE)
_GLUED: Final = frozenset(_tag_ids(GLUED))
_NAMES: Final = {**_INLINE, **_tag_ids(OTHER)}
_IDS: Final = {name: number for number, name in _NAMES.items()}
_A, _BR, _PRE, _IMG, _INPUT, _TIME = (_IDS[name] for name in ("a", "br", "pre", "img", "input", "time"))


@dataclass(slots=True)
class Blocks:
    """Parallel lists. Block i: its text, the number of its container, and what was counted while it was read.

    Container c: its parent (a smaller number; -1 for the root), tag, class and id words, role and itemprop; containers stand in
    document order. `end` is the number of blocks read when it closed, `start` when it opened.
    """

    texts: list[str] = field(default_factory=list)
    container: list[int] = field(default_factory=list)
    link_chars: list[int] = field(default_factory=list)
    links: list[int] = field(default_factory=list)
    images: list[int] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    tag: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    role: list[str] = field(default_factory=list)
    itemprop: list[str] = field(default_factory=list)
    hidden: list[bool] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)  # how often each tag stands in the visible page
    body_names: str = ""

    def append_outside(self, tag: str, lines: list[str]) -> None:
        """Blocks that the visible page does not hold, in a container of their own at its end."""
        number, first = len(self.parent), len(self.texts)
        self.texts += lines
        self.container += [number] * len(lines)
        for counts in (self.link_chars, self.links, self.images):
            counts += [0] * len(lines)
        self.parent.append(0 if self.parent else -1)
        self.tag.append(tag)
        for strings in (self.names, self.role, self.itemprop):
            strings.append("")
        self.hidden.append(False)
        self.start.append(first)
        self.end.append(len(self.texts))
        self.end[0] = len(self.texts)
        self.depth.append(1)


class _Walk:
    """The state of one walk: the block being read and the containers that are open."""

    __slots__ = ("blocks", "gap", "images", "in_link", "in_pre", "link_chars", "links", "parts")

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.parts: list[str] = []
        self.gap = False
        self.link_chars = 0
        self.links = 0
        self.images = 0
        self.in_link = 0
        self.in_pre = 0

    def flush(self, container: int) -> None:
        """Ends the block that is being read."""
        if self.parts:
            joined = "".join(self.parts)
            text = joined.strip("\n") if self.in_pre else _folded(joined)
            if text and not text.isspace():
                blocks = self.blocks
                blocks.texts.append(text)
                blocks.container.append(container)
                blocks.link_chars.append(min(self.link_chars, len(text)))
                blocks.links.append(self.links)
                blocks.images.append(self.images)
                if len(blocks.texts) > MAX_BLOCKS:
                    raise PageError(f"too many blocks of text (more than {MAX_BLOCKS})")
            self.parts = []
        self.gap = False
        self.link_chars = self.links = self.images = 0

    def open(self, node: LexborNode, tag: str, parent: int) -> int:
        """A new container; returns its number."""
        blocks = self.blocks
        attributes = node.attributes
        number = len(blocks.parent)
        blocks.parent.append(parent)
        blocks.tag.append(tag)
        hidden = False
        names = role = itemprop = ""
        if attributes:
            names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
            role = attributes.get("role") or ""
            itemprop = attributes.get("itemprop") or ""
            style = attributes.get("style")
            hidden = (
                "hidden" in attributes
                or attributes.get("aria-hidden") == "true"
                or (style is not None and "none" in style and "display:none" in style.replace(" ", ""))
            )
        blocks.names.append(names)
        blocks.role.append(role)
        blocks.itemprop.append(itemprop)
        blocks.hidden.append(hidden or (parent >= 0 and blocks.hidden[parent]))
        blocks.start.append(len(blocks.texts))
        blocks.end.append(0)
        blocks.depth.append(blocks.depth[parent] + 1 if parent >= 0 else 0)
        return number


def _folded(text: str) -> str:
    """White space folded; a line break made by <br> (here a form feed) stays one."""
    if "\f" in text:
        return "\n".join(line for line in (" ".join(part.split()) for part in text.split("\f")) if line)
    return " ".join(text.split())


def read_blocks(tree: LexborHTMLParser) -> Blocks:
    """Blocks and containers of the page. Raises PageError when the page holds more than any real page does."""
    walk = _Walk()
    body = tree.body or tree.root
    if body is None:
        return walk.blocks
    _walk(walk, body)
    return walk.blocks


def _walk(walk: _Walk, body: LexborNode) -> None:
    blocks, tags = walk.blocks, Counter[int]()
    container = walk.open(body, "body", -1)
    blocks.body_names = blocks.names[0]
    stack: list[tuple[LexborNode, int, bool]] = []  # element, its tag, is it a container
    node = body.first_child
    for seen in count():
        if seen > MAX_NODES:
            raise PageError(f"too many nodes (more than {MAX_NODES:,})")
        if len(stack) > MAX_DEPTH:
            raise PageError(f"nested too deeply (more than {MAX_DEPTH} levels)")
        while node is None:
            if not stack:
                walk.flush(container)
                blocks.end[0] = len(blocks.texts)
                blocks.tags = Counter({_NAMES[tag]: number for tag, number in tags.items() if tag in _NAMES})
                return
            element, tag, is_container = stack.pop()
            if is_container:
                walk.flush(container)
                blocks.end[container] = len(blocks.texts)
                container = blocks.parent[container]
                if tag == _PRE:
                    walk.in_pre -= 1
            else:
                if tag == _A:
                    walk.in_link -= 1
                walk.gap = tag not in _GLUED
            node = element.next
        tag = node.tag_id
        if tag == TEXT_ID:
            _read_text(walk, node.text_content or "")
            node = node.next
        elif tag in _SKIP:
            node = node.next
        elif tag in _INLINE:
            tags[tag] += 1
            if tag == _A:
                walk.in_link += 1
                walk.links += 1
            elif tag == _IMG:
                walk.images += 1
            if walk.gap and tag not in _GLUED and walk.parts:
                walk.parts.append(" ")
            walk.gap = False
            stack.append((node, tag, False))
            node = node.first_child
        elif tag == _BR:
            if walk.in_pre:
                walk.parts.append("\n")
            elif walk.parts and walk.parts[-1] == "\f":
                walk.flush(container)
            elif walk.parts:
                walk.parts.append("\f")
            node = node.next
        else:
            tags[tag] += 1
            walk.flush(container)
            container = walk.open(node, _NAMES.get(tag) or "div", container)
            if tag == _PRE:
                walk.in_pre += 1
            stack.append((node, tag, True))
            node = node.first_child


def _read_text(walk: _Walk, text: str) -> None:
    if text.isspace():
        # White space between a line break and the next one does not separate them.
        if walk.parts and (walk.in_pre or walk.parts[-1] != "\f"):
            walk.parts.append(text if walk.in_pre else " ")
        return
    walk.parts.append(text)
    walk.gap = False
    if walk.in_link:
        walk.link_chars += len(text.strip())
