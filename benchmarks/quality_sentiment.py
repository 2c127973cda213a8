"""Quality of sentiment and of the similarity of texts on the corpora, beside a named peer in the same run.

    python -m benchmarks.quality_sentiment CORPORA [--only rusentne,newsmtsc,customers,vader,rusentrel,paraphraser,news_pairs]

The default engine learned from the first three sets (see benchmarks/train_sentiment.py), so their figures here are not those of
unseen texts; `train_sentiment --check` gives these. Peers: a logistic regression over words, trained and judged by
cross-validation on the set itself, for tone towards targets; VADER for English texts; character n-grams for similarity.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from transforms.mentions.sentiment import LABELS, Asked, Sentiment
from transforms.mentions.similarity import similarity

CUSTOMERS = Path(__file__).with_name("customers.tsv")  # a label, and a text with its [target]

Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--only", default=",".join(SETS))
    arguments = parser.parse_args()
    for name in arguments.only.split(","):
        for figure, value in SETS[name](arguments.corpora).items():
            print(f"{name}.{figure:32} {value:.4f}")


def rusentne(corpora: Path) -> Figures:
    """Macro F1 of positive and negative: the main measure of the shared task (best system 0.667, RuBERT 0.409)."""
    rows = list(lines(corpora / "rusentne-2023" / "entity-sentiment.jsonl.gz"))
    return _targets(
        [Asked(row["sentence"], [(row["start"], row["end"])]) for row in rows], [[row["label"]] for row in rows], classes=(-1, 1)
    )


def newsmtsc(corpora: Path) -> Figures:
    """Macro F1 of the three classes."""
    rows = list(lines(corpora / "newsmtsc" / "entity-sentiment.jsonl.gz"))
    asked = [Asked(row["sentence"], [(target["start"], target["end"]) for target in row["targets"]]) for row in rows]
    return _targets(asked, [[target["polarity"] for target in row["targets"]] for row in rows], classes=(-1, 0, 1))


def customers(_corpora: Path) -> Figures:
    """Accuracy of what customers say of names, in texts invented for this project beside its list of evaluations."""
    right: dict[str, list[bool]] = defaultdict(list)
    engine = Sentiment()
    for line in CUSTOMERS.read_text(encoding="utf-8").splitlines():
        label, marked = line.split("\t")
        before, name, after = re.split(r"[\[\]]", marked)
        (tone,) = engine.of(before + name + after, [(len(before), len(before + name))])
        right["russian" if re.search("[а-я]", marked) else "english"].append(LABELS.index(tone.label) - 1 == int(label))
    return {f"{language}_accuracy": sum(found) / len(found) for language, found in right.items()}


def vader(corpora: Path) -> Figures:
    """Pearson correlation with the mean of 20 raters, per source."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    rows = list(lines(corpora / "vader-groundtruth" / "texts.jsonl.gz"))
    peer = SentimentIntensityAnalyzer()
    own = [tones[0].score for tones in Sentiment().of_all(Asked(row["text"]) for row in rows)]
    by_source: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for row, score in zip(rows, own, strict=True):
        by_source[row["source"]].append((row["score"], score, peer.polarity_scores(row["text"])["compound"]))
    figures: Figures = {}
    for source, found in by_source.items():
        people, scores, compounds = zip(*found, strict=True)
        figures |= {f"{source}_correlation": correlation(people, scores), f"{source}_vader": correlation(people, compounds)}
    return figures


def rusentrel(corpora: Path) -> Figures:
    """Sign of the mean tone of an entity's mentions against the attitudes towards it: macro F1 of positive and negative.

    A hard task: human annotators agree at 0.55. The peer says "negative" of everyone.
    """
    engine, pairs = Sentiment(), []
    for article in lines(corpora / "rusentrel" / "articles.jsonl.gz"):
        attitudes: dict[str, list[int]] = defaultdict(list)
        for opinion in article["opinions"]:
            attitudes[opinion["target"].lower()].append(opinion["label"])
        places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for _, start, end, text in article["entities"]:
            places[text.lower()].append((start, end))
        for name, signs in attitudes.items():
            spans = [span for text, found in places.items() if _same_name(name, text) for span in found]
            if spans and sum(signs):
                scores = [tone.score for tone in engine.of(article["text"], spans, "ru")]
                pairs.append((1 if sum(signs) > 0 else -1, 1 if sum(scores) > 0 else -1))
    return {
        "f1_positive_negative": macro_f1(pairs, (-1, 1)),
        "f1_all_negative": macro_f1([(expected, -1) for expected, _ in pairs], (-1, 1)),
        "entities": len(pairs),
    }


def _same_name(name: str, text: str) -> bool:
    """Whether a form in the text may be the base form: alike but for the ending."""
    shared = max(3, len(name) - 2)
    return text[:shared] == name[:shared] and abs(len(text) - len(name)) <= 3


def paraphraser(corpora: Path) -> Figures:
    """Area under the curve of "precise or loose paraphrase" against "not"."""
    rows = list(lines(corpora / "paraphraser-ru" / "pairs.jsonl.gz"))
    return _pairs([(row["text_1"], row["text_2"], row["label"] >= 0) for row in rows])


def news_pairs(corpora: Path) -> Figures:
    """Area under the curve of "the same news" against "different news"."""
    rows = list(lines(corpora / "news-pairs-tgcontest" / "pairs.jsonl.gz"))
    texts = [[f"{row[side]['title']}. {row[side]['text']}" for side in ("first", "second")] for row in rows]
    return _pairs([(one, other, row["label"] != "BAD") for (one, other), row in zip(texts, rows, strict=True)])


def _targets(asked: list[Asked], expected: list[list[int]], classes: Sequence[int]) -> Figures:
    engine = Sentiment()
    list(engine.of_all(asked[:200]))  # loads the tables
    started = time.perf_counter()
    found = [[LABELS.index(tone.label) - 1 for tone in tones] for tones in engine.of_all(asked)]
    seconds = time.perf_counter() - started
    flat = [pair for row in zip(expected, found, strict=True) for pair in zip(*row, strict=True)]
    return {
        "f1": macro_f1(flat, classes),
        "f1_three_classes": macro_f1(flat, (-1, 0, 1)),
        "texts_per_second": len(asked) / seconds,
        "f1_words_peer": _words_peer(asked, expected, classes),
    }


def _words_peer(asked: list[Asked], expected: list[list[int]], classes: Sequence[int]) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    texts, groups = [], []
    for one in asked:
        for start, end in one.targets:
            texts.append(f"{one.text[:start]} TARGET {one.text[end:]}")
            groups.append(one.text)
    labels = [label for row in expected for label in row]
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2), LogisticRegression(C=5, class_weight="balanced", max_iter=300)
    )
    said = cross_val_predict(model, texts, labels, groups=groups, cv=GroupKFold(5))
    return macro_f1(list(zip(labels, said.tolist(), strict=True)), classes)


def _pairs(rows: list[tuple[str, str, bool]]) -> Figures:
    labels = [label for _, _, label in rows]
    return {
        "auc": auc(labels, [similarity(one, other) for one, other, _ in rows]),
        "auc_character_3_grams": auc(labels, [_grams(one, other, 3) for one, other, _ in rows]),
        "auc_character_4_grams": auc(labels, [_grams(one, other, 4) for one, other, _ in rows]),
    }


def _grams(one: str, other: str, size: int) -> float:
    left, right = ({text[place : place + size] for place in range(len(text) - size + 1)} for text in (one.lower(), other.lower()))
    return len(left & right) / max(1, len(left | right))


def macro_f1(pairs: Sequence[tuple[int, int]], classes: Sequence[int]) -> float:
    scores = []
    for label in classes:
        hits = sum(expected == found == label for expected, found in pairs)
        scores.append(2 * hits / max(1, sum((expected == label) + (found == label) for expected, found in pairs)))
    return sum(scores) / len(scores)


def auc(labels: Sequence[bool], scores: Sequence[float]) -> float:
    """Chance that a true pair scores above a false one; a draw counts half."""
    order = sorted(range(len(scores)), key=lambda place: scores[place])
    ranks, start = [0.0] * len(scores), 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + end + 1) / 2
        start = end
    true = sum(labels)
    return (sum(rank for rank, label in zip(ranks, labels, strict=True) if label) - true * (true + 1) / 2) / (
        true * (len(labels) - true)
    )


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    together = sum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    squares = sum((a - mean_one) ** 2 for a in one) * sum((b - mean_other) ** 2 for b in other)
    return float(together / squares**0.5) if squares else 0.0


def lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


SETS: dict[str, Callable[[Path], Figures]] = {
    "rusentne": rusentne,
    "newsmtsc": newsmtsc,
    "customers": customers,
    "vader": vader,
    "rusentrel": rusentrel,
    "paraphraser": paraphraser,
    "news_pairs": news_pairs,
}

if __name__ == "__main__":
    main()
