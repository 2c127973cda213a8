"""Which blocks of a page belong to a true text: the labels the content model learns from."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

WORD = re.compile(r"\w+")
SHINGLE = 3


def words_of(text: str) -> list[str]:
    return WORD.findall(text.lower())


def label_blocks(texts: Sequence[str], truth: str) -> npt.NDArray[np.float32]:
    """Share of each block that stands in the truth: by runs of three words; a short one must be a line or join its neighbours."""
    true_words = words_of(truth)
    lines = {" ".join(words_of(line)) for line in truth.splitlines()}
    shingles = {tuple(true_words[i : i + SHINGLE]) for i in range(len(true_words) - SHINGLE + 1)}
    running = f" {' '.join(true_words)} "
    tokens = [words_of(text) for text in texts]
    flow = [word for words in tokens for word in words]
    labels = np.zeros(len(texts), np.float32)
    start = 0
    for number, words in enumerate(tokens):
        end = start + len(words)
        if not words:
            labels[number] = np.nan
        elif len(words) >= 5:
            parts = [tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)]
            labels[number] = sum(part in shingles for part in parts) / len(parts)
        else:
            # Cells of a table are a word or two each: what stands beside one may be several blocks.
            before, after = flow[max(0, start - SHINGLE) : end], flow[start : end + SHINGLE]
            labels[number] = " ".join(words) in lines or any(
                len(run) > SHINGLE and f" {' '.join(run)} " in running for run in (before, after)
            )
        start = end
    return labels


def label_segments(texts: Sequence[str], kept: Sequence[str], dropped: Sequence[str]) -> npt.NDArray[np.float32]:
    """Labels from a few segments that must or must not appear; nan for blocks that none of them touches."""
    labels = np.full(len(texts), np.nan, np.float32)
    folded = [" ".join(text.split()) for text in texts]
    for segments, label in ((kept, 1.0), (dropped, 0.0)):
        for segment in (" ".join(segment.split()) for segment in segments):
            for number, text in enumerate(folded):
                if segment and (segment in text or (len(text) > 15 and text in segment)):
                    labels[number] = label
    return labels
