"""Trains the default sentiment engine: writes `transforms/mentions/weights/sentiment.npz`.

    python -m benchmarks.train_sentiment CORPORA [--check] [--cache DIR]

Needs the `train` dependency group, and the word table made by `benchmarks.train_words`. Data, all MIT: rusentne-2023 (Russian,
tone towards a target), newsmtsc (English, the same), vader-groundtruth (English, tone of whole texts, rated by people); only
the parts in CORPORA. And `reviews_ru.tsv` beside this: Russian whole texts, invented for it; `customers.tsv`, what customers say
of names, invented too, only helps to choose how much evaluations count. Names in Russian sentences without
labels are learned from as well, with soft labels by `sentiment_teacher`; it too sees only what is trained on. `--check`
cross-validates instead (5 folds, whole sentences and documents kept together) and writes nothing.

Two models that err differently are added up: a small convolutional network over word vectors, the same for both languages and for
whole texts, a few times over from different beginnings; and a logistic regression over hashed words and word pairs around the
target.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from benchmarks.sentiment_corpora import ENDINGS, FOLDS, Data, read
from benchmarks.sentiment_teacher import teach
from transforms.mentions.lexicon import EFFECTS, FLAGS, word_table
from transforms.mentions.sentiment_features import NO_TARGET, SIDES

WEIGHTS = Path(__file__).resolve().parents[1] / "transforms" / "mentions" / "weights"
HIDDEN, HEADS, LAST = 96, 4, 64
SIDE_WIDTH, ENDING_WIDTH = 12, 8
EPOCHS, RATE, DECAY = 12, 2e-3, 1e-3
TARGETS_A_STEP, WHOLE_A_STEP, NAMES_A_STEP = 64, 48, 96
RUSSIAN_SEEN = 6  # times as often as their number would have it: there are few Russian whole texts

Weights = dict[str, Any]


def tones(data: Data, which: np.ndarray) -> np.ndarray:
    """Chance of each label: one for what people said; of names among `which` what a teacher says that saw only `which`."""
    found = np.eye(3, dtype=np.float32)[data.label]
    known, asked = (which[data.source[which] == source] for source in ("ru", "names"))
    place = np.cumsum(np.isin(data.source, ["ru", "names"])) - 1
    found[asked] = teach(data.states[place[known]], data.label[known], data.states[place[asked]])
    return found


def beginning(key: jax.Array) -> Weights:
    def random(*shape: int) -> jax.Array:
        nonlocal key
        key, used = jax.random.split(key)
        return jax.random.normal(used, shape) * np.sqrt(1.5 / shape[0])

    width = word_table().vectors.shape[1] + FLAGS + EFFECTS + SIDE_WIDTH + ENDING_WIDTH
    return {
        "side": random(SIDES + 1, SIDE_WIDTH),
        "ending": random(ENDINGS, ENDING_WIDTH) * 8,
        "conv": random(3 * width, HIDDEN),
        "conv_bias": jnp.zeros(HIDDEN),
        "attention": random(HIDDEN, HEADS) * 0.3,
        "attention_side": jnp.zeros((SIDES + 1, HEADS)),
        "last": random(HIDDEN * (HEADS + 3), LAST),
        "last_bias": jnp.zeros(LAST),
        "label": random(LAST, 3) * 0.5,
        "label_bias": jnp.zeros((2, 3)),
        "score": random(LAST, 1) * 0.5,
        "score_bias": jnp.zeros(1),
    }


def network(weights: Weights, inputs: Sequence[Any], key: jax.Array | None) -> tuple[jax.Array, jax.Array]:
    """Label logits and score of each segment. With a key: for training, with dropout."""
    rows, flags, effects, sides, endings, mask, is_russian = inputs
    keys = jax.random.split(key, 5) if key is not None else [None] * 5

    def dropped(values: jax.Array, used: jax.Array | None, share: float, shape: tuple[int, ...]) -> jax.Array:
        return values if used is None else values * jax.random.bernoulli(used, 1 - share, shape) / (1 - share)

    if keys[0] is not None:
        rows = jnp.where(jax.random.bernoulli(keys[0], 0.1, rows.shape), word_table().unknown, rows)
    vectors = jnp.asarray(word_table().vectors)[rows]
    tokens = jnp.concatenate([vectors, flags, effects, weights["side"][sides], weights["ending"][endings]], -1)
    tokens = dropped(tokens, keys[1], 0.2, (tokens.shape[0], 1, tokens.shape[2])) * mask[..., None]
    around = jnp.pad(tokens, ((0, 0), (1, 1), (0, 0)))
    wide = jnp.concatenate([around[:, :-2], around[:, 1:-1], around[:, 2:]], -1)
    hidden = jax.nn.relu(wide @ weights["conv"] + weights["conv_bias"]) * mask[..., None]
    attention = hidden @ weights["attention"] + weights["attention_side"][sides] - 1e9 * (1 - mask[..., None])
    attended = jnp.einsum("blh,blk->bkh", hidden, jax.nn.softmax(attention, 1)).reshape(len(hidden), -1)
    whole = sides == NO_TARGET
    before = ((sides >= 1) & (sides <= 8)) | whole
    after = ((sides >= 9) & (sides <= 16)) | whole
    inside = (((sides == 0) | whole) * mask)[..., None]
    own = (hidden * inside).sum(1) / jnp.maximum(1, inside.sum(1))
    pooled = jnp.concatenate([attended, (hidden * before[..., None]).max(1), (hidden * after[..., None]).max(1), own], -1)
    pooled = dropped(pooled, keys[2], 0.4, pooled.shape)
    last = jax.nn.relu(pooled @ weights["last"] + weights["last_bias"])
    last = dropped(last, keys[3], 0.4, last.shape)
    return last @ weights["label"] + weights["label_bias"][is_russian], (last @ weights["score"] + weights["score_bias"])[:, 0]


def trained(data: Data, which: np.ndarray, tone: np.ndarray, seed: int) -> Weights:
    """The network after EPOCHS over the targets among `which` (Adam, falling rate, decoupled weight decay)."""
    targets, whole = which[np.isin(data.source[which], ["ru", "en"])], which[data.is_whole[which]]
    names = which[data.source[which] == "names"]
    whole = np.repeat(whole, np.where(data.is_russian[whole] == 1, RUSSIAN_SEEN, 1))
    balance = np.ones((2, 3), np.float32)  # rare labels weigh more, by the square root of their rarity
    for language in (0, 1):
        share = np.bincount(data.label[targets][data.is_russian[targets] == language], minlength=3) + 1.0
        share /= share.sum()
        balance[language] = share**-0.5 / (share**0.5).sum()
    spread = {source: data.score[data.source == source].var() for source in np.unique(data.source[data.is_whole])}
    ease = np.array([0.15 / spread[source] if source in spread else 0.0 for source in data.source], np.float32)

    def loss(
        weights: Weights, key: jax.Array, inputs: Sequence[Any], tone: Any, score: Any, is_whole: Any, weight: Any
    ) -> jax.Array:
        logits, scores = network(weights, inputs, key)
        wrong = -(jnp.asarray(balance)[inputs[-1]] * tone * jax.nn.log_softmax(logits)).sum(1)
        return jnp.where(is_whole, weight * (scores - score) ** 2, wrong).sum() / TARGETS_A_STEP

    @jax.jit
    def step(weights: Weights, mean: Weights, square: Weights, time_: float, rate: float, key: jax.Array, *batch: Any) -> Any:
        slope = jax.grad(loss)(weights, key, *batch)
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, slope)
        square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, square, slope)
        moved = jax.tree.map(
            lambda w, m, s: w - rate * (m / (1 - 0.9**time_) / (jnp.sqrt(s / (1 - 0.999**time_)) + 1e-8) + DECAY * w),
            weights,
            mean,
            square,
        )
        return moved, mean, square

    random = np.random.default_rng(seed)
    weights = beginning(jax.random.PRNGKey(seed))
    mean = square = jax.tree.map(jnp.zeros_like, weights)
    steps = len(targets) // TARGETS_A_STEP
    for number in range(steps * EPOCHS):
        if number % steps == 0:
            order = random.permutation(targets)
        chosen = order[number % steps * TARGETS_A_STEP :][:TARGETS_A_STEP]
        chosen = np.concatenate([chosen, random.choice(whole, WHOLE_A_STEP), random.choice(names, NAMES_A_STEP)])
        rate = RATE * min(1, (number + 1) / 50) * (1 - number / (steps * EPOCHS))
        batch = (data.network(chosen), tone[chosen], data.score[chosen], data.is_whole[chosen], ease[chosen])
        weights, mean, square = step(
            weights, mean, square, number + 1.0, rate, jax.random.PRNGKey(seed * 100_000 + number), *batch
        )
    return weights


@jax.jit
def judged(weights: Weights, inputs: Sequence[Any]) -> tuple[jax.Array, jax.Array]:
    logits, scores = network(weights, inputs, None)
    return jax.nn.softmax(logits), scores


def predicted(weights: Weights, data: Data, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    parts = [judged(weights, data.network(part)) for part in np.array_split(which, max(1, len(which) // 500))]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


@dataclass(frozen=True)
class Linear:
    """The linear models over hashed words, per language (0 English, 1 Russian)."""

    labels: tuple[LogisticRegression, LogisticRegression]
    score: Ridge


def linear(data: Data, which: np.ndarray, tone: np.ndarray) -> Linear:
    english, russian, names = (which[data.source[which] == source] for source in ("en", "ru", "names"))
    whole = which[data.is_whole[which]]
    # A soft label is three rows, each weighing its chance.
    rows = np.concatenate([russian, names, names, names])
    labels = np.concatenate([data.label[russian], np.repeat([0, 1, 2], len(names))])
    weight = np.concatenate([np.ones(len(russian)), tone[names].T.ravel()])
    return Linear(
        (
            LogisticRegression(C=5, max_iter=200).fit(data.words[english], data.label[english]),
            LogisticRegression(C=5, max_iter=200).fit(data.words[rows], labels, weight),
        ),
        Ridge(alpha=2).fit(data.words[whole], data.score[whole]),
    )


@dataclass(frozen=True)
class Answers:
    """What each model says of each segment."""

    network: np.ndarray
    network_score: np.ndarray
    words: np.ndarray
    words_score: np.ndarray


def answers(networks: Sequence[Weights], words: Linear, data: Data, which: np.ndarray) -> Answers:
    found = [predicted(weights, data, which) for weights in networks]
    both = [model.predict_proba(data.words[which]) for model in words.labels]
    return Answers(
        np.mean([chance for chance, _ in found], axis=0),
        np.mean([score for _, score in found], axis=0),
        np.where(data.is_russian[which][:, None] == 1, both[1], both[0]),
        words.score.predict(data.words[which]),
    )


def cross_validated(data: Data, seeds: int) -> Answers:
    """Answers on each fold by models trained on the others."""
    parts, places = [], []
    for fold in range(FOLDS):
        rest, left_out = np.flatnonzero(data.fold != fold), np.flatnonzero(data.fold == fold)
        tone = tones(data, rest)
        networks = [trained(data, rest, tone, seed) for seed in range(1, seeds + 1)]
        parts.append(answers(networks, linear(data, rest, tone), data, left_out))
        places.append(left_out)
        print(f"fold {fold} done", flush=True)
    order = np.argsort(np.concatenate(places))
    return Answers(*(np.concatenate([getattr(part, name) for part in parts])[order] for name in Answers.__dataclass_fields__))


EVALUATION_FACTORS = np.arange(0, 4.1, 0.25)
GRID = np.array([0.5, 0.6, 0.7, 0.85, 1, 1.2, 1.4, 1.7, 2, 2.4, 2.8])
SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def f1(labels: np.ndarray, found: np.ndarray, classes: Sequence[int]) -> float:
    """Mean of the F1 of the classes."""
    scores = []
    for label in classes:
        hits = int(((labels == label) & (found == label)).sum())
        scores.append(2 * hits / max(1, int((labels == label).sum() + (found == label).sum())))
    return float(np.mean(scores))


def smoothed(values: np.ndarray) -> np.ndarray:
    """Mean of each value and its neighbours along every axis: the middle of a plateau is a better choice than a lucky peak."""
    around = np.pad(values, 1, mode="edge")
    shifted = [
        around[tuple(slice(step, step + size) for step, size in zip(steps, values.shape, strict=True))]
        for steps in product(range(3), repeat=values.ndim)
    ]
    return np.mean(shifted, axis=0)


def mixture(data: Data, said: Answers) -> dict[str, np.ndarray]:
    """How to add the models up: what is best on answers they gave to texts they had not seen."""
    rarity, shares, decision, evaluation = np.ones((2, 2, 3)), np.ones(2), np.ones((2, 3)), np.zeros(2)
    for language, source in enumerate(("en", "ru")):
        these = data.source == source
        labels, classes = data.label[these], (0, 2) if source == "ru" else (0, 1, 2)
        rarity[language] = np.stack([said.network[these].mean(0), said.words[these].mean(0)])
        parts = [part[these] / rarity[language, model] for model, part in enumerate((said.network, said.words))]
        parts = [part / part.sum(1, keepdims=True) for part in parts]
        reached = np.zeros((len(SHARES), len(GRID), len(GRID)))
        for (which, share), (row, negative), (column, positive) in product(enumerate(SHARES), enumerate(GRID), enumerate(GRID)):
            mixed = share * parts[0] + (1 - share) * parts[1]
            reached[which, row, column] = f1(labels, (mixed * [negative, 1, positive]).argmax(1), classes)
        which, row, column = np.unravel_index(smoothed(reached).argmax(), reached.shape)
        shares[language], decision[language] = SHARES[which], (GRID[row], 1, GRID[column])
        print(
            f"{source}: macro F1 {reached[which, row, column]:.4f} at network share {SHARES[which]}, factors {decision[language]}"
        )
        evaluation[language] = evaluation_factor(data, said, language, rarity[language], shares[language], decision[language])
    return {
        "rarity": rarity,
        "network_share": shares,
        "decision": decision,
        "evaluation": evaluation,
        "whole": whole_factors(data, said),
        "whole_edge": np.array(0.1),
        "whole_step": np.array(0.05),
    }


def evaluation_factor(data: Data, said: Answers, language: int, rarity: np.ndarray, share: float, decision: np.ndarray) -> float:
    """How much evaluations count: the best for what customers say and for the news, which weigh the same."""
    reached = []
    for source, classes in (("customers", (0, 1, 2)), (("en", "ru")[language], (0, 2) if language else (0, 1, 2))):
        these = (data.source == source) & (data.is_russian == language)
        parts = [part[these] / rarity[model] for model, part in enumerate((said.network, said.words))]
        parts = [part / part.sum(1, keepdims=True) for part in parts]
        mixed = (share * parts[0] + (1 - share) * parts[1]) * decision
        shifts = np.exp(EVALUATION_FACTORS[:, None] * data.evaluations[these])
        odds = mixed * np.stack([1 / shifts, np.ones_like(shifts), shifts], axis=2)
        reached.append([f1(data.label[these], found, classes) for found in odds.argmax(2)])
    best = int(smoothed(np.mean(reached, axis=0)).argmax())
    print(f"evaluations: factor {EVALUATION_FACTORS[best]}; macro F1 of customers and news without {[r[0] for r in reached]},")
    print(f"with {[round(r[best], 4) for r in reached]}")
    return float(EVALUATION_FACTORS[best])


def whole_factors(data: Data, said: Answers) -> np.ndarray:
    """Factors of network, words and rules, per language, in the score of a whole text: the greatest correlation over the sources.

    Correlations are averaged as Fisher's z, so that a gain counts as much near 1 as near 0.
    """
    factors = np.ones((2, 3))
    for language in (0, 1):
        here = data.is_whole & (data.is_russian == language)
        places = [np.flatnonzero(here & (data.source == source)) for source in np.unique(data.source[here])]

        def correlations(tried: tuple[float, float, float], places: Sequence[np.ndarray] = places) -> np.ndarray:
            mixed = tried[0] * said.network_score + tried[1] * said.words_score + tried[2] * data.rules
            return np.array([np.corrcoef(mixed[place], data.score[place])[0, 1] for place in places])

        tried = [(1.0, words, rules) for words in (0.5, 0.7, 1.0, 1.4, 2.0) for rules in (0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.4)]
        best = max(tried, key=lambda mixed: float(np.arctanh(correlations(mixed)).mean()))
        found = {
            str(data.source[place[0]]): round(float(reached), 3)
            for place, reached in zip(places, correlations(best), strict=True)
        }
        print(f"whole texts: factors of network, words and rules {best}; correlations {found}")
        factors[language] = np.array(best) / (best[0] + best[1])
    return factors


def written(networks: Sequence[Weights], words: Linear, mixed: dict[str, np.ndarray]) -> None:
    labels = np.stack([model.coef_.T for model in words.labels])
    label_scale, score_scale = np.abs(labels).max() / 127, np.abs(words.score.coef_).max() / 127
    np.savez_compressed(
        WEIGHTS / "sentiment.npz",
        **{name: np.stack([np.asarray(weights[name], np.float16) for weights in networks]) for name in networks[0]},
        words_label=np.round(labels / label_scale).astype(np.int8),
        words_label_scale=np.float32(label_scale),
        words_label_bias=np.stack([model.intercept_ for model in words.labels]).astype(np.float32),
        words_score=np.round(words.score.coef_ / score_scale).astype(np.int8),
        words_score_scale=np.float32(score_scale),
        words_score_bias=np.float32(words.score.intercept_),
        **{name: value.astype(np.float32) for name, value in mixed.items()},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--networks", type=int, default=2, help="how many networks are trained and averaged")
    parser.add_argument("--check", action="store_true", help="cross-validate only")
    parser.add_argument("--cache", type=Path, help="folder that keeps what the teacher sees between runs (it takes minutes)")
    arguments = parser.parse_args()
    started = time.perf_counter()
    data = read(arguments.corpora, arguments.cache)
    mixed = mixture(data, cross_validated(data, arguments.networks if arguments.check else 1))  # one is enough to add them up by
    if not arguments.check:
        everything = np.arange(len(data.label))
        tone = tones(data, everything)
        networks = [trained(data, everything, tone, seed) for seed in range(1, arguments.networks + 1)]
        written(networks, linear(data, everything, tone), mixed)
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
