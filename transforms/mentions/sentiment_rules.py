"""Tone of a text by a lexicon and rules: what people rated each word, turned by its neighbours.

The rules of VADER (Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text",
2014), with their constants as published, over a whole batch at once. English words have ratings of people; Russian ones have
the tone in our own list of effects, else valences predicted from the English ones (see `lexicon`), of which only the clear count.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from transforms.mentions.lexicon import (
    COMPARED,
    CONTRAST,
    CYRILLIC,
    EMBEDDING_WIDTH,
    MARKS,
    NEGATION,
    OPPOSED,
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

EXPECTED, MISSED = 1, -2  # an evaluation that tells something only when it is negated, and what it is then
# How much an evaluation counts that stands in another clause than the target, behind a "but", in another sentence.
ELSEWHERE, OPPOSITE, APART = 0.7, 0.25, 0.35
EVALUATION_SPREAD = 4  # a sum of evaluations as large as its square root scores 0.7
# Tokens; what stands in a longer sentence is said of others more often, as in news: it counts less by the square.
SHORT_SENTENCE = 10
COMPARED_TOKENS = 2  # "better than X": so far from the target the comparison may stand
_BREAKS = tuple(map(MARKS.index, ("comma", "stop", "exclamation", "question", "dash", "colon")))
_STOPS = tuple(map(MARKS.index, ("stop", "exclamation", "question")))


def rule_scores(batch: Segments, table: WordTable) -> Floats:
    """Score of each segment, -1 to 1; 0 where no word has a tone."""
    rated = _valence(batch, table)
    tone = np.sign(rated)
    shouted = _has(batch, UPPER) & (_total(batch, _has(batch, UPPER)) < _total(batch, _is_word(batch)))[batch.owner]
    valence = rated.astype(np.float64) + SHOUTED * tone * shouted
    boost = BOOST * (_has(batch, STRONGER).astype(np.float32) - _has(batch, WEAKER))
    for distance, damping in enumerate(DAMPING, 1):
        valence = valence + damping * tone * _earlier(batch, boost * (tone == 0), distance)
    valence = np.where(_is_negated(batch), valence * NEGATED, valence)
    summed = _total(batch, valence * _contrast(batch)).astype(np.float64)
    exclamations = np.minimum(_total(batch, _has(batch, MARKS.index("exclamation"))), MOST_EXCLAMATIONS)
    questions = _total(batch, _has(batch, MARKS.index("question")))
    emphasis = EXCLAMATION * exclamations + np.where(questions > 3, MANY_QUESTIONS, QUESTION * questions * (questions > 1))
    summed = summed + np.sign(summed) * emphasis
    return (summed / np.sqrt(summed**2 + SPREAD)).astype(np.float32)


def evaluation_scores(batch: Segments) -> Floats:
    """What the words around a target say of it, -1 to 1: evaluations of things and services, those of its own clause first.

    0 for a text without a target, and where nothing is evaluated.
    """
    values, negated = batch.evaluations.astype(np.float64), _is_negated(batch)
    values = np.where(values == EXPECTED, np.where(negated, MISSED, 0.0), np.where(negated, values * NEGATED, values))
    before_target = (batch.sides >= 1) & (batch.sides <= COMPARED_TOKENS)
    negations = _has(batch, NEGATION)
    is_surpassed = _has(batch, COMPARED) & before_target & (_so_far(batch, negations) == _total(batch, negations)[batch.owner])
    values = np.where(is_surpassed, -values, values)  # "worse than X"; but "none was worse than X" is said of X
    clause, turn, sentence = (
        _passed(batch, marks) for marks in (_any(batch, _BREAKS), _has(batch, OPPOSED), _any(batch, _STOPS))
    )
    share = np.where(sentence != 0, APART, np.where(turn != 0, OPPOSITE, np.where(clause != 0, ELSEWHERE, 1.0)))
    summed = _total(batch, values * share).astype(np.float64) * (_total(batch, _is_target(batch)) > 0)
    length = np.maximum(_total(batch, sentence == 0), SHORT_SENTENCE).astype(np.float64)
    return (summed / np.sqrt(summed**2 + EVALUATION_SPREAD) * (SHORT_SENTENCE / length) ** 2).astype(np.float32)


def _passed(batch: Segments, marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many marks stand between each token and the first one of its segment's target."""
    seen = np.cumsum(marks)
    target = np.zeros(len(batch), np.int64)
    places = np.flatnonzero(_is_target(batch))[::-1]
    target[batch.owner[places]] = seen[places]  # the first one is written last
    passed: npt.NDArray[np.int64] = seen - target[batch.owner]
    return passed


def _is_target(batch: Segments) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = (batch.sides == 0) & (batch.owner >= 0)
    return inside


def _any(batch: Segments, bits: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    wanted = np.uint32(sum(1 << bit for bit in bits))
    held: npt.NDArray[np.bool_] = ((batch.bits & wanted) > 0) & (batch.owner >= 0)
    return held


def _valence(batch: Segments, table: WordTable) -> Floats:
    predicted = table.vectors[batch.rows, EMBEDDING_WIDTH]
    told = batch.effects[:, TONE]
    clear = _has(batch, CYRILLIC) & (np.abs(predicted) >= CLEAR_VALENCE) & (told == 0)
    rated: Floats = np.where(clear, predicted * np.float32(PREDICTED_RATING), batch.ratings)
    rated = np.where(_has(batch, CYRILLIC) & (told != 0), told * np.float32(TOLD_RATING), rated)
    return np.where((batch.sides == 0) | (batch.owner < 0), np.float32(0), rated)


def _contrast(batch: Segments) -> Floats:
    """What stands before a "but" counts less, what stands after it more."""
    marks = _has(batch, CONTRAST)
    factors = np.where(_so_far(batch, marks) > 0, AFTER_CONTRAST, BEFORE_CONTRAST)
    return np.where(_total(batch, marks)[batch.owner] > 0, factors, 1.0).astype(np.float32)


def _so_far(batch: Segments, marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many marks a segment has up to each token, that one included."""
    seen = np.cumsum(marks)
    before: npt.NDArray[np.int64] = (seen - marks)[batch.starts]
    counted: npt.NDArray[np.int64] = seen - before[batch.owner]
    return counted


def _has(batch: Segments, bit: int) -> npt.NDArray[np.bool_]:
    return _any(batch, (bit,))


def _is_negated(batch: Segments) -> npt.NDArray[np.bool_]:
    """Does a negation stand among the three tokens before."""
    negated = np.zeros(len(batch.owner), bool)
    for distance in (1, 2, 3):
        negated |= _earlier(batch, _has(batch, NEGATION), distance) > 0
    return negated


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
