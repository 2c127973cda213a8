"""A parsed page with what every reader needs of it, gathered in one walk: its elements with their attributes, and its blocks.

A selector costs a walk over the whole tree, an element a handful of objects; readers share one walk, and an element is made when
somebody asks for it. Blocks are units of text between two block-level borders, each in its containers (a paragraph, a heading, a
list item, a table cell, a button's label).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Final

import numpy as np
from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from collectors.reading.blocks import Blocks
from collectors.reading.model import PageError
from collectors.reading.native.library import END, Bytes
from collectors.reading.native.walking import USUAL_KEYS, Walk

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
    special = {"audio": 3, "object": 3, "video": 3, "img": 4, "a": 5, "br": 6, "pre": 7, "head": 8, "body": 9}
    for names, kind in ((_INLINE, 1), (_CLOSED, 2), ({TAG_IDS[name]: name for name in special}, None)):
        for number, name in names.items():
            kinds[number] = special[name] if kind is None else kind
    return kinds


_DROPPED: Final = -1
_USUAL_NAMES: Final[dict[int, str]] = {}  # of attributes, by what Lexbor calls them by; the same in every tree
_WALK: Final = Walk(_kinds_of_tags(), blocks=MAX_BLOCKS, elements=MAX_NODES, depth=MAX_DEPTH, weight=MAX_WEIGHT)


class _Called:
    """Which elements have an attribute of what value: `column` are elements and the numbers of their values."""

    def __init__(self, column: Sequence[list[int]], values: Sequence[str]) -> None:
        self._column = column
        padded = [f" {value} \n" for value in map(str.lower, values)]
        self.words = "".join(padded)
        self._ends = [*accumulate(map(len, padded))]

    @cached_property
    def _elements_of(self) -> Sequence[list[int]]:
        """By number of a value."""
        found: list[list[int]] = [[] for _ in self._ends]
        for element, value in zip(*self._column, strict=True):
            found[value].append(element)
        return found

    def numbers_with(self, parts: Iterable[str]) -> set[int]:
        """Values that hold one of these parts."""
        words, ends = self.words, self._ends
        found = set()
        for part in parts:
            at = words.find(part)
            while at >= 0:
                number = bisect_right(ends, at)
                found.add(number)
                at = words.find(part, ends[number])
        return found

    def elements_with(self, parts: Iterable[str]) -> list[int]:
        """Elements with such a value, in document order."""
        return sorted([element for value in self.numbers_with(parts) for element in self._elements_of[value]])


class Document:
    """Elements stand in document order; those inside drawings, templates and lists of choices are left out.

    What several readers ask of all elements is computed at the first question: most pages have nothing of what most readers seek,
    and one look at all names of classes or attributes shows it.
    """

    def __init__(self, tree: LexborHTMLParser) -> None:
        """Raises PageError when the page holds more than any real one does."""
        self.tree = tree
        root = tree.root
        assert root is not None  # Lexbor makes one for any input
        self._walked = walked = _WALK.over(root)
        if len(tree.raw_html or b"") * walked.deepest > MAX_VOLUME:
            raise PageError(f"too large for its depth (more than {MAX_VOLUME:,} bytes times levels)")
        places, self._tags, _ = walked.elements
        nodes = list(root.traverse())
        self._nodes = [nodes[place] for place in places]
        self._made: list[Element | None] = [None] * len(places)
        self._number_of: dict[int, int] = {}  # by id of an element made
        self._tagged: dict[str, list[Element]] = {}
        if min(self._tags) < 0:
            self._look_into_players()
        self.blocks = self._blocks()

    def _look_into_players(self) -> None:
        """What stands in a player is for browsers that cannot play, unless it is structured data."""
        inner = [number for number, tag in enumerate(self._tags) if tag < 0]
        for number in inner:
            self._tags[number] = -1 - self._tags[number]
        data = set(self._numbers_with("itemprop"))
        for number in inner:
            if number not in data:
                self._tags[number] = _DROPPED

    def _element(self, number: int) -> Element:
        element = self._made[number]
        if element is None:
            node = self._nodes[number]
            element = self._made[number] = (node, _NAME_OF[self._tags[number]] or node.tag or "", node.attributes)
            self._number_of[id(element)] = number
        return element

    def _elements(self, numbers: Iterable[int]) -> list[Element]:
        made, make, tags = self._made, self._element, self._tags
        return [made[number] or make(number) for number in numbers if tags[number] >= 0]

    @property
    def elements(self) -> list[Element]:
        """All of them, made: dear."""
        return self._elements(range(len(self._tags)))

    # --- by tag

    @cached_property
    def _by_tag(self) -> Mapping[str, list[int]]:
        numbers: dict[int, list[int]] = defaultdict(list)
        for number, tag in enumerate(self._tags):
            numbers[tag].append(number)
        numbers.pop(_DROPPED, None)
        named: dict[str, list[int]] = {}
        for tag, found in numbers.items():
            if name := _NAME_OF[tag]:
                named[name] = found
            else:
                for number in found:
                    named.setdefault(self._nodes[number].tag or "", []).append(number)
        return named

    def tagged(self, tag: str) -> Sequence[Element]:
        """Elements of a tag, in document order."""
        found = self._tagged.get(tag)
        if found is None:
            found = self._tagged[tag] = self._elements(self._by_tag.get(tag, ()))
        return found

    def count(self, tag: str) -> int:
        """How many elements of a tag there are."""
        return len(self._by_tag.get(tag, ()))

    # --- by attribute

    @cached_property
    def _names(self) -> Mapping[str, list[int]]:
        """Numbers of the names of attributes; a prefix may make two numbers one name."""
        walked = self._walked
        numbers: dict[str, list[int]] = {}
        for number, (key, element, position) in enumerate(zip(walked.keys, *walked.names, strict=True)):
            name = _USUAL_NAMES.get(key)
            if name is None:
                name = [*self._element(element)[2]][position]
                if key < USUAL_KEYS:
                    _USUAL_NAMES[key] = name
            numbers.setdefault(name, []).append(number)
        return numbers

    def _numbers_with(self, name: str) -> list[int]:
        walked = self._walked
        found: list[list[int]] = [
            walked.named[walked.ends[number - 1] if number else 0 : walked.ends[number]].tolist()
            for number in self._names.get(name, ())
        ]
        return found[0] if len(found) == 1 else sorted({number for part in found for number in part})

    @cached_property
    def attribute_names(self) -> frozenset[str]:
        """The attributes that at least one element has."""
        return frozenset(self._names)

    def with_attribute(self, name: str) -> Sequence[Element]:
        """Elements that have an attribute, in document order."""
        return self._elements(self._numbers_with(name))

    # --- by class and id

    @cached_property
    def _classes(self) -> _Called:
        return _Called(self._walked.classed, self._walked.classes)

    @cached_property
    def _ids(self) -> _Called:
        return _Called(self._walked.identified, self._walked.ids)

    @property
    def class_words(self) -> str:
        """All different values of `class` in lower case, between spaces: what is not in it, no element is called."""
        return self._classes.words

    @property
    def id_words(self) -> str:
        """The same of `id`."""
        return self._ids.words

    def classes_with(self, *parts: str) -> set[str]:
        """Values of `class` that hold one of these lower-case parts; `" word "` is a whole one."""
        return {self._walked.classes[number] for number in self._classes.numbers_with(parts)}

    def called(self, *parts: str) -> Sequence[Element]:
        """Elements with such a `class`, in document order."""
        return self._elements(self._classes.elements_with(parts))

    def identified(self, *parts: str) -> Sequence[Element]:
        """The same of `id`."""
        return self._elements(self._ids.elements_with(parts))

    def in_order(self, *groups: Sequence[Element]) -> Sequence[Element]:
        """Elements of the page, given in groups of their own order, each once and in document order."""
        filled = [group for group in groups if group]
        if len(filled) <= 1:
            return filled[0] if filled else ()
        return self._elements(sorted({self._number_of[id(element)] for group in filled for element in group}))

    # --- blocks

    def _blocks(self) -> Blocks:
        """Blocks with what the elements of their containers are called."""
        walked = self._walked
        elements, parents, tags, start, end, _, named = walked.containers.tolist()
        container_of, link_chars, *_ = walked.blocks.tolist()
        classes, ids = [*walked.classes, "", ""], [*walked.ids, "", ""]  # the last ones for -1 and -2, which are none
        called = [f"{classes[one]} {ids[other]}" if one > -2 else "" for one, other in zip(*walked.called, strict=True)]
        container_at = {element: container for container, element in enumerate(elements)}
        # What a site calls its own elements says little: they count as the plainest of containers.
        tag_names = [_NAME_OF[tag] or "div" for tag in tags]
        if tag_names:
            tag_names[0] = "body"
        return Blocks(
            walked.text, walked.blocks, walked.containers, called, walked.text.split(END)[:-1], container_of, link_chars,
            parents, tag_names, [called[number] for number in named],
            self._values("role", container_at), self._values("itemprop", container_at), self._hidden(container_at),
            start, end, [self._nodes[element] for element in elements],
        )  # fmt: skip

    def _values(self, name: str, container_at: Mapping[int, int]) -> list[str]:
        """An attribute of each container."""
        values = [""] * len(container_at)
        for number in self._numbers_with(name):
            if number in container_at:
                values[container_at[number]] = self._element(number)[2].get(name) or ""
        return values

    def _hidden(self, container_at: Mapping[int, int]) -> list[bool]:
        """Is it or anything around it hidden."""
        hidden = [False] * len(container_at)
        for name in ("hidden", "aria-hidden", "style"):
            for number in self._numbers_with(name):
                if number in container_at:
                    value = self._element(number)[2].get(name)
                    hidden[container_at[number]] |= (
                        value == "true" if name == "aria-hidden" else is_undisplayed(value) if name == "style" else True
                    )
        if any(hidden):
            for container, parent in enumerate(self._walked.containers[1]):
                hidden[container] |= container > 0 and hidden[parent]
        return hidden


def read_document(markup: str | bytes) -> Document:
    """Parses a page and walks it. Raises PageError when it holds more than any real page does."""
    return Document(LexborHTMLParser(markup, options=LexborDocumentOptions.WO_EVENTS))


def is_undisplayed(style: str | None) -> bool:
    return style is not None and "none" in style and "display:none" in style.replace(" ", "")
