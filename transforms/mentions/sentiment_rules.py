"""Tone of a text by a lexicon and rules: what people rated each word, turned by its neighbours.

The rules of VADER (Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text",
2014), with their constants as published, over a whole batch at once. English words have ratings of people; Russian ones have
the tone in our own list of effects, else valences predicted from the English ones (see `lexicon`), of which only the clear count.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from transforms.mentions.lexicon import (
    CONTRAST,
    CYRILLIC,
    EMBEDDING_WIDTH,
    MARKS,
    NEGATION,
    STRONGER,
    UPPER,
    WEAKER,
    Floats,
    WordTable,
)
from transforms.mentions.sentiment_features import Segments

BOOST = 0.293  # of an intensifier
DAMPING = (1.0, 0.95, 0.9)  # of an intensifier one, two and three tokens away
NEGATED = -0.74
SHOUTED = 0.733  # of a word in capitals, in a text that has others
BEFORE_CONTRAST, AFTER_CONTRAST = 0.5, 1.5
EXCLAMATION, MOST_EXCLAMATIONS = 0.292, 4
QUESTION, MANY_QUESTIONS = 0.18, 0.96
SPREAD = 15  # a sum as large as its square root scores 0.7
CLEAR_VALENCE = 2.7  # of a predicted valence, in the units of the word table
TOLD_RATING = 1.8  # rating of one unit of the tone in the list of effects
TONE = 2  # column of an effect: for the text
PREDICTED_RATING = 0.44  # rating of one unit of predicted valence


def rule_scores(batch: Segments, table: WordTable) -> Floats:
    """Score of each segment, -1 to 1; 0 where no word has a tone."""
    rated = _valence(batch, table)
    tone = np.sign(rated)
    shouted = _has(batch, UPPER) & (_total(batch, _has(batch, UPPER)) < _total(batch, _is_word(batch)))[batch.owner]
    valence = rated.astype(np.float64) + SHOUTED * tone * shouted
    boost = BOOST * (_has(batch, STRONGER).astype(np.float32) - _has(batch, WEAKER))
    negated = np.zeros(len(tone), bool)
    for distance, damping in enumerate(DAMPING, 1):
        valence = valence + damping * tone * _earlier(batch, boost * (tone == 0), distance)
        negated |= _earlier(batch, _has(batch, NEGATION), distance) > 0
    valence = np.where(negated, valence * NEGATED, valence)
    summed = _total(batch, valence * _contrast(batch)).astype(np.float64)
    exclamations = np.minimum(_total(batch, _has(batch, MARKS.index("exclamation"))), MOST_EXCLAMATIONS)
    questions = _total(batch, _has(batch, MARKS.index("question")))
    emphasis = EXCLAMATION * exclamations + np.where(questions > 3, MANY_QUESTIONS, QUESTION * questions * (questions > 1))
    summed = summed + np.sign(summed) * emphasis
    return (summed / np.sqrt(summed**2 + SPREAD)).astype(np.float32)


def _valence(batch: Segments, table: WordTable) -> Floats:
    predicted = table.vectors[batch.rows, EMBEDDING_WIDTH]
    told = batch.effects[:, TONE]
    clear = _has(batch, CYRILLIC) & (np.abs(predicted) >= CLEAR_VALENCE) & (told == 0)
    rated: Floats = np.where(clear, predicted * np.float32(PREDICTED_RATING), batch.ratings)
    rated = np.where(_has(batch, CYRILLIC) & (told != 0), told * np.float32(TOLD_RATING), rated)
    return np.where((batch.sides == 0) | (batch.owner < 0), np.float32(0), rated)


def _contrast(batch: Segments) -> Floats:
    """What stands before a "but" counts less, what stands after it more."""
    marks = _has(batch, CONTRAST).astype(np.int64)
    seen = np.cumsum(marks)
    before = (seen - marks)[batch.starts]
    total = _total(batch, marks)
    passed = seen - before[batch.owner]
    factors = np.where(passed > 0, AFTER_CONTRAST, BEFORE_CONTRAST)
    return np.where(total[batch.owner] > 0, factors, 1.0).astype(np.float32)


def _has(batch: Segments, bit: int) -> npt.NDArray[np.bool_]:
    held: npt.NDArray[np.bool_] = ((batch.bits & np.uint32(1 << bit)) > 0) & (batch.owner >= 0)
    return held


def _is_word(batch: Segments) -> npt.NDArray[np.bool_]:
    words: npt.NDArray[np.bool_] = (batch.flags[:, : len(MARKS)].sum(axis=1) == 0) & (batch.owner >= 0)
    return words


def _earlier(batch: Segments, values: npt.NDArray[np.generic], distance: int) -> Floats:
    """The value `distance` tokens before each token, 0 where that is another segment."""
    shifted = np.zeros(len(values), np.float32)
    shifted[distance:] = np.where(batch.owner[distance:] == batch.owner[:-distance], values[:-distance], 0)
    return shifted


def _total(batch: Segments, values: npt.NDArray[np.generic]) -> Floats:
    """Sum of each segment."""
    real = batch.owner >= 0
    return np.bincount(batch.owner[real], np.asarray(values[real], np.float64), len(batch)).astype(np.float32)
