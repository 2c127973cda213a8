"""Gradient-boosted oblivious trees as plain numbers, evaluated for all blocks of a page at once (`native/trees.c`).

Every tree asks the same question on all nodes of one level, so a leaf's number is the row of answers read as bits. A model file
holds `features` (names), `split_feature` (numbers in that list) and `split_border` (both trees x depth, flat), `leaves` (trees x
2^depth, flat), `depth` and `bias`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from collectors.reading.content_scores import Scores
from collectors.reading.native.counting import Trees

WEIGHTS: Final = Path(__file__).parent / "weights"


def build_trees(stored: dict[str, Any], names: Sequence[str]) -> Trees:
    """`names` are those of the rows the trees will be asked about."""
    depth, bias = stored["depth"], np.array(stored["bias"], np.float64)
    number_of = {name: number for number, name in enumerate(names)}
    features = [number_of[stored["features"][feature]] for feature in stored["split_feature"]]
    return Trees(
        np.array(features, np.int32).reshape(-1, depth),
        np.array(stored["split_border"], np.float32).reshape(-1, depth),
        np.array(stored["leaves"], np.float32).reshape(-1, len(bias)),
        bias,
    )


@cache
def load_trees(name: str, names: tuple[str, ...]) -> Trees:
    """The model of that name in `weights/`, ready for rows of these names."""
    return build_trees(json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8")), names)


@cache
def load_scores() -> Scores:
    names = json.loads((WEIGHTS / "names.json").read_text(encoding="utf-8"))
    words = json.loads((WEIGHTS / "words.json").read_text(encoding="utf-8"))
    return Scores.of(names, words)
