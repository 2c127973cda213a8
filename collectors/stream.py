"""One connection as httpcore wants it, over asyncio's transports: what arrives is handed on as it came, copied nowhere.

(asyncio's own StreamReader copies it into a buffer and out again: 6 % of the instructions of collecting a page.)
Time limits are left to the one deadline around a request.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import cast

import httpcore

from collectors.failures import FetchError

TLS_SECONDS = 15.0
MOST_UNREAD = 256 * 1024  # bytes that wait for their reader before the other side is held up


class Arrivals(asyncio.Protocol):
    """What the other side sent and nobody has read yet, and whether it takes more of ours."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.error: Exception | None = None
        self.is_over = False
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._is_held_up = False
        self._news = asyncio.Event()  # there is something to read, or it is over
        self._room = asyncio.Event()  # the other side takes more, or it is over
        self._room.set()

    def __len__(self) -> int:
        """Bytes that wait to be read."""
        return self._size

    async def read(self) -> bytes:
        """What arrived next; empty when nothing comes any more. Raises OSError when the connection broke."""
        while not self._chunks:
            if self.error is not None:
                raise self.error
            if self.is_over:
                return b""
            self._news.clear()
            await self._news.wait()
        chunk = self._chunks.popleft()
        self._size -= len(chunk)
        if self._is_held_up and self._size <= MOST_UNREAD:
            self._is_held_up = False
            self.transport.resume_reading()
        return chunk

    async def write(self, data: bytes) -> None:
        """Sends; waits while the other side takes no more. Raises OSError when the connection broke."""
        self.transport.write(data)
        await self._room.wait()
        if self.error is not None:
            raise self.error

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)
        if self._size > MOST_UNREAD and not self._is_held_up:
            self._is_held_up = True
            self.transport.pause_reading()
        self._news.set()

    def eof_received(self) -> None:  # and the transport closes
        self.is_over = True
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_over, self.error = True, exc
        self._news.set()
        self._room.set()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()


class Stream(httpcore.AsyncNetworkStream):
    """A connection that stands."""

    def __init__(self, arrivals: Arrivals, host: str) -> None:
        self._arrivals = arrivals
        self._host = host
        self.reads = 0  # since the last write

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - httpcore's signature
        """What arrived next; it may be more than `max_bytes`, which none of httpcore's protocols minds."""
        self.reads += 1
        try:
            return await self._arrivals.read()
        except OSError as error:
            raise httpcore.ReadError(f"{error.strerror or error}") from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - httpcore's signature
        self.reads = 0
        try:
            await self._arrivals.write(buffer)
        except OSError as error:
            raise httpcore.WriteError(f"{error.strerror or error}") from error

    async def aclose(self) -> None:
        self._arrivals.transport.abort()  # no farewell: a hostile peer could make it last

    async def secure(self, tls: ssl.SSLContext) -> None:
        """From here on through TLS, with a certificate that names our host."""
        arrivals = self._arrivals
        plain, loop = arrivals.transport, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(TLS_SECONDS):
                secure = await loop.start_tls(plain, arrivals, tls, server_hostname=self._host)
        except TimeoutError:
            plain.abort()
            raise FetchError("tls", f"{self._host} did not finish the TLS handshake in {TLS_SECONDS:.0f} s") from None
        except OSError as error:  # ssl.SSLError is one
            plain.abort()
            raise FetchError("tls", f"no trusted connection to {self._host}: {error}") from error
        if secure is None:
            raise FetchError("tls", f"{self._host} closed the connection after the TLS handshake")
        arrivals.transport = secure

    @property
    def is_http2(self) -> bool:
        """Whether the TLS handshake agreed on it."""
        tls = self._arrivals.transport.get_extra_info("ssl_object")
        return tls is not None and tls.selected_alpn_protocol() == "h2"

    def get_extra_info(self, info: str) -> bool | None:
        if info != "is_readable":
            return None
        # Asked of an idle connection: was it closed, or was something sent that nobody asked for?
        arrivals = self._arrivals
        return arrivals.is_over or arrivals.transport.is_closing() or len(arrivals) > 0
