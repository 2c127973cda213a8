"""Gradient-boosted oblivious trees as plain numbers, evaluated for all blocks of a page at once (`native/trees.c`).

Every tree asks the same question on all nodes of one level, so a leaf's number is the row of answers read as bits. A model file
holds `features` (names), `split_feature` (numbers in that list) and `split_border` (both trees x depth, flat), `leaves` (trees x
2^depth, flat), `depth` and `bias`. It is not compressed, for every process reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from collectors.reading.content_scores import Scores
from collectors.reading.native.counting import Trees

WEIGHTS: Final = Path(__file__).parent / "weights"


def build_trees(stored: Mapping[str, Any], names: Sequence[str]) -> Trees:
    """`names` are those of the rows the trees will be asked about."""
    depth, bias = int(stored["depth"]), np.array(stored["bias"], np.float64)
    number_of = {name: number for number, name in enumerate(names)}
    features = np.array([number_of[name] for name in stored["features"]], np.int32)
    return Trees(
        features[stored["split_feature"]].reshape(-1, depth),
        np.array(stored["split_border"], np.float32).reshape(-1, depth),
        np.array(stored["leaves"], np.float32).reshape(-1, len(bias)),
        bias,
    )


@cache
def load_trees(name: str, names: tuple[str, ...]) -> Trees:
    """The model of that name in `weights/`, ready for rows of these names."""
    with np.load(WEIGHTS / f"{name}.npz", allow_pickle=False) as stored:
        return build_trees(stored, names)


@cache
def load_scores() -> Scores:
    names = json.loads((WEIGHTS / "names.json").read_text(encoding="utf-8"))
    words = json.loads((WEIGHTS / "words.json").read_text(encoding="utf-8"))
    return Scores.of(names, words)
