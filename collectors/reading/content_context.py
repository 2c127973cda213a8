"""A second look at blocks: what the first model thinks of the blocks around each one.

The first model judges a block by what it and its containers are. Whether its neighbours, its container and its family of cards
look like content, and how it stands to the strongest part of the page, is known only after all were judged once. This module
names what is looked at; `native/context.c` computes it, in this order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

import numpy as np

from collectors.reading.content_features import FEATURES
from collectors.reading.model import PageKind
from collectors.reading.native.counting import Measured, write_second_look
from collectors.reading.native.library import Doubles, Floats

LEVELS: Final = 5
_STEPS: Final = (-2, -1, 1, 2)

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
_OWN_ROWS: Final = np.array([FEATURES.index(name) for name in OWN_FEATURES], np.int32)
SECOND_FEATURES: Final = (*OWN_FEATURES, *(f"kind_{kind}" for kind in get_args(PageKind)), *CONTEXT_FEATURES)


def second_look(measured: Measured, first: Doubles, kinds: Sequence[float]) -> Floats:
    """Rows of SECOND_FEATURES: what the second model judges by. `first` are the probabilities of the first look."""
    rows = np.empty((len(SECOND_FEATURES), len(first)), np.float32)
    write_second_look(measured, first, _OWN_ROWS, kinds, rows)
    return rows
