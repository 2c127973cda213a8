"""The main content of a page: which blocks belong to it, chosen by a learned model, and what kind of page it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import compress
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collectors.reading.blocks import OUTSIDE, Blocks
from collectors.reading.content_context import SECOND_FEATURES, second_look
from collectors.reading.content_features import FEATURES, measure
from collectors.reading.content_model import load_scores, load_trees
from collectors.reading.document import Document
from collectors.reading.kind import KINDS, read_kind
from collectors.reading.model import Item, PageKind
from collectors.reading.native.counting import Measured, Trees, expected_best, keep_blocks, level_tables
from collectors.reading.native.library import END, Doubles, Floats
from collectors.reading.text import text_from_html

MAX_DESCRIPTION: Final = 50_000
SURE_OF_FORUM: Final = 0.25  # from this probability on, comments may be what the page is about
# Pages of one text have little that is half likely; lists of cards are half likely altogether.
LEAST_PROBABILITY: Final[dict[PageKind, float]] = {"article": 0.5, "documentation": 0.5, "product": 0.5}
SURE_OF_ARTICLE: Final = 0.7
LEAST_OF_ARTICLE: Final = 0.6
REPEATING: Final = frozenset(("article", "documentation"))  # an interview asks everybody the same, a recipe measures twice
_CELLS: Final = frozenset(("td", "th"))
_FORUM: Final = KINDS.index("forum")
_ARTICLE: Final = KINDS.index("article")
_PUNCTUATION: Final = re.compile(r"[^\w ]+")


class Prepared(NamedTuple):
    """A page ready to be judged: with the descriptions that only structured data holds among its blocks."""

    document: Document
    url: str | None
    items: Sequence[Item]
    title: str


class Content(NamedTuple):
    """What the page is about. `kept` and `probabilities` go by block; `kinds` are the probabilities of all kinds."""

    kind: PageKind | None
    kinds: tuple[float, ...]
    blocks: Blocks
    probabilities: tuple[float, ...]
    kept: tuple[bool, ...]
    threshold: float

    def text(self, without: frozenset[int] = frozenset()) -> str:
        """The kept blocks as lines, in reading order; cells of a table row on one line. `without` leaves blocks out."""
        blocks = self.blocks
        texts, containers, tags = blocks.texts, blocks.container, blocks.tag
        lines: list[str] = []
        outside: list[str] = []
        row = -1
        for number in compress(range(len(texts)), self.kept):
            if without and number in without:
                continue
            container = containers[number]
            tag = tags[container]
            if tag in _CELLS:
                parent = blocks.parent[container]
                if parent >= 0 and parent == row:
                    lines[-1] += f" {texts[number]}"
                else:
                    lines.append(texts[number])
                row = parent
            elif tag in OUTSIDE:
                outside.append(texts[number])
            else:
                lines.append(texts[number])
                row = -1
        return "\n".join(outside + lines)


def prepare(document: Document, url: str | None, items: Sequence[Item]) -> Prepared:
    """A description that only structured data holds becomes blocks too."""
    _add_descriptions(document.blocks, items)
    title = next((node.text()[:500] for node, _, _ in document.tagged("title")), "")
    return Prepared(document, url, items, title)


def _add_descriptions(blocks: Blocks, items: Sequence[Item]) -> None:
    visible = ""
    for item in items:
        if item.origin == "json-ld" and item.type in {"Product", "ProductGroup", "Course", "SoftwareApplication", "Book"}:
            tag, value = "described", item.properties.get("description")
        elif item.origin == "opengraph":
            tag, value = "abstract", item.properties.get("og:description")
        else:
            continue
        if not isinstance(value, str) or not value.strip():
            continue
        lines = []
        for line in text_from_html(value[:MAX_DESCRIPTION]).splitlines():
            core = _core(line)
            if core in blocks.joined and END not in core and core == " ".join(core.split()):
                continue  # as it stands in one text
            visible = visible or _visible(blocks)
            if core not in visible:
                lines.append(line)
        if lines:
            blocks.append_outside(tag, lines)
            visible += " ".join(lines)


def _visible(blocks: Blocks) -> str:
    """All texts as one line; only preformatted ones have more white space in them than single spaces and line ends."""
    if "pre" not in blocks.tag:
        return blocks.joined.replace(END, " ").replace("\n", " ")
    texts, done = blocks.texts.copy(), 0
    for tag, start, end in zip(blocks.tag, blocks.start, blocks.end, strict=True):
        if tag == "pre" and end > done:  # not one in another
            texts[start:end] = [" ".join(text.split()) for text in texts[start:end]]
            done = end
    return " ".join(texts).replace("\n", " ")


def _core(line: str) -> str:
    """What a line would share with its twin on the page: quotation marks and dashes differ, and its beginning may be a label."""
    return max(_PUNCTUATION.split(line), key=len).strip()[-60:]


def read_content(document: Document, url: str | None, items: Sequence[Item]) -> Content:
    """Kind and main content of a page; descriptions that only structured data holds are added to its blocks."""
    page = prepare(document, url, items)
    if not document.blocks.texts:
        return Content(None, (), document.blocks, (), (), 1.0)
    return judge(page)[0]


def judge(page: Prepared) -> tuple[Content, Floats]:
    """The content of a page that has blocks, and the rows of SECOND_FEATURES it was judged by."""
    blocks = page.document.blocks
    measured = measure(blocks, page.title, load_scores())
    first_trees, second_trees = _looks()
    first = first_trees.probabilities(measured.rows)
    kinds = read_kind(page.document, page.url, page.items, page.title, measured, first)
    best = max(range(len(KINDS)), key=kinds.__getitem__)
    judged = second_look(measured, first, kinds)
    probability = level_tables(measured, second_trees.probabilities(judged))
    threshold, kept = keep(measured, probability, kinds)
    return Content(KINDS[best], tuple(kinds), blocks, tuple(probability.tolist()), tuple(kept.tolist()), threshold), judged


@cache  # that of load_trees looks through all names
def _looks() -> tuple[Trees, Trees]:
    return load_trees("content_first", FEATURES), load_trees("content_second", SECOND_FEATURES)


def keep(measured: Measured, probability: Doubles, kinds: Sequence[float]) -> tuple[float, npt.NDArray[np.bool_]]:
    """The page's threshold, and which of its blocks are its content: the likely ones, less comments and copies.

    Readers write as people write articles, so no model tells them apart by their words; they are read as comments instead. What
    a page shows twice (for wide and narrow screens, in turning banners, in quotations) counts once.
    """
    kind = KINDS[max(range(len(KINDS)), key=kinds.__getitem__)]
    least = LEAST_OF_ARTICLE if kinds[_ARTICLE] >= SURE_OF_ARTICLE else LEAST_PROBABILITY.get(kind, 0.0)
    best = expected_best(probability, measured.words)
    comments, copies = kinds[_FORUM] >= SURE_OF_FORUM, kind in REPEATING
    return keep_blocks(measured, probability, best, least, comments=comments, copies=copies)
