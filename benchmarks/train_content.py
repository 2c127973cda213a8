"""Trains the content and kind models of `collectors/reading` and writes their weights as plain numbers.

Data (kept beside the checkout, never in it; page texts remain their publishers'):

- wcxb, CC-BY-4.0, Murrough Foley 2026: seven kinds of page with their main content
- article-extraction-benchmark, MIT, Zyte: article bodies
- trafilatura-eval, Apache-2.0, Adrien Barbaresi and others: segments that belong to the text or do not
- fundus-news, MIT, Fundus authors: bodies of news articles

Needs catboost (Apache-2.0) and scikit-learn (BSD), which the reader itself does not. Usage:

    python -m benchmarks.train_content [--folds 5] [--write]

Prints scores cross-validated by registrable host; `--write` then trains on everything and writes `collectors/reading/weights/`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from catboost import CatBoostClassifier, Pool
from sklearn.linear_model import LogisticRegression
from sklearn.feature_extraction import DictVectorizer

from benchmarks.content_corpora import Sample, read_samples
from benchmarks.content_labels import words_of
from collectors.reading.content_features import Scores, block_words, features, name_tokens
from collectors.reading.content_model import WEIGHTS, Trees, build_trees, expected_best, probabilities
from collectors.reading.kind import KINDS

DEPTH = 6
Floats = npt.NDArray[np.float32]


# --- log-odds of words and names, each host counted once -------------------------------------------------------------------------


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


# --- the kind of a page -----------------------------------------------------------------------------------------------------------


def train_kind(samples: Sequence[Sample], c: float = 0.15) -> tuple[dict[str, list[float]], list[float]]:
    """Weights per mark and the bias, from pages whose kind is known; marks of fewer than three hosts are left out."""
    hosts: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        for mark in sample.marks:
            hosts[mark].add(sample.host)
    vectorizer = DictVectorizer()
    matrix = vectorizer.fit_transform([{m: 1.0 for m in s.marks if len(hosts[m]) >= 3} for s in samples])
    model = LogisticRegression(C=c, max_iter=300)
    model.fit(matrix, [KINDS.index(s.kind) for s in samples], sample_weight=[1.0 if s.source == "wcxb" else 0.3 for s in samples])
    columns = model.coef_.T.round(3)
    marks = {name: columns[i].tolist() for i, name in enumerate(vectorizer.feature_names_) if np.abs(columns[i]).max() >= 0.02}
    return marks, model.intercept_.round(3).tolist()


def kind_probabilities(weights: tuple[dict[str, list[float]], list[float]], marks: set[str]) -> npt.NDArray[np.float64]:
    table, bias = weights
    sums = np.array(bias) + np.sum([table[m] for m in marks if m in table] or [[0.0] * len(bias)], axis=0)
    powers = np.exp(sums - sums.max())
    return powers / powers.sum()


# --- blocks -----------------------------------------------------------------------------------------------------------------------


def train_trees(rows: list[Floats], labels: list[Floats], weights: list[Floats], names: list[str], trees: int) -> dict[str, Any]:
    """Boosted oblivious trees in the stored form."""
    x, y, w = np.concatenate([r.T for r in rows]), np.concatenate(labels), np.concatenate(weights)
    known = ~np.isnan(y)
    model = CatBoostClassifier(
        iterations=trees, depth=DEPTH, learning_rate=0.08 if trees <= 300 else 0.05, loss_function="CrossEntropy", l2_leaf_reg=6, rsm=0.4, random_seed=1,
        thread_count=2, verbose=False, border_count=64, bootstrap_type="Bernoulli", subsample=0.7, allow_writing_files=False,
    )  # fmt: skip
    model.fit(Pool(x[known], y[known], weight=w[known]))
    path = Path("/tmp/content-model.json")
    model.save_model(str(path), format="json")
    stored = json.loads(path.read_text())
    split_feature, split_border, leaves = [], [], []
    used = sorted({s["float_feature_index"] for t in stored["oblivious_trees"] for s in t["splits"] or []})
    number = {feature: i for i, feature in enumerate(used)}
    for tree in stored["oblivious_trees"]:
        splits = tree["splits"] or []
        missing = DEPTH - len(splits)  # an early end: the last levels ask what is never true
        split_feature += [number[s["float_feature_index"]] for s in splits] + [0] * missing
        split_border += [round(s["border"], 5) for s in splits] + [1e9] * missing
        values = tree["leaf_values"]
        leaves += [round(v, 4) for v in values] + [0.0] * (2**DEPTH - len(values))
    scale, bias = stored["scale_and_bias"]
    assert scale == 1
    return {
        "depth": DEPTH, "bias": bias[0], "features": [names[i] for i in used],
        "split_feature": split_feature, "split_border": split_border, "leaves": leaves,
    }  # fmt: skip


def block_weights(sample: Sample) -> Floats:
    """Every page counts alike (segment-labelled ones less), its blocks by the root of their words."""
    words = np.array([len(words_of(text)) for text in sample.blocks.texts], np.float32)
    known = ~np.isnan(sample.labels)
    weight = np.sqrt(words) * known
    share = {"wcxb": 1.0, "aeb": 0.6, "fundus": 0.6, "traf": 0.3}[sample.source]
    return (100 * share * weight / max(weight.sum(), 1)).astype(np.float32)


def kept_text(sample: Sample, probability: npt.NDArray[Any]) -> str:
    texts = sample.blocks.texts
    threshold = expected_best(probability, [len(words_of(text)) for text in texts])
    return "\n".join(text for text, p in zip(texts, probability, strict=True) if p >= threshold)


def bag_f1(text: str, truth: str) -> float:
    predicted, true = Counter(words_of(text)), Counter(words_of(truth))
    common = sum((predicted & true).values())
    if not common:
        return float(not predicted and not true)
    return 2 * common / (sum(predicted.values()) + sum(true.values()))


def run_fold(train: Sequence[Sample], test: Sequence[Sample], odds: tuple[Odds, Odds], trees: int) -> dict[str, Any]:
    """Trains on `train`; gives the weights and, for `test`, kind and block probabilities."""
    hosts = {s.host for s in train}
    kind_train = [s for s in train if s.kind]
    kind_weights = train_kind(kind_train)
    # Kinds of the training pages come from models that have not seen them, as at reading time.
    inner: dict[str, npt.NDArray[np.float64]] = {}
    for part in range(4):
        weights = train_kind([s for s in kind_train if s.fold % 4 != part])
        inner |= {s.key: kind_probabilities(weights, s.marks) for s in train if s.fold % 4 == part}
    tables = [o.table(hosts) for o in odds]
    rows, names = [], []
    for s in train:
        scores = Scores(*(o.without(t, s.host) for o, t in zip(odds, tables, strict=True)))
        row, names = features(s.blocks, s.title, inner[s.key], scores)
        rows.append(row)
    stored = train_trees(rows, [s.labels for s in train], [block_weights(s) for s in train], names, trees)
    model: Trees = build_trees(stored)
    scores = Scores(*tables)
    picked = [names.index(name) for name in model.features]
    found = {}
    for s in test:
        kind = kind_probabilities(kind_weights, s.marks)
        row, _ = features(s.blocks, s.title, kind, scores)
        found[s.key] = (kind, probabilities(model, row[picked]))
    return {"kind": kind_weights, "tables": tables, "trees": stored, "found": found}


def report(samples: Sequence[Sample], found: Mapping[str, Any]) -> None:
    """Scores as `score_reading.py` defines them, without comments."""
    by: dict[str, list[float]] = defaultdict(list)
    segments = [0, 0, 0]
    for s in samples:
        if s.key not in found:
            continue
        kind, probability = found[s.key]
        text = kept_text(s, probability)
        if s.source == "traf":
            folded = " ".join(text.split())
            for segment in s.kept:
                segments[0 if " ".join(segment.split()) in folded else 1] += 1
            segments[2] += sum(" ".join(segment.split()) in folded for segment in s.dropped)
            continue
        score = bag_f1(text, s.truth)
        by[s.source].append(score)
        if s.source == "wcxb":
            by[f"wcxb.{s.kind}"].append(score)
            by["kind"].append(KINDS[int(np.argmax(kind))] == s.kind)
            best = "\n".join(t for t, label in zip(s.blocks.texts, s.labels, strict=True) if label > 0.5)
            by["wcxb best choice"].append(bag_f1(best, s.truth))
    for name, values in sorted(by.items()):
        print(f"{name:24s} {np.mean(values):.4f}  ({len(values)})")
    if segments[0]:
        print(f"{'traf':24s} {2 * segments[0] / (2 * segments[0] + segments[1] + segments[2]):.4f}", segments)


def write(weights: Mapping[str, Any], folder: Path = WEIGHTS) -> None:
    marks, bias = weights["kind"]
    for name, value in {
        "kind": {"marks": marks, "bias": bias},
        "names": weights["tables"][0],
        "words": weights["tables"][1],
        "content": weights["trees"],
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only-fold", type=int, action="append", help="run these folds only")
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    samples = read_samples()
    odds = count_odds(samples)
    found: dict[str, Any] = {}
    for fold in arguments.only_fold or range(arguments.folds):
        test = [s for s in samples if s.fold % arguments.folds == fold]
        found |= run_fold([s for s in samples if s.fold % arguments.folds != fold], test, odds, arguments.trees)["found"]
    report(samples, found)
    if arguments.write:
        write(run_fold(samples, [], odds, arguments.trees))


if __name__ == "__main__":
    main()
