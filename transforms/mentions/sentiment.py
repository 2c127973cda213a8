"""How a text sounds, and how it sounds for each target in it: negative, neutral or positive, Russian and English.

The default engine: fast, offline, its weights in `weights/` as numbers (see `benchmarks/train_sentiment.py` for what they are
made of, and how). A convolutional network over word vectors looks at the words around the target, and a linear model over
hashed words and word pairs; their answers are added up. They learned from news, so what customers write is heard apart: the
evaluations in the target's clause (`sentiment_rules`, `weights/evaluations.txt`) shift the odds.
For a whole text, the rules of `sentiment_rules` are a third.

    >>> Sentiment().of("Рекомендую «Северный чай», лучшая чайная города", [(12, 24)])
    [Tone(label='positive', score=0.46..., confidence=0.52...)]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from transforms.mentions.lexicon import Floats, Forms, word_table
from transforms.mentions.sentiment_features import Segments, Span, segments, word_features
from transforms.mentions.sentiment_network import Doubles, Network, Places
from transforms.mentions.sentiment_rules import evaluation_scores, rule_scores

Label = Literal["negative", "neutral", "positive"]
LABELS: tuple[Label, Label, Label] = ("negative", "neutral", "positive")
SEGMENTS_AT_ONCE = 512  # bounds the memory of a batch to about 50 MB


@dataclass(frozen=True, slots=True)
class Tone:
    """How a target, or a text, comes off."""

    label: Label
    score: float  # -1 very negative to 1 very positive
    confidence: float  # 0-1, probability of the label


@dataclass(frozen=True, slots=True)
class Asked:
    """A text with the places (start, end in characters) of its targets; none: the tone of the whole text is asked."""

    text: str
    targets: Sequence[Span] = ()
    lang: str | None = None  # ISO 639-1, where known; else told from the letters


class Engine(Protocol):
    """What judges texts: the default one here, or `onnx_engine`."""

    def of_all(self, asked: Iterable[Asked]) -> Iterator[list[Tone]]: ...


class Sentiment:
    """The default engine. Making one costs about 0.1 s; it holds no state but a memory of word forms, so keep it and reuse it."""

    def __init__(self) -> None:
        self._forms = Forms(word_table())
        self._weights = weights()

    def of(self, text: str, targets: Sequence[Span] = (), lang: str | None = None) -> list[Tone]:
        """One tone for each target, in order; one for the whole text when there are none. ValueError for a place not in the
        text."""
        return next(self.of_all([Asked(text, targets, lang)]))

    def of_all(self, asked: Iterable[Asked]) -> Iterator[list[Tone]]:
        """The same for many texts, in order; much faster than one by one. Reads ahead by a few hundred texts."""
        part: list[Asked] = []
        size = 0
        for one in asked:
            for start, end in one.targets:
                if not 0 <= start < end <= len(one.text):
                    raise ValueError(f"target {start}:{end} is not a place in a text of {len(one.text)} characters")
            part.append(one)
            size += max(1, len(one.targets))
            if size >= SEGMENTS_AT_ONCE:
                yield from self._judged(part)
                part, size = [], 0
        if part:
            yield from self._judged(part)

    def _judged(self, part: list[Asked]) -> Iterator[list[Tone]]:
        batch = segments([(one.text, one.targets) for one in part], self._forms)
        per_text = [max(1, len(one.targets)) for one in part]
        language = np.repeat([int(_is_russian(one)) for one in part], per_text)
        is_whole = np.repeat([not one.targets for one in part], per_text)
        chances, scores = self._weights.judged(batch, language, is_whole)
        best = chances.argmax(1)
        tones = [
            Tone(LABELS[label], round(score, 4), round(confidence, 4))
            for label, score, confidence in zip(
                best.tolist(), scores.tolist(), chances[np.arange(len(best)), best].tolist(), strict=True
            )
        ]
        start = 0
        for count in per_text:
            yield tones[start : start + count]
            start += count


def _is_russian(asked: Asked) -> bool:
    if asked.lang is not None:
        return asked.lang == "ru"
    return any("а" <= letter <= "я" for letter in asked.text[:2000].lower())


def _softmax(logits: Doubles) -> Doubles:
    return _scaled(np.exp(logits - logits.max(axis=1, keepdims=True)))


def _scaled(values: Doubles) -> Doubles:
    """Each row divided by its sum."""
    result: Doubles = values / _sum(values)[:, None]
    return result


def _sum(values: Doubles) -> Doubles:
    """Sum of each row of three, always from left to right: `sum(axis=1)` goes by the number of rows."""
    result: Doubles = values[:, 0] + values[:, 1] + values[:, 2]
    return result


@dataclass(frozen=True, slots=True)
class Words:
    """Linear models over hashed words and word pairs: of labels per language, of the score of English whole texts."""

    label: Floats  # (2 languages, features, 3)
    label_bias: Floats  # (2, 3)
    score: Floats  # (features,)
    score_bias: float

    def judged(self, batch: Segments, language: npt.NDArray[np.int64]) -> tuple[Doubles, Doubles]:
        """(segments, 3) probabilities of the labels, and the score of each segment as a whole text."""
        owners, features = word_features(batch)
        size = self.score.shape[0]
        once = np.sort(owners * size + features)  # np.unique makes a hash table first, which takes far longer
        owners, features = np.divmod(once[np.diff(once, prepend=-1) != 0], size)
        count = np.bincount(owners, minlength=len(batch))
        norm = 1 / np.sqrt(np.maximum(count, 1))
        values = self.label[language[owners], features]
        summed = np.stack([np.bincount(owners, values[:, label], len(batch)) for label in range(3)], axis=1)
        logits = summed * norm[:, None] + self.label_bias[language]
        scores = np.bincount(owners, self.score[features], len(batch)) * norm + self.score_bias
        return _softmax(logits), scores


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything that was learned, and how the models are added up."""

    networks: tuple[Network, ...]
    words: Words
    rarity: Floats  # (2 languages, 2 models, 3): what probabilities are divided by before they are added
    network_share: Floats  # (2,) of the network in the sum, the rest is the words'
    decision: Floats  # (2, 3): factors of the sum that make the F1 of the rarer labels greatest
    evaluation: Floats  # (2,): how far an evaluation of 1 shifts the log-odds
    whole: Floats  # (2, 3) factors of network, words and rules in the score of a whole text
    whole_edge: float  # score from which a whole text is positive (and below minus which negative) with probability one half
    whole_step: float  # how fast that probability changes

    def judged(
        self, batch: Segments, language: npt.NDArray[np.int64], is_whole: npt.NDArray[np.bool_]
    ) -> tuple[Doubles, Doubles]:
        """(segments, 3) probabilities of the labels, and scores from -1 to 1."""
        places = Places.of(batch)
        found = [network.judged(batch, places, language) for network in self.networks]
        chances = np.mean([_softmax(logits) for logits, _ in found], axis=0)
        scores = np.mean([score for _, score in found], axis=0)
        word_chances, word_scores = self.words.judged(batch, language)
        rarity = self.rarity[language]
        share = self.network_share[language][:, None]
        mixed = share * _scaled(chances / rarity[:, 0]) + (1 - share) * _scaled(word_chances / rarity[:, 1])
        shift = np.exp(self.evaluation[language] * evaluation_scores(batch))
        mixed = _scaled(mixed * self.decision[language] * np.stack([1 / shift, np.ones_like(shift), shift], axis=1))
        by_model = np.stack([scores, word_scores, rule_scores(batch, word_table())], axis=1)
        whole = np.clip(_sum(by_model * self.whole[language]), -1, 1)
        positive = 1 / (1 + np.exp((self.whole_edge - whole) / self.whole_step))
        negative = 1 / (1 + np.exp((self.whole_edge + whole) / self.whole_step))
        of_whole = _scaled(np.stack([negative, np.maximum(1 - positive - negative, 0), positive], axis=1))
        chances = np.where(is_whole[:, None], of_whole, mixed)
        return chances, np.where(is_whole, whole, chances[:, 2] - chances[:, 0])


@cache
def weights() -> Weights:
    """What `benchmarks/train_sentiment.py` wrote to `weights/sentiment.npz`."""
    with as_file(files(__package__).joinpath("weights", "sentiment.npz")) as path, np.load(path) as stored:
        numbers = {name: stored[name].astype(np.float32) for name in stored.files}
    names = Network.__dataclass_fields__
    networks = tuple(Network(**{name: numbers[name][index] for name in names}) for index in range(len(numbers["conv"])))
    return Weights(
        networks=networks,
        words=Words(
            label=numbers["words_label"] * numbers["words_label_scale"],
            label_bias=numbers["words_label_bias"],
            score=numbers["words_score"] * numbers["words_score_scale"],
            score_bias=float(numbers["words_score_bias"]),
        ),
        rarity=numbers["rarity"],
        network_share=numbers["network_share"],
        decision=numbers["decision"],
        evaluation=numbers["evaluation"],
        whole=numbers["whole"],
        whole_edge=float(numbers["whole_edge"]),
        whole_step=float(numbers["whole_step"]),
    )
