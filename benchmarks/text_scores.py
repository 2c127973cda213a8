"""How near a text that was read comes to the true one, as the READMEs of the corpora score it."""

from __future__ import annotations

from collections import Counter

from benchmarks.content_labels import words_of

RUN = 4  # words


def word_f1(text: str, truth: str) -> float:
    """F1 over the words, whatever their order."""
    mine, true = Counter(words_of(text)), Counter(words_of(truth))
    common = sum((mine & true).values())
    return 2 * common / (sum(mine.values()) + sum(true.values())) if common else float(not mine and not true)


def run_overlap(text: str, truth: str) -> tuple[float, float]:
    """Precision and recall over runs of four words."""
    mine, true = _runs(text), _runs(truth)
    common = sum((mine & true).values())
    return common / sum(mine.values()) if mine else 0.0, common / sum(true.values()) if true else 1.0


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = words_of(text)
    return Counter(tuple(words[i : i + RUN]) for i in range(max(len(words) - RUN + 1, 1 if words else 0)))
