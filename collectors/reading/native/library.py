"""The compiled library of counting, and how strings and arrays get to it. The other one is a module of Python's, `walking`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from ctypes import CDLL, addressof, c_char, c_int, c_void_p
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

BUILT: Final = Path(__file__).with_name("content.so")
END: Final = "\0"  # after every string; no parsed page holds it

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]


def pointers(*names: str) -> tuple[tuple[str, type[c_void_p]], ...]:
    """Fields of a structure."""
    return tuple((name, c_void_p) for name in names)


def _load() -> CDLL:
    try:
        importlib.import_module("collectors.reading.native.walking")
        return CDLL(str(BUILT))
    except (OSError, ImportError) as error:
        raise ImportError("dozor is not built whole: install dozor again (uv sync --reinstall-package dozor)") from error


LIBRARY: Final = _load()


def filling(name: str, *arguments: Any) -> Callable[..., None]:
    """A function of the library that fills what it is given, and gives 0 when memory ran out."""
    found = getattr(LIBRARY, name)
    found.argtypes, found.restype = arguments, c_int

    def call(*values: Any) -> None:
        if not found(*values):
            raise MemoryError

    return call


def at(values: Any) -> int:
    """Where an array is in memory; good as long as the array is."""
    try:
        return addressof(c_char.from_buffer(values))
    except (TypeError, ValueError):  # not to be written to, or empty: that is found out several times slower
        place: int = values.__array_interface__["data"][0]
        return place


def encoded(text: str) -> bytes:
    """Its code points."""
    return text.encode("utf-32-le", "surrogatepass")


def joined(strings: Sequence[str]) -> str:
    """All strings, each ended by END."""
    text = END.join(strings) + END
    if text.count(END) > len(strings):  # only structured data can hold one
        text = END.join([string.replace(END, " ") for string in strings]) + END
    return text
