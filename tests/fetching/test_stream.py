"""One connection: what arrives is handed on whole, a flood is held up, and a broken connection says so."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpcore
import pytest

from collectors.stream import MOST_UNREAD, Arrivals, Stream

FLOOD = bytes(range(256)) * 64 * 1024  # 16 MB, more than the buffers of a socket hold
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def connected(serve: Serve) -> AsyncIterator[tuple[Stream, Arrivals]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except ConnectionError:
            pass  # what our side does at the end of a test
        finally:
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        _, arrivals = await asyncio.get_running_loop().create_connection(Arrivals, *server.sockets[0].getsockname())
        stream = Stream(arrivals, "shop.example")
        try:
            yield stream, arrivals
        finally:
            await stream.aclose()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - what is waited for is no event of ours
            await asyncio.sleep(0.01)


async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(FLOOD)
    await writer.drain()


async def test_a_flood_that_nobody_reads_is_held_up_and_loses_nothing() -> None:
    async with connected(flood) as (stream, arrivals):
        await until(lambda: len(arrivals) > MOST_UNREAD)
        await asyncio.sleep(0.05)
        assert len(arrivals) < 4 * MOST_UNREAD
        read = []
        while chunk := await stream.read(1):
            read.append(chunk)

    assert b"".join(read) == FLOOD


async def test_after_the_last_word_of_the_other_side_there_is_nothing_to_read() -> None:
    async def speak_and_go(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"tea")

    async with connected(speak_and_go) as (stream, _):
        assert await stream.read(100) == b"tea"
        assert await stream.read(100) == b""
        assert await stream.read(100) == b""
        assert stream.get_extra_info("is_readable")


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


async def test_a_broken_connection_is_an_error_for_who_reads() -> None:
    async with connected(reset) as (stream, _):
        await stream.write(b"x")
        with pytest.raises(httpcore.ReadError):
            await stream.read(100)


async def test_a_broken_connection_is_an_error_for_who_waits_to_write() -> None:
    async with connected(reset) as (stream, _):
        with pytest.raises(httpcore.WriteError):
            await stream.write(FLOOD)


async def test_an_idle_connection_is_asked_for_what_came_unasked() -> None:
    async def wait_and_speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"unasked")
        await writer.drain()
        await reader.read(1)

    async with connected(wait_and_speak) as (stream, arrivals):
        assert not stream.get_extra_info("is_readable")
        await stream.write(b"x")
        await until(lambda: len(arrivals) > 0)
        assert stream.get_extra_info("is_readable")
