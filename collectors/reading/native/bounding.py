"""Tags of raw markup, counted before a parser sees it (`bounds.c`)."""

from __future__ import annotations

from ctypes import Structure, byref, c_char_p, c_int64, c_void_p

from collectors.reading.native.library import LIBRARY


class Counted(Structure):
    """What markup holds: tags that open elements, with comments; attributes of all; those of the tag that has the most."""

    _fields_ = (("opened", c_int64), ("attributes", c_int64), ("most", c_int64))
    opened: int
    attributes: int
    most: int


_count_tags = LIBRARY.count_tags
_count_tags.argtypes, _count_tags.restype = (c_char_p, c_int64, c_void_p), None
_nesting = LIBRARY.nesting
_nesting.argtypes, _nesting.restype = (c_char_p, c_int64, c_int64), c_int64


def count_tags(markup: bytes) -> Counted:
    counted = Counted()
    _count_tags(markup, len(markup), byref(counted))
    return counted


def nesting(markup: bytes, most: int) -> int:
    """How many tags are open at once; the count ends at one more than `most`."""
    deepest: int = _nesting(markup, len(markup), most)
    if deepest < 0:
        raise MemoryError
    return deepest
