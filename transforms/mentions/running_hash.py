"""Hashes of many words at once: a running sum of code * R^place, modulo 2^64, gives the hash of any stretch as a difference of
two sums, brought back to place 0 by a power of R's inverse. A few array operations a letter, none of them Python.

Whoever knows R can write long words that collide (Thue-Morse words do for every R), so nothing may rest on a hash alone that a
stranger gains by.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

LONGEST = 4 << 17  # places that a running sum may have

_R = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2^64
_R_INVERSE = pow(_R, -1, 1 << 64)


def mixed(values: Codes) -> Codes:
    """Well-spread 64-bit codes of small numbers (the finaliser of SplitMix64)."""
    spread = values * np.uint64(0x9E3779B97F4A7C15)
    spread = (spread ^ (spread >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    spread = (spread ^ (spread >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return spread ^ (spread >> np.uint64(31))


@cache
def powers() -> tuple[Codes, Codes]:
    """R^0, R^1 ... and the powers of its inverse, one more than LONGEST."""
    bases = (np.full(LONGEST, base, np.uint64) for base in (_R, _R_INVERSE))
    forward, backward = (np.concatenate((np.ones(1, np.uint64), base.cumprod(dtype=np.uint64))) for base in bases)
    return forward, backward


def running_sums(codes: Codes) -> Codes:
    """Sums of what stands before each place, and of all."""
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * powers()[0][: len(codes)], out=sums[1:])
    return sums


class Starts:
    """Places from which stretches are hashed: what a stretch needs of its start is looked up once."""

    def __init__(self, sums: Codes, starts: Places) -> None:
        self._sums, self._before, self._scale = sums, sums[starts], powers()[1][starts]

    def hashes(self, stops: Places) -> Codes:
        """The hash of each stretch [start, stop), the same wherever it stands; a stop behind the end is the end."""
        hashes: Codes = (self._sums.take(stops, mode="clip") - self._before) * self._scale
        return hashes


def hashes_between(sums: Codes, starts: Places, stops: Places) -> Codes:
    """The hash of each stretch [start, stop)."""
    return Starts(sums, starts).hashes(stops)
