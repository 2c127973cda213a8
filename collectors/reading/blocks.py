"""The visible page as a list of blocks: units of text between two block-level borders, each in its containers.

One walk over the tree reads everything the content model looks at. Scripts, styles, drawings and form lists are never entered.
A block is a run of text that no block-level element interrupts (a paragraph, a heading, a list item, a table cell, a button's
label).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.model import PageError

MAX_BLOCKS: Final = 20_000  # the longest page of the corpora has under 4 000
MAX_NODES: Final = 400_000
MAX_DEPTH: Final = 400  # the deepest page of the corpora has 41 levels

SKIPPED: Final = (
    "head script style svg template iframe canvas math object select datalist option optgroup textarea audio video map frameset"
)
INLINE: Final = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd link mark meta nobr picture q rp rt ruby s "
    "samp small source span strike strong sub sup time track tt u var wbr"
)
OTHER: Final = (
    "p h1 h2 h3 h4 h5 h6 div section article main header footer nav aside ul ol li dl dt dd table tbody thead tfoot tr td th "
    "caption colgroup col form fieldset legend label button blockquote pre figure figcaption address details summary center "
    "body html br hr dialog menu hgroup output progress meter noscript"
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
_NAMES: Final = {**_INLINE, **_tag_ids(OTHER)}
_IDS: Final = {name: number for number, name in _NAMES.items()}
_A, _BR, _PRE, _IMG = (_IDS[name] for name in ("a", "br", "pre", "img"))


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
    nodes: list[LexborNode] = field(default_factory=list)  # of the containers

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
    """The state of one walk: the block being read, and how deep in links and preformatted text it is."""

    __slots__ = (
        "ends", "found", "gap", "images", "in_link", "in_pre", "left", "link_chars", "links", "nodes", "opened", "parts", "tags",
    )  # fmt: skip

    def __init__(self) -> None:
        self.found: list[tuple[str, int, int, int, int]] = []  # text, container, link_chars, links, images
        self.opened: list[
            tuple[int, str, str, str, str, bool, int, int]
        ] = []  # parent, tag, names, role, itemprop, hidden, start, depth
        self.ends: list[int] = []
        self.nodes: list[LexborNode] = []
        self.parts: list[str] = []
        self.gap = False  # an inline element has just ended, so the next one needs a space
        self.link_chars = 0
        self.links = 0
        self.images = 0
        self.in_link = 0
        self.in_pre = 0
        self.left = MAX_NODES
        self.tags: dict[int, int] = {}

    def flush(self, container: int) -> None:
        """Ends the block that is being read."""
        if self.parts:
            joined = self.parts[0] if len(self.parts) == 1 else "".join(self.parts)
            text = joined.strip("\n") if self.in_pre else _folded(joined)
            if text and not text.isspace():
                self.found.append((text, container, min(self.link_chars, len(text)), self.links, self.images))
                if len(self.found) > MAX_BLOCKS:
                    raise PageError(f"too many blocks of text (more than {MAX_BLOCKS:,})")
            self.parts = []
        self.gap = False
        self.link_chars = self.links = self.images = 0

    def element(self, node: LexborNode, tag: int, parent: int, depth: int, hidden: bool) -> None:
        """A block-level element and all in it."""
        container = len(self.opened)
        names = role = itemprop = ""
        if attributes := node.attributes:
            get = attributes.get
            names = f"{get('class') or ''} {get('id') or ''}"
            role = get("role") or ""
            itemprop = get("itemprop") or ""
            style = get("style")
            hidden = (
                hidden
                or "hidden" in attributes
                or get("aria-hidden") == "true"
                or (style is not None and "none" in style and "display:none" in style.replace(" ", ""))
            )
        self.opened.append((parent, _NAMES.get(tag, "div"), names, role, itemprop, hidden, len(self.found), depth))
        self.ends.append(0)
        self.nodes.append(node)
        if tag == _PRE:
            self.in_pre += 1
        self.children(node, container, depth, hidden)
        self.flush(container)
        if tag == _PRE:
            self.in_pre -= 1
        if container == len(self.opened) - 1 and len(self.found) == self.opened[container][6]:
            # Nothing in it says anything: icons, spacers, places that scripts fill.
            self.opened.pop()
            self.ends.pop()
            self.nodes.pop()
            return
        self.ends[container] = len(self.found)

    def children(self, node: LexborNode, container: int, depth: int, hidden: bool) -> None:
        """What an element holds. White space between elements is left out, except in preformatted text."""
        if depth > MAX_DEPTH:
            raise PageError(f"nested too deeply (more than {MAX_DEPTH} levels)")
        for child in node.iter(include_text=True, skip_empty=not self.in_pre):
            tag = child.tag_id
            if tag == TEXT_ID:
                text = child.text_content or ""
                self.parts.append(text)
                self.gap = False
                if self.in_link:
                    self.link_chars += len(text.strip())
                continue
            if tag in _SKIP:
                continue
            self.left -= 1
            if self.left < 0:
                raise PageError(f"too many elements (more than {MAX_NODES:,})")
            self.tags[tag] = self.tags.get(tag, 0) + 1
            if tag not in _INLINE:
                if tag == _BR:
                    self._line_break(container)
                else:
                    self.flush(container)
                    self.element(child, tag, container, depth + 1, hidden)
                continue
            if tag == _IMG:
                self.images += 1
                continue
            if self.gap:
                self.parts.append(" ")
                self.gap = False
            if tag == _A:
                self.in_link += 1
                self.links += 1
                self.children(child, container, depth + 1, hidden)
                self.in_link -= 1
            else:
                self.children(child, container, depth + 1, hidden)
            self.gap = bool(self.parts)

    def _line_break(self, container: int) -> None:
        if self.in_pre:
            self.parts.append("\n")
        elif self.parts and self.parts[-1] == "\f":
            self.flush(container)  # two breaks in a row part paragraphs
        elif self.parts:
            self.parts.append("\f")
        self.gap = False


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
        return Blocks()
    walk.element(body, 0, -1, 0, hidden=False)
    if not walk.found:
        return Blocks()
    texts, container, link_chars, links, images = map(list, zip(*walk.found, strict=True))
    parent, tag, names, role, itemprop, hidden, start, depth = map(list, zip(*walk.opened, strict=True))
    tag[0] = "body"
    tags = Counter({_NAMES[number]: count for number, count in walk.tags.items() if number in _NAMES})
    return Blocks(
        texts, container, link_chars, links, images, parent, tag, names, role, itemprop, hidden, start, walk.ends, depth, tags,
        names[0], walk.nodes,
    )  # fmt: skip
