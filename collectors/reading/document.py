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

import numpy as np
from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from collectors.reading.blocks import Blocks
from collectors.reading.model import PageError
from collectors.reading.native.library import Bytes
from collectors.reading.native.walking import Walk, Walked

MAX_BLOCKS: Final = 20_000  # the longest page of the corpora has under 4 000
MAX_NODES: Final = 400_000
MAX_DEPTH: Final = 400  # the deepest page of the corpora has 41 levels
MAX_WEIGHT: Final = 50_000_000  # characters, each times the elements around it; the heaviest page of the corpora has 1.5 million
MAX_VOLUME: Final = 600_000_000  # bytes times levels: the same for white space; 50 levels for the largest page

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
_CLOSED: Final = _tag_ids(CLOSED)
_INLINE: Final = _tag_ids(INLINE)
_NAMES: Final = _CLOSED | _INLINE | _tag_ids(BLOCK)
TAG_IDS: Final = {name: number for number, name in _NAMES.items()}
_NAME_OF: Final = [_NAMES.get(number) for number in range(256)]


def _kinds_of_tags() -> Bytes:
    """What a tag does to the walk: see native.Walk."""
    kinds = np.zeros(256, np.uint8)
    special = {"audio": 3, "object": 3, "video": 3, "img": 4, "a": 5, "br": 6, "pre": 7}
    for names, kind in ((_INLINE, 1), (_CLOSED, 2), ({TAG_IDS[name]: name for name in special}, None)):
        for number, name in names.items():
            kinds[number] = special[name] if kind is None else kind
    return kinds


_WALK: Final = Walk(_kinds_of_tags(), blocks=MAX_BLOCKS, elements=MAX_NODES, depth=MAX_DEPTH, weight=MAX_WEIGHT)


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
    elements: list[Element] = []
    root = tree.root
    if root is not None and root.tag == "html":
        elements.append((root, "html", root.attributes))
    if tree.head is not None:
        elements.append((tree.head, "head", tree.head.attributes))
        elements += [(node, _NAMES.get(node.tag_id) or node.tag or "", node.attributes) for node in tree.head.iter()]
    body = tree.body or root
    if body is None:
        return Document(tree, Blocks(), elements)
    walked = _WALK.over(body)
    if len(tree.raw_html or b"") * walked.deepest > MAX_VOLUME:
        raise PageError(f"too large for its depth (more than {MAX_VOLUME:,} bytes times levels)")
    inside = _elements(body, *walked.elements)
    return Document(tree, _blocks(walked, inside), elements + [element for element in inside if element is not None])


def _elements(body: LexborNode, places: Sequence[int], tags: Sequence[int]) -> list[Element | None]:
    """The elements that a walk met; None for those in players that say nothing of data."""
    nodes = list(body.traverse())
    named = _NAME_OF.__getitem__
    found: list[Element | None] = [
        (node := nodes[place], named(tag) or node.tag or "", node.attributes) for place, tag in zip(places, tags, strict=True)
    ]
    found[0] = (body, "body", body.attributes)
    if min(tags) < 0:
        for number, tag in enumerate(tags):
            element = found[number]
            if tag < 0 and element is not None:
                node, _, attributes = element
                found[number] = (node, _NAME_OF[-1 - tag] or node.tag or "", attributes) if "itemprop" in attributes else None
    return found


def _blocks(walked: Walked, elements: Sequence[Element | None]) -> Blocks:
    """Blocks with what the elements of their containers are called."""
    numbers, parents, tags, start, end, depth = walked.containers
    container_of, link_chars, links, images = walked.blocks
    names, roles, props = [""] * len(numbers), [""] * len(numbers), [""] * len(numbers)
    hidden = [False] * len(numbers)
    nodes = []
    for container, (number, parent) in enumerate(zip(numbers, parents, strict=True)):
        node, _, attributes = elements[number]  # type: ignore[misc]  # an element in a player is no container
        nodes.append(node)
        is_hidden = container > 0 and hidden[parent]
        if attributes:
            get = attributes.get
            names[container] = f"{get('class') or ''} {get('id') or ''}"
            if value := get("role"):
                roles[container] = value
            if value := get("itemprop"):
                props[container] = value
            is_hidden = is_hidden or "hidden" in attributes or get("aria-hidden") == "true" or is_undisplayed(get("style"))
        hidden[container] = is_hidden
    # What a site calls its own elements says little: they count as the plainest of containers.
    tag_names = ["body", *[_NAME_OF[tag] or "div" for tag in tags[1:]]] if tags else []
    return Blocks(
        walked.texts, container_of, link_chars, links, images, parents, tag_names, names, roles, props, hidden, start, end, depth,
        nodes,
    )  # fmt: skip


def is_undisplayed(style: str | None) -> bool:
    return style is not None and "none" in style and "display:none" in style.replace(" ", "")
