"""Connections: names resolved, every address checked, the checked address connected to.

httpcore asks a `NetworkBackend` for connections; ours resolves by itself, so there is no second look-up that could give
another answer, and looks at the peer of the socket once more after connecting. Kept-alive connections were checked when made.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from socket import AF_UNSPEC, SOCK_STREAM, gaierror, getaddrinfo
from typing import Any

import httpcore

from collectors.addresses import Guard
from collectors.failures import FetchError

DNS_SECONDS = 10.0
CONNECT_SECONDS = 10.0
TLS_SECONDS = 15.0
MOST_ADDRESSES = 4  # tried for one connection; all that a name has are checked
READ_BUFFER = 128 * 1024

Resolve = Callable[[str, int], Awaitable[list[str]]]


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


class Stream(httpcore.AsyncNetworkStream):
    """An asyncio stream as httpcore wants it. Time limits are kept around the whole request, not here."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        try:
            return await self._reader.read(max_bytes)
        except OSError as error:
            raise _broken(self._host, error) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as error:
            raise _broken(self._host, error) from error

    async def aclose(self) -> None:
        self._writer.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(TLS_SECONDS):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            self._writer.transport.abort()
            raise FetchError("tls", f"{self._host} did not finish the TLS handshake in {TLS_SECONDS:.0f} s") from None
        except (OSError, ssl.CertificateError) as error:
            self._writer.transport.abort()
            raise FetchError("tls", f"no trusted connection to {self._host}: {error}") from error
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._writer.get_extra_info("ssl_object")
        if info == "client_addr":
            return self._writer.get_extra_info("sockname")
        if info == "server_addr":
            return self._writer.get_extra_info("peername")
        if info == "is_readable":  # asked of an idle connection: has the server closed it, or sent what nobody asked for?
            return self._reader.at_eof() or self._writer.transport.is_closing() or bool(self._reader._buffer)  # type: ignore[attr-defined]
        return None


class Backend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses only."""

    def __init__(self, guard: Guard, resolve: Resolve) -> None:
        self._guard = guard
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._addresses(host, port)
        reason = "no address"
        for address in addresses[:MOST_ADDRESSES]:
            try:
                async with asyncio.timeout(CONNECT_SECONDS / min(len(addresses), MOST_ADDRESSES)):
                    reader, writer = await asyncio.open_connection(address, port, limit=READ_BUFFER)
            except TimeoutError:
                reason = f"{address} did not answer"
                continue
            except OSError as error:
                reason = f"{address}: {error.strerror or error}"
                continue
            try:
                self._guard.check_address(host, writer.get_extra_info("peername")[0])
            except FetchError:
                writer.transport.abort()
                raise
            return Stream(reader, writer, host)
        raise FetchError("connect", f"no connection to {host}:{port}: {reason}")

    async def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, all of them allowed."""
        literal = host.strip("[]")
        with contextlib.suppress(ValueError):
            ip_address(literal)
            self._guard.check_address(literal, literal)
            return [literal]
        try:
            async with asyncio.timeout(DNS_SECONDS):
                found = await self._resolve(host, port)
        except TimeoutError:
            raise FetchError("dns_timeout", f"{host} was not resolved in {DNS_SECONDS:.0f} s") from None
        except (gaierror, UnicodeError) as error:
            raise FetchError("dns", f"{host} has no address: {error}") from error
        if not found:
            raise FetchError("dns", f"{host} has no address")
        for address in found:
            self._guard.check_address(host, address)
        return found

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise FetchError("guard", "sockets of this machine are not asked")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _broken(host: str, error: OSError) -> FetchError:
    return FetchError("reset", f"{host} broke off the connection: {error.strerror or error}")
