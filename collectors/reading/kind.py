"""Which of seven kinds a page is, with a probability: boosted trees over measures of the page and the verdicts of three readers.

Each reader hears one side of the page (its address and what it calls itself; its class names and labels; its words) as marks
that are there or not, and weighs them by multinomial logistic regression: the weights of the marks it knows are summed and
divided by the root of their number. The trees see what the readers think beside measured facts: how much of the page is text,
links, lists, how its largest family of like elements looks, what the first look takes for content. Weights:
`weights/kind_marks.json`, `weights/kind.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import compress
from typing import Final, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from collectors.reading.blocks import Blocks
from collectors.reading.content_features import TAGS, Measured
from collectors.reading.content_model import WEIGHTS, load_trees, sums
from collectors.reading.content_scores import END, Doubles, name_tokens
from collectors.reading.document import Document
from collectors.reading.model import Item, PageKind

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
LONG: Final = 120  # characters
MAX_TEXT: Final = 8_000
_TOPIC_OF: Final = {word: number for number, words in enumerate(TOPICS.values(), 1) for word in words.split()}
_PATH_WORD: Final = re.compile(r"[a-z]{2,}|\d+")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")

Marks = tuple[frozenset[str], ...]  # one set a reader


class Reader(NamedTuple):
    """Row numbers of marks, rows of one weight a kind, and one bias a kind."""

    row: Mapping[str, int]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float64]


def read_kind(
    document: Document, url: str | None, items: Sequence[Item], title: str, measured: Measured, first: Doubles
) -> list[float]:
    """Probabilities of KINDS, in their order. `first` are the probabilities of the first look, by block."""
    words = content_words(document.blocks, first)
    heard = marks(document, url, items, title, measured, words)
    told = [verdict(reader, known) for reader, known in zip(load_readers(), heard, strict=True)]
    return kinds_of(np.concatenate([measures(document, url, items, measured, first, words), *told]))


def kinds_of(row: Doubles) -> list[float]:
    """Probabilities of KINDS from a row of MEASURES."""
    odds = sums(load_trees("kind", MEASURES), row.astype(np.float32)[:, None])[0]
    return [float(value) for value in softmax(odds)]


def content_words(blocks: Blocks, first: Doubles) -> list[str]:
    """Lower-case words of what the first look takes for content."""
    likely = compress(blocks.texts, (first > 0.5).tolist())
    return _WORD.findall(" ".join([text[:300] for text in likely])[:MAX_TEXT].lower())


def marks(
    document: Document, url: str | None, items: Iterable[Item], title: str, measured: Measured, words: Iterable[str]
) -> Marks:
    """What each of READERS hears of a page."""
    blocks = document.blocks
    titled = [f"title:{word}" for word in _WORD.findall(title[:200].lower())]
    is_heading = (measured.tags >= TAGS.index("h1")) & (measured.tags <= TAGS.index("h3"))
    heads = set(compress(measured.tokens, is_heading[measured.token_block].tolist())) - {END}
    return (
        frozenset((*_address_marks(url or ""), *titled, *(f"type:{item.type}" for item in items), *_declared(document))),
        frozenset((
            *(name for name in measured.names if name != END),
            *(f"label:{text.lower()}" for text in blocks.texts if len(text) < 20),
            *(f"body:{token}" for token in name_tokens(blocks.names[0])),
        )),
        frozenset((*words, *(f"head:{word}" for word in heads), *titled)),
    )  # fmt: skip


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


def verdict(reader: Reader, known: frozenset[str]) -> Doubles:
    """Log-probabilities of KINDS by one reader."""
    row = reader.row
    found = sorted([row[mark] for mark in row.keys() & known])
    total = reader.bias
    if found:
        total = total + reader.weights[found].sum(axis=0, dtype=np.float64) / len(found) ** 0.5
    return np.log(softmax(total) + 1e-3)


def measures(
    document: Document, url: str | None, items: Sequence[Item], measured: Measured, first: Doubles, words: Sequence[str]
) -> Doubles:
    """The part of MEASURES that is counted: all but the readers' verdicts."""
    blocks = document.blocks
    chars, linked, shares = measured.chars, measured.linked, measured.linked / measured.chars
    total = chars.sum()
    is_long = (chars > LONG) & (shares < 0.3)
    long_chars = chars[is_long].sum()
    is_linked = shares > 0.8
    is_short = chars < 60
    asked = np.array([text[-1] == "?" for text in blocks.texts])
    weight = first * chars
    kept = max(weight.sum(), 1e-9)
    likely = first > 0.5
    by_tag = np.bincount(measured.tags + 1, weight, len(TAGS) + 1)[1:]
    return np.concatenate([
        np.log1p([len(document.tagged(tag)) for tag in COUNTED]),
        [
            np.log1p(len(chars)), np.log1p(total), np.log1p(is_long.sum()), np.log1p(long_chars), long_chars / total,
            linked.sum() / total, long_chars / max(is_long.sum(), 1), np.log1p(chars.max()), is_linked.mean(),
            np.log1p((is_linked & (chars > 25)).sum()), np.log1p((is_linked & (chars > 60)).sum()),
            np.log1p((measured.money[is_short] > 0).sum()), np.log1p(asked.sum()),
            np.log1p((is_short & (measured.digits > 0.3)).sum()),
        ],
        *_families(measured, weight),
        [
            np.log1p(kept), kept / total, (first * linked).sum() / kept, np.log1p(first.sum()),
            np.log1p(kept / max(first.sum(), 0.1)), first.max(), weight[chars > 150].sum() / kept, likely.argmax() / len(chars),
            np.log1p((asked & likely).sum()), np.log1p((measured.money[likely] > 0).sum()),
            np.log1p((first * np.asarray(blocks.images)).sum()),
        ],
        by_tag / kept,
        _address_measures(url or ""),
        [len({item.type for item in items}), np.log1p(sum(item.type == "Product" for item in items))],
        _topics(words),
        _topics(measured.tokens),
    ])  # fmt: skip


def _topics(words: Sequence[str]) -> Doubles:
    """Words of each of TOPICS, in per cent."""
    number_of = _TOPIC_OF.get
    counted = np.bincount([number_of(word, 0) for word in words], minlength=len(TOPICS) + 1)
    result: Doubles = 100 * counted[1:] / max(len(words), 1)
    return result


def _families(measured: Measured, weight: Doubles) -> Iterator[list[float]]:
    """The family of like siblings that holds most text, and that which holds most of the likely content."""
    start, end, family = measured.start, measured.end, measured.family
    run = np.zeros((3, len(weight) + 1))
    np.cumsum((measured.chars, measured.linked, weight), axis=1, out=run[:, 1:])
    sums = run[:, end] - run[:, start]
    members = np.bincount(family, end > start)
    chars, linked, kept = (np.bincount(family, values) for values in sums)
    is_family = members >= 3
    for measure in (chars, kept):
        best = int(np.argmax(measure * is_family))
        if not is_family[best]:
            yield [0.0] * 5
            continue
        yield [
            float(np.log1p(members[best])), chars[best] / run[0, -1], linked[best] / max(chars[best], 1),
            float(np.log1p(chars[best] / members[best])), kept[best] / max(run[2, -1], 1e-9),
        ]  # fmt: skip


def _address_measures(url: str) -> list[float]:
    _, _, rest = url.split("://", 1)[-1].split("#", 1)[0][:500].partition("/")
    path, _, query = rest.partition("?")
    parts = [part for part in path.split("/") if part]
    return [
        len(parts), len(path), parts[-1].count("-") if parts else -1, sum(map(str.isdigit, path)), path.endswith("/"),
        bool(query),
    ]  # fmt: skip


def softmax(values: Doubles) -> Doubles:
    powers = np.exp(values - values.max())
    result: Doubles = powers / powers.sum()
    return result


def build_reader(stored: Mapping[str, Mapping[str, Sequence[float]] | Sequence[float]]) -> Reader:
    rows = stored["marks"]
    assert isinstance(rows, Mapping)
    return Reader(
        {mark: number for number, mark in enumerate(rows)},
        np.array(list(rows.values()), np.float32),
        np.array(stored["bias"], np.float64),
    )


@cache
def load_readers() -> tuple[Reader, ...]:
    stored = json.loads((WEIGHTS / "kind_marks.json").read_text(encoding="utf-8"))
    return tuple(build_reader(stored[name]) for name in READERS)
