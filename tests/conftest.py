"""What all tests share: no test reaches beyond this machine, and none sees another's settings."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvloop
from hypothesis import settings

settings.register_profile("dozor", deadline=None, derandomize=True)  # the machine is noisy; a failure must come back the same
settings.load_profile("dozor")

LOOPBACK = ("127.", "::1", "0.0.0.0", "localhost")


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anywhere but this machine is a fault of the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else str(address)
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(host).startswith(LOOPBACK):
            raise AssertionError(f"a test wants to connect to {host}")
        connect(self, address)  # type: ignore[arg-type]

    async def open_connection(host: str, *where: Any, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if not host.startswith(LOOPBACK):
            raise AssertionError(f"a test wants to connect to {host}")
        return await open_stream(host, *where, **options)

    open_stream = asyncio.open_connection
    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(asyncio, "open_connection", open_connection)  # uvloop's connections are made in C


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests wait on the loop that the pipeline waits on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DOZOR_") and name != "DOZOR_CORPORA"]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def loggers_as_they_were() -> Iterator[None]:
    """A command may quieten a logger for the rest of its process; the next test needs it again."""
    before = _levels()
    yield
    for name in _levels():
        logging.getLogger(name).setLevel(before.get(name, logging.NOTSET))


def _levels() -> dict[str, int]:
    ours = [name for name in logging.root.manager.loggerDict if name.startswith(("collectors", "dozor"))]
    return {name: logging.getLogger(name).level for name in ours}
