"""Features of blocks for the content model: one row a feature, one column a block.

Everything comes from the parallel lists of `blocks.Blocks`; a container covers a run of blocks, so its sums are differences of
running totals. Word and name scores are learned log-odds (`weights/words.json`, `weights/names.json`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collectors.reading.blocks import Blocks

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

HEAD: Final = 120  # characters of a block whose words and letters are looked at: its beginning says what it is
SCORED_WORDS: Final = 12
LEVELS: Final = 5
NAME_TOKEN: Final = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}")
WORD: Final = re.compile(r"\w+")

FLAGS: Final = (
    "nav", "header", "footer", "aside", "main", "article", "form", "table", "list", "figure", "dialog", "section", "blockquote",
    "details", "pre", "body_prop", "description_prop", "comment_name", "alert", "heading", "noscript",
)  # fmt: skip
_BIT: Final = {name: 1 << number for number, name in enumerate(FLAGS)}
_FLAG_BITS: Final = np.array([[bit] for bit in _BIT.values()])
_TAG_BITS: Final = {
    "nav": _BIT["nav"], "header": _BIT["header"], "footer": _BIT["footer"], "aside": _BIT["aside"], "main": _BIT["main"],
    "article": _BIT["article"], "form": _BIT["form"], "table": _BIT["table"], "ul": _BIT["list"], "ol": _BIT["list"],
    "menu": _BIT["list"], "figure": _BIT["figure"], "dialog": _BIT["dialog"], "section": _BIT["section"],
    "blockquote": _BIT["blockquote"], "details": _BIT["details"], "pre": _BIT["pre"], "noscript": _BIT["noscript"],
    **{f"h{level}": _BIT["heading"] for level in range(1, 7)},
}  # fmt: skip
_ROLE_BITS: Final = {
    "navigation": _BIT["nav"], "banner": _BIT["header"], "contentinfo": _BIT["footer"], "complementary": _BIT["aside"],
    "main": _BIT["main"], "article": _BIT["article"], "search": _BIT["form"], "dialog": _BIT["dialog"],
    "alertdialog": _BIT["dialog"], "menu": _BIT["nav"], "menubar": _BIT["nav"], "alert": _BIT["alert"],
}  # fmt: skip
_PROP_BITS: Final = {
    "articlebody": _BIT["body_prop"], "text": _BIT["body_prop"], "description": _BIT["description_prop"],
    "reviewbody": _BIT["comment_name"],
}  # fmt: skip
_COMMENT_NAME: Final = re.compile(r"comment|disqus|respond", re.IGNORECASE)

TAGS: Final = (
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "div", "section", "article", "pre", "blockquote", "dt", "dd",
    "button", "label", "figcaption", "summary", "main", "form", "body", "described", "abstract",
)  # fmt: skip
_TAG_NUMBER: Final = {name: number for number, name in enumerate(TAGS)}
_TAG_ROWS: Final = np.arange(len(TAGS))[:, None]

_OWN: Final = (
    "words", "chars", "word_mean", "word_min", "word_max", "word_sum", "sentences", "stop", "colon", "title_share", "money",
    "copies", "link_share", "links", "images", "digits", "upper", "commas", "letters", "word_length", "separators",
)  # fmt: skip
_UP: Final = ("words", "share", "long_share", "link_share", "mean", "long_part", "place", "blocks", "stops", "score")
_INHERITED: Final = ("name_own", "name_low", "name_high", "name_near", "name_sum", "repeats", "own_repeats", "repeat_depth")
_FAMILY: Final = ("count", "share", "mean", "link_share", "unit", "place")
_NEAR: Final = ("words", "link_share", "word_mean", "stop", "name_sum", "depth")
_STEPS: Final = (-2, -1, 1, 2)
_WINDOW: Final = ("words", "link_share", "word_mean", "stop")
_PLACE: Final = (
    "place", "place_words", "place_long", "in_half", "before_half", "after_half", "in_most", "before_most", "after_most",
    "heading_distance", "heading_score", "heading_min", "heading_level", "after_top", "after_title",
)  # fmt: skip
_PAGE: Final = ("page_words", "page_blocks", "page_link_share")

FEATURES: Final = (
    *_OWN,
    *(f"is_{tag}" for tag in TAGS),
    *(f"in_{flag}" for flag in FLAGS),
    "hidden",
    "depth",
    *_INHERITED,
    *(f"up{level}_{name}" for name in _UP for level in range(1, LEVELS + 1)),
    *(f"{family}_{name}" for family in ("near_family", "top_family") for name in _FAMILY),
    *_PLACE,
    *(f"{name}{step:+d}" for step in _STEPS for name in _NEAR),
    *(f"{name}_{side}" for side in ("before", "after") for name in _WINDOW),
    *_PAGE,
)


class Scores(NamedTuple):
    """Learned log-odds, of class or id tokens and of words, to stand in main content."""

    names: Mapping[str, float]
    words: Mapping[str, float]


class _Own(NamedTuple):
    rows: Doubles  # in the order of _OWN
    words: Doubles
    chars: Doubles


def name_tokens(names: str) -> tuple[str, ...]:
    """Lower-case words of class and id strings: "postBody post-1" gives post, body, post."""
    return _name_tokens(names[:300])


@lru_cache(maxsize=16_384)  # the pages of a site share their names
def _name_tokens(names: str) -> tuple[str, ...]:
    return tuple(token.lower() for token in NAME_TOKEN.findall(names))


def block_words(text: str) -> list[str]:
    """Words by which a block is scored."""
    return WORD.findall(text[:HEAD].lower())[:SCORED_WORDS]


def features(blocks: Blocks, title: str, scores: Scores) -> Floats:
    """One row per name of FEATURES, one column per block."""
    count = len(blocks.texts)
    own = _own(blocks, title, scores)
    row = dict(zip(_OWN, own.rows, strict=True))
    of = np.asarray(blocks.container)
    tags = np.array([_TAG_NUMBER.get(tag, -1) for tag in blocks.tag])[of]
    depth = np.asarray(blocks.depth)[of]
    inherited = _inherit(blocks, scores)
    linked = np.asarray(blocks.link_chars, np.float64)
    long = np.where((own.words >= 12) & (row["link_share"] < 0.4), own.words, 0)
    run = np.zeros((6, count + 1))
    np.cumsum(np.stack([own.words, own.chars, linked, long, row["word_mean"], row["stop"]]), axis=1, out=run[:, 1:])
    start, end = np.asarray(blocks.start), np.asarray(blocks.end)
    near = np.stack([row["words"], row["link_share"], row["word_mean"], row["stop"], inherited.rows[4][of], depth])
    parts = (
        own.rows,
        tags == _TAG_ROWS,
        (inherited.flags[of] & _FLAG_BITS) != 0,
        np.asarray(blocks.hidden)[of][None],
        depth[None],
        inherited.rows[:, of],
        _levels(run, start, end, of, inherited.wider),
        _families(run, start, end, inherited.near_family[of], inherited),
        _families(run, start, end, inherited.top_family[of], inherited),
        _places(run, start, end, tags, row),
        _neighbours(near),
        _page(row, run),
    )
    return np.concatenate(parts, dtype=np.float32)


def _own(blocks: Blocks, title: str, scores: Scores) -> _Own:
    """What blocks say by themselves."""
    get = scores.words.get
    title_words = set(WORD.findall(title.lower()))
    seen: dict[str, int] = {}
    heads = [text[:HEAD] for text in blocks.texts]
    table = []
    for text, head in zip(blocks.texts, heads, strict=True):
        copies = seen[text] = seen.get(text, 0) + 1
        tokens = WORD.findall(head.lower())[:SCORED_WORDS]
        marks = [mark for token in tokens if (mark := get(token))]
        total = sum(marks)
        last = text[-1]
        table.append((
            max(text.count(" ") + text.count("\n") + 1, len(text) // 12),  # a script without spaces has words too
            len(text),
            total / len(marks) if marks else 0.0,
            min(marks) if marks else 0.0,
            max(marks) if marks else 0.0,
            total,
            text.count(". ") if len(text) > 40 else 0,
            last in ".!?…。",
            last == ":",
            len(title_words.intersection(tokens)) / (len(tokens) or 1) if title_words else 0.0,
            "$" in head or "€" in head or "£" in head or "₽" in head,
            copies,
        ))  # fmt: skip
    columns = np.array(table, np.float64).T
    words, chars = columns[0].copy(), columns[1].copy()
    columns[[0, 1, 6]] = np.log1p(columns[[0, 1, 6]])
    rest = np.stack([
        np.asarray(blocks.link_chars) / chars,
        np.log1p(np.asarray(blocks.links, np.float64)),
        np.asarray(blocks.images, np.float64),
        *_letters(heads, words),
    ])  # fmt: skip
    return _Own(np.concatenate([columns, rest]), words, chars)


def _letters(heads: list[str], words: Doubles) -> list[Doubles]:
    """Shares of digits, capitals, commas, letters and separators among the first characters, and letters a word."""
    lengths = np.array([len(head) for head in heads])
    codes = np.frombuffer("".join(heads).encode("utf-32-le", "surrogatepass"), np.uint32)
    starts = np.zeros(len(heads), np.int64)
    np.cumsum(lengths[:-1], out=starts[1:])
    digit = (codes >= 48) & (codes <= 57)
    upper = ((codes >= 65) & (codes <= 90)) | ((codes >= 0x410) & (codes <= 0x42F)) | ((codes >= 0xC0) & (codes <= 0xDE))
    letter = upper | ((codes >= 97) & (codes <= 122)) | (codes > 0xDE)
    separator = (codes == 124) | (codes == 0xA9) | (codes == 0xBB) | (codes == 0x203A) | (codes == 0xB7)  # | © » › ·
    counted = np.add.reduceat(np.stack([digit, upper, codes == 44, letter, separator]), starts, axis=1, dtype=np.float64)
    letters = np.maximum(counted[3], 1)
    shown = np.minimum(words, 20)
    return [counted[0] / lengths, counted[1] / letters, counted[2] / shown, counted[3] / lengths, letters / shown, counted[4]]


def _levels(run: Doubles, start: Numbers, end: Numbers, of: Numbers, wider: Numbers) -> Doubles:
    """Sums over the container of a block and the wider ones around it."""
    level = np.empty((LEVELS, len(of)), np.int64)
    level[0] = of
    for number in range(1, LEVELS):
        level[number] = wider[level[number - 1]]
    first, last = start[level], end[level]
    sums = run[:, last] - run[:, first]
    count = np.maximum(last - first, 1)
    words = np.maximum(sums[0], 1)
    total = np.maximum(run[:, -1], 1)
    result = np.stack([
        np.log1p(sums[0]),
        sums[0] / total[0],
        sums[3] / total[3],
        sums[2] / np.maximum(sums[1], 1),
        sums[0] / count,
        sums[3] / words,
        (np.arange(len(of)) - first) / count,
        np.log1p(count),
        sums[5] / count,
        sums[4] / count,
    ])  # fmt: skip
    return result.reshape(len(_UP) * LEVELS, -1)


class _Inherited(NamedTuple):
    """Per container, from its ancestors and itself."""

    rows: Doubles  # in the order of _INHERITED
    flags: Numbers
    wider: Numbers  # the nearest ancestor with more blocks
    family: Numbers  # containers of one parent, tag and first class (less its number) are a family
    near_family: Numbers  # the nearest container around, itself included, that has at least two like it; 0 = none
    top_family: Numbers  # the outermost such container


def _inherit(blocks: Blocks, scores: Scores) -> _Inherited:
    size = len(blocks.parent)
    get = scores.names.get
    known: dict[str, tuple[float, int, str]] = {}  # names -> score, flag, the class a family shares
    for names in set(blocks.names):
        marks = [mark for token in set(name_tokens(names)) if (mark := get(token))]
        flag = _BIT["comment_name"] if len(names) > 6 and _COMMENT_NAME.search(names) else 0
        known[names] = (
            sum(sorted(marks)) / len(marks) ** 0.5 if marks else 0.0,
            flag,
            names.split(" ", 1)[0].rstrip("0123456789"),
        )
    read = [known[names] for names in blocks.names]
    keys = [(parent, tag, shared) for parent, tag, (_, _, shared) in zip(blocks.parent, blocks.tag, read, strict=True)]
    alike = Counter(keys)
    number_of = {key: number for number, key in enumerate(alike)}
    rows: list[tuple[float, ...]] = []
    flags, wider, near, top = [0] * size, [0] * size, [0] * size, [0] * size
    lengths = [end - start for start, end in zip(blocks.start, blocks.end, strict=True)]
    for c, (key, (score, bits, _)) in enumerate(zip(keys, read, strict=True)):
        parent, tag, _ = key
        bits |= _TAG_BITS.get(tag, 0)
        if role := blocks.role[c]:
            bits |= _ROLE_BITS.get(role, 0)
        if itemprop := blocks.itemprop[c]:
            bits |= _PROP_BITS.get(itemprop.lower(), 0)
        if parent < 0:
            rows.append((score, 0.0, 0.0, score, 0.0, 1, 1, 0))
            flags[c] = bits
            continue
        same = alike[key]
        _, low, high, near_score, total, repeats, _, repeat_depth = rows[parent]
        is_more = same > repeats
        rows.append(
            (
                score,
                score if score < low else low,  # noqa: FURB136 - min() costs twice as much, and this runs for every container
                score if score > high else high,  # noqa: FURB136
                score or near_score * 0.8,
                score + 0.8 * total,
                same if is_more else repeats,
                same,
                0 if is_more else repeat_depth + 1,
            )
        )
        flags[c] = bits | flags[parent]
        if same > 2:
            near[c] = c
            top[c] = top[parent] or c
        else:
            near[c] = near[parent]
            top[c] = top[parent]
        wider[c] = parent if lengths[parent] > lengths[c] else wider[parent]
    family = [number_of[key] for key in keys]
    return _Inherited(np.array(rows).T, *(np.array(values) for values in (flags, wider, family, near, top)))


def _families(run: Doubles, start: Numbers, end: Numbers, unit: Numbers, inherited: _Inherited) -> Doubles:
    """The family of repeated containers (cards, posts, rows) that blocks stand in; zeros for blocks in none."""
    family = inherited.family
    sums = run[:3, end] - run[:3, start]
    members = np.bincount(family, end > start)
    words, chars, linked = (np.bincount(family, values) for values in sums)
    mine = family[unit]
    inside = unit > 0
    position = np.arange(len(unit))
    result = np.stack([
        np.log1p(members[mine]),
        words[mine] / max(run[0, -1], 1),
        np.log1p(words[mine] / np.maximum(members[mine], 1)),
        linked[mine] / np.maximum(chars[mine], 1),
        np.log1p(sums[0][unit]),
        (position - start[unit]) / np.maximum(end[unit] - start[unit], 1),
    ])  # fmt: skip
    return result * inside


def _places(run: Doubles, start: Numbers, end: Numbers, tags: Numbers, row: Mapping[str, Doubles]) -> Doubles:
    """Where blocks stand: on the page, to the containers that hold most long text, to headings, to the title."""
    count = len(tags)
    position = np.arange(count)
    total = np.maximum(run[:, -1], 1)
    parts: list[npt.NDArray[Any]] = [position / count, run[0, :-1] / total[0], run[3, :-1] / total[3]]
    held = run[3, end] - run[3, start]
    size = end - start
    for share in (0.5, 0.75):
        fitting = np.flatnonzero(held >= share * run[3, -1])
        best = fitting[np.argmin(size[fitting])] if len(fitting) else 0
        before = np.maximum(start[best] - position, 0)
        after = np.maximum(position - end[best] + 1, 0)
        parts += [(before == 0) & (after == 0), np.log1p(before), np.log1p(after)]
    heading = np.maximum.accumulate(np.where((tags >= _TAG_NUMBER["h1"]) & (tags <= _TAG_NUMBER["h6"]), position, -1))
    has = heading >= 0
    parts += [
        np.log1p(np.where(has, position - heading, 99)),
        np.where(has, row["word_mean"][heading], 0),
        np.where(has, row["word_min"][heading], 0),
        np.where(has, tags[heading], 0),
    ]
    for marked in (tags == _TAG_NUMBER["h1"], (row["title_share"] > 0.6) & (row["words"] > 1.2)):
        first = int(np.argmax(marked))
        away = position - first
        parts.append(np.sign(away) * np.log1p(np.abs(away)) if marked[first] else np.full(count, -9.0))
    return np.stack(parts)


def _neighbours(near: Doubles) -> Doubles:
    """Rows of the two blocks before and after, and sums over five on each side."""
    count = near.shape[1]
    padded = np.zeros((len(near), count + 4))
    padded[:, 2:-2] = near
    shifted = [padded[:, 2 + step : 2 + step + count] for step in _STEPS]
    run = np.zeros((len(_WINDOW), count + 1))
    np.cumsum(near[: len(_WINDOW)], axis=1, out=run[:, 1:])
    position = np.arange(count)
    before = run[:, position] - run[:, np.maximum(position - 5, 0)]
    after = run[:, np.minimum(position + 6, count)] - run[:, position + 1]
    return np.concatenate([*shifted, before, after])


def _page(row: Mapping[str, Doubles], run: Doubles) -> Doubles:
    """What is the same for all blocks of a page."""
    count = len(row["words"])
    values = [np.log1p(run[0, -1]), np.log1p(count), run[2, -1] / max(run[1, -1], 1)]
    return np.repeat(np.array(values)[:, None], count, axis=1)
