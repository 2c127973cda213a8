"""Which of seven kinds a page is, with a probability: multinomial logistic regression over marks of the page.

A mark is something that is there or not: a word of the path of the address, of class and id names, of what structured data calls
the page, of headings, of the text that looks like content, a short label ("add to cart"), or a counted fact cut into steps. Marks
come in groups; those of a group share one weight (1 / root of their number), so that a page of many classes does not outshout its
address. Weights: `weights/kind.json`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import compress
from math import exp, log2, sqrt
from typing import Final, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from collectors.reading.blocks import Blocks
from collectors.reading.content_features import Doubles, name_tokens
from collectors.reading.content_model import WEIGHTS
from collectors.reading.document import Document
from collectors.reading.model import Item, PageKind

KINDS: Final[tuple[PageKind, ...]] = get_args(PageKind)
COUNTED_TAGS: Final = (
    "h1", "h2", "h3", "h4", "li", "p", "img", "table", "pre", "code", "form", "input", "button", "article", "section", "time",
    "dl",
)  # fmt: skip
CONTENT_TAGS: Final = ("p", "li", "h2", "h3", "h4", "td", "div", "pre", "dt")
SCALE: Final = {"address": 1.5}
MAX_WORD_CHARS: Final = 20_000
_PATH_WORD: Final = re.compile(r"[a-z]{2,}|\d+")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_MONEY: Final = re.compile(r"[$€£₽]\s?\d|\d\s?(?:€|₽|руб|zł|kr\b)")
_YEAR: Final = re.compile(r"\b20[012]\d\b")

Marks = dict[str, set[str]]  # group -> marks


class KindWeights(NamedTuple):
    """Row numbers of marks, rows of one weight a kind, and one bias a kind."""

    row: Mapping[str, int]
    weights: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]


def page_marks(document: Document, url: str | None, items: Iterable[Item], title: str) -> Marks:
    """Marks that need no look at what is content."""
    blocks = document.blocks
    heads = [text[:100] for text, c in zip(blocks.texts, blocks.container, strict=True) if blocks.tag[c] in {"h1", "h2", "h3"}]
    return {
        "address": set(_address_marks(url or "")),
        "type": {f"type:{item.origin}:{item.type}" for item in items},
        "body": {f"body:{token}" for token in name_tokens(blocks.names[0] if blocks.names else "")},
        "name": {f"name:{token}" for names in dict.fromkeys(blocks.names[:1500]) for token in name_tokens(names)},
        "label": {f"label:{text.lower()}" for text in blocks.texts if len(text) < 20},
        "title": {f"title:{word}" for word in _WORD.findall(title[:200].lower())},
        "head": {f"head:{word}" for word in _WORD.findall(" ".join(heads[:200]).lower())},
        "count": {f"{name}:{_step(value)}" for name, value in _counts(document)},
    }


def content_marks(blocks: Blocks, first: Doubles) -> Marks:
    """Marks of what the first look takes for content; `first` are its probabilities by block."""
    likely = (first > 0.5).tolist()
    text = "\n".join(part[:400] for part in compress(blocks.texts, likely))[:MAX_WORD_CHARS]
    return {
        "word": {f"word:{word}" for word in set(_WORD.findall(text.lower()))},
        "content": {mark for name, value in _content_counts(blocks, first, likely) for mark in _ladder(name, _step(value))},
    }


def _address_marks(url: str) -> Iterator[str]:
    address = url.split("://", 1)[-1].split("#", 1)[0][:500].lower()
    host, _, rest = address.partition("/")
    path, _, query = rest.partition("?")
    parts = [part for part in path.split("/") if part]
    yield f"path:{min(len(parts), 6)}"
    if parts:
        last = parts[-1]
        yield f"first:{parts[0]}"
        yield f"last:{min(last.count('-'), 8)}"
        if any(map(str.isdigit, last)):
            yield "last:digit"
        yield f"ending:{last.rsplit('.', 1)[-1]}" if "." in last else "ending:none"
        yield from (f"leaf:{'N' if word.isdigit() else word}" for word in _PATH_WORD.findall(last))
    if path.endswith("/"):
        yield "path:slash"
    if query:
        yield "query:yes"
        yield from (f"query:{word}" for word in _PATH_WORD.findall(query))
    for part in parts[:-1]:
        yield from (f"url:{'N' if word.isdigit() else word}" for word in _PATH_WORD.findall(part))
    yield from (f"host:{word}" for word in host.split(".")[:-2])


def _counts(document: Document) -> Iterator[tuple[str, float]]:
    blocks = document.blocks
    tags = Counter(tag for _, tag, _ in document.elements)
    texts, links = blocks.texts, blocks.link_chars
    lengths = list(map(len, texts))
    chars = sum(lengths) or 1
    long = [length > 120 and linked < length * 0.3 for length, linked in zip(lengths, links, strict=True)]
    long_chars = sum(compress(lengths, long))
    yield "blocks", len(texts)
    yield "chars", chars / 50
    yield "long", sum(long)
    yield "long_chars", long_chars / 50
    yield "long_mean", long_chars / (sum(long) or 1) / 4
    yield "long_share", 20 * long_chars / chars
    yield "link_share", 20 * sum(links) / chars
    yield "link_blocks", sum(linked > length * 0.8 for linked, length in zip(links, lengths, strict=True))
    yield "link_titles", sum(length > 25 and linked > length * 0.8 for linked, length in zip(links, lengths, strict=True))
    yield "money", len(_MONEY.findall("\n".join(text for text in texts if len(text) < 60)[:MAX_WORD_CHARS]))
    yield "questions", sum(text.endswith("?") for text in texts)
    for tag in COUNTED_TAGS:
        yield f"tag_{tag}", tags[tag]
    yield "twins", _twins(blocks)


def _twins(blocks: Blocks) -> int:
    """Text in the largest family of like siblings, links counted half, in hundreds of characters."""
    families: dict[tuple[int, str, str], int] = {}
    running = [0]
    for text, linked in zip(blocks.texts, blocks.link_chars, strict=True):
        running.append(running[-1] + len(text) - linked // 2)
    for parent, tag, names, start, end in zip(blocks.parent, blocks.tag, blocks.names, blocks.start, blocks.end, strict=True):
        if end > start and tag not in {"p", "body", "main", "header", "footer", "nav"}:
            key = (parent, tag, names)
            families[key] = families.get(key, 0) + running[end] - running[start]
    return max(families.values(), default=0) // 100


def _content_counts(blocks: Blocks, first: Doubles, likely: Sequence[bool]) -> Iterator[tuple[str, float]]:
    lengths = np.array([len(text) for text in blocks.texts], np.float64)
    linked = np.asarray(blocks.link_chars, np.float64)
    chars, total = float((first * lengths).sum()), float(first.sum())
    tags: Counter[str] = Counter()
    for container, probability in zip(blocks.container, first.tolist(), strict=True):
        tags[blocks.tag[container]] += probability
    yield "kept_chars", chars / 50
    yield "kept_share", 20 * chars / max(float(lengths.sum()), 1)
    yield "kept_links", 20 * float((first * linked).sum()) / max(chars, 1)
    yield "kept_blocks", total
    yield "kept_mean", chars / max(total, 0.1) / 10
    yield "kept_top", 10 * float(first.max())
    yield "kept_long", 20 * float((first * lengths)[lengths > 150].sum()) / max(chars, 1)
    yield "kept_start", 20 * (likely.index(True) if True in likely else 0) / len(likely)
    for tag in CONTENT_TAGS:
        yield f"kept_{tag}", tags[tag]
        yield f"kept_share_{tag}", 20 * tags[tag] / max(total, 0.1)
    texts = list(compress(blocks.texts, likely))
    yield "kept_questions", sum(text.endswith("?") for text in texts)
    heads = "\n".join(text[:200] for text in texts)[:MAX_WORD_CHARS]
    yield "kept_money", len(_MONEY.findall(heads))
    yield "kept_years", len(_YEAR.findall(heads))


def _step(value: float) -> int:
    return round(2 * log2(1 + max(value, 0)))


def _ladder(name: str, step: int) -> Iterator[str]:
    """A step and all below it, so that neighbours among the steps learn from each other."""
    yield f"{name}:{step}"
    yield from (f"{name}>{below}" for below in range(step))


def read_kind(marks: Marks) -> list[float]:
    """Probabilities of KINDS, in their order."""
    return softmax(mark_sums(marks, load_kind_weights()).tolist())


def mark_sums(marks: Marks, stored: KindWeights) -> npt.NDArray[np.float64]:
    """Log-odds of KINDS."""
    total = stored.bias.copy()
    row = stored.row
    for group, members in marks.items():
        found = [row[mark] for mark in members if mark in row]
        if found:
            total += stored.weights[sorted(found)].sum(axis=0) * (SCALE.get(group, 1.0) / sqrt(len(found)))
    return total


def softmax(values: Sequence[float]) -> list[float]:
    top = max(values)
    powers = [exp(value - top) for value in values]
    total = sum(powers)
    return [power / total for power in powers]


@cache
def load_kind_weights() -> KindWeights:
    stored = json.loads((WEIGHTS / "kind.json").read_text(encoding="utf-8"))
    rows = np.array(list(stored["marks"].values()), np.float64)
    return KindWeights({mark: number for number, mark in enumerate(stored["marks"])}, rows, np.array(stored["bias"]))
