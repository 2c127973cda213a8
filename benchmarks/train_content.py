"""Trains the content and kind models of `collectors/reading` and writes their weights as plain numbers.

Data (kept beside the checkout, never in it; page texts remain their publishers'):

- wcxb, CC-BY-4.0, Murrough Foley 2026: seven kinds of page with their main content
- article-extraction-benchmark, MIT, Zyte: article bodies
- trafilatura-eval, Apache-2.0, Adrien Barbaresi and others: segments that belong to the text or do not
- fundus-news, MIT, Fundus authors: bodies of news articles

Needs catboost (Apache-2.0) and scikit-learn (BSD), which the reader itself does not. Usage:

    python -m benchmarks.train_content [--folds 4] [--split 1] [--write]

Prints scores cross-validated by registrable host (another split lets the hosts fall into other folds), trains on everything, and
with `--write` writes `collectors/reading/weights/`.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, Pool
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from benchmarks.content_corpora import Sample, read_samples
from benchmarks.content_labels import words_of
from benchmarks.kind_marks import Marks, marks
from benchmarks.text_scores import f1, run_overlap, word_f1
from collectors.reading.content import Content, keep
from collectors.reading.content_context import SECOND_FEATURES, second_look
from collectors.reading.content_features import FEATURES, measure
from collectors.reading.content_model import WEIGHTS, build_trees
from collectors.reading.content_scores import Scores, block_words, name_tokens
from collectors.reading.kind import KINDS, MEASURES, READERS, build_readers, measures, softmax, write_verdicts
from collectors.reading.native.counting import Measured, level_tables
from collectors.reading.native.library import Doubles, Floats, joined

LISTS = ("names", "words")  # which are written for people to read; other weights are arrays
DEPTH = 6
FIRST_TREES = 200
SECOND_TREES = 120
KIND_FOLDS = 8  # pages of known kind are few: what judges one shall have learned from nearly all others
KIND_MODELS = 4
KIND_TREES = 300
KIND_DEPTH = 4


# --- log-odds of words and names, each host counted once ----------------------------------------


class Odds:
    """Sums of positive and negative shares per token and host, so that a page can be scored without its own host."""

    def __init__(self, least_hosts: int) -> None:
        self.least = least_hosts
        self.by_host: dict[str, dict[str, tuple[float, float]]] = {}
        self.total: dict[str, list[float]] = {}

    def add(self, host: str, shares: Mapping[str, list[float]]) -> None:
        own = self.by_host.setdefault(host, {})
        for token, (good, bad) in shares.items():
            own[token] = (good / (good + bad), bad / (good + bad))
            total = self.total.setdefault(token, [0.0, 0.0, 0.0])
            total[0] += own[token][0]
            total[1] += own[token][1]
            total[2] += 1

    def _odds(self, good: float, bad: float, hosts: float) -> float:
        return float(np.log((good + 1) / (bad + 1))) if hosts >= self.least else 0.0

    def table(self, hosts: Iterable[str]) -> dict[str, float]:
        """Log-odds from these hosts only."""
        total: dict[str, list[float]] = {}
        for host in hosts:
            for token, (good, bad) in self.by_host.get(host, {}).items():
                entry = total.setdefault(token, [0.0, 0.0, 0.0])
                entry[0] += good
                entry[1] += bad
                entry[2] += 1
        self.fold_total = total
        found = ((token, round(self._odds(*entry), 3)) for token, entry in total.items())
        return {token: odds for token, odds in found if odds}

    def without(self, table: Mapping[str, float], host: str) -> dict[str, float]:
        """The same, less one of the hosts."""
        changed = dict(table)
        for token, (good, bad) in self.by_host.get(host, {}).items():
            entry = self.fold_total[token]
            changed[token] = self._odds(entry[0] - good, entry[1] - bad, entry[2] - 1)
        return changed


def count_odds(samples: Sequence[Sample]) -> tuple[Odds, Odds]:
    """Odds of names (by all text under them) and of words (by the blocks they stand in)."""
    names, words = Odds(4), Odds(5)
    shares: dict[str, tuple[dict[str, list[float]], dict[str, list[float]]]] = defaultdict(
        lambda: (defaultdict(lambda: [0.0, 0.0]), defaultdict(lambda: [0.0, 0.0]))
    )
    for sample in samples:
        blocks, of_names, of_words = sample.blocks, *shares[sample.host]
        known = ~np.isnan(sample.labels)
        weight = np.array([len(text) ** 0.7 for text in blocks.texts]) * known
        good = np.concatenate([[0], np.cumsum(weight * np.nan_to_num(sample.labels))])
        bad = np.concatenate([[0], np.cumsum(weight * (1 - np.nan_to_num(sample.labels)))])
        for tokens, start, end in zip(map(name_tokens, blocks.names), blocks.start, blocks.end, strict=True):
            for token in set(tokens) if end > start else ():
                of_names[token][0] += good[end] - good[start]
                of_names[token][1] += bad[end] - bad[start]
        for text, label in zip(blocks.texts, sample.labels, strict=True):
            for word in set(block_words(text)) if label == label else ():
                of_words[word][0] += label
                of_words[word][1] += 1 - label
    for host, (of_names, of_words) in shares.items():
        names.add(host, {token: share for token, share in of_names.items() if sum(share)})
        words.add(host, {word: share for word, share in of_words.items() if sum(share)})
    return names, words


# --- the kind of a page ----------------------------------------


def known_kinds(samples: Sequence[Sample]) -> tuple[list[Sample], list[int], list[float]]:
    """Samples whose kind is known, their kinds and weights; corpora of articles alone count less."""
    known = [s for s in samples if s.kind]
    return known, [KINDS.index(s.kind) for s in known], [1.0 if s.source == "wcxb" else 0.3 for s in known]


def train_readers(samples: Sequence[Sample], heard: Mapping[str, Marks]) -> dict[str, Any]:
    """Weights per mark and the bias of each reader; marks of fewer than three hosts are left out."""
    known, kinds, weights = known_kinds(samples)
    trained: dict[str, Any] = {}
    for number, name in enumerate(READERS):
        hosts: dict[str, set[str]] = defaultdict(set)
        for s in known:
            for mark in heard[s.key][number]:
                hosts[mark].add(s.host)
        vectors = []
        for s in known:
            found = [mark for mark in heard[s.key][number] if len(hosts[mark]) >= 3]
            vectors.append(dict.fromkeys(found, 1 / max(len(found), 1) ** 0.5))
        vectorizer = DictVectorizer()
        model = LogisticRegression(C=25, max_iter=150, tol=1e-3)
        model.fit(vectorizer.fit_transform(vectors), kinds, sample_weight=weights)
        trained[f"{name}_bias"] = model.intercept_.round(3)
        trained[f"{name}_marks"] = np.frombuffer(joined(vectorizer.feature_names_).encode(), np.uint8)
        trained[f"{name}_weights"] = model.coef_.T.round(2).astype(np.float32, order="C")
    return trained


def train_kind(samples: Sequence[Sample], rows: Mapping[str, Doubles]) -> dict[str, Any]:
    """Boosted trees over MEASURES: the mean of several that differ by chance, since pages of known kind are few."""
    known, kinds, weights = known_kinds(samples)
    x = np.stack([rows[s.key] for s in known])
    models = []
    for seed in range(KIND_MODELS):
        model = CatBoostClassifier(
            iterations=KIND_TREES, depth=KIND_DEPTH, learning_rate=0.06, loss_function="MultiClass", l2_leaf_reg=5, rsm=0.4,
            random_seed=seed, thread_count=2, verbose=False, border_count=32, bootstrap_type="Bernoulli", subsample=0.7,
            allow_writing_files=False,
        )  # fmt: skip
        model.fit(Pool(x, kinds, weight=weights))
        models.append(stored_trees(model, MEASURES, KIND_DEPTH))
    return mean_of(models)


def mean_of(models: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One model that gives the mean of the log-odds of several of the same depth."""
    features = sorted({name for model in models for name in model["features"]})
    number = {name: i for i, name in enumerate(features)}
    return {
        "depth": models[0]["depth"],
        "bias": np.mean([model["bias"] for model in models], axis=0).round(5).tolist(),
        "features": features,
        "split_feature": [number[model["features"][i]] for model in models for i in model["split_feature"]],
        "split_border": [border for model in models for border in model["split_border"]],
        "leaves": [round(leaf / len(models), 5) for model in models for leaf in model["leaves"]],
    }


def judge_kinds(
    samples: Sequence[Sample], measured: Mapping[str, Measured], firsts: Mapping[str, Doubles]
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Kinds of every page by models that have not seen its host, and the weights of models that have seen all."""
    heard: dict[str, Marks] = {}
    rows: dict[str, Doubles] = {}
    for s in samples:
        heard[s.key] = marks(s.page, firsts[s.key])
        rows[s.key] = measures(s.page.document, s.page.url, s.page.items, measured[s.key], firsts[s.key])
    parts = halves(samples, KIND_FOLDS)
    for seen, unseen in parts:
        readers = build_readers(train_readers(seen, heard))
        for s in unseen:
            write_verdicts(rows[s.key], readers, sorted(heard[s.key][0]), measured[s.key], firsts[s.key])
    kinds = {}
    for seen, unseen in parts:
        trees = build_trees(train_kind(seen, rows), MEASURES)
        kinds |= {s.key: softmax(trees.sums(rows[s.key].astype(np.float32)[:, None])[0].tolist()) for s in unseen}
    return kinds, {"kind_marks": train_readers(samples, heard), "kind": train_kind(samples, rows)}


def halves(samples: Sequence[Sample], folds: int) -> list[tuple[list[Sample], list[Sample]]]:
    """Per fold: the samples to learn from, and those of other hosts to judge."""
    return [([s for s in samples if s.fold % folds != i], [s for s in samples if s.fold % folds == i]) for i in range(folds)]


# --- blocks ----------------------------------------


def train_trees(samples: Sequence[Sample], rows: Mapping[str, Floats], names: Sequence[str], trees: int) -> dict[str, Any]:
    """Boosted oblivious trees in the stored form."""
    x = np.concatenate([rows[s.key] for s in samples], axis=1).T
    y, w = np.concatenate([s.labels for s in samples]), np.concatenate([block_weights(s) for s in samples])
    known = ~np.isnan(y)
    model = CatBoostClassifier(
        iterations=trees, depth=DEPTH, learning_rate=0.08, loss_function="CrossEntropy", l2_leaf_reg=12, rsm=0.4, random_seed=1,
        thread_count=2, verbose=False, border_count=48, bootstrap_type="Bernoulli", subsample=0.7, allow_writing_files=False,
    )  # fmt: skip
    model.fit(Pool(x[known], y[known], weight=w[known]))
    return stored_trees(model, names, DEPTH)


def stored_trees(model: CatBoostClassifier, names: Sequence[str], depth: int) -> dict[str, Any]:
    """A trained model as plain numbers, in the form `content_model` reads."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        stored = json.loads(path.read_text())
    scale, bias = stored["scale_and_bias"]
    assert scale == 1
    used = sorted({split["float_feature_index"] for tree in stored["oblivious_trees"] for split in tree["splits"] or []})
    number = {feature: i for i, feature in enumerate(used)}
    split_feature: list[int] = []
    split_border: list[float] = []
    leaves: list[float] = []
    for tree in stored["oblivious_trees"]:
        splits = tree["splits"] or []
        missing = depth - len(splits)  # a tree that ended early: its last levels ask what is never true
        split_feature += [number[split["float_feature_index"]] for split in splits] + [0] * missing
        split_border += [round(split["border"], 5) for split in splits] + [1e9] * missing
        values = tree["leaf_values"]
        leaves += [round(value, 4) for value in values] + [0.0] * (len(bias) * 2**depth - len(values))
    return {
        "depth": depth, "bias": bias, "features": [names[i] for i in used],
        "split_feature": split_feature, "split_border": split_border, "leaves": leaves,
    }  # fmt: skip


def block_weights(sample: Sample) -> Floats:
    """A page of articles counts more, one of a few marked segments less, its blocks by the root of their words."""
    words = np.array([len(words_of(text)) for text in sample.blocks.texts], np.float32)
    known = ~np.isnan(sample.labels)
    weight = np.sqrt(words) * known
    share = {"wcxb": 1.0, "aeb": 2.7, "fundus": 2.25, "traf": 0.4}[sample.source]
    return (100 * share * weight / max(weight.sum(), 1)).astype(np.float32)


def kept_text(sample: Sample, measured: Measured, probability: Doubles, kinds: Sequence[float]) -> str:
    threshold, kept = keep(measured, level_tables(measured, probability), kinds)
    return Content(None, (), sample.blocks, (), tuple(kept.tolist()), threshold).text()


def train(samples: Sequence[Sample], folds: int) -> tuple[dict[str, Any], dict[str, tuple[list[float], Doubles]]]:
    """All weights, and the kinds and block probabilities of every page by models that have not seen its host.

    What the second model and the kinds learn from are likewise first looks by models that have not seen the page.
    """
    odds = count_odds(samples)
    tables = [o.table({s.host for s in samples}) for o in odds]
    measured = {}
    for s in samples:
        scores = Scores.of(*(o.without(t, s.host) for o, t in zip(odds, tables, strict=True)))
        measured[s.key] = measure(s.blocks, s.page.title, scores)
    rows = {key: page.rows for key, page in measured.items()}
    parts = halves(samples, folds)
    firsts: dict[str, Doubles] = {}
    for seen, unseen in parts:
        model = build_trees(train_trees(seen, rows, FEATURES, FIRST_TREES), FEATURES)
        firsts |= {s.key: model.probabilities(rows[s.key]) for s in unseen}
        print("first look, fold done", flush=True)
    kinds, kind_weights = judge_kinds(samples, measured, firsts)
    report(samples, measured, {key: (kinds[key], first) for key, first in firsts.items()}, "first look")
    judged = {s.key: second_look(measured[s.key], firsts[s.key], kinds[s.key]) for s in samples}
    found = {}
    for seen, unseen in parts:
        model = build_trees(train_trees(seen, judged, SECOND_FEATURES, SECOND_TREES), SECOND_FEATURES)
        found |= {s.key: (kinds[s.key], model.probabilities(judged[s.key])) for s in unseen}
    report(samples, measured, found, "both looks")
    weights = {
        "names": tables[0],
        "words": tables[1],
        "content_first": train_trees(samples, rows, FEATURES, FIRST_TREES),
        **kind_weights,
        "content_second": train_trees(samples, judged, SECOND_FEATURES, SECOND_TREES),
    }
    return weights, found


def report(samples: Sequence[Sample], measured: Mapping[str, Measured], found: Mapping[str, Any], name: str) -> None:
    """Scores of the kept blocks: mean word F1, F1 over runs of words for aeb, and F1 of segments for trafilatura-eval."""
    print(name)
    by: dict[str, list[float]] = defaultdict(list)
    segments = [0, 0, 0]
    overlaps: list[tuple[float, float]] = []
    for s in samples:
        if s.key not in found:
            continue
        kind, probability = found[s.key]
        text = kept_text(s, measured[s.key], probability, kind)
        if s.source == "traf":
            folded = " ".join(text.split())
            for segment in s.kept:
                segments[0 if " ".join(segment.split()) in folded else 1] += 1
            segments[2] += sum(" ".join(segment.split()) in folded for segment in s.dropped)
            continue
        score = word_f1(text, s.truth)
        by[s.source].append(score)
        if s.source == "aeb":
            overlaps.append(run_overlap(text, s.truth))
        if s.source == "wcxb":
            by[f"wcxb.{s.kind}"].append(score)
            by["kind"].append(KINDS[int(np.argmax(kind))] == s.kind)
            best = "\n".join(t for t, label in zip(s.blocks.texts, s.labels, strict=True) if label > 0.5)
            by["wcxb best choice"].append(word_f1(best, s.truth))
    for name, values in sorted(by.items()):
        print(f"{name:24s} {np.mean(values):.4f}  ({len(values)})")
    if overlaps:
        print(f"{'aeb, runs of words':24s} {f1(*np.mean(overlaps, axis=0).tolist()):.4f}  ({len(overlaps)})")
    if segments[0]:
        print(f"{'traf':24s} {2 * segments[0] / (2 * segments[0] + segments[1] + segments[2]):.4f}", segments)


def write(weights: Mapping[str, Any], folder: Path = WEIGHTS) -> None:
    for name, value in weights.items():
        if name in LISTS:
            listed = json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
            (folder / f"{name}.json").write_text(listed, encoding="utf-8")
        else:
            np.savez(folder / f"{name}.npz", **value)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--split", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    samples = read_samples()
    for s in samples:
        s.fold //= KIND_FOLDS**arguments.split
    weights, _ = train(samples, arguments.folds)
    if arguments.write:
        write(weights)


if __name__ == "__main__":
    main()
