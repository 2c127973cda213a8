"""A text and its targets as arrays, the same for training and for judging.

Each target of a text is one segment: the tokens around it, seen from it. A text without targets is one segment, seen from
nowhere. Segments lie one after another in flat arrays with a blank token between them, so that a convolution over the whole
batch is three matrix products and nothing is padded.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from transforms.mentions.lexicon import (
    CAPITALISED,
    COLUMNS,
    EVALUATION_ZERO,
    FLAGS,
    RATING_SCALE,
    RATING_ZERO,
    Floats,
    Forms,
    Numbers,
    effects,
)

READ_CHARACTERS = 20_000  # of a text without targets; with targets, so many on either side of each
WINDOW_TOKENS = 48  # seen around a target
TEXT_TOKENS = 256  # seen of a text without targets
HASH_BITS = 17  # of the table of word and word-pair weights

_TOKEN = re.compile(
    r"https?://\S+|@\w+"
    r"|[^\W\d_]+(?:['’-][^\W\d_]+)*"
    r"|\d+(?:[.,]\d+)*"
    r"|[<>]?[:;=8xX][-o'^~]?[()\[\]DPpdOo/\\|*3]+|[()\[\]]-?[:;=]|<3|\^_+\^|[oO]_[oO]|\){2,}|\({2,}"
    r"|\.{3}|[^\w\s]"
)
_UNSAID = "https://"  # stands for any address or account: who is linked says nothing of tone

# Distance to the target in tokens -> bucket: exact near it, coarse far from it. 0 is the target, 17 a text without targets.
_FAR = np.array([0, 1, 2, 3, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8])
SIDES = 18
NO_TARGET = 17

_TARGET_HASH = np.uint32(0x7A3D_11C5)
_SALTS = np.array(
    [
        0x9E3779B1,
        0x85EBCA77,
        0xC2B2AE3D,
        0x27D4EB2F,
        0x165667B1,
        0xD3A2646D,
        0xFD7046C5,
        0xB55A4F09,
        0xA0761D65,
        0xE7037ED1,
        0x8EBC6AF1,
        0x589965CD,
    ],
    np.uint32,
)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Segments:
    """A batch of segments. Token arrays have a blank token before each segment and after the last."""

    rows: Numbers  # of the word table
    bits: npt.NDArray[np.uint32]  # flags of tokens, see `lexicon`
    flags: Floats  # (tokens, FLAGS): the first of them, as numbers
    ratings: Floats  # -4 to 4
    kinds: Numbers  # of effects, see `lexicon`
    effects: Floats  # (tokens, EFFECTS): of each kind
    evaluations: Floats  # -3 to 3, of tokens outside the target
    sides: Numbers  # bucket of the place relative to the target: 1-8 before it, 9-16 after it, 0 in it, 17 there is none
    hashes: npt.NDArray[np.uint32]  # of stems; one and the same for all tokens of a target
    stems: npt.NDArray[np.uint32]  # hashes of stems, also in the target
    endings: npt.NDArray[np.uint32]  # of the last three letters
    starts: npt.NDArray[np.int64]  # of segments; ends are the next start, less the blank
    owner: npt.NDArray[np.int64]  # segment of each token, -1 for blanks

    def __len__(self) -> int:
        return len(self.starts)


def segments(texts: Sequence[tuple[str, Sequence[Span]]], forms: Forms) -> Segments:
    """The segments of one or more texts with their targets (character spans), in order; a text without targets gives one."""
    words: list[str] = []
    shapes: list[tuple[int, int, int]] = []  # tokens, first and last + 1 of the target; (n, -1, -1) without one
    for text, targets in texts:
        for part, span in _parts(text, targets):
            found = [(match.group(), match.start()) for match in _TOKEN.finditer(part)]
            first, last = _place(found, span) if span else (-1, -1)
            low, high = _seen(len(found), first, last)
            words.append("")
            words += [word if word[0] not in "h@" or not _is_address(word) else _UNSAID for word, _ in found[low:high]]
            shapes.append((high - low, max(first - low, 0), min(last - low, high - low)) if span else (high - low, -1, -1))
    words.append("")
    return _arranged(words, shapes, forms)


def _parts(text: str, targets: Sequence[Span]) -> list[tuple[str, Span | None]]:
    if not targets:
        return [(text[:READ_CHARACTERS], None)]
    parts: list[tuple[str, Span | None]] = []
    for start, end in targets:
        low = max(0, start - READ_CHARACTERS)
        parts.append((text[low : end + READ_CHARACTERS], (start - low, end - low)))
    return parts


def _is_address(word: str) -> bool:
    return word.startswith(("http://", "https://")) or (word[0] == "@" and len(word) > 1)


def _place(found: list[tuple[str, int]], span: Span) -> tuple[int, int]:
    """First and last + 1 token of a span; the place where it would stand if it covers none."""
    starts = [start for _, start in found]
    first = bisect_right(starts, span[0]) - 1
    if first < 0 or starts[first] + len(found[first][0]) <= span[0]:
        first += 1
    return first, max(first, bisect_left(starts, span[1]))


def _seen(count: int, first: int, last: int) -> Span:
    if first < 0:
        return 0, min(count, TEXT_TOKENS)
    low = max(0, min((first + last) // 2 - WINDOW_TOKENS // 2, count - WINDOW_TOKENS))
    return low, min(count, low + WINDOW_TOKENS)


def _arranged(words: list[str], shapes: list[tuple[int, int, int]], forms: Forms) -> Segments:
    counts, firsts, lasts = np.array(shapes, np.int64).reshape(-1, 3).T
    starts = np.cumsum(counts + 1) - counts
    owner = np.repeat(np.arange(len(counts)), counts + 1)
    place = np.arange(len(owner)) - np.repeat(starts, counts + 1)  # -1 for the blank before a segment
    owner = np.append(np.where(place < 0, -1, owner), -1)
    place = np.append(place, -1)
    blank = owner < 0
    numbers = np.zeros((len(words), COLUMNS), np.uint32)
    numbers[:, 4], numbers[:, 6] = RATING_ZERO, EVALUATION_ZERO
    numbers[~blank] = forms.numbers([word for word in words if word])
    rows = numbers[:, 0].astype(np.int32)
    rows[blank] = forms.table.unknown
    bits = numbers[:, 3]
    flags = (bits[:, None] >> np.arange(FLAGS, dtype=np.uint32) & 1).astype(np.float32)
    ratings = (numbers[:, 4].astype(np.float32) - np.float32(RATING_ZERO)) / np.float32(RATING_SCALE)
    first, last = firsts[owner], lasts[owner]
    before, after = first - place, place - last + 1
    sides = np.where(before > 0, _FAR[np.clip(before, 0, 21)], np.where(after > 0, 8 + _FAR[np.clip(after, 0, 21)], 0))
    sides = np.where(first < 0, NO_TARGET, sides).astype(np.int32)
    inside = (sides == 0) & ~blank
    # A name must not have a tone of its own; what someone is called by a common noun ("a fraudster", "our hero") tells.
    named = inside & (bits & np.uint32(1 << CAPITALISED) > 0)
    rows[named] = forms.table.unknown
    kinds = np.where(named, 0, numbers[:, 5]).astype(np.int32)
    evaluations = np.where(inside, 0, numbers[:, 6].astype(np.float32) - np.float32(EVALUATION_ZERO))
    stems = numbers[:, 1]
    hashes = np.where(inside, _TARGET_HASH, stems).astype(np.uint32)
    hashes[blank] = 0
    return Segments(
        rows,
        bits,
        flags,
        ratings,
        kinds,
        effects().values[kinds],
        evaluations.astype(np.float32),
        sides,
        hashes,
        stems,
        numbers[:, 2],
        starts,
        owner,
    )


def word_features(batch: Segments) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Hashed words and word pairs of each segment: (segment, feature) of every occurrence, features below 2 ** HASH_BITS.

    Twelve kinds: a word anywhere; two words in a row; a word within 5 and within 2 tokens before, and after, the target; the
    three tokens up to, and from, the target; the ending of the target's last word (its case, in Russian); a common noun in it;
    an effect with its distance to the target, and with the target's ending (who did it, or to whom it was done).
    """
    h, owner, sides = batch.hashes, batch.owner, batch.sides
    real = owner >= 0
    pairs = h * np.uint32(31) + np.append(h[1:], np.uint32(0)) * _SALTS[7]
    pairs[~real] = 0  # nothing of the next segment
    triples = pairs * np.uint32(31) + np.append(pairs[1:], np.uint32(0)) * _SALTS[8]
    outside = real & (sides != 0)
    following = np.append(owner[1:], -1) == owner
    starts_target = (sides == 0) & (np.append(-1, sides[:-1]) != 0) & real
    ends_target = (sides == 0) & (np.append(sides[1:], -1) != 0) & real
    two_before = np.append(starts_target[2:], [False, False]) & (np.append(owner[2:], [-1, -1]) == owner)
    effect = outside & (batch.kinds > 0)
    ending = np.zeros(len(batch), np.uint32)
    ending[owner[ends_target]] = batch.endings[ends_target]
    after = (sides > 8).astype(np.uint32)
    placed = batch.kinds.astype(np.uint32) * np.uint32(SIDES) + sides.astype(np.uint32)
    turned = (batch.kinds.astype(np.uint32) * np.uint32(2) + after) * np.uint32(31) + ending[owner]
    kinds = [
        (outside, h),
        (real & following, pairs),
        (real & (sides >= 1) & (sides <= 5), h),
        (real & (sides >= 9) & (sides <= 13), h),
        (real & (sides >= 1) & (sides <= 2), h),
        (real & (sides >= 9) & (sides <= 10), h),
        (two_before & real, triples),
        (ends_target, triples),
        (ends_target, batch.endings),
        (real & (sides == 0) & (batch.bits & np.uint32(1 << CAPITALISED) == 0), batch.stems),
        (effect, placed * _SALTS[8]),
        (effect, turned * _SALTS[9]),
    ]
    owners = np.concatenate([owner[mask] for mask, _ in kinds])
    features = np.concatenate([_mixed(values[mask], salt) for (mask, values), salt in zip(kinds, _SALTS, strict=True)])
    return owners, features


def _mixed(values: npt.NDArray[np.uint32], salt: np.uint32) -> npt.NDArray[np.int64]:
    mixed = (values ^ salt) * np.uint32(0x9E3779B1)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x85EBCA6B)
    return (mixed >> np.uint32(32 - HASH_BITS)).astype(np.int64)
