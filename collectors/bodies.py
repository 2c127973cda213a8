"""Bodies of answers: unpacked within bounds, and told by their first bytes.

httpx unpacks without a bound (a 3 kB brotli body became 4 GB), so packed bytes are gathered up to the limit and unpacked here.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import brotli
import zstandard

from collectors.failures import FetchError

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
MOST_CODINGS = 2
FREE_BYTES = 1024 * 1024  # below this any ratio is fine: an empty table compresses well
MOST_RATIO = 100
_STEP = 256 * 1024  # bytes unpacked at a time
_ZSTD_STEP = 512  # packed bytes fed at a time: a block of 4 bytes unpacks to 128 KiB at most
_ZSTD_WINDOW = 8 * 1024 * 1024  # RFC 9659: what every decoder of the web must bear, and all it must


def content_codings(header: str) -> list[str]:
    """The codings of a `Content-Encoding` header, in the order they were applied; raises FetchError for unknown or too many."""
    codings = [name for part in header.split(",") if (name := part.strip().lower()) not in ("", "identity")]
    if len(codings) > MOST_CODINGS:
        raise FetchError("codings", f"the body is packed {len(codings)} times, more than {MOST_CODINGS}")
    if unknown := [name for name in codings if name not in _DECODERS]:
        raise FetchError("codings", f"the body is packed as {unknown[0][:40]!r}, which was not asked for")
    return codings


def unpack(packed: bytes, codings: Sequence[str], limit: int) -> bytes:
    """The body without its codings. Raises FetchError: too_large (over `limit` bytes), bomb (over 100 times the packed size after
    the first MiB), decode (damaged, cut short or not packed at all)."""
    body = packed
    for name in reversed(codings):
        allowed = _Allowed(limit, len(packed))
        try:
            body = _DECODERS[name](body, allowed)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise FetchError("decode", f"the body is not {name}, as the header says: {error}") from error
    return body


class _Allowed:
    """Counts unpacked bytes and stops at the bounds."""

    def __init__(self, limit: int, packed: int) -> None:
        self.limit = limit
        self.most = max(FREE_BYTES, packed * MOST_RATIO)

    def check(self, size: int) -> None:
        if size > self.most:
            raise FetchError("bomb", f"the body unpacks to more than {MOST_RATIO} times its size")
        if size > self.limit:
            raise FetchError("too_large", f"the body unpacks to more than {self.limit} bytes")


def _inflate(packed: bytes, allowed: _Allowed, window_bits: int, name: str) -> bytes:
    out = bytearray()
    rest = packed
    while rest:
        stream = zlib.decompressobj(window_bits)
        while not stream.eof:
            piece = stream.decompress(rest, _STEP)
            rest = stream.unconsumed_tail
            out += piece
            allowed.check(len(out))
            if not piece and not rest and not stream.eof:
                raise FetchError("decode", f"the {name} body breaks off after {len(out)} unpacked bytes")
        rest = stream.unused_data
        if not rest.startswith(b"\x1f\x8b") or window_bits != 31:
            break  # padding after a whole and checked member is ignored, as browsers do
    return bytes(out)


def _gzip(packed: bytes, allowed: _Allowed) -> bytes:
    return _inflate(packed, allowed, 31, "gzip")


def _deflate(packed: bytes, allowed: _Allowed) -> bytes:
    """zlib as the standard says, or raw deflate as some servers do; told apart by the zlib header."""
    is_zlib = len(packed) >= 2 and packed[0] & 0x0F == 8 and int.from_bytes(packed[:2], "big") % 31 == 0
    return _inflate(packed, allowed, 15 if is_zlib else -15, "deflate")


def _brotli(packed: bytes, allowed: _Allowed) -> bytes:
    out = bytearray()
    stream = brotli.Decompressor()
    rest = packed
    while not stream.is_finished():
        piece = stream.process(rest, output_buffer_limit=_STEP)
        rest = b""
        out += piece
        allowed.check(len(out))
        if not piece and not stream.is_finished() and stream.can_accept_more_data():
            raise FetchError("decode", f"the br body breaks off after {len(out)} unpacked bytes")
    return bytes(out)


def _zstd(packed: bytes, allowed: _Allowed) -> bytes:
    out = bytearray()
    view = memoryview(packed)
    start = 0
    while start < len(packed):
        stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        while not stream.eof:
            if start >= len(packed):
                raise FetchError("decode", f"the zstd body breaks off after {len(out)} unpacked bytes")
            out += stream.decompress(view[start : start + _ZSTD_STEP])
            start += _ZSTD_STEP
            allowed.check(len(out))
        start = min(start, len(packed)) - len(stream.unused_data)
    return bytes(out)


_DECODERS: dict[str, Callable[[bytes, _Allowed], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}

_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"wOF2", "font/woff2"),
)


def sniffed_type(body: bytes) -> str:
    """The binary media type that the first bytes of a body tell for sure; empty for text and for what is unknown."""
    for magic, media_type in _MAGIC:
        if body.startswith(magic):
            return media_type
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return "video/mp4" if body[4:8] == b"ftyp" else ""
