"""Why each block of a page was kept or dropped: for people who improve the reader, and for `dozor read --explain`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from collectors.reading.blocks import Blocks
from collectors.reading.bounds import check_bounds, check_size
from collectors.reading.content import judge, prepare
from collectors.reading.content_context import SECOND_FEATURES
from collectors.reading.content_model import load_trees
from collectors.reading.document import read_document
from collectors.reading.encoding import decode
from collectors.reading.kind import KINDS
from collectors.reading.native.counting import Trees
from collectors.reading.structured import read_items

SHOWN: Final = 3  # features named for and against a block


def explain_page(body: bytes | str, url: str | None = None) -> dict[str, Any]:
    """Kind probabilities, the threshold of the page, and for each block its path, probability, decision and strongest reasons.

    A reason is a feature with its value and its weight: how far, summed over the trees, asking about it moved the log-odds.
    """
    check_size(body)
    markup = body if isinstance(body, str) else decode(body)[0]
    check_bounds(markup)
    document = read_document(markup)
    blocks = document.blocks
    page = prepare(document, url, read_items(document, url))
    if not blocks.texts:
        return {"kinds": {}, "threshold": None, "blocks": []}
    content, rows = judge(page)
    weights = contributions(load_trees("content_second", SECOND_FEATURES), rows)
    return {
        "kinds": dict(zip(KINDS, (round(value, 3) for value in content.kinds), strict=True)),
        "threshold": round(content.threshold, 3),
        "blocks": [
            {
                "text": text,
                "path": _path(blocks, blocks.container[number]),
                "probability": round(content.probabilities[number], 3),
                "is_kept": content.kept[number],
                "reasons": _reasons(weights[:, number], rows[:, number]),
            }
            for number, text in enumerate(blocks.texts)
        ],
    }


def contributions(trees: Trees, rows: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How far each feature moved the log-odds of each block (features x blocks).

    On the way down a tree, the expected value is the mean of the leaves still in reach; each answer moves it, and the move is
    credited to the feature asked about (the path method of Saabas, with all leaves alike).
    """
    count, depth = trees.feature.shape
    columns = rows.shape[1]
    leaves = (
        trees.leaves[:, 0].reshape(count, *([2] * depth)).astype(np.float64)
    )  # axes: tree, then the last level's answer first
    result = np.zeros((rows.shape[0], columns))
    for tree in range(count):
        reach = np.repeat(leaves[tree][None], columns, axis=0)
        expected = reach.reshape(columns, -1).mean(axis=1)
        for feature, border in zip(trees.feature[tree], trees.border[tree], strict=True):
            answer = (rows[feature] > border).astype(np.int64)
            reach = np.take_along_axis(reach, answer.reshape(-1, *([1] * (reach.ndim - 1))), axis=-1)[..., 0]
            value = reach.reshape(columns, -1).mean(axis=1)
            result[feature] += value - expected
            expected = value
    return result


def _path(blocks: Blocks, container: int) -> str:
    """Tags and classes from the body down, as a selector would name them; the six innermost."""
    steps: list[str] = []
    while container >= 0 and len(steps) < 6:
        names = blocks.names[container].split()
        steps.append(".".join([blocks.tag[container], *names[:2]]))
        container = blocks.parent[container]
    return " > ".join(reversed(steps))


def _reasons(weights: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    order = np.argsort(weights)
    strongest = [*order[::-1][:SHOWN], *order[:SHOWN]]
    return [
        {"feature": SECOND_FEATURES[number], "value": round(float(values[number]), 3), "weight": round(float(weights[number]), 3)}
        for number in strongest
        if abs(weights[number]) >= 0.01
    ]
