"""Makes the weights of `collectors.reading.language` and prints their accuracy on sentences they have never seen.

Source: the n-gram models in the wheel of lingua-language-detector 1.4 (Apache-2.0), counted from the Wortschatz corpora of
Leipzig University (CC-BY-4.0): how likely a letter follows the one to four before it, for each language. From them:

    P(gram)         = product of the conditional probabilities of its letters
    weight(g, l)    = log(P_l(g) + floor) - mean over languages of log(P(g) + floor), in tenths, as a signed byte
    kept            : grams whose highest probability times highest weight is above a threshold

Whole words, written `=word`, are weighed in the same way by the word frequencies of wordfreq (Apache-2.0, data CC-BY-SA-4.0);
a language without a list there gets the weight of the best, so that it is never outvoted by words it may share.

Nothing is fitted to the corpus language-id, which is only used to measure.

Usage:
    uv pip install --target DIR --no-deps lingua-language-detector==1.4.2
    uv pip install --target DIR wordfreq
    PYTHONPATH=DIR python -m benchmarks.train_language --models DIR/lingua/language-models --texts language-id/texts.jsonl.gz
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from pathlib import Path

import brotli
import numpy as np
import numpy.typing as npt
import wordfreq

from collectors.reading.language import SCRIPTS, WEIGHTS, detect
from collectors.reading.native.library import joined

_CYRILLIC = "ru uk be bg mk sr kk mn"
_LATIN = "en de fr es pt it pl tr nl sv da nb fi cs hu ro lt lv et id vi hr az"
LANGUAGES = {"cyrillic": _CYRILLIC.split(), "latin": _LATIN.split()}
NAMES = {"nb": "no"}  # Norwegian, as pages declare it
FLOORS = (1e-5, 1e-6, 3e-7, 1e-7, 5e-8)  # for grams that a language does not have, by length
LEAST_USE = {"cyrillic": 5e-5, "latin": 2e-4}
TENTHS = 10.0
WORD_LISTS = {"sr": "sh", "hr": "sh"}  # one list for both, mostly in Latin letters
WORDS_OF_EACH = 2_500
WORD_FLOOR = 1e-6
LEAST_WORD_WEIGHT = 1.5  # nats: a word that tells less is left out


def joint_probabilities(folder: Path) -> list[dict[str, float]]:
    """For each length, gram -> how often it stands in the language's words."""
    conditional: list[dict[str, float]] = []
    for name in ("unigrams", "bigrams", "trigrams", "quadrigrams", "fivegrams"):
        data = json.loads(brotli.decompress((folder / f"{name}.json.br").read_bytes()))
        table: dict[str, float] = {}
        for share, of_share in data["ngrams"].items():
            above, _, below = share.partition("/")
            table.update(dict.fromkeys(of_share.split(" "), int(above) / int(below)))
        conditional.append(table)
    joint = []
    for length, table in enumerate(conditional, 1):
        found: dict[str, float] = {}
        for gram, share in table.items():
            for size in range(1, length):
                share *= conditional[size - 1].get(gram[:size], 0.0)
            found[gram] = share
        joint.append(found)
    return joint


def to_cyrillic(word: str) -> str:
    """Serbian is written in both alphabets, letter by letter the same."""
    for latin, cyrillic in (("lj", "љ"), ("nj", "њ"), ("dž", "џ")):
        word = word.replace(latin, cyrillic)
    return word.translate(str.maketrans("abvgdđežzijklmnoprstćufhcčš", "абвгдђежзијклмнопрстћуфхцчш"))


def is_written_in(word: str, script: str) -> bool:
    return any(letters[0] <= word[0] <= letters[-1] for letters in SCRIPTS[script].split())


def weigh_words(script: str) -> tuple[list[str], npt.NDArray[np.int8]]:
    """Whole words of the languages that wordfreq has a list of."""
    languages = LANGUAGES[script]
    listed = {place: WORD_LISTS.get(language, language) for place, language in enumerate(languages)}
    listed = {place: name for place, name in listed.items() if name in wordfreq.available_languages()}
    rows: dict[str, npt.NDArray[np.float32]] = defaultdict(lambda: np.zeros(len(languages), np.float32))
    for place, name in listed.items():
        for word, share in wordfreq.get_frequency_dict(name).items():
            written = to_cyrillic(word) if languages[place] == "sr" and is_written_in(word, "latin") else word
            if share >= WORD_FLOOR and written.isalpha() and is_written_in(written, script):
                rows[written][place] += share
    best = {word for place in listed for word in sorted(rows, key=lambda word: -rows[word][place])[:WORDS_OF_EACH]}
    words = sorted(best)
    known = list(listed)
    logs = np.log(np.array([rows[word] for word in words])[:, known] + WORD_FLOOR)
    logs -= logs.mean(axis=1, keepdims=True)
    weights = np.repeat(logs.max(axis=1, keepdims=True), len(languages), axis=1)
    weights[:, known] = logs
    kept = logs.max(axis=1) >= LEAST_WORD_WEIGHT
    return [f"={word}" for word, keep in zip(words, kept, strict=True) if keep], _bytes(weights[kept])


def _bytes(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    return np.clip(np.round(weights * TENTHS), -127, 127).astype(np.int8)


def weigh(models: Path, script: str) -> tuple[list[str], npt.NDArray[np.int8]]:
    languages = LANGUAGES[script]
    rows: list[dict[str, npt.NDArray[np.float32]]] = [defaultdict(lambda: np.zeros(len(languages), np.float32)) for _ in range(5)]
    for place, language in enumerate(languages):
        for length, table in enumerate(joint_probabilities(models / language)):
            for gram, share in table.items():
                rows[length][gram][place] = share
    grams: list[str] = []
    weights: list[npt.NDArray[np.int8]] = []
    for floor, counted in zip(FLOORS, rows, strict=True):
        shares = np.array(list(counted.values()))
        logs = np.log(shares + floor)
        logs -= logs.mean(axis=1, keepdims=True)
        kept = shares.max(axis=1) * np.abs(logs).max(axis=1) >= LEAST_USE[script]
        grams += [gram for gram, keep in zip(counted, kept, strict=True) if keep]
        weights.append(_bytes(logs[kept]))
    return grams, np.concatenate(weights)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", type=Path, required=True)
    arguments.add_argument("--texts", type=Path, required=True)
    options = arguments.parse_args()
    for script, languages in LANGUAGES.items():
        grams, weights = weigh(options.models, script)
        words, word_weights = weigh_words(script)
        names = "\n".join(NAMES.get(language, language) for language in languages)
        np.savez(
            WEIGHTS / f"language_{script}.npz",
            languages=np.frombuffer(names.encode(), np.uint8),
            grams=np.frombuffer(joined(grams + words).encode(), np.uint8),
            weights=np.concatenate([weights, word_weights]),
        )
        print(script, len(grams), "n-grams", len(words), "words")
    hits: dict[str, list[bool]] = defaultdict(list)
    with gzip.open(options.texts, "rt", encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            right = detect(entry["text"]) == entry["lang"]
            hits[entry["kind"]].append(right)
            hits[f"{entry['kind']} {entry['lang']}"].append(right)
    for name, found in sorted(hits.items()):
        print(f"{name:20} {np.mean(found):.4f} of {len(found)}")


if __name__ == "__main__":
    main()
