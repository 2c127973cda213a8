"""How alike two texts are in what they tell: 1 for the same text, near 0 for strangers; finds a story retold in other words.

A mean of three measures over the words of both texts: the cosine of their rare words (inverse document frequency), the best
match of each word of one among the words of the other by their vectors (so that a synonym, or a translation, counts), and the
Jaccard similarity of their character trigrams. Dearer than the `signatures` of `duplicates` (0.1 ms for two posts): for pairs,
not for search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from transforms.mentions.lexicon import EMBEDDING_WIDTH, Floats, Stems, word_table
from transforms.mentions.signatures import words

MOST_STEMS = 150  # rarest of a text that are matched one by one
MOST_CHARACTERS = 6_000  # of a text whose trigrams are compared
WEIGHTS = (0.2, 0.6, 0.2)  # of rare words, matched words, trigrams


def similarity(one: str, other: str) -> float:
    """Likeness of two texts, 0-1; 0 where one of them has no words."""
    left, right = words(one), words(other)
    if not left or not right:
        return 0.0
    stems = _stems()
    left_stems, right_stems = ({stems.of(word) for word in found} for found in (left, right))
    parts = (_rare_words(left_stems, right_stems), _matched(left_stems, right_stems), _trigrams(left, right))
    return sum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True))


def _rare_words(left: set[str], right: set[str]) -> float:
    squares = {stem: _rarity(stem) ** 2 for stem in left | right}
    norm = math.sqrt(sum(squares[stem] for stem in left) * sum(squares[stem] for stem in right))
    return sum(squares[stem] for stem in left & right) / norm if norm else float(left == right)


def _matched(left: set[str], right: set[str]) -> float:
    """Mean over the words of both texts, weighed by rarity, of the cosine with the nearest word of the other text."""
    one, other = _rarest(left), _rarest(right)
    cosines = _directions(one) @ _directions(other).T
    places = {stem: place for place, stem in enumerate(other)}
    for place, stem in enumerate(one):
        if stem in places:
            cosines[place, places[stem]] = 1
    means = [
        float(np.average(best, weights=[_rarity(stem) + 1e-6 for stem in stems]))
        for best, stems in ((cosines.max(axis=1), one), (cosines.max(axis=0), other))
    ]
    return max(0.0, sum(means) / 2)


def _trigrams(left: list[str], right: list[str]) -> float:
    one, other = (_grams(" " + " ".join(found)[:MOST_CHARACTERS] + " ") for found in (left, right))
    return len(one & other) / len(one | other)


def _grams(text: str) -> set[str]:
    return {text[place : place + 3] for place in range(len(text) - 2)}


def _rarest(stems: set[str]) -> list[str]:
    return sorted(stems, key=lambda stem: (-_rarity(stem), stem))[:MOST_STEMS]


def _directions(stems: Sequence[str]) -> Floats:
    table = word_table()
    vectors = table.vectors[[table.rows.get(stem, table.unknown) for stem in stems], :EMBEDDING_WIDTH]
    directions: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return directions


def _rarity(stem: str) -> float:
    """Single letters are prepositions and count for nothing; a number counts half of a word never seen."""
    table = word_table()
    if stem in table.rows:
        return float(table.rarity[table.rows[stem]])
    if stem.isdigit():
        return float(table.rarity[table.unknown]) / 2
    return float(table.rarity[table.unknown]) if len(stem) > 1 else 0.0


@cache
def _stems() -> Stems:
    return Stems()
