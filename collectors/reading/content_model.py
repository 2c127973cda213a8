"""Gradient-boosted oblivious trees as plain numbers, evaluated by numpy for all blocks of a page at once.

Every tree asks the same question on all nodes of one level, so a leaf's number is the row of answers read as bits. A model file holds
`features` (names), `split_feature` and `split_border` (trees x depth, flat), `leaves` (trees x 2^depth, flat), `depth` and `bias`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collectors.reading.content_features import Scores

WEIGHTS: Final = Path(__file__).parent / "weights"


class Trees(NamedTuple):
    """A model ready to run: distinct questions once, and per tree which of them it asks."""

    features: tuple[str, ...]
    question_feature: npt.NDArray[np.int64]
    question_border: npt.NDArray[np.float32]
    asked: npt.NDArray[np.int64]  # depth x trees, numbers of questions
    leaves: npt.NDArray[np.float32]  # flat
    offsets: npt.NDArray[np.int32]  # trees x 1: where a tree's leaves begin
    bias: float


def build_trees(stored: dict[str, Any]) -> Trees:
    depth = stored["depth"]
    pairs = list(zip(stored["split_feature"], stored["split_border"], strict=True))
    questions = sorted(set(pairs))
    number = {pair: position for position, pair in enumerate(questions)}
    asked = np.array([number[pair] for pair in pairs]).reshape(-1, depth).T.copy()
    return Trees(
        tuple(stored["features"]),
        np.array([feature for feature, _ in questions]),
        np.array([[border] for _, border in questions], np.float32),
        asked,
        np.array(stored["leaves"], np.float32),
        (np.arange(asked.shape[1], dtype=np.int32) << depth)[:, None],
        stored["bias"],
    )


def probabilities(trees: Trees, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Probability of every column of `rows` (features x blocks)."""
    answers = rows[trees.question_feature] > trees.question_border
    leaf = np.repeat(trees.offsets, rows.shape[1], axis=1)
    for level, questions in enumerate(trees.asked):
        leaf += answers[questions].view(np.int8).astype(np.int32) << level
    sums = trees.bias + trees.leaves[leaf].sum(axis=0, dtype=np.float64)
    result: npt.NDArray[np.float64] = 1 / (1 + np.exp(-sums))
    return result


@cache
def load_trees(name: str) -> Trees:
    return build_trees(json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8")))


@cache
def load_scores() -> Scores:
    names = json.loads((WEIGHTS / "names.json").read_text(encoding="utf-8"))
    words = json.loads((WEIGHTS / "words.json").read_text(encoding="utf-8"))
    return Scores(names, words)


def expected_best(probability: Sequence[float], weight: Sequence[float]) -> float:
    """The threshold that maximises the expected F1 of a page: blocks at or above it are kept.

    Keeping the likeliest blocks first, F1 is estimated by 2 * (sum of p*w kept) / (sum of w kept + sum of p*w of all).
    """
    p, w = np.asarray(probability), np.asarray(weight, np.float64)
    order = np.argsort(-p, kind="stable")
    hits = np.cumsum((p * w)[order])
    if not len(hits) or hits[-1] <= 0:
        return 1.0
    best = int(np.argmax(2 * hits / (np.cumsum(w[order]) + hits[-1])))
    return float(p[order[best]])
