"""What tells whether two texts are one: a hash of the normalised words, and a MinHash signature of the word pairs.

The share of equal values of two signatures estimates the Jaccard similarity of two texts (Broder 1997; R-MinHash of the `rensa`
library). Of each value the lower 16 bits are kept (b-bit minwise hashing, Li and König 2010): two values that differ agree in
them once in 65 536. Texts go through in columns: Arrow makes them plain, numpy cuts them into words and pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rensa import RMinHash

from transforms.mentions.running_hash import LONGEST, Codes, Places, hashes_between, mixed, running_sums

PERMUTATIONS = 128  # standard error of the estimate 0.03
BANDS = 32  # of 4 values: a pair 0.6 alike is found with probability 0.99, one 0.7 alike with 0.9998
SIGNATURE_BYTES = 2 * PERMUTATIONS
LEAST_WORDS = 5  # "thank you so much" is nobody's text: shorter ones are compared by hash only
MOST_WORDS = 2_000  # of a signature
MOST_CHARACTERS = 60_000  # of a text; what follows is not compared

_SEED = 20_260_101  # a signature is only comparable with one of the same seed: changing it means signing all texts again
_TEXTS_AT_ONCE = 4_000
_ROWS_AT_ONCE = 128  # texts that are cut into words and signed at a time: their numbers stay in the processor's cache
_INVISIBLE = "[\u00ad\u0300-\u036f\u200b-\u200f\u2060\ufeff]+"  # stress marks too
_BETWEEN_WORDS = r"(?:(?:https?://|www\.)\S+|[^\pL\pN_]+)+"
_SPACE = ord(" ")

SIGNED = pa.schema([("text_hash", pa.binary(16)), ("signature", pa.binary(SIGNATURE_BYTES))])

Signatures = npt.NDArray[np.uint16]  # (rows, PERMUTATIONS)


def words(text: str) -> list[str]:
    """The words that count for sameness: no case, punctuation, emoji, links or invisible characters; ё = е."""
    whole = text.encode("utf-8", "replace").decode()  # half a character has no place in a column
    (normal,) = _normal(pa.array([whole])).to_pylist()
    return str(normal).split()


def sign(texts: pa.Array[Any] | pa.ChunkedArray[Any]) -> pa.Table:
    """Hash and signature of each text, in order (columns of SIGNED). No hash without words, no signature below LEAST_WORDS."""
    parts = [_signed(texts[start : start + _TEXTS_AT_ONCE]) for start in range(0, len(texts), _TEXTS_AT_ONCE)]
    return pa.concat_tables(parts) if parts else SIGNED.empty_table()


def likeness(one: bytes, other: bytes) -> float:
    """Estimated Jaccard similarity of the word pairs of two signed texts, 0-1."""
    return float(np.mean(np.frombuffer(one, np.uint16) == np.frombuffer(other, np.uint16)))


def matrix(signatures: pa.ChunkedArray[Any]) -> Signatures:
    """The signatures of a column, zeros where there is none."""
    blank = pa.scalar(bytes(SIGNATURE_BYTES), pa.binary(SIGNATURE_BYTES))
    parts = [np.zeros((0, PERMUTATIONS), np.uint16)]
    for chunk in signatures.chunks:
        filled: Any = pc.fill_null(chunk.cast(blank.type), blank)
        values = np.frombuffer(filled.buffers()[1], np.uint16, len(chunk) * PERMUTATIONS, filled.offset * SIGNATURE_BYTES)
        parts.append(values.reshape(-1, PERMUTATIONS))
    return np.concatenate(parts)


def bands(signatures: Signatures) -> Codes:
    """(rows, BANDS): the four values of a band as one number."""
    return np.ascontiguousarray(signatures).view(np.uint64)


def _normal(texts: pa.Array[Any]) -> pa.Array[Any]:
    """The words of each text with a space between them."""
    filled: Any = pc.fill_null(texts, pa.scalar(""))
    low = pc.utf8_lower(pc.utf8_slice_codeunits(filled, 0, MOST_CHARACTERS))
    low = pc.replace_substring_regex(pc.replace_substring(low, "ё", "е"), _INVISIBLE, "")
    normal: pa.Array[Any] = pc.utf8_trim_whitespace(pc.replace_substring_regex(low, _BETWEEN_WORDS, " "))
    return normal


def _signed(texts: pa.Array[Any] | pa.ChunkedArray[Any]) -> pa.Table:
    normal = _normal(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts)
    hashes = [blake2b(text.encode(), digest_size=16).digest() if text else None for text in normal.to_pylist()]
    words_of: Any = normal
    followed: Any = pc.binary_join_element_wise(words_of, " ", "")  # each word is followed by a space
    _, offsets, letters = followed.buffers()
    ends = np.frombuffer(offsets, np.int32, len(normal) + 1)
    codes = np.frombuffer(letters, np.uint8) if letters else np.zeros(0, np.uint8)
    signed: list[bytes] = []
    has_signature: list[bool] = []
    for part in _stretches(ends):
        values, is_signed = _signatures(codes[part[0] : part[-1]], part - part[0])
        signed.append(values.tobytes())
        has_signature += is_signed
    places = np.cumsum(has_signature) - 1
    made = pa.Array.from_buffers(SIGNED.field(1).type, sum(has_signature), [None, pa.py_buffer(b"".join(signed))])
    signatures = made.take(pa.array(places, mask=~np.array(has_signature)))
    return pa.table([pa.array(hashes, SIGNED.field(0).type), signatures], schema=SIGNED)


def _stretches(ends: npt.NDArray[np.int32]) -> Iterator[Places]:
    """Where some texts begin and the last of them ends: _ROWS_AT_ONCE, or as many as the running hash has places for."""
    first = 0
    while first < len(ends) - 1:
        stop = min(first + _ROWS_AT_ONCE, int(np.searchsorted(ends, ends[first] + LONGEST, "right")) - 1)
        yield ends[first : stop + 1].astype(np.int64)
        first = stop


def _signatures(letters: npt.NDArray[np.uint8], ends: Places) -> tuple[Signatures, list[bool]]:
    """The signatures of the texts that have one, and which texts do; `ends` is where the first begins and each ends."""
    edges = np.flatnonzero(np.diff(letters != _SPACE, prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    of_text = np.searchsorted(starts, ends)
    numbers = hashes_between(running_sums(_byte_codes()[letters]), starts, stops)
    counts = np.minimum(np.diff(of_text), MOST_WORDS)
    has_signature = counts >= LEAST_WORDS
    if not has_signature.any():
        return np.zeros((0, PERMUTATIONS), np.uint16), has_signature.tolist()
    pair_ends = np.cumsum(counts[has_signature] - 1)
    begins = of_text[:-1][has_signature] - np.append(0, pair_ends[:-1])
    places = np.arange(pair_ends[-1]) + np.repeat(begins, counts[has_signature] - 1)
    pairs = mixed(numbers[places]) + numbers[places + 1]
    offsets = np.append(np.uint64(0), pair_ends.astype(np.uint64))
    digests = RMinHash.digest_matrix_from_flat_token_hashes(mixed(pairs), offsets, PERMUTATIONS, _SEED)
    return np.array(digests.to_rows(), np.uint32).astype(np.uint16), has_signature.tolist()


@cache
def _byte_codes() -> Codes:
    return mixed(np.arange(1, 257, dtype=np.uint64))
