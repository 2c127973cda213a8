"""Where the store keeps what, and how a file appears there: whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

_PUBLISHED = re.compile(r"warehouse-(\d{6,})\.duckdb")
_SAFE = re.compile(r"[a-z][a-z0-9_]{0,62}")


def safe_name(name: str) -> str:
    """The name if it may become part of a path or an identifier; ValueError otherwise."""
    if not _SAFE.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of lower-case letters, digits and underscores")
    return name


def batch_path(store: Path, table: str, source: str, day: date) -> Path:
    return store / "batches" / f"table={safe_name(table)}" / f"source={safe_name(source)}" / f"date={day.isoformat()}.parquet"


def acceptance_path(store: Path, table: str, source: str, day: date) -> Path:
    return store / "accepted" / f"table={safe_name(table)}" / f"source={safe_name(source)}" / f"date={day.isoformat()}.json"


def loaded_path(store: Path, table: str, source: str, day: date) -> Path:
    """The batch whose rows stand in the warehouse: the one in place, or the last good one before a held one."""
    return store / "loaded" / f"table={safe_name(table)}" / f"source={safe_name(source)}" / f"date={day.isoformat()}.parquet"


def work_dir(store: Path) -> Path:
    path = store / "work"
    path.mkdir(parents=True, exist_ok=True)
    return path


def build_file(store: Path) -> Path:
    """The private build file: only the writer opens it."""
    return work_dir(store) / "warehouse.duckdb"


def published_link(store: Path) -> Path:
    """What readers open: a link to the newest published file."""
    return store / "warehouse.duckdb"


def published_file(store: Path, build_id: int) -> Path:
    """The published file of a build."""
    return store / f"warehouse-{build_id:06d}.duckdb"


def build_of(path: Path) -> int:
    """The build a published file is of, by its name; 0 for another name."""
    match = _PUBLISHED.fullmatch(path.name)
    return int(match[1]) if match else 0


def current_file(store: Path) -> Path | None:
    """The published file readers are to open now; None before the first publication."""
    link = published_link(store)
    if not link.is_symlink():
        return None
    target = link.resolve()
    return target if target.exists() else None


def hash_of(path: Path) -> str:
    """sha256 of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well: written through to disk, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def link_or_copy(path: Path, target: Path) -> None:
    """The file's bytes of this moment under a second name, without taking room where the file system has hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(path, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(path, target)
        sync(target)


def sync(path: Path) -> None:
    """fsync of a file or directory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
