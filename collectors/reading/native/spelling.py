"""How bytes spell a text (`encoding.c`)."""

from __future__ import annotations

from ctypes import c_char_p, c_int, c_int64
from typing import Final

from collectors.reading.native.library import LIBRARY

NOT_UTF8: Final = 0
ASCII: Final = 1

_kind = LIBRARY.utf8_kind
_kind.argtypes, _kind.restype = (c_char_p, c_int64), c_int


def is_plain_utf8(body: bytes) -> bool:
    """Whether bytes are UTF-8, and none of the encodings that look like ASCII and switch to other alphabets by escapes."""
    kind = _kind(body, len(body))
    return kind != NOT_UTF8 and b"\x1b" not in body and (kind != ASCII or b"~" not in body or b"~{" not in body)
