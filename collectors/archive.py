"""The archive: every attempt to look, kept as it came back, before anything is read from it.

    captures/source=S/date=D/<run_id>-<writer>-<n>.parquet     one row per attempt, body included
    captures/source=S/date=D/<sha256>.zst                      a body too large for a row

A part is written whole (temp, fsync, rename), so a kill loses at most the part that was still in memory. At the end of a run
the small parts of a writer that follow each other are merged; those that were full stay, since merging packs every body anew.
The merged file names the parts it covers, and readers pass those over, so a kill between the rename and the removal shows no row
twice.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from collectors.crash import crash_point
from collectors.processes import without_pandas
from collectors.source import Capture

with without_pandas():
    pa.array([])  # Arrow looks for pandas at the first list only

PART_BYTES = 16 * 1024 * 1024  # bodies held in memory before a part is written
PART_SECONDS = 60.0
MERGED_BYTES = 256 * 1024 * 1024  # merged files stay below this, so that erasing rewrites little
GROUP_ROWS = 64  # rows of a row group: the unit of work of parsing
LARGE_BODY = 8 * 1024 * 1024
ZSTD_LEVEL = 1  # a fifth of the size of real pages, as with 3, whose files are a ninth smaller and take 40 % more time to write

_time = pa.timestamp("us", tz="UTC")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_CONTEXT = "{}"
SCHEMA = pa.schema(
    [
        ("capture_id", pa.string()),
        ("run_id", pa.string()),
        ("source", pa.string()),
        ("watch_id", pa.string()),
        ("origin", pa.string()),
        ("label", pa.string()),
        ("context", pa.string()),
        ("fingerprint", pa.string()),
        ("method", pa.string()),
        ("url", pa.string()),
        ("final_url", pa.string()),
        ("redirects", pa.list_(pa.string())),
        ("http_status", pa.int16()),
        ("verdict", pa.string()),
        ("verdict_reason", pa.string()),
        ("error", pa.string()),
        ("headers", pa.string()),
        ("media_type", pa.string()),
        ("charset", pa.string()),
        ("body", pa.binary()),
        ("body_hash", pa.string()),
        ("body_of", pa.string()),
        ("body_state", pa.string()),
        ("fetched_at", _time),
        ("observed_at", _time),
        ("elapsed_ms", pa.int32()),
        ("attempt", pa.int16()),
        ("depth", pa.int16()),
    ]
)
FACTS = [name for name in SCHEMA.names if name != "body"]
_CAPTURE_FIELDS = {f.name for f in fields(Capture)}
assert set(SCHEMA.names) == _CAPTURE_FIELDS, set(SCHEMA.names) ^ _CAPTURE_FIELDS

_encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
_PART = re.compile(r"(?P<stem>.+)-(?P<n>\d{5})\.parquet")
_MERGED = re.compile(r"(?P<stem>.+)-(?P<low>\d{5})to(?P<high>\d{5})\.parquet")
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,80}")


def new_capture_id(now: datetime) -> str:
    """An id that sorts by time: `cap_`, 12 hex digits of milliseconds, 12 random ones."""
    return f"cap_{int(now.timestamp() * 1000):012x}{secrets.token_hex(6)}"


def new_run_id(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def check_run_id(run_id: str) -> str:
    """A run id becomes a file name: refuse what could be a path."""
    if not _PLAIN.fullmatch(run_id) or run_id.startswith((".", "-")):
        raise ValueError(f"run id {run_id!r} may hold letters, digits, '_', '.', '-' only (at most 80)")
    return run_id


def partition(store: Path, source: str, day: date) -> Path:
    return store / "captures" / f"source={source}" / f"date={day.isoformat()}"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write beside, fsync, rename: a reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        crash_point("archive-before-rename")
        beside.replace(path)
        _sync_folder(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file beside the data; freed by the system when the holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _table(captures: Sequence[Capture]) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [getattr(capture, name) for capture in captures] for name in FACTS}
    for name in ("context", "headers"):
        columns[name] = [_encoded(dict(value)) for value in columns[name]]
    arrays = {name: pa.array(values, SCHEMA.field(name).type) for name, values in columns.items()}
    arrays["body"] = _bodies([capture.body for capture in captures])
    return pa.table([arrays[name] for name in SCHEMA.names], schema=SCHEMA)


def _bodies(bodies: Sequence[bytes | None]) -> pa.Array[Any]:
    """The column of bodies, copied once: what Arrow builds of a list grows, and is copied each time."""
    is_there = pa.array([body is not None for body in bodies], pa.bool_())
    offsets = array("i", accumulate((len(body or b"") for body in bodies), initial=0))
    data = b"".join(body or b"" for body in bodies)
    return pa.Array.from_buffers(pa.binary(), len(bodies), [is_there.buffers()[1], pa.py_buffer(offsets), pa.py_buffer(data)])


def _in_groups(captures: Sequence[Capture]) -> Iterator[Sequence[Capture]]:
    """So many at a time that they are packed from memory that is still warm."""
    return (captures[first : first + GROUP_ROWS] for first in range(0, len(captures), GROUP_ROWS))


def _write(path: Path, tables: Iterable[pa.Table]) -> None:
    with (
        replacing(path) as beside,
        pq.ParquetWriter(
            beside,
            SCHEMA,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            use_dictionary=["run_id", "source", "watch_id", "verdict"],  # type: ignore[arg-type]  # the stubs know only bool
        ) as writer,
    ):
        for table in tables:
            writer.write_table(table, row_group_size=GROUP_ROWS)


class ArchiveWriter:
    """Appends captures of one run and source. Not shared between threads; parts are written where `add` is called."""

    def __init__(self, store: Path, source: str, day: date, run_id: str) -> None:
        self.folder = partition(store, source, day)
        self.stem = f"{check_run_id(run_id)}-{os.getpid():x}{secrets.token_hex(3)}"
        self.parts: list[Path] = []
        self._full: set[Path] = set()  # of them
        self._open: list[Capture] = []
        self._bytes = 0
        self._since = time.monotonic()

    def add(self, capture: Capture) -> None:
        """Keep a capture. A very large body is written beside at once."""
        if capture.body is not None and len(capture.body) > LARGE_BODY:
            self._write_large(capture.body_hash, capture.body)
            capture = replace(capture, body=None)
        self._open.append(capture)
        self._bytes += len(capture.body or b"")

    @property
    def is_full(self) -> bool:
        return self._bytes >= PART_BYTES or (bool(self._open) and time.monotonic() - self._since >= PART_SECONDS)

    def flush(self) -> None:
        """Write the open part; after this returns, its captures survive a kill."""
        if self._open:
            path = self.folder / f"{self.stem}-{len(self.parts):05d}.parquet"
            _write(path, (_table(captures) for captures in _in_groups(self._open)))
            self.parts.append(path)
            if self._bytes >= PART_BYTES:
                self._full.add(path)
        self._open, self._bytes, self._since = [], 0, time.monotonic()

    def close(self) -> None:
        """Write what is open and merge the small parts of this writer."""
        self.flush()
        crash_point("archive-before-merge")
        for is_full, parts in groupby(self.parts, key=self._full.__contains__):
            if not is_full:
                self._merge(list(parts))

    def _merge(self, parts: list[Path]) -> None:
        while len(parts) > 1:
            total = 0
            group: list[Path] = []
            for path in parts:
                total += path.stat().st_size
                if group and total > MERGED_BYTES:
                    break
                group.append(path)
            parts = parts[len(group) :]
            if len(group) == 1:
                continue
            low, high = (int(_matched(_PART, path).group("n")) for path in (group[0], group[-1]))
            merged = self.folder / f"{self.stem}-{low:05d}to{high:05d}.parquet"
            _write(merged, (batch for path in group for batch in _groups(path)))
            crash_point("archive-before-unlink")
            for path in group:
                path.unlink()

    def _write_large(self, body_hash: str, body: bytes) -> None:
        path = self.folder / f"{body_hash}.zst"
        if not path.exists():
            with replacing(path) as beside:
                beside.write_bytes(zstandard.compress(body, ZSTD_LEVEL))


def _matched(pattern: re.Pattern[str], path: Path) -> re.Match[str]:
    found = pattern.fullmatch(path.name)
    if found is None:
        raise ValueError(f"{path} is not named as a capture part")
    return found


def _groups(path: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number)


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Replace a capture file by its changed row groups."""
    _write(path, (change(table) for table in _groups(path)))


def body_hash(body: bytes) -> str:
    return sha256(body).hexdigest()


# --- reading back -------------------------------------------------------------------------------------------------------------


def capture_files(store: Path, source: str | None = None, day: date | None = None) -> list[Path]:
    """Files of captures in the order they were written; parts that a merged file covers are passed over."""
    pattern = f"source={source or '*'}/date={day.isoformat() if day else '*'}"
    files: list[Path] = []
    for folder in sorted((store / "captures").glob(pattern)):
        names = sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))
        covered: dict[str, list[tuple[int, int]]] = {}
        for path in names:
            if merged := _MERGED.fullmatch(path.name):
                covered.setdefault(merged["stem"], []).append((int(merged["low"]), int(merged["high"])))
        for path in names:
            part = _PART.fullmatch(path.name)
            if part and not _MERGED.fullmatch(path.name):
                ranges = covered.get(part["stem"], [])
                if any(low <= int(part["n"]) <= high for low, high in ranges):
                    continue
            files.append(path)
    return files


def remove_covered_parts(store: Path, source: str, day: date) -> None:
    """Finish a merge that a kill interrupted between its rename and the removal of its parts."""
    kept = set(capture_files(store, source, day))
    for path in partition(store, source, day).glob("*.parquet"):
        if path not in kept and not path.name.startswith("."):
            path.unlink(missing_ok=True)


def sources_and_days(store: Path) -> list[tuple[str, date]]:
    """All partitions that hold captures."""
    return [
        (folder.parent.name.removeprefix("source="), date.fromisoformat(folder.name.removeprefix("date=")))
        for folder in sorted((store / "captures").glob("source=*/date=*"))
    ]


@dataclass(frozen=True, slots=True)
class Group:
    """A row group of a capture file: the unit of reading back with bodies."""

    path: Path
    number: int


def read_facts(path: Path, columns: Sequence[str] = tuple(FACTS)) -> list[pa.Table]:
    """The rows of a file without bodies, one table a row group."""
    with pq.ParquetFile(path) as file:
        return [file.read_row_group(number, columns=list(columns), use_threads=False) for number in range(file.num_row_groups)]


def facts(path: Path) -> Iterator[Capture]:
    """The captures of a file without their bodies."""
    for table in read_facts(path):
        for row in _rows(table):
            yield _capture({**row, "body": None})


def read_group(group: Group, wanted: Callable[[str], bool] | None = None) -> Iterator[Capture]:
    """The captures of a row group with their bodies, those whose capture_id is wanted."""
    with pq.ParquetFile(group.path) as file:
        table = file.read_row_group(group.number, use_threads=False)  # another thread has a heap of its own, which is cold
    for row in _rows(table):
        if wanted is None or wanted(row["capture_id"]):
            yield _capture(row, group.path.parent)


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows as arguments of Capture, by names that Python knows as the same strings: others it compares one by one."""
    names = [*map(sys.intern, table.column_names)]
    return (dict(zip(names, row, strict=True)) for row in zip(*map(_values, table.columns), strict=True))


def _values(column: pa.ChunkedArray[Any]) -> list[Any]:
    if column.type != _time:
        return column.to_pylist()
    numbers: list[Any] = column.cast(pa.int64()).to_pylist()
    return [_EPOCH + timedelta(microseconds=number) for number in numbers]  # Arrow itself looks up the zone for every one


def read_captures(store: Path, source: str | None = None, day: date | None = None) -> Iterator[Capture]:
    """All captures of a partition with their bodies, a row group in memory at a time."""
    for path in capture_files(store, source, day):
        with pq.ParquetFile(path) as file:
            count = file.num_row_groups
        for number in range(count):
            yield from read_group(Group(path, number))


def find_capture(store: Path, capture_id: str) -> Capture | None:
    """One capture with its body by id, or None."""
    group = locate(store, capture_id)
    return None if group is None else next(read_group(group, lambda found: found == capture_id), None)


def locate(store: Path, capture_id: str, source: str | None = None) -> Group | None:
    """The row group that holds a capture. Looks first at the days that the time in its id points to."""
    likely = [path for day in _likely_days(capture_id) for path in capture_files(store, source, day)]
    return _locate(likely, capture_id) or _locate(capture_files(store, source), capture_id)


def _locate(paths: Iterable[Path], capture_id: str) -> Group | None:
    for path in paths:
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                statistics = file.metadata.row_group(number).column(0).statistics
                if statistics is not None and not str(statistics.min or "") <= capture_id <= str(statistics.max or "\uffff"):
                    continue
                if capture_id in file.read_row_group(number, columns=["capture_id"])["capture_id"].to_pylist():
                    return Group(path, number)
    return None


def _likely_days(capture_id: str) -> list[date]:
    """The day on which a capture was made, and the one before, on which its run may have begun."""
    try:
        moment = datetime.fromtimestamp(int(capture_id[4:16], 16) / 1000, UTC)
        return [moment.date(), moment.date() - timedelta(days=1)]
    except (ValueError, OverflowError, OSError):
        return []


def _capture(row: dict[str, Any], folder: Path | None = None) -> Capture:
    row["context"] = json.loads(row["context"]) if isinstance(row["context"], str) else row["context"]
    row["headers"] = json.loads(row["headers"]) if isinstance(row["headers"], str) else row["headers"]
    row["redirects"] = tuple(row["redirects"] or ())
    if folder is not None and row["body"] is None and row["body_state"] == "stored":
        row["body"] = zstandard.decompress((folder / f"{row['body_hash']}.zst").read_bytes())
    return Capture(**row)
