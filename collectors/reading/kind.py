"""Which of seven kinds a page is, with a probability: multinomial logistic regression over marks of the page.

A mark is a word that is present or not: of the path of the address, of class and id names, of what structured data calls the page, of
short labels ("add to cart"), or a counted fact cut into steps ("links:7"). Weights: `weights/kind.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import compress
from math import exp, log2
from pathlib import Path
from typing import Final, get_args

from collectors.reading.blocks import Blocks
from collectors.reading.content_features import name_tokens
from collectors.reading.model import Item, PageKind

KINDS: Final[tuple[PageKind, ...]] = get_args(PageKind)
WEIGHTS: Final = Path(__file__).parent / "weights" / "kind.json"
_PATH_WORD: Final = re.compile(r"[a-z]{2,}|\d+")
_MONEY: Final = re.compile(r"[$€£₽]\s?\d|\d\s?(?:€|₽|руб|zł|kr\b)")


def kind_marks(blocks: Blocks, url: str | None, items: Sequence[Item], title: str) -> set[str]:
    """Marks of a page; bounded in number by the sizes cut here."""
    return {
        *_address_marks(url or ""),
        *(f"type:{name}" for name in _types(items)),
        *(f"body:{token}" for token in name_tokens(blocks.body_names)),
        *(f"name:{token}" for names in dict.fromkeys(blocks.names[:1500]) for token in name_tokens(names)),
        *(f"label:{text.lower()}" for text in blocks.texts if len(text) < 20),
        *(f"title:{word.lower()}" for word in re.findall(r"\w{3,}", title[:200])),
        *(f"{name}:{_step(value)}" for name, value in _counts(blocks)),
    }


def _address_marks(url: str) -> Iterator[str]:
    address = url.split("://", 1)[-1].split("#", 1)[0][:500].lower()
    host, _, rest = address.partition("/")
    path, _, query = rest.partition("?")
    parts = [part for part in path.split("/") if part]
    yield f"path:{min(len(parts), 6)}"
    if parts:
        last = parts[-1]
        yield f"last:{min(last.count('-'), 8)}"
        if any(map(str.isdigit, last)):
            yield "last:digit"
        yield f"ending:{last.rsplit('.', 1)[-1]}" if "." in last else "ending:none"
    if path.endswith("/"):
        yield "path:slash"
    if query:
        yield "query:yes"
        yield from (f"query:{word}" for word in _PATH_WORD.findall(query))
    yield from (f"url:{word}" for part in parts[:-1] for word in ("N" if word.isdigit() else word for word in _PATH_WORD.findall(part)))
    yield from (f"leaf:{'N' if word.isdigit() else word}" for word in _PATH_WORD.findall(parts[-1] if parts else ""))
    yield from (f"host:{word}" for word in host.split(".")[:-2])
    if parts:
        yield f"first:{parts[0]}"


def _types(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        yield f"{item.origin}:{item.type}"


def _counts(blocks: Blocks) -> Iterator[tuple[str, float]]:
    texts = blocks.texts
    lengths = list(map(len, texts))
    chars = sum(lengths) or 1
    links = blocks.link_chars
    long = [length > 120 and linked < length * 0.3 for length, linked in zip(lengths, links, strict=True)]
    long_chars = sum(compress(lengths, long))
    yield "blocks", len(texts)
    yield "chars", chars / 50
    yield "long", sum(long)
    yield "long_chars", long_chars / 50
    yield "long_mean", long_chars / (sum(long) or 1) / 4
    yield "long_share", 20 * long_chars / chars
    yield "link_share", 20 * sum(links) / chars
    yield "link_blocks", sum(1 for linked, length in zip(links, lengths, strict=True) if linked > length * 0.8)
    yield "link_titles", sum(1 for linked, length in zip(links, lengths, strict=True) if length > 25 and linked > length * 0.8)
    yield "money", sum(1 for text, length in zip(texts, lengths, strict=True) if length < 60 and _MONEY.search(text))
    yield "questions", sum(text.endswith("?") for text in texts)
    for tag in ("h1", "h2", "h3", "h4", "li", "p", "img", "table", "pre", "code", "form", "input", "button", "article", "section", "time", "dl"):
        yield f"tag_{tag}", blocks.tags[tag]
    yield "twins", _twins(blocks)


def _twins(blocks: Blocks) -> int:
    """Text in the largest family of like siblings outside navigation, in hundreds of characters."""
    families: dict[tuple[int, str, str], int] = {}
    running = [0]
    for length, linked in zip(map(len, blocks.texts), blocks.link_chars, strict=True):
        running.append(running[-1] + length - linked // 2)
    for parent, tag, names, start, end in zip(blocks.parent, blocks.tag, blocks.names, blocks.start, blocks.end, strict=True):
        if tag not in {"p", "body", "main", "header", "footer", "nav"}:
            key = (parent, tag, names)
            families[key] = families.get(key, 0) + running[end] - running[start]
    return max(families.values(), default=0) // 100


def _step(value: float) -> int:
    return round(2 * log2(1 + value))


def read_kind(marks: Iterable[str]) -> list[float]:
    """Probabilities of KINDS, in their order."""
    table, bias = _weights()
    sums = list(bias)
    for mark in marks:
        row = table.get(mark)
        if row is not None:
            for number, weight in enumerate(row):
                sums[number] += weight
    return softmax(sums)


def softmax(sums: Sequence[float]) -> list[float]:
    top = max(sums)
    powers = [exp(value - top) for value in sums]
    total = sum(powers)
    return [power / total for power in powers]


@cache
def _weights() -> tuple[dict[str, list[float]], list[float]]:
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return stored["marks"], stored["bias"]
