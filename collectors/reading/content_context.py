"""A second look at blocks: what the first model thinks of the blocks around each one.

The first model judges a block by what it and its containers are. Whether its neighbours, its container and its family of cards
look like content, and how it stands to the strongest part of the page, is known only after all were judged once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from collectors.reading.blocks import Blocks
from collectors.reading.content_features import FEATURES, Doubles, Floats, Numbers

LEVELS: Final = 6
_STEPS: Final = (-3, -2, -1, 1, 2, 3)
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
SECOND_FEATURES: Final = (*OWN_FEATURES, *(f"kind_{number}" for number in range(7)), *CONTEXT_FEATURES)


def second_look(blocks: Blocks, rows: Floats, first: Doubles, kinds: Sequence[float]) -> Floats:
    """Rows of SECOND_FEATURES: what the second model judges by. `rows` are those of FEATURES, `first` the first look."""
    own = rows[_OWN_ROWS]
    of_page = np.repeat(np.array(kinds, np.float32)[:, None], rows.shape[1], axis=1)
    return np.concatenate([own, of_page, context(blocks, first, np.expm1(rows[0].astype(np.float64)))])


def context(blocks: Blocks, first: Doubles, words: Doubles) -> Floats:
    """One row per name of CONTEXT_FEATURES. `first` are the probabilities of the first look, `words` the words of each block."""
    count = len(first)
    position = np.arange(count)
    logit = np.log(np.clip(first, 1e-4, 1 - 1e-4) / (1 - np.clip(first, 1e-4, 1 - 1e-4)))
    padded = np.concatenate([np.full(3, -9.0), logit, np.full(3, -9.0)])
    weight = np.sqrt(words)
    run = np.zeros((3, count + 1))
    np.cumsum(np.stack([weight, weight * first, words]), axis=1, out=run[:, 1:])
    means = _levels(blocks, run)
    near = [_share(run, np.maximum(position - 6, 0), position), _share(run, position + 1, np.minimum(position + 7, count))]
    strong = first >= STRONG
    last = np.maximum.accumulate(np.where(strong, position, -1))
    following = np.minimum.accumulate(np.where(strong, position, count)[::-1])[::-1]
    strong_words = np.concatenate([[0], np.cumsum(words * strong)])
    order = np.argsort(-first, kind="stable")
    likelier = np.empty(count)
    likelier[order] = np.cumsum(words[order])
    expected = max(float((first * words).sum()), 1.0)
    result = np.stack([
        logit,
        *(padded[3 + step : 3 + step + count] for step in _STEPS),
        *means,
        *near,
        means.max(axis=0),
        *_families(blocks, weight, first),
        np.full(count, run[1, -1] / max(run[0, -1], 1e-9)),
        np.full(count, first.max()),
        first / first.max(),
        np.log1p(np.where(last >= 0, position - last, 200)),
        np.log1p(np.where(following < count, following - position, 200)),
        strong_words[1:] / max(strong_words[-1], 1),
        (last >= 0) & (following < count),
        likelier / expected,
    ])  # fmt: skip
    return result.astype(np.float32)


def _share(run: Doubles, first: Numbers, last: Numbers) -> Doubles:
    """Mean probability of runs of blocks, weighted by the root of their words; 0 for empty runs."""
    result: Doubles = (run[1, last] - run[1, first]) / np.maximum(run[0, last] - run[0, first], 1e-9)
    return result


def _levels(blocks: Blocks, run: Doubles) -> Doubles:
    """Mean probability in the container of each block and in those around it."""
    share = _share(run, np.asarray(blocks.start), np.asarray(blocks.end))
    size = [end - start for start, end in zip(blocks.start, blocks.end, strict=True)]
    wider = [0] * len(size)
    for c, parent in enumerate(blocks.parent):
        if parent >= 0:
            wider[c] = parent if size[parent] > size[c] else wider[parent]
    up = np.array(wider)
    level = np.asarray(blocks.container)
    rows = []
    for _ in range(LEVELS):
        rows.append(share[level])
        level = up[level]
    return np.stack(rows)


def _families(blocks: Blocks, weight: Doubles, first: Doubles) -> tuple[Doubles, Doubles]:
    """Mean probability of all blocks of the page whose container is alike: by tag and names, and also by those of its parent."""
    rows = []
    keys: dict[tuple[str, ...], int] = {}
    alike = [keys.setdefault((tag, names), len(keys)) for tag, names in zip(blocks.tag, blocks.names, strict=True)]
    pairs: dict[tuple[int, int], int] = {}
    cousins = [
        pairs.setdefault((key, alike[parent] if parent >= 0 else -1), len(pairs))
        for key, parent in zip(alike, blocks.parent, strict=True)
    ]
    of = np.asarray(blocks.container)
    for groups in (alike, cousins):
        group = np.array(groups)[of]
        total = np.bincount(group, weight)
        rows.append((np.bincount(group, weight * first) / np.maximum(total, 1e-9))[group])
    return rows[0], rows[1]
