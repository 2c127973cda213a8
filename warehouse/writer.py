"""The one writer of the private build file."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from warehouse.files import build_file, published_link, work_dir

EX_TEMPFAIL = 75  # sysexits.h: try again later


class WriterBusy(Exception):  # noqa: N818 - a state of the world, not a fault; the command exits with `exit_code`
    """Somebody else is writing the warehouse; says who."""

    exit_code = EX_TEMPFAIL


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine may take of the machine."""

    memory: str = "1200MB"
    temp: str = "20GB"
    threads: int = 0  # 0: as many as there are cores


@contextmanager
def open_build(store: Path, step: str, limits: Limits | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file, open for writing, closed at the end. Raises WriterBusy when another process holds it.

    The lock is the kernel's (flock): it ends with its process, so there is never a stale one to delete by hand.
    """
    with _lock(store, step):
        connection = _connect(store, limits or Limits())
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def _lock(store: Path, step: str) -> Iterator[None]:
    path = work_dir(store) / "warehouse.lock"
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise WriterBusy(f"the warehouse is being written by {_holder(file.read())}; try again when it is done") from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "step": step, "since": datetime.now(UTC).isoformat(timespec="seconds")}))
        file.flush()
        yield


def _holder(text: str) -> str:
    try:
        holder = json.loads(text)
    except ValueError:
        return "another process"
    return f"process {holder['pid']} ({holder['step']}, since {holder['since']})"


def _connect(store: Path, limits: Limits) -> duckdb.DuckDBPyConnection:
    path = build_file(store)
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory,
        "max_temp_directory_size": limits.temp,
        "temp_directory": str(work_dir(store) / "spill"),
        "storage_compatibility_version": "v1.5.0",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": True,
    }
    if limits.threads:
        config["threads"] = limits.threads
    try:
        connection = duckdb.connect(str(path), config=config)
    except duckdb.IOException as error:
        if "lock" not in str(error).lower():
            raise
        raise WriterBusy(
            f"somebody has the private build file open: {error}. Query the published file {published_link(store)} instead."
        ) from error
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # DuckDB draws it where it takes a process for a notebook
    # Many batches in a row: a checkpoint after each would write the last row group again and again. A kill leaves a log to
    # replay.
    connection.execute("SET wal_autocheckpoint = '256MB'")
    return connection
