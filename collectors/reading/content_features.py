"""Features of blocks for the content model: one row a feature, one column a block.

Everything comes from the parallel lists of `blocks.Blocks`; a container covers a run of blocks, so its sums are differences of
running totals. Word and name scores are learned log-odds (`weights/words.json`, `weights/names.json`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collectors.reading.blocks import Blocks
from collectors.reading.content_containers import FLAG_BITS, FLAGS, INHERITED, inherit
from collectors.reading.content_scores import END, HEAD, WORD, Doubles, Floats, Numbers, Scores, scored

LEVELS: Final = 5
_STOPS: Final = frozenset(".!?…。")

TAGS: Final = (
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "div", "pre", "figcaption", "button", "label", "described", "abstract",
)  # fmt: skip
_TAG_NUMBER: Final = {name: number for number, name in enumerate(TAGS)}
_TAG_ROWS: Final = np.arange(len(TAGS))[:, None]

_OWN: Final = (
    "words", "chars", "sentences", "stop", "money", "copies", "link_share", "links", "images",
    "word_mean", "word_min", "word_max", "word_sum", "title_share", "digits", "upper", "commas", "separators",
)  # fmt: skip
_UP: Final = ("words", "share", "long_share", "link_share", "mean", "long_part", "place", "blocks", "stops", "score")
_FAMILY: Final = ("count", "share", "mean", "link_share", "unit")
_NEAR: Final = ("words", "link_share", "word_mean", "name_sum", "depth")
_STEPS: Final = (-2, -1, 1, 2)
_WINDOW: Final = ("words", "link_share", "word_mean")
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
    *INHERITED,
    *(f"up{level}_{name}" for name in _UP for level in range(1, LEVELS + 1)),
    *(f"{family}_{name}" for family in ("near_family", "top_family") for name in _FAMILY),
    *_PLACE,
    *(f"{name}{step:+d}" for step in _STEPS for name in _NEAR),
    *(f"{name}_{side}" for side in ("before", "after") for name in _WINDOW),
    *_PAGE,
)


class Measured(NamedTuple):
    """A page's blocks as arrays, by block unless said otherwise."""

    rows: Floats  # FEATURES x blocks
    words: Doubles
    chars: Doubles
    linked: Doubles  # characters in links
    money: Doubles  # signs of money at the beginning
    digits: Doubles  # share of digits at the beginning
    tags: Numbers  # number in TAGS of the container's tag; -1 for others
    start: Numbers  # by container
    end: Numbers  # by container
    wider: Numbers  # by container: the nearest ancestor with more blocks
    family: Numbers  # by container: those of one parent, tag and first class (less its number) are a family
    tokens: Sequence[str]  # lower-case words of the beginnings of blocks, each block ended by END
    token_block: Numbers  # by token: its block
    names: Sequence[str]  # lower-case words of class and id strings, each string ended by END


def measure(blocks: Blocks, title: str, scores: Scores) -> Measured:
    """Everything the models of content and kind look at, from one pass over blocks and one over containers."""
    count = len(blocks.texts)
    own = _own(blocks, title, scores)
    words, chars = own.words, own.chars
    row = dict(zip(_OWN, own.rows, strict=True))
    of = np.asarray(blocks.container)
    number_of = _TAG_NUMBER.get
    tags = np.array([number_of(tag, -1) for tag in blocks.tag])[of]
    depth = np.asarray(blocks.depth)[of]
    inherited = inherit(blocks, scores)
    linked = np.asarray(blocks.link_chars, np.float64)
    long = np.where((words >= 12) & (row["link_share"] < 0.4), words, 0)
    run = np.zeros((6, count + 1))
    np.cumsum((words, chars, linked, long, row["word_mean"], row["stop"]), axis=1, out=run[:, 1:])
    start, end = np.asarray(blocks.start), np.asarray(blocks.end)
    near = np.stack((row["words"], row["link_share"], row["word_mean"], inherited.rows[3][of], depth))
    parts = (
        own.rows,
        tags == _TAG_ROWS,
        (inherited.flags[of] & FLAG_BITS) != 0,
        np.asarray(blocks.hidden)[of][None],
        depth[None],
        inherited.rows[:, of],
        _levels(run, start, end, of, inherited.wider),
        _families(run, start, end, inherited.near_family[of], inherited.family),
        _families(run, start, end, inherited.top_family[of], inherited.family),
        _places(run, start, end, tags, row),
        _neighbours(near),
        _page(row, run),
    )
    return Measured(
        np.concatenate(parts, dtype=np.float32), words, chars, linked, row["money"], row["digits"], tags, start, end,
        inherited.wider, inherited.family, own.tokens, own.token_block, inherited.names,
    )  # fmt: skip


class _Own(NamedTuple):
    rows: Doubles  # in the order of _OWN
    words: Doubles
    chars: Doubles
    tokens: list[str]
    token_block: Numbers


def _own(blocks: Blocks, title: str, scores: Scores) -> _Own:
    """What blocks say by themselves."""
    texts = blocks.texts
    count = len(texts)
    heads = [text[:HEAD] for text in texts]
    rows = np.empty((len(_OWN), count))
    chars = np.array([len(text) for text in texts], np.float64)
    # a script without spaces has words too
    words = np.maximum(np.array([text.count(" ") for text in texts]) + 1.0, chars // 12)
    rows[0] = np.log1p(words)
    rows[1] = np.log1p(chars)
    rows[2] = np.log1p([text.count(". ") for text in texts])
    rows[3] = [text[-1] in _STOPS for text in texts]
    seen: dict[str, int] = {}
    for number, text in enumerate(texts):
        seen[text] = rows[5, number] = seen.get(text, 0) + 1
    rows[6] = np.asarray(blocks.link_chars) / chars
    rows[7] = np.log1p(blocks.links)
    rows[8] = blocks.images
    joined = END.join(heads) + END
    if joined.count(END) > count:  # only structured data can hold one
        joined = END.join([head.replace(END, " ") for head in heads]) + END
    tokens = WORD.findall(joined.lower())
    lengths = _words(tokens, title, scores.words, rows[9:14])
    _letters(joined, words, rows)
    return _Own(rows, words, chars, tokens, np.repeat(np.arange(count), lengths))


def _words(tokens: Sequence[str], title: str, scores: Mapping[str, float], rows: Doubles) -> Numbers:
    """Mean, least, greatest and sum of the scores of a block's words, and the share of them that the title has too.

    Gives how many tokens each block has, END among them.
    """
    marks, starts, ends = scored(tokens, scores)
    known = np.add.reduceat(marks != 0, starts, dtype=np.float64)
    rows[3] = np.add.reduceat(marks, starts)
    rows[0] = rows[3] / np.maximum(known, 1)
    rows[1] = np.minimum.reduceat(marks, starts)
    rows[2] = np.maximum.reduceat(marks, starts)
    titled = frozenset(WORD.findall(title.lower()))
    rows[4] = np.add.reduceat([token in titled for token in tokens], starts, dtype=np.float64) / np.maximum(ends - starts, 1)
    return ends - starts + 1


def _letters(joined: str, words: Doubles, rows: Doubles) -> None:
    """Money signs; shares of digits, capitals and commas; separators: among the first characters of each block."""
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.flatnonzero(codes == 0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    kinds = _KIND_OF_CODE[np.minimum(codes, _MOST_CODE)]
    for row, bit in ((14, _DIGIT), (15, _UPPER), (16, _COMMA), (17, _SEPARATOR), (4, _MONEY)):
        rows[row] = np.add.reduceat((kinds & bit) != 0, starts, dtype=np.float64)
    letters = np.add.reduceat((kinds & _LETTER) != 0, starts, dtype=np.float64)
    rows[14] /= np.maximum(ends - starts, 1)
    rows[15] /= np.maximum(letters, 1)
    rows[16] /= np.minimum(words, 20)


_DIGIT, _UPPER, _COMMA, _SEPARATOR, _MONEY, _LETTER = (1 << number for number in range(6))
_MOST_CODE: Final = 0x20BF


def _kinds_of_codes() -> npt.NDArray[np.uint8]:
    kinds = np.zeros(_MOST_CODE + 1, np.uint8)
    kinds[0xDF:] = _LETTER
    kinds[ord("a") : ord("z") + 1] = _LETTER
    for first, last in (("A", "Z"), ("А", "Я"), ("À", "Þ")):
        kinds[ord(first) : ord(last) + 1] = _LETTER | _UPPER
    kinds[ord("0") : ord("9") + 1] = _DIGIT
    kinds[ord(",")] = _COMMA
    kinds[[ord(sign) for sign in "|©»›·"]] = _SEPARATOR
    kinds[[ord(sign) for sign in "$€£₽"]] = _MONEY
    return kinds


_KIND_OF_CODE: Final = _kinds_of_codes()


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


def _families(run: Doubles, start: Numbers, end: Numbers, unit: Numbers, family: Numbers) -> Doubles:
    """The family of repeated containers (cards, posts, rows) that blocks stand in; zeros for blocks in none."""
    sums = run[:3, end] - run[:3, start]
    members = np.bincount(family, end > start)
    words, chars, linked = (np.bincount(family, values) for values in sums)
    mine = family[unit]
    result = np.stack([
        np.log1p(members[mine]),
        words[mine] / max(run[0, -1], 1),
        np.log1p(words[mine] / np.maximum(members[mine], 1)),
        linked[mine] / np.maximum(chars[mine], 1),
        np.log1p(sums[0][unit]),
    ])  # fmt: skip
    return result * (unit > 0)


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
