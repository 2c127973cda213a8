"""Features of blocks for the content model: one row a feature, one column a block.

Everything comes from the parallel lists of `blocks.Blocks`; a container covers a run of blocks, so its sums are differences of
running totals. Word and name scores are learned log-odds (`weights/words.json`, `weights/names.json`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from collectors.reading.blocks import Blocks

Floats = npt.NDArray[np.float32]

SCORED_WORDS: Final = 12  # the beginning of a block says what it is
NAME_TOKEN: Final = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}")
WORD: Final = re.compile(r"\w+")

FLAGS: Final = (
    "nav", "header", "footer", "aside", "main", "article", "form", "table", "list", "figure", "dialog", "section", "blockquote",
    "details", "pre", "body_prop", "description_prop", "comment_name", "banner", "heading",
)  # fmt: skip
_BIT: Final = {name: 1 << number for number, name in enumerate(FLAGS)}
_TAG_FLAG: Final = {
    "nav": "nav", "header": "header", "footer": "footer", "aside": "aside", "main": "main", "article": "article", "form": "form",
    "table": "table", "ul": "list", "ol": "list", "menu": "list", "figure": "figure", "dialog": "dialog", "section": "section",
    "blockquote": "blockquote", "details": "details", "pre": "pre",
    "h1": "heading", "h2": "heading", "h3": "heading", "h4": "heading", "h5": "heading", "h6": "heading",
}  # fmt: skip
_ROLE_FLAG: Final = {
    "navigation": "nav", "banner": "header", "contentinfo": "footer", "complementary": "aside", "main": "main", "article": "article",
    "search": "form", "dialog": "dialog", "alertdialog": "dialog", "menu": "nav", "menubar": "nav", "alert": "banner",
}  # fmt: skip
_PROP_FLAG: Final = {"articlebody": "body_prop", "text": "body_prop", "description": "description_prop", "reviewbody": "comment_name"}
_COMMENT_NAME: Final = re.compile(r"comment|disqus|respond", re.IGNORECASE)

TAG_GROUPS: Final = (
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "div", "section", "article", "pre", "blockquote", "dt", "dd",
    "button", "label", "figcaption", "summary", "main", "form", "body", "described", "abstract",
)  # fmt: skip
_TAG_NUMBER: Final = {name: number for number, name in enumerate(TAG_GROUPS)}
_TAG_FLAG_BITS: Final = {tag: _BIT[flag] for tag, flag in _TAG_FLAG.items()}
_ROLE_FLAG_BITS: Final = {role: _BIT[flag] for role, flag in _ROLE_FLAG.items()}


class Scores:
    """Learned log-odds of class or id tokens and of words to stand in main content."""

    __slots__ = ("names", "words")

    def __init__(self, names: Mapping[str, float], words: Mapping[str, float]) -> None:
        self.names = names
        self.words = words


def name_tokens(names: str) -> list[str]:
    """Lower-case words of class and id strings: "postBody post-1" gives post, body, post."""
    return [token.lower() for token in NAME_TOKEN.findall(names[:300])]


def block_words(text: str) -> list[str]:
    """Words by which a block is scored."""
    return WORD.findall(text[:200].lower())[:SCORED_WORDS]


def features(blocks: Blocks, title: str, page: Sequence[float], scores: Scores) -> tuple[Floats, list[str]]:
    """Feature rows (features x blocks) and their names. `page` are the probabilities of the seven kinds."""
    count = len(blocks.texts)
    rows: dict[str, Any] = {}
    words = _own(rows, blocks, title, scores)
    _containers(rows, blocks, words, scores)
    _neighbours(rows, count)
    total = max(float(words.sum()), 1.0)
    rows["page_words"] = np.full(count, np.log1p(total))
    rows["page_blocks"] = np.full(count, np.log1p(count))
    rows["page_link_share"] = np.full(count, sum(blocks.link_chars) / max(sum(map(len, blocks.texts)), 1))
    for number, probability in enumerate(page):
        rows[f"kind_{number}"] = np.full(count, probability)
    return np.stack([np.asarray(row, np.float32) for row in rows.values()]), list(rows)


def _own(rows: dict[str, Any], blocks: Blocks, title: str, scores: Scores) -> Floats:
    """What a block says by itself; returns the number of words of each block."""
    texts, get = blocks.texts, scores.words.get
    title_words = set(WORD.findall(title.lower()))
    seen: Counter[str] = Counter()
    table = []
    for text in texts:
        seen[text] += 1
        length = len(text)
        words = text.count(" ") + text.count("\n") + 1
        head = text[:200]
        tokens = WORD.findall(head.lower())
        first = tokens[:SCORED_WORDS]
        marks = [score for score in map(get, first, repeat(0.0)) if score]
        letters = sum(map(str.isalpha, head)) or 1
        table.append((
            words,
            length,
            (sum(marks) / len(marks)) if marks else 0.0,
            min(marks, default=0.0),
            max(marks, default=0.0),
            sum(marks),
            head.count(",") / min(words, 40),
            text.count(". ") + text.count(".\n"),
            sum(map(str.isdigit, head)) / min(length, 200),
            sum(map(str.isupper, head)) / letters,
            text[-1] in ".!?…。",
            text[-1] == ":",
            letters / max(len(tokens), 1),
            sum(token in title_words for token in tokens) / max(len(tokens), 1),
            "©" in text,
            "|" in head or "»" in head or "›" in head,
            "$" in head or "€" in head or "£" in head or "₽" in head,
            head[0].islower(),
        ))  # fmt: skip
    columns = np.array(table, np.float32).T
    names = (
        "words chars word_mean word_min word_max word_sum commas sentences digits upper stop colon word_length title_share copyright "
        "separator money lower"
    ).split()
    words_row: Floats = columns[0].copy()
    rows.update(zip(names, columns, strict=True))
    rows["words"] = np.log1p(columns[0])
    rows["chars"] = np.log1p(columns[1])
    rows["sentences"] = np.log1p(columns[7])
    rows["link_share"] = np.asarray(blocks.link_chars, np.float32) / columns[1]
    rows["links"] = np.log1p(np.asarray(blocks.links, np.float32))
    rows["images"] = np.asarray(blocks.images, np.float32)
    rows["copies"] = np.array([seen[text] for text in texts], np.float32)
    return words_row


def _containers(rows: dict[str, Any], blocks: Blocks, words: Floats, scores: Scores) -> None:
    """What the containers of a block say: tags, names, repetition and sums at several levels."""
    inherited = _inherit(blocks, scores)
    of = np.asarray(blocks.container)
    for name, values in inherited.items():
        if name not in {"flags", "wider"}:
            rows[name] = np.asarray(values, np.float32)[of]
    bits = np.asarray(inherited["flags"])[of]
    for flag, bit in _BIT.items():
        rows[f"in_{flag}"] = (bits & bit) != 0
    tags = np.array([_TAG_NUMBER.get(blocks.tag[c], -1) for c in blocks.container])
    for group, number in _TAG_NUMBER.items():
        rows[f"is_{group}"] = tags == number
    rows["hidden"] = np.asarray(blocks.hidden)[of]
    rows["depth"] = np.asarray(blocks.depth)[of]

    start, end = np.asarray(blocks.start), np.asarray(blocks.end)
    chars = np.exp(np.asarray(rows["chars"], np.float64)) - 1
    linked = np.asarray(blocks.link_chars, np.float64)
    long = np.where((words >= 12) & (rows["link_share"] < 0.4), words, 0)
    run = {
        "words": _running(words), "chars": _running(chars), "linked": _running(linked), "long": _running(long),
        "scores": _running(np.asarray(rows["word_mean"])), "stops": _running(np.asarray(rows["stop"])),
    }  # fmt: skip
    total, total_long = max(run["words"][-1], 1.0), max(run["long"][-1], 1.0)
    wider = np.asarray(inherited["wider"])
    position = np.arange(len(words))
    level = of
    for number in range(1, 6):
        first, last = start[level], end[level]
        blocks_in = np.maximum(last - first, 1)
        words_in = run["words"][last] - run["words"][first]
        chars_in = np.maximum(run["chars"][last] - run["chars"][first], 1)
        long_in = run["long"][last] - run["long"][first]
        name = f"up{number}_"
        rows[name + "words"] = np.log1p(words_in)
        rows[name + "share"] = words_in / total
        rows[name + "long_share"] = long_in / total_long
        rows[name + "link_share"] = (run["linked"][last] - run["linked"][first]) / chars_in
        rows[name + "mean"] = words_in / blocks_in
        rows[name + "long_part"] = long_in / np.maximum(words_in, 1)
        rows[name + "place"] = (position - first) / blocks_in
        rows[name + "blocks"] = np.log1p(blocks_in)
        rows[name + "stops"] = (run["stops"][last] - run["stops"][first]) / blocks_in
        rows[name + "score"] = (run["scores"][last] - run["scores"][first]) / blocks_in
        level = wider[level]
    _best(rows, blocks, run["long"], start, end)
    rows["place"] = position / max(len(words), 1)
    rows["place_words"] = run["words"][:-1] / total
    rows["place_long"] = run["long"][:-1] / total_long
    _headings(rows, tags)


def _running(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    total = np.zeros(len(values) + 1)
    np.cumsum(values, out=total[1:])
    return total


def _best(rows: dict[str, Any], blocks: Blocks, long: npt.NDArray[Any], start: npt.NDArray[Any], end: npt.NDArray[Any]) -> None:
    """The smallest container that holds half (three quarters) of the long text, and where a block stands to it."""
    held = long[end] - long[start]
    size = end - start
    for name, share in (("half", 0.5), ("most", 0.75)):
        fitting = np.flatnonzero(held >= share * long[-1])
        best = fitting[np.argmin(size[fitting])] if len(fitting) else 0
        position = np.arange(len(blocks.texts))
        rows[f"in_{name}"] = (position >= start[best]) & (position < end[best])
        rows[f"before_{name}"] = np.log1p(np.maximum(start[best] - position, 0))
        rows[f"after_{name}"] = np.log1p(np.maximum(position - end[best] + 1, 0))


def _headings(rows: dict[str, Any], tags: npt.NDArray[Any]) -> None:
    """The heading over a block: how far, how deep, and its words' score; where the first h1 stands."""
    position = np.arange(len(tags))
    is_heading = (tags >= _TAG_NUMBER["h1"]) & (tags <= _TAG_NUMBER["h6"])
    last = np.maximum.accumulate(np.where(is_heading, position, -1))
    rows["heading_distance"] = np.log1p(np.where(last >= 0, position - last, 99))
    rows["heading_score"] = np.where(last >= 0, np.asarray(rows["word_mean"])[last], 0)
    rows["heading_min"] = np.where(last >= 0, np.asarray(rows["word_min"])[last], 0)
    rows["heading_level"] = np.where(last >= 0, tags[last], 0)
    tops = np.flatnonzero(tags == _TAG_NUMBER["h1"])
    top = tops[0] if len(tops) else -1
    rows["after_top"] = np.sign(position - top) * np.log1p(np.abs(position - top)) if top >= 0 else np.full(len(tags), -9.0)
    titled = np.flatnonzero((np.asarray(rows["title_share"]) > 0.6) & (np.asarray(rows["words"]) > 1.2))
    first = titled[0] if len(titled) else -1
    rows["after_title"] = np.sign(position - first) * np.log1p(np.abs(position - first)) if first >= 0 else np.full(len(tags), -9.0)


def _inherit(blocks: Blocks, scores: Scores) -> dict[str, list[Any]]:
    """Per container, from its ancestors and itself; `wider` is the nearest ancestor with more blocks."""
    alike = Counter(zip(blocks.parent, blocks.tag, blocks.names, strict=True))
    known: dict[str, float] = {}
    get = scores.names.get
    flags: list[int] = []
    own: list[float] = []
    low: list[float] = []
    high: list[float] = []
    near: list[float] = []
    total: list[float] = []
    repeats: list[float] = []
    own_repeats: list[float] = []
    repeat_depth: list[int] = []
    wider: list[int] = []
    for number, parent in enumerate(blocks.parent):
        tag, names = blocks.tag[number], blocks.names[number]
        score = known.get(names)
        if score is None:
            marks = [mark for mark in map(get, set(name_tokens(names)), repeat(0.0)) if mark] if len(names) > 1 else []
            score = known[names] = sum(marks) / len(marks) ** 0.5 if marks else 0.0
        bits = _TAG_FLAG_BITS.get(tag, 0)
        role = blocks.role[number]
        if role:
            bits |= _ROLE_FLAG_BITS.get(role, 0)
        if blocks.itemprop[number]:
            flag = _PROP_FLAG.get(blocks.itemprop[number].lower())
            bits |= _BIT[flag] if flag else 0
        if len(names) > 1 and _COMMENT_NAME.search(names):
            bits |= _BIT["comment_name"]
        same = alike[parent, tag, names]
        own.append(score)
        own_repeats.append(same)
        if parent < 0:
            flags.append(bits)
            low.append(0.0)
            high.append(0.0)
            near.append(score)
            total.append(0.0)
            repeats.append(1)
            repeat_depth.append(0)
            wider.append(0)
            continue
        flags.append(bits | flags[parent])
        low.append(min(score, low[parent]))
        high.append(max(score, high[parent]))
        near.append(score or near[parent] * 0.8)
        total.append(score + 0.8 * total[parent])
        repeated = same > repeats[parent]
        repeats.append(same if repeated else repeats[parent])
        repeat_depth.append(0 if repeated else repeat_depth[parent] + 1)
        size = blocks.end[number] - blocks.start[number]
        above = parent
        wider.append(above if blocks.end[above] - blocks.start[above] > size else wider[above])
    return {
        "flags": flags, "name_own": own, "name_low": low, "name_high": high, "name_near": near, "name_sum": total,
        "repeats": repeats, "own_repeats": own_repeats, "repeat_depth": repeat_depth, "wider": wider,
    }  # fmt: skip


NEIGHBOUR_ROWS: Final = ("words", "link_share", "word_mean", "name_sum", "stop", "depth")


def _neighbours(rows: dict[str, Any], count: int) -> None:
    """The two blocks before and after, and sums over a window of five on each side."""
    for name in NEIGHBOUR_ROWS:
        values = np.asarray(rows[name], np.float32)
        padded = np.concatenate([np.zeros(2, np.float32), values, np.zeros(2, np.float32)])
        for step in (-2, -1, 1, 2):
            rows[f"{name}{step:+d}"] = padded[2 + step : 2 + step + count]
    for name in ("words", "link_share", "word_mean", "stop"):
        run = _running(np.asarray(rows[name]))
        position = np.arange(count)
        rows[f"{name}_before"] = run[position] - run[np.maximum(position - 5, 0)]
        rows[f"{name}_after"] = run[np.minimum(position + 6, count)] - run[position + 1]
