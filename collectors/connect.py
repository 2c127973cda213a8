"""Connections: names resolved, every address checked, the checked address connected to; and small httpx transports over them.

httpcore, the engine of httpx, asks a `NetworkBackend` for connections; ours resolves by itself, so there is no second look-up
that could give another answer, and looks at the peer of the socket once more after connecting. Kept-alive connections were
checked when made.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from socket import AF_UNSPEC, SOCK_STREAM, gaierror, getaddrinfo
from typing import Any

import httpcore
import httpx

from collectors.addresses import Guard
from collectors.failures import FetchError
from collectors.stream import Arrivals, Stream

DNS_SECONDS = 10.0
CONNECT_SECONDS = 10.0
MOST_ADDRESSES = 4  # tried for one connection; all that a name has are checked
CONNECTIONS_PER_HOST = 4
KEEP_ALIVE_SECONDS = 20.0

logging.getLogger("httpcore").setLevel(logging.WARNING)  # at DEBUG it logs headers, secrets included

Resolve = Callable[[str, int], Awaitable[list[str]]]
Release = Callable[[httpcore.AsyncHTTPConnection], Awaitable[None]]


class Resolver:
    """The system's resolver in threads of its own, so that hung look-ups hold up nothing else."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="dns")

    async def __call__(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, lambda: getaddrinfo(host, port, family=AF_UNSPEC, type=SOCK_STREAM))
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Backend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses only."""

    def __init__(self, guard: Guard, resolve: Resolve) -> None:
        self._guard = guard
        self._resolve = resolve

    async def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        addresses = (await self._addresses(host, port))[:MOST_ADDRESSES]
        loop, reason = asyncio.get_running_loop(), ""
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_SECONDS / len(addresses)):
                    transport, arrivals = await loop.create_connection(Arrivals, address, port)
            except TimeoutError:
                reason = f"{address} did not answer"
                continue
            except OSError as error:
                reason = f"{address}: {error.strerror or error}"
                continue
            try:
                self._guard.check_address(host, transport.get_extra_info("peername")[0])
            except FetchError:
                transport.abort()
                raise
            return Stream(arrivals, host)
        raise FetchError("connect", f"no connection to {host}:{port}: {reason}")

    async def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, all of them allowed."""
        try:
            found = [str(ip_address(host.strip("[]")))]
        except ValueError:
            found = await self._resolved(host, port)
        for address in found:
            self._guard.check_address(host.strip("[]"), address)
        return found

    async def _resolved(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(DNS_SECONDS):
                found = await self._resolve(host, port)
        except TimeoutError:
            raise FetchError("dns_timeout", f"{host} was not resolved in {DNS_SECONDS:.0f} s") from None
        except (gaierror, UnicodeError) as error:
            raise FetchError("dns", f"{host} has no address: {error}") from error
        if not found:
            raise FetchError("dns", f"{host} has no address")
        return found

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise FetchError("guard", f"sockets of this machine are not asked: {path}")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Transport(httpx.AsyncBaseTransport):
    """httpx over a few connections of httpcore to one origin, each with one request at a time; kept for the next one while alive.

    Used without `httpx.AsyncClient`: it reads redirects even where it does not follow them, and fails on odd ones; logs whole
    URLs; keeps cookies; and takes a quarter of the time of a request. A pool of httpcore's queues requests to many origins and
    looks through all it has at each, a fifth of the rest.
    """

    def __init__(self, backend: Backend, tls: ssl.SSLContext, http2: bool) -> None:
        self._backend, self._tls, self._http2 = backend, tls, http2
        self._idle: list[httpcore.AsyncHTTPConnection] = []
        self._room = asyncio.Semaphore(CONNECTIONS_PER_HOST)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        sent = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        await self._room.acquire()
        connection = None
        try:
            connection = await self._connection(sent.url.origin)
            response = await connection.handle_async_request(sent)
        except BaseException as error:
            self._room.release()
            if connection is not None:
                await connection.aclose()
            if isinstance(error, httpcore.ProtocolError | httpcore.NetworkError):
                raise _as_httpx(error) from error
            raise
        body = _Body(response, connection, self._release)
        stream = response.extensions["network_stream"]
        if isinstance(stream, Stream) and not stream.reads and response.extensions["http_version"] != b"HTTP/2":
            # The parser found an answer in what was left over from the one before: bytes beyond its announced length.
            await body.aclose()
            raise httpx.RemoteProtocolError("an answer came before it was asked for")
        return httpx.Response(response.status, headers=response.headers, stream=body, extensions=response.extensions)

    async def _connection(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """One that waits for a request, or a new one; those that the other side closed, or that waited too long, go."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_available() and not connection.has_expired():
                return connection
            await connection.aclose()
        return httpcore.AsyncHTTPConnection(
            origin, self._tls, keepalive_expiry=KEEP_ALIVE_SECONDS, http2=self._http2, network_backend=self._backend
        )

    async def _release(self, connection: httpcore.AsyncHTTPConnection) -> None:
        self._room.release()
        if connection.is_idle():
            self._idle.append(connection)
        else:
            await connection.aclose()

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response, connection: httpcore.AsyncHTTPConnection, release: Release) -> None:
        self._response, self._connection = response, connection
        self._release: Release | None = release

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.aiter_stream():
                yield chunk
        except (httpcore.ProtocolError, httpcore.NetworkError) as error:
            raise _as_httpx(error) from error

    async def aclose(self) -> None:
        release, self._release = self._release, None
        if release is None:
            return
        try:
            await self._response.aclose()
        finally:
            await release(self._connection)


def _as_httpx(error: Exception) -> httpx.TransportError:
    if isinstance(error, httpcore.LocalProtocolError):
        return httpx.LocalProtocolError(str(error))
    return httpx.RemoteProtocolError(str(error)) if isinstance(error, httpcore.ProtocolError) else httpx.NetworkError(str(error))
