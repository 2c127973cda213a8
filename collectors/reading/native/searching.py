"""Many fixed words found in one pass over bytes (`needles.c`)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from ctypes import Structure, byref, c_char_p, c_int64, c_uint32, c_void_p
from typing import Final

import numpy as np

from collectors.reading.native.library import LIBRARY, at, pointers

SHORTEST: Final = 3  # bytes of a word
GROUPS: Final = 8
WINDOW: Final = 4  # bytes
SLOTS: Final = 1 << 12
ANY: Final = -1  # a byte of a window that is outside of its word
PLAIN: Final = frozenset(b'abcdefghijklmnopqrstuvwxyz "=<>/')  # the bytes of which markup is full


class _Needles(Structure):
    _fields_ = pointers("begins", "ends", "masks", "windows", "slots", "bytes", "starts", "most")


_find = LIBRARY.find_needles
_find.argtypes, _find.restype = (c_void_p, c_char_p, c_int64, c_void_p, c_void_p), c_int64
_slot = LIBRARY.needles_slot
_slot.argtypes, _slot.restype = (c_uint32,), c_uint32


class Needles:
    """Words, each with the number of places that are asked for. None may be one letter again and again."""

    __slots__ = ("_arrays", "_room", "_struct", "_words")

    def __init__(self, most: Mapping[bytes, int]) -> None:
        self._words = [*most]
        self._room = 2 * sum(most.values())
        # Sorted: words that are alike get into one group, which then begins with fewer pairs of bytes.
        sought = sorted((_window(word, offset), number, offset) for number, word in enumerate(most) for offset in _offsets(word))
        groups = _groups([window for window, _, _ in sought])
        begins, ends = np.zeros((2, 256, 256), np.uint8)  # by second byte and first
        masks = np.zeros(GROUPS, np.uint32)
        windows: list[tuple[int, ...]] = []
        for (window, number, offset), group in zip(sought, groups, strict=True):
            first, second, third, fourth = (slice(None) if byte == ANY else byte for byte in window)
            begins[second, first] |= 1 << group
            ends[fourth, third] |= 1 << group
            masks[group] = _in_memory([0 if byte == ANY else 255 for byte in window])
            known = _in_memory([0 if byte == ANY else byte for byte in window])
            windows.append((_slot(known), known, group, number, offset))
        table = np.array(sorted(windows), np.int64)
        self._arrays = (
            begins, ends, masks, table[:, 1:].astype(np.int32, order="C"),
            np.searchsorted(table[:, 0], range(SLOTS + 1)).astype(np.int32), np.frombuffer(b"".join(most), np.uint8),
            np.cumsum([0, *map(len, most)], dtype=np.int32), np.array([*most.values()], np.int32),
        )  # fmt: skip
        self._struct = _Needles(*(at(array) for array in self._arrays))

    def places(self, text: bytes) -> dict[bytes, list[int]]:
        """Where the words stand that stand there at all, in order, no more places of each than are asked for."""
        counts, places = np.zeros(len(self._words), np.int32), np.empty(self._room, np.int32)
        count = _find(byref(self._struct), text, len(text), at(counts), at(places))
        found: dict[bytes, list[int]] = {}
        pairs = iter(places[: 2 * count].tolist())
        for number, place in zip(pairs, pairs, strict=True):
            found.setdefault(self._words[number], []).append(place)
        return found


def _offsets(word: bytes) -> tuple[int, int]:
    """Where in a word its windows begin: side by side, so that one is at an even place, and with few plain bytes."""
    if len(word) <= WINDOW:
        return (-1, 0) if len(word) < WINDOW else (0, 1)
    best = min(range(len(word) - WINDOW), key=lambda offset: sum(byte in PLAIN for byte in word[offset : offset + WINDOW + 1]))
    return best, best + 1


def _window(word: bytes, offset: int) -> tuple[int, ...]:
    return tuple(word[place] if 0 <= place < len(word) else ANY for place in range(offset, offset + WINDOW))


def _groups(windows: Sequence[tuple[int, ...]]) -> list[int]:
    """A group for each: one for those that begin with any byte, one for those that end in any, and the others in their order."""
    whole = [window for window in windows if ANY not in window]
    group_of = {window: 2 + place * (GROUPS - 2) // len(whole) for place, window in enumerate(whole)}
    return [0 if window[0] == ANY else 1 if window[-1] == ANY else group_of[window] for window in windows]


def _in_memory(four_bytes: Sequence[int]) -> int:
    return int.from_bytes(bytes(four_bytes), sys.byteorder)
