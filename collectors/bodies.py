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
_FEED = 16 * 1024  # packed bytes fed at a time
_ZSTD_FEED = 512  # the same, where unpacking a feed cannot be paused: a block of 4 bytes unpacks to 128 KiB at most
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
    """The body without its codings. Raises FetchError: bomb (over 1 MiB and over 100 times what was read for it), too_large (over
    `limit` bytes), decode (damaged, cut short or not packed at all)."""
    body = packed
    for name in reversed(codings):
        try:
            body = _DECODERS[name](body, limit)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise FetchError("decode", f"the body is not {name}, as the header says: {error}") from error
    return body


def _check(size: int, fed: int, limit: int) -> None:
    if size > max(FREE_BYTES, fed * MOST_RATIO):
        raise FetchError("bomb", f"the body unpacks to more than {MOST_RATIO} times its size")
    if size > limit:
        raise FetchError("too_large", f"the body unpacks to more than {limit} bytes")


def _breaks_off(name: str, size: int) -> FetchError:
    return FetchError("decode", f"the {name} body breaks off after {size} unpacked bytes")


def _inflate(packed: bytes, limit: int, window_bits: int, name: str) -> bytes:
    out = bytearray()
    start = 0
    while start < len(packed):
        stream = zlib.decompressobj(window_bits)
        while not stream.eof:
            feed = stream.unconsumed_tail
            if not feed:
                feed = packed[start : start + _FEED]
                start += len(feed)
                if not feed:
                    raise _breaks_off(name, len(out))
            out += stream.decompress(feed, _STEP)
            _check(len(out), start, limit)
        start -= len(stream.unused_data)
        if window_bits != _GZIP or not packed.startswith(b"\x1f\x8b", start):
            break  # what follows a whole and checked body is padding, and ignored, as in browsers
    return bytes(out)


_GZIP = 31  # zlib's code for the gzip format


def _gzip(packed: bytes, limit: int) -> bytes:
    return _inflate(packed, limit, _GZIP, "gzip")


def _deflate(packed: bytes, limit: int) -> bytes:
    """zlib as the standard says, or raw deflate as some servers do; told apart by the zlib header."""
    is_zlib = len(packed) >= 2 and packed[0] & 0x0F == 8 and int.from_bytes(packed[:2], "big") % 31 == 0
    return _inflate(packed, limit, 15 if is_zlib else -15, "deflate")


def _brotli(packed: bytes, limit: int) -> bytes:
    out = bytearray()
    stream = brotli.Decompressor()
    start = 0
    while not stream.is_finished():
        feed = b""
        if stream.can_accept_more_data():
            feed = packed[start : start + _FEED]
            start += len(feed)
            if not feed:
                raise _breaks_off("br", len(out))
        out += stream.process(feed, output_buffer_limit=_STEP)
        _check(len(out), start, limit)
    return bytes(out)


def _zstd(packed: bytes, limit: int) -> bytes:
    out = bytearray()
    start = 0
    while start < len(packed):
        stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        while not stream.eof:
            feed = packed[start : start + _ZSTD_FEED]
            start += len(feed)
            if not feed:
                raise _breaks_off("zstd", len(out))
            out += stream.decompress(feed)
            _check(len(out), start, limit)
        start -= len(stream.unused_data)
    return bytes(out)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
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
