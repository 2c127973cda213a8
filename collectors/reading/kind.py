"""Which of seven kinds a page is, with a probability: boosted trees over measures of the page and the verdicts of three readers.

Each reader hears one side of the page (its address and what it calls itself; its class names and labels; its words) as marks
that are there or not, and weighs them by multinomial logistic regression: the weights of the marks it knows are summed and
divided by the root of their number. The trees see what the readers think beside measured facts: how much of the page is text,
links, lists, how its largest family of like elements looks, what the first look takes for content. Weights:
`weights/kind_marks.json`, `weights/kind.json`. What is counted over blocks and words is counted by `native/kind.c` and `marks.c`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from math import exp, log, log1p, sqrt
from typing import Final, NamedTuple, TypedDict, get_args

import numpy as np

from collectors.reading.content_containers import TAGS
from collectors.reading.content_model import WEIGHTS, load_trees
from collectors.reading.document import Document
from collectors.reading.model import Item, PageKind
from collectors.reading.native.counting import Measured, Reader, Topics, write_kind_marks, write_kind_measures
from collectors.reading.native.library import Doubles, Floats

KINDS: Final[tuple[PageKind, ...]] = get_args(PageKind)
READERS: Final = ("address", "names", "words")
COUNTED: Final = (
    "h1", "h2", "h3", "h4", "h5", "li", "p", "img", "table", "tr", "td", "pre", "code", "form", "input", "button", "article",
    "section", "time", "dl", "dt", "svg", "iframe", "video", "select", "textarea", "label", "blockquote", "a", "span", "div",
    "strong", "hr", "i", "figure", "picture", "meta", "link", "script", "nav", "aside", "footer",
)  # fmt: skip
# What words tell apart by being frequent, in both languages that dozor is made for.
TOPICS: Final = {
    "you": "you your вы вас вам ваш ваша ваше ваши вашего вашей",
    "we": "we our us мы нас нам наш наша наше наши нашей",
    "i": "i my me я мне меня мой моя",
    "thanks": "thanks thank hi hello спасибо привет здравствуйте",
    "code": "class function return api install класс функция метод установка",
    "he": "he she said his он она сказал сообщил заявил",
    "goods": "size color colour material cm размер цвет материал см",
    "buying": "add cart buy price shipping корзину корзина купить цена доставка",
    "posts": "posted joined posts reply quote сообщений сообщение регистрация ответить цитата",
    "ranking": "best top new лучшие лучший топ новые",
}
MEASURES: Final = (
    *(f"tag_{tag}" for tag in COUNTED),
    "blocks", "chars", "long", "long_chars", "long_share", "link_share", "long_mean", "longest", "linked_blocks", "linked_titles",
    "linked_sentences", "money", "questions", "numbers",
    *(f"{family}_{name}" for family in ("family", "kept_family") for name in ("members", "share", "links", "unit", "kept")),
    "kept_chars", "kept_share", "kept_links", "kept_blocks", "kept_mean", "kept_top", "kept_long", "kept_start", "kept_questions",
    "kept_money", "kept_images",
    *(f"kept_{tag}" for tag in TAGS),
    "path_depth", "path_chars", "path_dashes", "path_digits", "is_folder", "has_query", "types", "products",
    *(f"{part}_{name}" for part in ("content", "page") for name in TOPICS),
    *(f"{reader}_{kind}" for reader in READERS for kind in KINDS),
)  # fmt: skip
_TOPIC_OF: Final = {word: number for number, words in enumerate(TOPICS.values()) for word in words.split()}
_PATH_WORD: Final = re.compile(r"[a-z]{2,}|\d+")
WORD: Final = re.compile(r"[^\W\d_]{2,}")
MAX_TITLE: Final = 200
_OF_BLOCKS: Final = MEASURES.index("blocks")
_OF_ADDRESS: Final = MEASURES.index("path_depth")
_OF_TOPICS: Final = MEASURES.index(f"content_{next(iter(TOPICS))}")
_OF_READERS: Final = MEASURES.index(f"address_{KINDS[0]}")


class Stored(TypedDict):
    """A reader as it stands in `weights/kind_marks.json`."""

    bias: list[float]
    marks: dict[str, list[float]]


class AddressReader(NamedTuple):
    """One weight a kind for each mark, and one bias a kind."""

    row: Mapping[str, Sequence[float]]
    bias: Sequence[float]


class Readers(NamedTuple):
    """In the order of READERS."""

    address: AddressReader
    names: Reader
    words: Reader


def read_kind(
    document: Document, url: str | None, items: Sequence[Item], title: str, measured: Measured, first: Doubles
) -> list[float]:
    """Probabilities of KINDS, in their order. `first` are the probabilities of the first look, by block."""
    row = measures(document, url, items, measured, first)
    write_verdicts(row, load_readers(), frozenset(address_marks(document, url, items, title)), measured, first)
    return kinds_of(row)


def kinds_of(row: Doubles) -> list[float]:
    """Probabilities of KINDS from a row of MEASURES."""
    odds = load_trees("kind", MEASURES).sums(row.astype(np.float32)[:, None])[0]
    probabilities: list[float] = softmax(odds).tolist()
    return probabilities


def write_verdicts(row: Doubles, readers: Readers, address: frozenset[str], measured: Measured, first: Doubles) -> None:
    """Fills shares of topics and what the readers conclude into a row of MEASURES."""
    heard = _OF_READERS + len(KINDS)
    write_kind_marks(measured, first, _topics(), readers.names, readers.words, row[_OF_TOPICS:], row[heard:])
    row[_OF_READERS:heard] = verdict(readers.address, address)


def address_marks(document: Document, url: str | None, items: Iterable[Item], title: str) -> Iterator[str]:
    """What the first of READERS hears: the address of a page, and what it calls itself."""
    yield from _address_marks(url or "")
    yield from title_marks(title)
    yield from (f"type:{item.type}" for item in items)
    yield from _declared(document)


def title_marks(title: str) -> list[str]:
    return [f"title:{word}" for word in WORD.findall(title.lower()[:MAX_TITLE])]


def _declared(document: Document) -> Iterator[str]:
    for _, _, attributes in document.tagged("meta"):
        content = attributes.get("content")
        if content:
            name = (attributes.get("property") or attributes.get("name") or "").lower()
            if name == "og:type":
                yield f"og:{content[:30].lower()}"
            elif name == "generator":
                yield f"generator:{content.split(None, 1)[0][:30].lower()}" if content.strip() else "generator:"


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


def verdict(reader: AddressReader, known: frozenset[str]) -> list[float]:
    """Log-probabilities of KINDS by the marks of `known` that the reader knows."""
    found = sorted(reader.row.keys() & known)
    total = reader.bias
    if found:
        root = sqrt(len(found))
        said = zip(*[reader.row[mark] for mark in found], strict=True)
        total = [bias + sum(weights) / root for bias, weights in zip(total, said, strict=True)]
    most = max(total)
    powers = [exp(value - most) for value in total]
    whole = sum(powers)
    return [log(power / whole + 1e-3) for power in powers]


def measures(document: Document, url: str | None, items: Sequence[Item], measured: Measured, first: Doubles) -> Doubles:
    """A row of MEASURES in which shares of topics and verdicts are still 0."""
    row = np.zeros(len(MEASURES))
    row[:_OF_BLOCKS] = [*map(log1p, document.count(COUNTED))]
    write_kind_measures(measured, first, row[_OF_BLOCKS:])
    types = [item.type for item in items]
    row[_OF_ADDRESS:_OF_TOPICS] = [*_address_measures(url or ""), len(set(types)), log1p(types.count("Product"))]
    return row


def _address_measures(url: str) -> list[float]:
    _, _, rest = url.split("://", 1)[-1].split("#", 1)[0][:500].partition("/")
    path, _, query = rest.partition("?")
    parts = [part for part in path.split("/") if part]
    return [
        len(parts), len(path), parts[-1].count("-") if parts else -1, sum(map(str.isdigit, path)), path.endswith("/"),
        bool(query),
    ]  # fmt: skip


def softmax(values: Doubles) -> Doubles:
    powers = np.exp(values - np.maximum.reduce(values))
    result: Doubles = powers / np.add.reduce(powers)
    return result


def build_address_reader(stored: Stored) -> AddressReader:
    return AddressReader(dict(zip(stored["marks"], _weights(stored).tolist(), strict=True)), stored["bias"])


def build_reader(stored: Stored) -> Reader:
    return Reader(stored["marks"], _weights(stored), np.array(stored["bias"], np.float64))


def build_readers(stored: Mapping[str, Stored]) -> Readers:
    """Readers from their stored form, by the names of READERS."""
    return Readers(build_address_reader(stored["address"]), build_reader(stored["names"]), build_reader(stored["words"]))


def _weights(stored: Stored) -> Floats:
    return np.array(list(stored["marks"].values()), np.float32)


@cache
def load_readers() -> Readers:
    return build_readers(json.loads((WEIGHTS / "kind_marks.json").read_text(encoding="utf-8")))


@cache
def _topics() -> Topics:
    return Topics(_TOPIC_OF)
