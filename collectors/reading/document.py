"""A parsed page with what every reader needs of it, gathered in one walk: its elements with their attributes, and its blocks.

A selector costs a walk over the whole tree, an element a handful of objects; readers share one walk, and an element is made when
somebody asks for it. Blocks are units of text between two block-level borders, each in its containers (a paragraph, a heading, a
list item, a table cell, a button's label).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Final, cast

import numpy as np
from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from collectors.reading.blocks import Blocks
from collectors.reading.markup_words import MarkupWords
from collectors.reading.model import PageError
from collectors.reading.native import walking
from collectors.reading.native.layout import Walk, learn_layout
from collectors.reading.native.library import Numbers

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
# What `property`, `name`, `itemprop`, `http-equiv`, `content` and `value` say: None for no such one, "" for one without a value.
Meta = tuple[str | None, str | None, str | None, str | None, str | None, str | None]


def _tag_ids(names: str) -> dict[int, str]:
    """Lexbor's numbers of tags, asked of the library, so that they hold for the version installed."""
    return {LexborHTMLParser("<p></p>").create_node(name).tag_id: name for name in names.split()}


TEXT: Final = LexborHTMLParser("<p>x").css("p")[0].first_child.tag_id  # type: ignore[union-attr]
_CLOSED: Final = _tag_ids(CLOSED)
_INLINE: Final = _tag_ids(INLINE)
_NAMES: Final = _CLOSED | _INLINE | _tag_ids(BLOCK)
TAG_IDS: Final = {name: number for number, name in _NAMES.items()}
_NAME_OF: Final = [_NAMES.get(number) for number in range(256)]


def _kinds_of_tags() -> bytes:
    """What a tag does to the walk: see layout.Walk."""
    kinds = bytearray(len(_NAME_OF))
    special = {"audio": 3, "object": 3, "video": 3, "img": 4, "a": 5, "br": 6, "pre": 7, "head": 8, "body": 9}
    for names, kind in ((_INLINE, 1), (_CLOSED, 2), ({TAG_IDS[name]: name for name in special}, None)):
        for number, name in names.items():
            kinds[number] = special[name] if kind is None else kind
    return bytes(kinds)


learn_layout(_NAME_OF)
_WALK: Final = Walk(_kinds_of_tags(), blocks=MAX_BLOCKS, elements=MAX_NODES, depth=MAX_DEPTH, weight=MAX_WEIGHT)


class Document:
    """Elements stand in document order; those inside drawings, templates and lists of choices are left out.

    An element is made at the first question for it: most pages have nothing of what most readers seek.
    """

    def __init__(self, tree: LexborHTMLParser) -> None:
        """Raises PageError when the page holds more than any real one does."""
        self.tree = tree
        root = tree.root
        assert root is not None  # Lexbor makes one for any input
        self._walked = _WALK.over(root)
        if len(tree.raw_html or b"") * walking.deepest(self._walked) > MAX_VOLUME:
            raise PageError(f"too large for its depth (more than {MAX_VOLUME:,} bytes times levels)")
        self._tagged: dict[str, list[Element]] = {}
        self.blocks = self._blocks()

    @property
    def elements(self) -> list[Element]:
        """All of them, made: dear."""
        return walking.elements(self._walked)

    @cached_property
    def words(self) -> MarkupWords:
        """Fixed words of the raw markup."""
        return MarkupWords(self.tree.raw_html or b"")

    def tagged(self, tag: str) -> Sequence[Element]:
        """Elements of an HTML tag, in document order."""
        found = self._tagged.get(tag)
        if found is None:
            found = self._tagged[tag] = walking.tagged(self._walked, TAG_IDS[tag])
        return found

    def count(self, tags: bytes) -> list[int]:
        """How many elements of each of these HTML tags there are; a tag is its number in TAG_IDS."""
        return walking.counts(self._walked, tags)

    @cached_property
    def metas(self) -> Sequence[Meta]:
        """The `meta` elements, in document order."""
        names = ("property", "name", "itemprop", "http-equiv", "content", "value")
        return cast(list[Meta], walking.values(self._walked, TAG_IDS["meta"], *names))

    @cached_property
    def attribute_names(self) -> frozenset[str]:
        """The attributes that at least one element has."""
        return frozenset(walking.attribute_names(self._walked))

    def with_attribute(self, name: str) -> Sequence[Element]:
        """Elements that have an attribute, in document order."""
        return walking.with_attribute(self._walked, name)

    def valued(self, name: str, *parts: str) -> list[Element]:
        """Elements with an attribute whose value holds one of these lower-case parts, in document order."""
        return walking.valued(self._walked, name, *parts)

    def links(
        self, most: int, most_links: int, most_text: int, origin: str, join: Callable[[str], str | None]
    ) -> tuple[Iterable[str], list[str], list[str | None]]:
        """Addresses of links, each once, with the beginning of their first text in one line, and their first rel.

        Among the first `most` elements, no more than so many links. `origin` is that of the base, or "", `join` gives the
        address of a href that has to be joined with it. A link without text is called by its title, its aria-label, or the alt
        of its first picture. With a `most_text` of 0 texts are left out.
        """
        return walking.links(self._walked, TAG_IDS["a"], TAG_IDS["img"], most, most_links, most_text, origin, join)

    def called(self, *parts: str) -> list[Element]:
        """Elements whose `class` holds one of these lower-case parts, in document order; `" word "` is a whole one."""
        return walking.called(self._walked, False, *parts)

    def identified(self, *parts: str) -> list[Element]:
        """The same of `id`."""
        return walking.called(self._walked, True, *parts)

    def in_order(self, *groups: Sequence[Element]) -> Sequence[Element]:
        """Elements of the page, given in groups of their own order, each once and in document order."""
        filled = [group for group in groups if group]
        if len(filled) <= 1:
            return filled[0] if filled else ()
        return walking.in_order(self._walked, *map(list, filled))

    def container_node(self, container: int) -> LexborNode:
        """The element that is a container of the blocks; not for one that was added."""
        return walking.container_node(self._walked, container)

    def _blocks(self) -> Blocks:
        """Blocks with what the elements of their containers are called."""
        # What a site calls its own elements says little: they count as the plainest of containers.
        text, codes, counts, shape, *_ = fields = walking.blocks(self._walked, "div", "body")
        return Blocks(text, codes, _table(counts, 5), _table(shape, 7), *fields[4:])


def _table(values: bytearray, columns: int) -> Numbers:
    return np.frombuffer(values, np.int32).reshape(columns, -1)


def read_document(markup: str | bytes) -> Document:
    """Parses a page and walks it. Raises PageError when it holds more than any real page does."""
    return Document(LexborHTMLParser(markup, options=LexborDocumentOptions.WO_EVENTS))
