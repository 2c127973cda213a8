"""A parsed page with what every reader needs of it, gathered in one walk: its elements with their attributes, and its blocks.

A selector costs a walk over the whole tree, an attribute a copy; readers share one of each. Blocks are units of text between two
block-level borders, each in its containers (a paragraph, a heading, a list item, a table cell, a button's label).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from collectors.reading.blocks import Blocks, folded
from collectors.reading.model import PageError

MAX_BLOCKS: Final = 20_000  # the longest page of the corpora has under 4 000
MAX_NODES: Final = 400_000
MAX_DEPTH: Final = 400  # the deepest page of the corpora has 41 levels
MAX_WEIGHT: Final = 50_000_000  # characters, each times the elements around it; the heaviest page of the corpora has 1.5 million
MAX_VOLUME: Final = 600_000_000  # bytes times levels: the same for white space; 50 levels for the largest page
USUAL_DEPTH: Final = 16  # text above it is not weighed

# Listed as elements, never entered: what they hold is no text of the page, or a list of choices.
CLOSED: Final = (
    "script style svg template iframe canvas math object select datalist option optgroup textarea audio video map frameset"
)
INLINE: Final = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd link mark meta nobr picture q rp rt ruby s "
    "samp small source span strike strong sub sup time track tt u var wbr"
)
BLOCK: Final = (
    "p h1 h2 h3 h4 h5 h6 div section article main header footer nav aside ul ol li dl dt dd table tbody thead tfoot tr td th "
    "caption colgroup col form fieldset legend label button blockquote pre figure figcaption address details summary center "
    "body html br hr dialog menu hgroup output progress meter noscript head title base"
)

Attributes = dict[str, str | None]
Element = tuple[LexborNode, str, Attributes]


def _tag_ids(names: str) -> dict[int, str]:
    """Lexbor's numbers of tags, asked of the library, so that they hold for the version installed."""
    return {LexborHTMLParser("<p></p>").create_node(name).tag_id: name for name in names.split()}


TEXT: Final = LexborHTMLParser("<p>x").css("p")[0].first_child.tag_id  # type: ignore[union-attr]
_COMMENT: Final = LexborHTMLParser("<p><!--x--></p>").css("p")[0].first_child.tag_id  # type: ignore[union-attr]
_CLOSED: Final = _tag_ids(CLOSED)
_INLINE: Final = _tag_ids(INLINE)
_NAMES: Final = _CLOSED | _INLINE | _tag_ids(BLOCK)
TAG_IDS: Final = {name: number for number, name in _NAMES.items()}
_MEDIA: Final = frozenset(TAG_IDS[name] for name in ("audio", "object", "video"))
_A, _BR, _PRE, _IMG = (TAG_IDS[name] for name in ("a", "br", "pre", "img"))


class _Index(NamedTuple):
    """Elements by tag, by the value of `class` and by that of `id`, each list in document order."""

    tags: dict[str, list[Element]]
    classes: dict[str, list[Element]]
    ids: dict[str, list[Element]]


@dataclass
class Document:
    """`elements` stand in document order; those inside drawings, templates and lists of choices are left out.

    What several readers ask of all elements is computed at the first question: most pages have nothing of what most readers seek,
    and one look at all names of classes or attributes shows it.
    """

    tree: LexborHTMLParser
    blocks: Blocks = field(default_factory=Blocks)
    elements: list[Element] = field(default_factory=list)
    _by_attribute: dict[str, list[Element]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def _index(self) -> _Index:
        index = _Index(defaultdict(list), defaultdict(list), defaultdict(list))
        tags, classes, ids = index
        for element in self.elements:
            tags[element[1]].append(element)
            if attributes := element[2]:
                if value := attributes.get("class"):
                    classes[value].append(element)
                if value := attributes.get("id"):
                    ids[value].append(element)
        return index

    @cached_property
    def attribute_names(self) -> frozenset[str]:
        """The attributes that at least one element has."""
        return frozenset().union(*[attributes for _, _, attributes in self.elements])

    @cached_property
    def class_words(self) -> str:
        """All values of `class` in lower case, each once and between spaces: what is not in it, no element is called."""
        return "\n".join(self._lower_classes)

    @cached_property
    def id_words(self) -> str:
        """The same of `id`."""
        return "\n".join(self._lower_ids)

    @cached_property
    def _lower_classes(self) -> Mapping[str, str]:
        return {f" {value.lower()} ": value for value in self._index.classes}

    @cached_property
    def _lower_ids(self) -> Mapping[str, str]:
        return {f" {value.lower()} ": value for value in self._index.ids}

    @cached_property
    def _places(self) -> Mapping[int, int]:
        return {id(element): number for number, element in enumerate(self.elements)}

    def tagged(self, tag: str) -> Sequence[Element]:
        """Elements of a tag, in document order."""
        return self._index.tags.get(tag, ())

    def with_attribute(self, name: str) -> Sequence[Element]:
        """Elements that have an attribute, in document order."""
        if name not in self._by_attribute:
            has_any = name in self.attribute_names
            self._by_attribute[name] = [element for element in self.elements if name in element[2]] if has_any else []
        return self._by_attribute[name]

    def classes_with(self, *parts: str) -> set[str]:
        """Values of `class` that hold one of these lower-case parts; `" word "` is a whole one."""
        return {
            value for part in parts if part in self.class_words for lower, value in self._lower_classes.items() if part in lower
        }

    def called(self, *parts: str) -> Sequence[Element]:
        """Elements with such a `class`, in document order."""
        return self.in_order(*[self._index.classes[value] for value in self.classes_with(*parts)])

    def identified(self, *parts: str) -> Sequence[Element]:
        """The same of `id`."""
        wanted = {value for part in parts if part in self.id_words for lower, value in self._lower_ids.items() if part in lower}
        return self.in_order(*[self._index.ids[value] for value in wanted])

    def in_order(self, *groups: Sequence[Element]) -> Sequence[Element]:
        """Elements of the page, given in groups of their own order, each once and in document order."""
        filled = [group for group in groups if group]
        if len(filled) <= 1:
            return filled[0] if filled else ()
        numbers = {self._places[id(element)] for group in filled for element in group}
        return [self.elements[number] for number in sorted(numbers)]


def read_document(markup: str | bytes) -> Document:
    """Parses a page and walks it. Raises PageError when it holds more than any real page does."""
    return document_of(LexborHTMLParser(markup, options=LexborDocumentOptions.WO_EVENTS))


def document_of(tree: LexborHTMLParser) -> Document:
    """The same for a page that is parsed already."""
    walk = _Walk()
    root = tree.root
    if root is not None and root.tag == "html":
        walk.elements.append((root, "html", root.attributes))
    if tree.head is not None:
        walk.head(tree.head)
    body = tree.body or root
    if body is not None:
        walk.elements.append((body, "body", body.attributes))
        walk.block(body, "body", walk.elements[-1][2], -1, 0, False)
    if len(tree.raw_html or b"") * walk.deepest > MAX_VOLUME:
        raise PageError(f"too large for its depth (more than {MAX_VOLUME:,} bytes times levels)")
    return Document(tree, walk.blocks(), walk.elements)


class _Walk:
    """The state of one walk: the block being read, and how deep in links and preformatted text it is."""

    __slots__ = (
        "containers", "deepest", "elements", "ends", "found", "gap", "images", "in_link", "in_pre", "link_chars", "links",
        "nodes", "parts", "weight",
    )  # fmt: skip

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self.found: list[tuple[str, int, int, int, int]] = []  # text, container, link_chars, links, images
        # parent, tag, names, role, itemprop, hidden, start, depth
        self.containers: list[tuple[int, str, str, str, str, bool, int, int]] = []
        self.ends: list[int] = []
        self.nodes: list[LexborNode] = []
        self.parts: list[str] = []
        self.gap = False  # an inline element has just ended, so the next one needs a space
        self.link_chars = self.links = self.images = 0
        self.in_link = self.in_pre = self.weight = self.deepest = 0

    def blocks(self) -> Blocks:
        if not self.found:
            return Blocks()
        texts, container, link_chars, links, images = map(list, zip(*self.found, strict=True))
        parent, tag, names, role, itemprop, hidden, start, depth = map(list, zip(*self.containers, strict=True))
        return Blocks(
            texts, container, link_chars, links, images, parent, tag, names, role, itemprop, hidden, start, self.ends, depth,
            nodes=self.nodes,
        )  # fmt: skip

    def head(self, head: LexborNode) -> None:
        self.elements.append((head, "head", head.attributes))
        for node in head.iter():
            tag = node.tag_id
            self.elements.append((node, _NAMES.get(tag) or node.tag or "", node.attributes))

    def flush(self, container: int) -> None:
        """Ends the block that is being read."""
        joined = self.parts[0] if len(self.parts) == 1 else "".join(self.parts)
        self.parts = []
        text = joined.strip("\n") if self.in_pre else folded(joined)
        if text and not text.isspace():
            self.found.append((text, container, min(self.link_chars, len(text)), self.links, self.images))
            if len(self.found) > MAX_BLOCKS:
                raise PageError(f"too many blocks of text (more than {MAX_BLOCKS:,})")
        self.link_chars = self.links = self.images = 0

    def block(self, node: LexborNode, tag: str, attributes: Attributes, parent: int, depth: int, hidden: bool) -> None:
        """A block-level element and all in it."""
        name = tag if tag in TAG_IDS else "div"  # what a site calls its own elements says little
        containers = self.containers
        container = len(containers)
        start = len(self.found)
        if attributes:
            get = attributes.get
            style = get("style")
            hidden = (
                hidden
                or "hidden" in attributes
                or get("aria-hidden") == "true"
                or (style is not None and "none" in style and "display:none" in style.replace(" ", ""))
            )
            names = f"{get('class') or ''} {get('id') or ''}"
            containers.append((parent, name, names, get("role") or "", get("itemprop") or "", hidden, start, depth))
        else:
            containers.append((parent, name, "", "", "", hidden, start, depth))
        self.ends.append(0)
        self.nodes.append(node)
        if tag == "pre":
            self.in_pre += 1
        self.inside(node, container, depth, hidden)
        if len(self.elements) > MAX_NODES:
            raise PageError(f"too many elements (more than {MAX_NODES:,})")
        if self.parts:
            self.flush(container)
        self.gap = False
        self.links = self.images = 0
        if tag == "pre":
            self.in_pre -= 1
        end = len(self.found)
        if end == start and container == len(containers) - 1:
            # Nothing in it says anything: icons, spacers, places that scripts fill.
            containers.pop()
            self.ends.pop()
            self.nodes.pop()
            return
        self.ends[container] = end

    def inside(self, node: LexborNode, container: int, depth: int, hidden: bool) -> None:
        """What an element holds. White space between elements is left out, except in preformatted text."""
        if depth > self.deepest:
            self.deeper(depth)
        elements = self.elements
        for child in node.iter(include_text=True, skip_empty=not self.in_pre):
            tag = child.tag_id
            if tag == TEXT:
                text = child.text_content or ""
                self.parts.append(text)
                self.gap = False
                if depth > USUAL_DEPTH:
                    self.weigh(len(text) * depth)
                if self.in_link:
                    self.link_chars += len(text.strip())
                continue
            if tag == _COMMENT:
                continue
            attributes = child.attributes
            name = _NAMES.get(tag) or child.tag or ""
            elements.append((child, name, attributes))
            if tag in _CLOSED:
                self.closed(child, tag)
                continue
            if tag in _INLINE:
                if tag == _IMG:
                    self.images += 1
                    continue
                if self.gap:
                    self.parts.append(" ")
                    self.gap = False
                if tag == _A:
                    self.in_link += 1
                    self.links += 1
                    self.inside(child, container, depth + 1, hidden)
                    self.in_link -= 1
                else:
                    self.inside(child, container, depth + 1, hidden)
                self.gap = bool(self.parts)
                continue
            if tag == _BR:
                self.line_break(container)
                continue
            if self.parts:
                self.flush(container)
            self.gap = False
            self.links = self.images = 0
            self.block(child, name, attributes, container, depth + 1, hidden)

    def deeper(self, depth: int) -> None:
        self.deepest = depth
        if depth > MAX_DEPTH:
            raise PageError(f"nested too deeply (more than {MAX_DEPTH} levels)")

    def weigh(self, weight: int) -> None:
        """Readers ask elements for their text: text costs as often as there are elements around it."""
        self.weight += weight
        if self.weight > MAX_WEIGHT:
            raise PageError(f"too much text nested too deeply (more than {MAX_WEIGHT:,} characters times levels)")

    def closed(self, outer: LexborNode, tag: int) -> None:
        """Lists what a player holds of structured data; all else in it is for browsers that cannot play."""
        if tag not in _MEDIA:
            return
        for node in outer.traverse():
            attributes = node.attributes
            if "itemprop" in attributes and node.mem_id != outer.mem_id:
                self.elements.append((node, _NAMES.get(node.tag_id) or node.tag or "", attributes))

    def line_break(self, container: int) -> None:
        if self.in_pre:
            self.parts.append("\n")
        elif self.parts and self.parts[-1] == "\f":
            self.flush(container)  # two breaks in a row part paragraphs
        elif self.parts:
            self.parts.append("\f")
        self.gap = False
