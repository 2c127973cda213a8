"""Gradient-boosted oblivious trees as plain numbers, evaluated by numpy for all blocks of a page at once.

Every tree asks the same question on all nodes of one level, so a leaf's number is the row of answers read as bits. A model file
holds `features` (names), `split_feature` (numbers in that list) and `split_border` (both trees x depth, flat), `leaves` (trees x
2^depth, flat), `depth` and `bias`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collectors.reading.content_scores import Scores

WEIGHTS: Final = Path(__file__).parent / "weights"


class Trees(NamedTuple):
    """A model ready to run: distinct questions once, and per level which of them each tree asks."""

    feature: npt.NDArray[np.int64]  # of a question: the number of a row
    border: npt.NDArray[np.float32]
    asked: npt.NDArray[np.int64]  # depth x trees
    leaves: npt.NDArray[np.float32]  # (trees * 2^depth) x outputs
    offsets: npt.NDArray[np.int32]  # trees x 1: where a tree's leaves begin
    bias: npt.NDArray[np.float64]  # one an output


def build_trees(stored: dict[str, Any], names: Sequence[str]) -> Trees:
    """`names` are those of the rows the trees will be asked about."""
    depth, bias = stored["depth"], np.array(stored["bias"])
    number_of = {name: number for number, name in enumerate(names)}
    features = [number_of[stored["features"][feature]] for feature in stored["split_feature"]]
    pairs = list(zip(features, stored["split_border"], strict=True))
    questions = sorted(set(pairs))
    place = {pair: position for position, pair in enumerate(questions)}
    asked = np.array([place[pair] for pair in pairs]).reshape(-1, depth).T.copy()
    return Trees(
        np.array([feature for feature, _ in questions]),
        np.array([[border] for _, border in questions], np.float32),
        asked,
        np.array(stored["leaves"], np.float32).reshape(-1, len(bias)),
        (np.arange(asked.shape[1], dtype=np.int32) << depth)[:, None],
        bias,
    )


def sums(trees: Trees, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Log-odds (columns of `rows` x outputs)."""
    answers = (rows[trees.feature] > trees.border).view(np.uint8)
    leaf = answers.take(trees.asked[-1], axis=0)
    for questions in trees.asked[-2::-1]:
        leaf += leaf
        leaf |= answers.take(questions, axis=0)
    result: npt.NDArray[np.float64] = trees.bias + trees.leaves.take(trees.offsets + leaf, axis=0).sum(axis=0, dtype=np.float64)
    return result


def probabilities(trees: Trees, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Probability of every column of `rows`, for a model of one output."""
    result: npt.NDArray[np.float64] = 1 / (1 + np.exp(-sums(trees, rows)[:, 0]))
    return result


def expected_best(probability: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]) -> float:
    """The threshold that maximises the expected F1 of a page: blocks at or above it are kept.

    Keeping the likeliest blocks first, F1 is estimated by 2 * (sum of p*w kept) / (sum of w kept + sum of p*w of all).
    """
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum((probability * weight)[order])
    if not len(hits) or hits[-1] <= 0:
        return 1.0
    best = int(np.argmax(2 * hits / (np.cumsum(weight[order]) + hits[-1])))
    return float(probability[order[best]])


@cache
def load_trees(name: str, names: tuple[str, ...]) -> Trees:
    """The model of that name in `weights/`, ready for rows of these names."""
    return build_trees(json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8")), names)


@cache
def load_scores() -> Scores:
    names = json.loads((WEIGHTS / "names.json").read_text(encoding="utf-8"))
    words = json.loads((WEIGHTS / "words.json").read_text(encoding="utf-8"))
    return Scores.of(names, words)
