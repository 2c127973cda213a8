"""The main content of a page: which blocks belong to it, chosen by a learned model, and what kind of page it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from collectors.reading.blocks import Blocks
from collectors.reading.content_features import features
from collectors.reading.content_model import expected_best, load_scores, load_trees, probabilities
from collectors.reading.kind import KINDS, kind_marks, read_kind
from collectors.reading.model import Comment, Item, PageKind
from collectors.reading.text import text_from_html

MAX_DESCRIPTION = 50_000


@dataclass(slots=True)
class Prepared:
    """A page ready to be judged: its blocks, title and the marks of its kind."""

    blocks: Blocks
    title: str
    marks: set[str]


@dataclass(frozen=True, slots=True)
class Content:
    """What the page is about. `kept` and `probabilities` go by block."""

    text: str
    comments: tuple[Comment, ...]
    kind: PageKind | None
    kind_confidence: float | None
    blocks: Blocks
    probabilities: tuple[float, ...]
    kept: tuple[bool, ...]
    threshold: float


def prepare(tree: LexborHTMLParser, blocks: Blocks, url: str | None, items: Sequence[Item]) -> Prepared:
    """A description that only structured data holds becomes blocks too."""
    title_node = tree.css_first("title")
    title = title_node.text()[:500] if title_node is not None else ""
    marks = kind_marks(blocks, url, items, title)
    _add_descriptions(blocks, items)
    return Prepared(blocks, title, marks)


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
        visible = visible or " ".join(" ".join(blocks.texts).split())
        lines = [line for line in text_from_html(value[:MAX_DESCRIPTION]).splitlines() if line[:60] not in visible]
        if lines:
            blocks.append_outside(tag, lines)
            visible += " ".join(lines)


def read_content(tree: LexborHTMLParser, blocks: Blocks, url: str | None, items: Sequence[Item]) -> Content:
    """Kind, text and comments of a page. `blocks` are those of `read_blocks` for the tree; descriptions are added to them."""
    page = prepare(tree, blocks, url, items)
    kinds = read_kind(page.marks)
    best = max(range(len(KINDS)), key=kinds.__getitem__)
    if not blocks.texts:
        return Content("", (), None, None, blocks, (), (), 1.0)
    trees = load_trees("content")
    rows, names = features(blocks, page.title, kinds, load_scores())
    where = {name: number for number, name in enumerate(names)}
    probability = probabilities(trees, rows[[where[name] for name in trees.features]])
    threshold = expected_best(probability.tolist(), [len(text.split()) for text in blocks.texts])
    kept = tuple((probability >= threshold).tolist())
    text = "\n".join(text for text, keep in zip(blocks.texts, kept, strict=True) if keep)
    return Content(text, (), KINDS[best], kinds[best], blocks, tuple(probability.tolist()), kept, threshold)
