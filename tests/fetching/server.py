"""A loopback server that misbehaves as told: raw sockets, one script a path, and a log of what it saw and when.

    async with serve({"/a": ok(b"hello"), "/slow": drip(b"x")}) as server:
        server.url("/a")

A script is an async function of the exchange: it may read more, write any bytes at any pace, hang, or cut the connection. Unknown
paths answer 404.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Script = Callable[["Seen"], Awaitable[None]]


@dataclass
class Seen:
    """One request as the server saw it."""

    method: str
    path: str  # with query
    headers: dict[str, str]  # lower-case names
    body: bytes
    at: float  # time.monotonic
    connection: int
    reader: asyncio.StreamReader = field(repr=False)
    writer: asyncio.StreamWriter = field(repr=False)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Cuts the connection with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class FaultServer:
    """What a test holds of a running server."""

    scripts: dict[str, Script]
    host: str
    port: int = 0
    scheme: str = "http"
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/", host: str | None = None) -> str:
        return f"{self.scheme}://{host or self.host}:{self.port}{path}"

    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while not writer.is_closing() and (seen := await _read(reader, writer, number)) is not None:
                self.seen.append(seen)
                await self.scripts.get(seen.path.partition("?")[0], status(404))(seen)
            writer.close()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            writer.transport.abort()  # the client went away, as hostile answers make it
        except asyncio.CancelledError:
            writer.transport.abort()
            raise


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(method, path, headers, body, time.monotonic(), number, reader, writer)


@asynccontextmanager
async def serve(
    scripts: Mapping[str, Script], host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[FaultServer]:
    """Runs a server for the time of a block; connections still open at its end are cut."""
    server = FaultServer(dict(scripts), host, scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(server.handle(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    running = await asyncio.start_server(accept, host, 0, ssl=tls, limit=2**20)
    server.port = running.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        running.close()
        waiting = list(tasks)
        for task in waiting:
            task.cancel()
        for result in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        await asyncio.sleep(0)  # cut transports say goodbye to the loop in its next round


def raw(data: bytes, close: bool = False) -> Script:
    """Exactly these bytes."""

    async def script(seen: Seen) -> None:
        await seen.write(data)
        if close:
            seen.writer.close()

    return script


def ok(body: bytes = b"hello", headers: Mapping[str, str] | None = None, code: int = 200) -> Script:
    """A proper answer."""
    lines = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return raw(f"HTTP/1.1 {code} Said\r\n{head}\r\n".encode() + body)


def status(code: int, headers: Mapping[str, str] | None = None) -> Script:
    """A status with a short body."""
    return ok(f"status {code}".encode(), headers, code)


def redirect(location: str, code: int = 302, headers: Mapping[str, str] | None = None) -> Script:
    return ok(b"", {"Location": location, **(headers or {})}, code)


def packed(body: bytes, coding: str) -> Script:
    return ok(body, {"Content-Encoding": coding})


def in_turn(*scripts: Script) -> Script:
    """One script after the other, the last one from then on."""
    left = list(scripts)

    async def script(seen: Seen) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(seen)

    return script


def drip(data: bytes, seconds: float = 0.05, head: bytes = b"") -> Script:
    """The head at once, then the same bytes again and again, slowly and without end."""

    async def script(seen: Seen) -> None:
        await seen.write(head)
        while True:
            await seen.write(data)
            await asyncio.sleep(seconds)

    return script


def flood(data: bytes, head: bytes = b"", most: int = 400_000_000) -> Script:
    """The head, then the same bytes again and again, as fast as they are taken."""

    async def script(seen: Seen) -> None:
        await seen.write(head)
        for _ in range(most // len(data)):
            await seen.write(data)

    return script


def hang() -> Script:
    async def script(seen: Seen) -> None:
        await asyncio.sleep(3600)

    return script


def reset(head: bytes = b"") -> Script:
    """Some bytes, then RST."""

    async def script(seen: Seen) -> None:
        if head:
            await seen.write(head)
            await asyncio.sleep(0.02)
        seen.reset()

    return script
