"""The network of the default sentiment engine, in whole numbers: what it says of a text depends on nothing but the text.

Sums of floats depend on the order of adding, which a processor's library chooses by the size of the whole batch. Here every
number that is multiplied is whole, and so bounded that each sum is below 2^24 (single precision) or 2^53 (double), where floats
are exact: any order gives the same bits, on any machine. Weights keep some ten bits by that, which changes no figure of quality.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from transforms.mentions.lexicon import EFFECT_UNIT, Floats, word_table
from transforms.mentions.sentiment_features import NO_TARGET, TEXT_TOKENS, Segments

EXACT_SINGLE, EXACT_DOUBLE = 2**24, 2**53
MOST_INPUT = 127  # of what a token brings
HIDDEN_STEP = 256  # a value of 1 behind the convolution is so many steps
MOST_HIDDEN = 4095
LOGIT_STEP = 256  # of the attention's logits
SHARE_ONE = 65_536  # weight of the token with the greatest logit
FADED = 12 * LOGIT_STEP  # logits so far below the greatest count for nothing
SHARES = EXACT_SINGLE // (MOST_HIDDEN + 1) - TEXT_TOKENS // 2  # weights of a segment sum up to this, but for rounding
MEAN_STEP = 16  # a step of a hidden value is so many of a mean
LAST_STEP, MOST_LAST = 2**16, 2**24

_FADING = np.rint(SHARE_ONE * np.exp(-np.arange(FADED + 1) / LOGIT_STEP)).astype(np.float32)

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Places:
    """What the networks need to know of a batch, the same for each of them."""

    told: Floats  # (tokens, numbers) of each token, whatever the network: whole numbers
    blank: npt.NDArray[np.bool_]  # tokens between segments
    inside: Floats  # 1 for tokens of the target, and for all of a text without one
    spans: list[tuple[int, int]]  # first and last + 1 token of each segment
    edges: npt.NDArray[np.int64]  # (segments, 3): where begin what is before the target, the target, and what is after it
    before: npt.NDArray[np.bool_]  # segments that have something before the target
    after: npt.NDArray[np.bool_]
    whole: npt.NDArray[np.bool_]  # segments without a target

    @classmethod
    def of(cls, batch: Segments) -> Places:
        sides, blank, count = batch.sides, batch.owner < 0, len(batch)
        before = np.bincount(batch.owner[(sides >= 1) & (sides <= 8) & ~blank], minlength=count)
        target = np.bincount(batch.owner[(sides == 0) & ~blank], minlength=count)
        ends = np.append(batch.starts[1:] - 1, len(sides) - 1)
        first = batch.starts + before
        effects = np.rint(batch.effects * np.float32(EFFECT_UNIT))
        return cls(
            told=np.concatenate([word_table().codes[batch.rows], batch.flags, effects], axis=1, dtype=np.float32),
            blank=blank,
            inside=(((sides == 0) | (sides == NO_TARGET)) & ~blank).astype(np.float32),
            spans=list(zip(batch.starts.tolist(), ends.tolist(), strict=True)),
            edges=np.stack([batch.starts, first, first + target], axis=1),
            before=before > 0,
            after=first + target < ends,
            whole=np.bincount(batch.owner[(sides == NO_TARGET) & ~blank], minlength=count) > 0,
        )

    def greatest(self, hidden: Floats) -> tuple[Floats, Floats]:
        """Greatest values before the target, and after it; a text without a target is both. Values are not negative."""
        found = np.maximum.reduceat(hidden, self.edges.ravel(), axis=0).reshape(len(self.edges), 3, -1)
        before, after = found[:, 0] * self.before[:, None], found[:, 2] * self.after[:, None]
        before[self.whole] = after[self.whole]
        return before, after


@dataclass(frozen=True, slots=True)
class Whole:
    """A matrix in whole numbers: `values * unit` is near what it stands for, a unit for each column."""

    values: npt.NDArray[np.floating]
    unit: npt.NDArray[np.floating]

    @classmethod
    def of(cls, matrix: npt.NDArray[np.floating], most: int, exact: int) -> Whole:
        """As fine as a product with whole numbers up to `most` stays below `exact`, in whatever order it is summed."""
        kind = np.float32 if exact == EXACT_SINGLE else np.float64
        room = exact / most - len(matrix) / 2  # rounding adds one half a row at most
        scale = room / np.maximum(np.abs(matrix.astype(np.float64)).sum(axis=0), 1e-9)
        return cls(np.rint(matrix * scale).astype(kind), (1 / scale).astype(kind))


@dataclass(frozen=True)
class Network:
    """One trained network; shapes in `benchmarks/train_sentiment.py`."""

    side: Floats
    ending: Floats
    conv: Floats
    conv_bias: Floats
    attention: Floats
    attention_side: Floats
    last: Floats
    last_bias: Floats
    label: Floats
    label_bias: Floats
    score: Floats
    score_bias: Floats

    @cached_property
    def _side(self) -> Whole:
        return _coded(self.side)

    @cached_property
    def _ending(self) -> Whole:
        return _coded(self.ending)

    @cached_property
    def _conv(self) -> Whole:
        scale = word_table().scale
        flags = np.ones(len(self.conv) // 3 - len(scale) - 3 - self.side.shape[1] - self.ending.shape[1])
        units = np.concatenate([scale, flags, np.full(3, 1 / EFFECT_UNIT), self._side.unit, self._ending.unit])
        found = Whole.of(self.conv * np.tile(units, 3)[:, None], MOST_INPUT, EXACT_SINGLE)
        return Whole(found.values, found.unit * np.float32(HIDDEN_STEP))

    @cached_property
    def _attention(self) -> Whole:
        found = Whole.of(self.attention, MOST_HIDDEN, EXACT_SINGLE)
        return Whole(found.values, found.unit * np.float32(LOGIT_STEP / HIDDEN_STEP))

    @cached_property
    def _last(self) -> Whole:
        found = Whole.of(self.last, MEAN_STEP * MOST_HIDDEN, EXACT_DOUBLE)
        return Whole(found.values, found.unit / (MEAN_STEP * HIDDEN_STEP))

    @cached_property
    def _answers(self) -> Whole:
        found = Whole.of(np.concatenate([self.label, self.score], axis=1), MOST_LAST, EXACT_DOUBLE)
        return Whole(found.values, found.unit / LAST_STEP)

    def judged(self, batch: Segments, places: Places, language: npt.NDArray[np.int64]) -> tuple[Doubles, Doubles]:
        """(segments, 3) logits of the labels, and the score of each segment as a whole text."""
        hidden = self._hidden(batch, places)
        means = self._means(hidden, batch, places)
        before, after = (np.rint(found * MEAN_STEP) for found in places.greatest(hidden))
        heads = self.attention.shape[1]
        pooled = np.concatenate(
            [means[:, :heads].reshape(len(batch), -1), before, after, means[:, heads]], axis=1, dtype=np.float64
        )
        last = np.maximum(pooled @ self._last.values * self._last.unit + self.last_bias, 0)
        last = np.rint(np.minimum(last * LAST_STEP, MOST_LAST))
        answers = last @ self._answers.values * self._answers.unit
        return answers[:, :3] + self.label_bias[language], answers[:, 3] + self.score_bias[0]

    def _hidden(self, batch: Segments, places: Places) -> Floats:
        """(tokens, width): what the convolution makes of each token and its neighbours."""
        conv, width = self._conv, len(self._conv.values) // 3
        endings = self._ending.values[batch.endings % len(self.ending)]
        tokens = np.concatenate([places.told, self._side.values[batch.sides], endings], axis=1, dtype=np.float32)
        tokens[places.blank] = 0
        hidden: Floats = tokens @ conv.values[width : 2 * width]
        hidden[1:] += tokens[:-1] @ conv.values[:width]
        hidden[:-1] += tokens[1:] @ conv.values[2 * width :]
        hidden *= conv.unit
        hidden += self.conv_bias * np.float32(HIDDEN_STEP)
        np.clip(hidden, 0, MOST_HIDDEN, out=hidden)
        np.rint(hidden, out=hidden)
        hidden[places.blank] = 0
        return hidden

    def _means(self, hidden: Floats, batch: Segments, places: Places) -> Floats:
        """(segments, heads + 1, width), in steps of a mean: of the tokens by each head's attention, then that of the target."""
        logits = hidden @ self._attention.values * self._attention.unit
        logits = np.rint(logits + self.attention_side[batch.sides] * np.float32(LOGIT_STEP))
        logits[places.blank] = -EXACT_SINGLE  # below any other, and never looked at
        owner = np.where(places.blank, 0, batch.owner)
        fallen = np.maximum.reduceat(logits, batch.starts, axis=0)[owner] - logits
        share = _FADING[np.minimum(fallen, FADED).astype(np.int32)]
        share[places.blank] = 0
        share = np.rint(share * (np.float32(SHARES) / np.maximum(_sums(share, batch), 1))[owner])
        both = np.concatenate([share, places.inside[:, None]], axis=1)
        means = np.empty((len(batch), both.shape[1], hidden.shape[1]), np.float32)
        for row, (start, end) in enumerate(places.spans):  # many small products: five times faster than sums by `reduceat`
            np.matmul(both[start:end].T, hidden[start:end], out=means[row])
        means *= np.float32(MEAN_STEP) / np.maximum(_sums(both, batch), 1)[:, :, None]
        return np.rint(means, out=means)


def _sums(values: Floats, batch: Segments) -> Floats:
    """Sums of each segment; of whole numbers, below 2^24."""
    sums: Floats = np.add.reduceat(values, batch.starts, axis=0)
    return sums


def _coded(table: Floats) -> Whole:
    """A table of numbers as inputs: each column in up to MOST_INPUT steps."""
    unit = np.maximum(np.abs(table).max(axis=0), 1e-9) / MOST_INPUT
    return Whole(np.rint(table / unit).astype(np.float32), unit.astype(np.float32))
