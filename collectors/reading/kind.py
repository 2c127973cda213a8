"""Which of seven kinds a page is, with a probability: boosted trees over measures of the page and the verdicts of four readers.

Each reader hears one side of the page (its address and what it calls itself; its class names and labels; the words of its likely
content; all its words) as marks that are there or not, and weighs them by multinomial logistic regression: the weights of the
marks it knows are summed and divided by the root of their number. The trees see what the readers think beside measured
facts: how much of the page is text, links, lists, how its largest family of like elements looks, what the first look takes for
content. Weights: `weights/kind_marks.npz`, `weights/kind.npz`. What is counted over blocks and words is counted by
`native/kind.c` and `marks.c`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import log1p
from typing import Any, Final, get_args

import numpy as np

from collectors.reading.content_containers import TAGS
from collectors.reading.content_model import WEIGHTS, load_trees
from collectors.reading.document import TAG_IDS, Document
from collectors.reading.model import Item, PageKind
from collectors.reading.native.counting import Measured, Reader, Readers, Trees, write_kind_marks, write_kind_measures
from collectors.reading.native.library import Doubles

KINDS: Final[tuple[PageKind, ...]] = get_args(PageKind)
READERS: Final = ("address", "names", "content", "page")
COUNTED: Final = (
    "h1", "h2", "h3", "h4", "h5", "li", "p", "img", "table", "tr", "td", "pre", "code", "form", "input", "button", "article",
    "section", "time", "dl", "dt", "svg", "iframe", "video", "select", "textarea", "label", "blockquote", "a", "span", "div",
    "strong", "hr", "i", "figure", "picture", "meta", "link", "script", "nav", "aside", "footer",
)  # fmt: skip
MEASURES: Final = (
    *(f"tag_{tag}" for tag in COUNTED),
    "blocks", "chars", "long", "long_chars", "long_share", "link_share", "long_mean", "longest", "linked_blocks", "linked_titles",
    "linked_sentences", "money", "questions", "numbers",
    *(f"{family}_{name}" for family in ("family", "kept_family") for name in ("members", "share", "links", "unit", "kept")),
    "kept_chars", "kept_share", "kept_links", "kept_blocks", "kept_mean", "kept_top", "kept_long", "kept_start", "kept_questions",
    "kept_money", "kept_images",
    *(f"kept_{tag}" for tag in TAGS),
    "path_depth", "path_chars", "path_dashes", "path_digits", "is_folder", "has_query", "types", "products",
    *(f"{reader}_{kind}" for reader in READERS for kind in KINDS),
)  # fmt: skip
_PATH_WORD: Final = re.compile(r"[a-z]{2,}|\d+")
WORD: Final = re.compile(r"[^\W\d_]{2,}")
MAX_TITLE: Final = 200
_LENGTHS_OF_NAMES: Final = frozenset(map(len, ("og:type", "generator")))
_COUNTED_IDS: Final = bytes(TAG_IDS[tag] for tag in COUNTED)
_OF_BLOCKS: Final = MEASURES.index("blocks")
_OF_ADDRESS: Final = MEASURES.index("path_depth")
_OF_VERDICTS: Final = MEASURES.index(f"{READERS[0]}_{KINDS[0]}")


def read_kind(
    document: Document, url: str | None, items: Sequence[Item], title: str, measured: Measured, first: Doubles
) -> list[float]:
    """Probabilities of KINDS, in their order. `first` are the probabilities of the first look, by block."""
    row = measures(document, url, items, measured, first)
    write_verdicts(row, load_readers(), address_marks(document, url, items, title), measured, first)
    return kinds_of(row)


def kinds_of(row: Doubles) -> list[float]:
    """Probabilities of KINDS from a row of MEASURES."""
    return softmax(_trees().sums(row.astype(np.float32)[:, None])[0].tolist())


def write_verdicts(row: Doubles, readers: Readers, address: Sequence[str], measured: Measured, first: Doubles) -> None:
    """Fills what the readers conclude into a row of MEASURES."""
    write_kind_marks(measured, first, address, readers, row[_OF_VERDICTS:])


def address_marks(document: Document, url: str | None, items: Iterable[Item], title: str) -> list[str]:
    """What the first of READERS hears: the address of a page, and what it calls itself."""
    types = [f"type:{item.type}" for item in items]
    return _address_marks(url or "") + title_marks(title) + types + _declared(document)


def title_marks(title: str) -> list[str]:
    return [f"title:{word}" for word in WORD.findall(title.lower()[:MAX_TITLE])]


def _declared(document: Document) -> list[str]:
    marks = []
    for declared, its_name, _, _, content, _ in document.metas:
        name = declared or its_name
        if not name or len(name) not in _LENGTHS_OF_NAMES:
            continue
        name = name.lower()
        if content and name == "og:type":
            marks.append(f"og:{content[:30].lower()}")
        elif content and name == "generator":
            marks.append(f"generator:{content.split(None, 1)[0][:30].lower()}" if content.strip() else "generator:")
    return marks


def _address_marks(url: str) -> list[str]:
    address = url.split("://", 1)[-1].split("#", 1)[0][:500].lower()
    host, _, rest = address.partition("/")
    path, _, query = rest.partition("?")
    parts = [part for part in path.split("/") if part]
    marks = [f"path:{min(len(parts), 6)}"]
    if parts:
        last = parts[-1]
        marks += f"first:{parts[0]}", f"last:{min(last.count('-'), 8)}"
        if any(map(str.isdigit, last)):
            marks.append("last:digit")
        marks.append(f"ending:{last.rsplit('.', 1)[-1]}" if "." in last else "ending:none")
        marks += [f"leaf:{'N' if word.isdigit() else word}" for word in _PATH_WORD.findall(last)]
    if path.endswith("/"):
        marks.append("path:slash")
    if query:
        marks.append("query:yes")
        marks += [f"query:{word}" for word in _PATH_WORD.findall(query)]
    for part in parts[:-1]:
        marks += [f"url:{'N' if word.isdigit() else word}" for word in _PATH_WORD.findall(part)]
    return marks + [f"host:{word}" for word in host.split(".")[:-2]]


def measures(document: Document, url: str | None, items: Sequence[Item], measured: Measured, first: Doubles) -> Doubles:
    """A row of MEASURES in which the verdicts are still 0."""
    row = np.zeros(len(MEASURES))
    row[:_OF_BLOCKS] = [*map(log1p, document.count(_COUNTED_IDS))]
    write_kind_measures(measured, first, row[_OF_BLOCKS:])
    types = [item.type for item in items]
    row[_OF_ADDRESS:_OF_VERDICTS] = [*_address_measures(url or ""), len(set(types)), log1p(types.count("Product"))]
    return row


def _address_measures(url: str) -> list[float]:
    _, _, rest = url.split("://", 1)[-1].split("#", 1)[0][:500].partition("/")
    path, _, query = rest.partition("?")
    parts = [part for part in path.split("/") if part]
    return [
        len(parts), len(path), parts[-1].count("-") if parts else -1, sum(map(str.isdigit, path)), path.endswith("/"),
        bool(query),
    ]  # fmt: skip


def softmax(values: Sequence[float]) -> list[float]:
    most = max(values)
    powers: list[float] = np.exp([value - most for value in values]).tolist()
    whole = sum(powers)
    return [power / whole for power in powers]


def build_readers(stored: Mapping[str, Any]) -> Readers:
    """Those of READERS from their stored form: `<name>_marks` (UTF-8, each ended by END), `<name>_weights`, `<name>_bias`."""
    return Readers(
        [
            Reader(stored[f"{name}_marks"].tobytes().decode(), stored[f"{name}_weights"], stored[f"{name}_bias"])
            for name in READERS
        ]
    )


@cache
def load_readers() -> Readers:
    with np.load(WEIGHTS / "kind_marks.npz", allow_pickle=False) as stored:
        return build_readers(stored)


@cache
def _trees() -> Trees:
    return load_trees("kind", MEASURES)
