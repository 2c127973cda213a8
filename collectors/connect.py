"""Connections: names resolved, every address checked, the checked address connected to; and small transports over them.

httpcore, the engine of httpx, speaks HTTP over a stream that it is given. Ours resolves names by itself, so there is no second
look-up that could give another answer, and looks at the peer of the socket once more after connecting. Kept-alive connections
were checked when made.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from socket import AF_UNSPEC, SOCK_STREAM, gaierror, getaddrinfo

import httpcore

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
Release = Callable[[httpcore.AsyncConnectionInterface], Awaitable[None]]


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


class Backend:
    """Connects to checked addresses only."""

    def __init__(self, guard: Guard, resolve: Resolve) -> None:
        self._guard = guard
        self._resolve = resolve

    async def connect(self, host: str, port: int) -> Stream:
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


class Transport:
    """A few connections of httpcore to one origin, each with one request at a time; kept for the next one while alive.

    Used without httpx: its client reads redirects even where it does not follow them, and fails on odd ones; logs whole URLs;
    keeps cookies; and takes a quarter of the time of a request, its requests and responses another tenth. A pool of httpcore's
    queues requests to many origins and looks through all it has at each, a fifth of the rest.
    """

    def __init__(self, backend: Backend, tls: Callable[[], ssl.SSLContext]) -> None:
        self._backend, self._tls = backend, tls
        self._idle: list[httpcore.AsyncConnectionInterface] = []
        self._room = asyncio.Semaphore(CONNECTIONS_PER_HOST)

    async def ask(self, request: httpcore.Request) -> Response:
        """The head of the answer; it must be closed."""
        await self._room.acquire()
        connection = None
        try:
            connection = await self._connection(request.url.origin)
            answer = await connection.handle_async_request(request)
        except BaseException:
            self._room.release()
            if connection is not None:
                await connection.aclose()
            raise
        response = Response(answer, connection, self._release)
        stream = answer.extensions["network_stream"]
        if isinstance(stream, Stream) and not stream.reads and answer.extensions["http_version"] != b"HTTP/2":
            # The parser found an answer in what was left over from the one before: bytes beyond its announced length.
            await response.aclose()
            raise httpcore.RemoteProtocolError("an answer came before it was asked for")
        return response

    async def _connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        """One that waits for a request, or a new one; those that the other side closed, or that waited too long, go."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_available() and not connection.has_expired():
                return connection
            await connection.aclose()
        stream = await self._backend.connect(origin.host.decode("ascii"), origin.port)
        if origin.scheme == b"https":
            await stream.secure(self._tls())
        kind = httpcore.AsyncHTTP2Connection if stream.is_http2 else httpcore.AsyncHTTP11Connection
        return kind(origin, stream, KEEP_ALIVE_SECONDS)

    async def _release(self, connection: httpcore.AsyncConnectionInterface) -> None:
        self._room.release()
        if connection.is_idle():
            self._idle.append(connection)
        else:
            await connection.aclose()

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().aclose()


class Response:
    """An answer: its head, and its body as it arrives. Closing it gives the connection back."""

    def __init__(self, answer: httpcore.Response, connection: httpcore.AsyncConnectionInterface, release: Release) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self._answer, self._connection = answer, connection
        self._release: Release | None = release

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, packed as it came."""
        return self._answer.aiter_stream()

    async def aclose(self) -> None:
        release, self._release = self._release, None
        if release is None:
            return
        try:
            await self._answer.aclose()
        finally:
            await release(self._connection)
