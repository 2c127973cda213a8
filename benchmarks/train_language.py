"""Trains the weights of `collectors.reading.language` and prints their accuracy, cross-validated.

Sources, none of them kept in the project:
- the n-gram models in the wheel of lingua-language-detector 1.4 (Apache-2.0), made from the Wortschatz corpora of Leipzig
  University (CC-BY-4.0): `uv pip install --target DIR --no-deps lingua-language-detector==1.4.2`
- the word lists of wordfreq (Apache-2.0, data CC-BY-SA-4.0): `uv pip install --target DIR wordfreq`
- the corpus language-id: sentences, word pairs and words of the Leipzig corpora (CC-BY-4.0), through lingua-py (Apache-2.0)

Usage: python -m benchmarks.train_language --lingua DIR/lingua/language-models --wordfreq DIR --texts language-id/texts.jsonl.gz
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import brotli
import numpy as np
import numpy.typing as npt

from collectors.reading.language import _LETTERS, _NOISE, _WEIGHTS, grams, row_of, script_of

LANGUAGES = {
    "cyrillic": "ru uk be bg mk sr kk mn".split(),
    "latin": "en de fr es pt it pl tr nl sv da nb fi cs hu ro lt lv et id vi hr az".split(),
}
# Languages of little weight for us: told apart where they are clear, never at the price of the others.
RARE = frozenset("nl sv da nb fi cs hu ro lt lv et id vi hr az".split())
ROWS = 1 << 16
TEXTS_PER_LANGUAGE = 5_000
EPOCHS = 4

Rows = npt.NDArray[np.int64]


def rows_of_text(text: str, memory: dict[str, Rows]) -> Rows:
    parts = []
    for word in _LETTERS.findall(text.lower()):
        rows = memory.get(word)
        if rows is None:
            rows = memory[word] = np.array([row_of(gram, ROWS) for gram in grams(word)], dtype=np.int64)
        parts.append(rows)
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def fragments(folder: Path, count: int, chance: random.Random) -> list[str]:
    """Pieces of five letters, as often as the language has them: joint probabilities from the conditional ones."""
    tables = []
    for name in ("unigrams", "bigrams", "trigrams", "quadrigrams", "fivegrams"):
        data = json.loads(brotli.decompress((folder / f"{name}.json.br").read_bytes()))
        tables.append({gram: float(Fraction(share)) for share, joined in data["ngrams"].items() for gram in joined.split(" ")})
    joint = []
    for gram, share in tables[4].items():
        for size in range(1, 5):
            share *= tables[size - 1].get(gram[:size], 0.0)
        joint.append(share)
    return chance.choices(list(tables[4]), weights=joint, k=count)


def rows_of_fragment(fragment: str) -> Rows:
    found = [fragment[start : start + size] for size in range(1, 6) for start in range(len(fragment) - size + 1)]
    return np.array([row_of(gram, ROWS) for gram in found], dtype=np.int64)


def word_list(language: str) -> dict[str, float]:
    """The words of a language with how often each is drawn; empty where wordfreq has none."""
    import wordfreq

    name = {"hr": "sh", "sr": "sh"}.get(language, language)
    if name not in wordfreq.available_languages():
        return {}
    found: dict[str, float] = {}
    for word in wordfreq.top_n_list(name, 40_000):
        if language == "sr" and script_of(word) == "latin":
            written = to_cyrillic(word)
        else:
            written = word
        if script_of(written) == ("cyrillic" if language in LANGUAGES["cyrillic"] else "latin"):
            found[written] = wordfreq.word_frequency(word, name) ** 0.6
    return found


def to_cyrillic(word: str) -> str:
    """Serbian is written in both alphabets, letter by letter the same."""
    for latin, cyrillic in (("lj", "љ"), ("nj", "њ"), ("dž", "џ")):
        word = word.replace(latin, cyrillic)
    return word.translate(str.maketrans("abvgdđežzijklmnoprstćufhcčš", "абвгдђежзијклмнопрстћуфхцчш"))


def made_texts(language: str, lingua: Path, chance: random.Random, memory: dict[str, Rows]) -> Iterator[Rows]:
    words = word_list(language)
    drawn = iter(chance.choices(list(words), weights=list(words.values()), k=TEXTS_PER_LANGUAGE * 12) if words else ())
    for _ in range(TEXTS_PER_LANGUAGE if words else 0):
        size = chance.choice((1, 1, 2, 2, 4, 8, 12))
        yield rows_of_text(" ".join([next(drawn) for _ in range(size)]), memory)
    pieces = iter(fragments(lingua / language, TEXTS_PER_LANGUAGE * 30, chance))
    for _ in range(TEXTS_PER_LANGUAGE * (1 if words else 2)):
        yield np.concatenate([rows_of_fragment(next(pieces)) for _ in range(chance.choice((2, 4, 8, 16)))])


def train(texts: Sequence[Rows], labels: npt.NDArray[np.int64], weight: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    """Softmax regression on bags of n-grams, each text's bag of length one; Adagrad with a little decay."""
    weights = np.zeros((ROWS, count), dtype=np.float32)
    squares = np.full((ROWS, count), 1e-6, dtype=np.float32)
    order = np.arange(len(texts))
    chance = np.random.default_rng(7)
    for _ in range(EPOCHS):
        chance.shuffle(order)
        for start in range(0, len(order), 256):
            batch = [place for place in order[start : start + 256] if len(texts[place])]
            rows = np.concatenate([texts[place] for place in batch])
            lengths = np.array([len(texts[place]) for place in batch])
            scale = (1.0 / np.sqrt(lengths * 40.0)).astype(np.float32)
            starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
            scores = np.add.reduceat(weights[rows], starts, axis=0) * scale[:, None]
            scores -= scores.max(axis=1, keepdims=True)
            shares = np.exp(scores)
            shares /= shares.sum(axis=1, keepdims=True)
            shares[np.arange(len(batch)), labels[batch]] -= 1.0
            shares *= (weight[batch] * scale)[:, None]
            touched, inverse = np.unique(rows, return_inverse=True)
            spread = np.repeat(shares, lengths, axis=0)
            gradient = np.stack([np.bincount(inverse, weights=spread[:, k], minlength=len(touched)) for k in range(count)], axis=1)
            gradient += 1e-5 * weights[touched]
            squares[touched] += gradient.astype(np.float32) ** 2
            weights[touched] -= 0.5 * gradient.astype(np.float32) / np.sqrt(squares[touched])
    return weights


def quantised(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    limit = np.quantile(np.abs(weights[np.any(weights, axis=1)]), 0.9995)
    return np.clip(np.round(weights / limit * 127), -127, 127).astype(np.int8)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--lingua", type=Path, required=True)
    arguments.add_argument("--wordfreq", required=True)
    arguments.add_argument("--texts", type=Path, required=True)
    arguments.add_argument("--script", choices=list(LANGUAGES), help="only this one; without it both")
    arguments.add_argument("--folds", type=int, default=0, help="cross-validate over so many parts instead of writing weights")
    options = arguments.parse_args()
    sys.path.append(options.wordfreq)
    with gzip.open(options.texts, "rt", encoding="utf-8") as file:
        real = [json.loads(line) for line in file]
    hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for script, languages in LANGUAGES.items():
        if options.script not in (None, script):
            continue
        chance = random.Random(11)
        memory: dict[str, Rows] = {}
        made = [(rows, place, 0.5 if language in RARE else 1.0)
                for place, language in enumerate(languages) for rows in made_texts(language, options.lingua, chance, memory)]  # fmt: skip
        mine = [entry for entry in real if entry["lang"] in languages]
        chance.shuffle(mine)
        known = [rows_of_text(_NOISE.sub(" ", entry["text"]), memory) for entry in mine]
        label = [languages.index(entry["lang"]) for entry in mine]
        for fold in range(max(1, options.folds)):
            inside = [place for place in range(len(mine)) if not options.folds or place % options.folds != fold]
            texts = [rows for rows, _, _ in made] + [known[place] for place in inside]
            labels = np.array([place for _, place, _ in made] + [label[place] for place in inside])
            weight = np.array([share for _, _, share in made] + [4.0] * len(inside), dtype=np.float32)
            numbers = quantised(train(texts, labels, weight, len(languages)))
            if not options.folds:
                np.save(_WEIGHTS / f"language_{script}.npy", numbers)
            for place in range(len(mine)):
                if not options.folds or place % options.folds == fold:
                    best = int(numbers[known[place]].sum(axis=0, dtype=np.int64).argmax()) if len(known[place]) else -1
                    hits[mine[place]["kind"], mine[place]["lang"]].append(best == label[place])
    if not options.folds:
        about = {script: ["no" if language == "nb" else language for language in languages] for script, languages in LANGUAGES.items()}
        (_WEIGHTS / "language.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    for kind in ("sentences", "word-pairs", "single-words"):
        every = [hit for (k, _), found in hits.items() if k == kind for hit in found]
        print(kind, f"{np.mean(every):.4f}", {lang: round(float(np.mean(found)), 3) for (k, lang), found in sorted(hits.items()) if k == kind})


if __name__ == "__main__":
    main()
