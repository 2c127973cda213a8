"""Features of blocks for the content model: one row a feature, one column a block.

This module names them; `native/measure.c` computes them, in this order. A container covers a run of blocks, so its sums are
differences of running totals. Word and name scores are learned log-odds (`weights/words.json`, `weights/names.json`).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from collectors.reading.blocks import Blocks
from collectors.reading.content_containers import CODE_OF_ID, FLAGS, PROP_BITS, ROLE_BITS, TAG_CODES, TAGS
from collectors.reading.content_scores import Scores
from collectors.reading.native.counting import ROWS, Measured, Page

LEVELS: Final = 5

_OWN: Final = (
    "words", "chars", "sentences", "stop", "money", "copies", "link_share", "links", "images",
    "word_mean", "word_min", "word_max", "word_sum", "title_share", "digits", "upper", "commas", "separators",
)  # fmt: skip
_INHERITED: Final = ("name_low", "name_high", "name_near", "name_sum", "repeats", "own_repeats")
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
    *_INHERITED,
    *(f"up{level}_{name}" for name in _UP for level in range(1, LEVELS + 1)),
    *(f"{family}_{name}" for family in ("near_family", "top_family") for name in _FAMILY),
    *_PLACE,
    *(f"{name}{step:+d}" for step in _STEPS for name in _NEAR),
    *(f"{name}_{side}" for side in ("before", "after") for name in _WINDOW),
    *_PAGE,
)
assert len(FEATURES) == ROWS


def measure(blocks: Blocks, title: str, scores: Scores) -> Measured:
    """Everything the models of content and kind look at. The page has at least one block."""
    tags = CODE_OF_ID[blocks.shape[2]]
    tags[0] = TAG_CODES[blocks.tag[0]]  # the body, whatever it is called
    bits = np.zeros(len(tags), np.int32)
    for container, role in blocks.role.items():
        bits[container] = ROLE_BITS.get(role, 0)
    for container, itemprop in blocks.itemprop.items():
        bits[container] |= PROP_BITS.get(itemprop.lower(), 0)
    return Measured(Page(blocks, title, tags, bits), scores.lore)
