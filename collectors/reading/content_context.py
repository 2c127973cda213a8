"""A second look at blocks: what the first model thinks of the blocks around each one.

The first model judges a block by what it and its containers are. Whether its neighbours, its container and its family of cards
look like content, and how it stands to the strongest part of the page, is known only after all were judged once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

import numpy as np

from collectors.reading.blocks import Blocks
from collectors.reading.content_features import FEATURES, Measured
from collectors.reading.content_scores import Doubles, Floats, Numbers
from collectors.reading.model import PageKind

LEVELS: Final = 5
_STEPS: Final = (-2, -1, 1, 2)
STRONG: Final = 0.8

CONTEXT_FEATURES: Final = (
    "first",
    *(f"first{step:+d}" for step in _STEPS),
    *(f"first_up{level}" for level in range(1, LEVELS + 1)),
    "first_before",
    "first_after",
    "first_best_up",
    "first_twins",
    "first_cousins",
    "first_page",
    "first_top",
    "first_over",
    "strong_before",
    "strong_after",
    "strong_share",
    "is_between_strong",
    "likelier_words",
)
OWN_FEATURES: Final = tuple(
    name
    for name in FEATURES
    if name.startswith(("is_", "in_"))
    or name
    in {
        "words", "link_share", "word_mean", "word_min", "stop", "name_low", "name_sum", "place", "place_words",
        "near_family_count", "top_family_count", "heading_score", "title_share", "hidden", "sentences", "copies",
    }
)  # fmt: skip
_OWN_ROWS: Final = np.array([FEATURES.index(name) for name in OWN_FEATURES])
SECOND_FEATURES: Final = (*OWN_FEATURES, *(f"kind_{kind}" for kind in get_args(PageKind)), *CONTEXT_FEATURES)


def second_look(blocks: Blocks, measured: Measured, first: Doubles, kinds: Sequence[float]) -> Floats:
    """Rows of SECOND_FEATURES: what the second model judges by. `first` are the probabilities of the first look."""
    of_page = np.repeat(np.array(kinds, np.float32)[:, None], len(first), axis=1)
    return np.concatenate((measured.rows[_OWN_ROWS], of_page, context(blocks, measured, first)))


def context(blocks: Blocks, measured: Measured, first: Doubles) -> Floats:
    """One row per name of CONTEXT_FEATURES."""
    words = measured.words
    count = len(first)
    position = np.arange(count)
    clipped = np.clip(first, 1e-4, 1 - 1e-4)
    padded = np.full(count + 4, -9.0)
    padded[2:-2] = logit = np.log(clipped / (1 - clipped))
    weight = np.sqrt(words)
    run = np.zeros((2, count + 1))
    np.cumsum((weight, weight * first), axis=1, out=run[:, 1:])
    of = np.asarray(blocks.container)
    level = np.empty((LEVELS, count), np.int64)
    level[0] = of
    for number in range(1, LEVELS):
        level[number] = measured.wider[level[number - 1]]
    means = _share(run, measured.start, measured.end)[level]
    strong = first >= STRONG
    last = np.maximum.accumulate(np.where(strong, position, -1))
    following = np.minimum.accumulate(np.where(strong, position, count)[::-1])[::-1]
    strong_words = np.cumsum(words * strong)
    order = np.argsort(-first, kind="stable")
    likelier = np.empty(count)
    likelier[order] = np.cumsum(words[order])
    top = first.max()
    result = np.empty((len(CONTEXT_FEATURES), count), np.float32)
    result[0] = logit
    for row, step in enumerate(_STEPS, 1):
        result[row] = padded[2 + step : 2 + step + count]
    result[5:10] = means
    result[10] = _share(run, np.maximum(position - 6, 0), position)
    result[11] = _share(run, position + 1, np.minimum(position + 7, count))
    result[12] = means.max(axis=0)
    result[13], result[14] = _families(blocks, of, weight, first)
    result[15] = run[1, -1] / max(run[0, -1], 1e-9)
    result[16] = top
    result[17] = first / top
    result[18] = np.log1p(np.where(last >= 0, position - last, 200))
    result[19] = np.log1p(np.where(following < count, following - position, 200))
    result[20] = strong_words / max(strong_words[-1], 1)
    result[21] = (last >= 0) & (following < count)
    result[22] = likelier / max(float((first * words).sum()), 1.0)
    return result


def _share(run: Doubles, first: Numbers, last: Numbers) -> Doubles:
    """Mean probability of runs of blocks, weighted by the root of their words; 0 for empty runs."""
    result: Doubles = (run[1, last] - run[1, first]) / np.maximum(run[0, last] - run[0, first], 1e-9)
    return result


def _families(blocks: Blocks, of: Numbers, weight: Doubles, first: Doubles) -> tuple[Doubles, Doubles]:
    """Mean probability of all blocks of the page whose container is alike: by tag and names, and also by those of its parent."""
    numbers: dict[tuple[str, str], int] = {}
    number_of = numbers.setdefault
    alike = np.array([number_of(key, len(numbers)) for key in zip(blocks.tag, blocks.names, strict=True)])
    parents = alike[np.maximum(np.asarray(blocks.parent), 0)]
    _, cousins = np.unique(alike * len(numbers) + parents, return_inverse=True)
    rows = []
    for groups in (alike, cousins):
        group = groups[of]
        total = np.bincount(group, weight)
        rows.append((np.bincount(group, weight * first) / np.maximum(total, 1e-9))[group])
    return rows[0], rows[1]
