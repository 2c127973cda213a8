"""The one writer of the private build file."""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from collectors.processes import without_pandas
from warehouse.files import build_file, published_link, work_dir

log = logging.getLogger(__name__)

EX_TEMPFAIL = 75  # sysexits.h: try again later
_LOCKED = "Could not set lock"  # what DuckDB says when another process has a file open
_NO_ROOM = ("No space left", "File too large", "quota exceeded")
_DAMAGED = ("not a valid DuckDB database", "Corrupt database file", "Could not read enough bytes", "checksum")


class WriterBusy(Exception):  # noqa: N818 - a state of the world, not a fault; the command exits with `exit_code`
    """Somebody else is writing the warehouse; says who."""

    exit_code = EX_TEMPFAIL


class BuildFileError(Exception):
    """The private build file cannot be used; says what mends it. Batches and published files are not touched."""

    exit_code = 1


class Limits(NamedTuple):
    """What the engine may take of the machine."""

    memory: str = "1200MB"
    temp: str = "20GB"
    threads: int = 0  # 0: as many as there are cores


@contextmanager
def open_build(store: Path, step: str, limits: Limits | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file, open for writing, closed at the end. Raises WriterBusy when another process holds it.

    The lock is the kernel's (flock): it ends with its process, so there is never a stale one to delete by hand. A file that is
    damaged is removed: it holds nothing that the batches do not, and is made anew from them.
    """
    with _lock(store, step), without_pandas():
        connection = _connect(store, limits or Limits())
        try:
            yield connection
        except duckdb.Error as error:
            if (mending := _mending(error)) is None:
                raise
            raise BuildFileError(f"{build_file(store)}: {error}. {mending}") from error
        finally:
            connection.close()


def start_anew(store: Path) -> None:
    """Remove the build file: the next step makes it from the batches. Raises WriterBusy when another process holds it."""
    with _lock(store, "start anew"):
        for path in _files_of(build_file(store)):
            path.unlink(missing_ok=True)


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
        # It would take a file for the one of that name that it read a moment ago: models write theirs again and again.
        "enable_external_file_cache": False,
    }
    if limits.threads:
        config["threads"] = limits.threads
    try:
        connection = duckdb.connect(str(path), config=config)
    except duckdb.Error as error:
        if _LOCKED in str(error):
            raise WriterBusy(
                f"somebody has the private build file open: {error}. Query the published file {published_link(store)} instead."
            ) from error
        if not _is_damage(error):
            raise BuildFileError(
                f"{path} cannot be opened: {error}. All it holds is in the batches: `dozor refresh --full` makes it anew."
            ) from error
        log.warning("%s is damaged and is made anew from the batches: %s", path, error)
        for part in _files_of(path):
            part.unlink(missing_ok=True)
        connection = duckdb.connect(str(path), config=config)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # DuckDB draws it where it takes a process for a notebook
    # Many batches in a row: a checkpoint after each would write the last row group again and again. A kill leaves a log to
    # replay.
    connection.execute("SET wal_autocheckpoint = '256MB'")
    return connection


def _files_of(path: Path) -> tuple[Path, Path]:
    """The file and its log of changes, which belongs to no other file."""
    return path, path.with_name(path.name + ".wal")


def _mending(error: duckdb.Error) -> str | None:
    """What a person can do about an error of the engine; None: only a developer can do something."""
    if _is_damage(error):
        return "The file is damaged and nothing is lost: `dozor refresh --full` makes it anew from the batches."
    if any(sign in str(error) for sign in _NO_ROOM):
        return "Nothing that was finished is lost: make room on the disk and run `dozor refresh` again."
    if isinstance(error, duckdb.OutOfMemoryException):
        return "Raise memory_limit_mb in dozor.yml and run `dozor refresh` again."
    return None


def _is_damage(error: duckdb.Error) -> bool:
    return any(sign in str(error) for sign in _DAMAGED)
