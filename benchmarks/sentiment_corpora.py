"""The corpora of tone as data to train on: segments with what is to be learned of them. `train_sentiment` says what they are."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.quality_sentiment import CUSTOMERS
from benchmarks.sentiment_teacher import states, unlabelled_names
from transforms.mentions.lexicon import Forms, word_table
from transforms.mentions.sentiment_features import HASH_BITS, SIDES, Segments, segments, word_features
from transforms.mentions.sentiment_rules import evaluation_scores, rule_scores

REVIEWS = Path(__file__).with_name("reviews_ru.tsv")  # invented for this project, with a score from -4 to 4
TOKENS = 48  # a segment is trained on; longer ones are cut
ENDINGS = 1024
FOLDS = 5


@dataclass(frozen=True)
class Data:
    """Segments with what is to be learned of them, padded to TOKENS."""

    rows: np.ndarray
    flags: np.ndarray
    effects: np.ndarray
    sides: np.ndarray
    endings: np.ndarray
    mask: np.ndarray
    words: csr_matrix  # hashed words and word pairs
    is_russian: np.ndarray
    is_whole: np.ndarray  # a whole text with a score, else a target with a label
    label: np.ndarray  # 0 negative, 1 neutral, 2 positive; of the sources "ru", "en" and "customers"
    states: np.ndarray  # what the teacher sees of the sources "ru" and "names", in order
    score: np.ndarray  # -1 to 1
    rules: np.ndarray  # score by lexicon and rules
    evaluations: np.ndarray  # score of what is said of the target
    source: np.ndarray
    fold: np.ndarray

    def network(self, which: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(
            part[which] for part in (self.rows, self.flags, self.effects, self.sides, self.endings, self.mask, self.is_russian)
        )


def read(corpora: Path, cache: Path | None) -> Data:
    texts: list[tuple[str, list[tuple[int, int]]]] = []
    facts: list[tuple[str, int, float, str]] = []  # source, label, score, what stays together
    for row in lines(corpora / "rusentne-2023" / "entity-sentiment.jsonl.gz"):
        texts.append((row["sentence"], [(row["start"], row["end"])]))
        facts.append(("ru", row["label"] + 1, 0.0, row["sentence"]))
    labelled = [(text, targets[0]) for text, targets in texts]
    names = unlabelled_names(corpora, labelled)
    for sentence, span in names:
        texts.append((sentence, [span]))
        facts.append(("names", 1, 0.0, sentence))
    for row in lines(corpora / "newsmtsc" / "entity-sentiment.jsonl.gz"):
        for target in row["targets"]:
            texts.append((row["sentence"], [(target["start"], target["end"])]))
            facts.append(("en", target["polarity"] + 1, 0.0, row["sentence"]))
    for row in lines(corpora / "vader-groundtruth" / "texts.jsonl.gz"):
        texts.append((row["text"], []))
        facts.append((row["source"], 1, row["score"] / 4, row["source"] + row["id"].split("_")[0]))
    for line in REVIEWS.read_text(encoding="utf-8").splitlines():
        score, text = line.split("\t")
        texts.append((text, []))
        facts.append(("reviews_ru", 1, float(score) / 4, text))
    for line in CUSTOMERS.read_text(encoding="utf-8").splitlines():
        label, marked = line.split("\t")
        before, name, after = re.split(r"[\[\]]", marked)
        texts.append((before + name + after, [(len(before), len(before + name))]))
        facts.append(("customers", int(label) + 1, 0.0, marked))
    batch = segments(texts, Forms(word_table()))
    owners, features = word_features(batch)
    words = csr_matrix((np.ones(len(owners), np.float32), (owners, features)), (len(texts), 1 << HASH_BITS))
    words.data[:] = 1
    source = np.array([fact[0] for fact in facts])
    return Data(
        *padded(batch),
        words=normalised(words),
        is_russian=np.array([re.search("[а-я]", text) is not None for text, _ in texts]).astype(np.int32),
        is_whole=np.array([not targets for _, targets in texts]),
        label=np.array([fact[1] for fact in facts]),
        states=states([*labelled, *names], cache),
        score=np.array([fact[2] for fact in facts], np.float32),
        rules=rule_scores(batch, word_table()),
        evaluations=evaluation_scores(batch),
        source=source,
        fold=np.array([int(sha256(fact[3].encode()).hexdigest()[:8], 16) % FOLDS for fact in facts]),
    )


def lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def padded(batch: Segments) -> tuple[np.ndarray, ...]:
    lengths = np.minimum(np.append(batch.starts[1:] - 1, len(batch.rows) - 1) - batch.starts, TOKENS)
    places = batch.starts[:, None] + np.arange(TOKENS)
    mask = np.arange(TOKENS) < lengths[:, None]
    places = np.where(mask, places, 0)  # the first token is a blank
    sides = np.where(mask, batch.sides[places], SIDES)
    return (
        batch.rows[places],
        batch.flags[places],
        batch.effects[places],
        sides,
        batch.endings[places] % ENDINGS,
        mask.astype(np.float32),
    )


def normalised(words: csr_matrix) -> csr_matrix:
    """Each row to length one."""
    norm = np.sqrt(np.maximum(1, np.diff(words.indptr)))
    words.data /= np.repeat(norm, np.diff(words.indptr)).astype(np.float32)
    return words
