"""Batches: the observations of one table, source and day, one Parquet file each.

A batch is whole: it is replaced, never appended to. Its footer lists the captures it was made from with the version that read
each, so a killed task's orphan that knows less than the file in place is refused. Rows pass through in their order, a row group
in memory at a time (warehouse/runs.py).
"""

from __future__ import annotations

import fcntl
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collectors.crash import crash_point
from transforms.tables import TABLE_VERSION, Table, tables
from warehouse.files import batch_path, hash_of, link_or_copy, loaded_path, replaced, safe_name, work_dir
from warehouse.profile import Profiler
from warehouse.runs import KEY, in_order, row_groups

_FOOTER = "dozor"
ZSTD_LEVEL = 2  # a fifteenth larger than with 3, in three quarters of the time
READ_ROWS = 256  # of a batch in place, at a time
READ_BUFFER = 64 * 1024  # of each of its columns


class FencedWriteError(Exception):
    """A batch would replace one that was made from more captures; nothing was written."""


@dataclass(frozen=True, slots=True)
class BatchInfo:
    """What a batch's footer says."""

    table: str
    source: str
    day: date
    rows: int
    captures: Mapping[str, str]  # capture_id -> version that read it
    fill: Mapping[str, float]  # column -> share of rows that have it, 0-1; empty without rows
    profile: Mapping[str, Mapping[str, Any]]  # column -> what its values are like (warehouse/profile.py)
    distinct_records: int
    table_version: int
    path: Path


def write_batch(
    store: Path,
    table: str,
    source: str,
    day: date,
    rows: pa.Table,
    captures: Mapping[str, str],
    *,
    erased: Collection[str] = (),
) -> BatchInfo:
    """Put the whole batch in place. `captures` are all it was made from, those that gave no row included.

    Raises FencedWriteError when the batch in place knows a capture that this one does not and that is not `erased`, and
    ValueError for rows that are not of the table, stand twice, or come from other captures.
    """
    with _alone(store, table, source, day):
        _fence(batch_path(store, table, source, day), {*captures, *erased})
        return _put(store, batch_path(store, table, source, day), table, source, day, [rows], captures)


def extend_batch(
    store: Path, table: str, source: str, day: date, parts: Iterable[pa.Table], captures: Mapping[str, str]
) -> BatchInfo:
    """Put the rows of these captures into the batch: rows the batch has of them are replaced, those of other captures stay."""
    path = batch_path(store, table, source, day)
    with _alone(store, table, source, day):
        if path.exists():
            before = read_batch_footer(path)
            replaced_ones = pa.array(sorted(captures), pa.string())
            kept = _without(_rows(path, table), lambda rows: pc.is_in(rows["capture_id"], value_set=replaced_ones))
            return _put(store, path, table, source, day, chain(kept, parts), {**before.captures, **captures})
        return _put(store, path, table, source, day, parts, captures)


def rewrite_batch(store: Path, table: str, source: str, day: date, gone: Callable[[pa.Table], pa.BooleanArray]) -> pa.Table:
    """Take rows out of a batch for cause; returns their keys. Its captures stay listed: they are known, and give nothing any
    more.

    `gone` says of each row whether it goes; it is asked twice. A batch that loses no row is left as it is.
    """
    path, standing = batch_path(store, table, source, day), loaded_path(store, table, source, day)
    with _alone(store, table, source, day):
        # Before a held batch an earlier one stands: what goes, goes from both.
        is_other = standing.exists() and hash_of(standing) != hash_of(path)
        removed = _take_out(store, path, table, source, day, gone)
        if is_other:
            _take_out(store, standing, table, source, day, gone)
        elif standing.exists():
            with replaced(standing) as temporary:
                link_or_copy(path, temporary)
        return removed


def _take_out(
    store: Path, path: Path, table: str, source: str, day: date, gone: Callable[[pa.Table], pa.BooleanArray]
) -> pa.Table:
    found = [rows.select(KEY).filter(gone(rows)) for rows in _rows(path, table)]
    removed = pa.concat_tables([tables()[table].empty().select(KEY), *found])
    if removed.num_rows:
        _put(store, path, table, source, day, _without(_rows(path, table), gone), read_batch_footer(path).captures)
    return removed


def _rows(path: Path, table: str) -> Iterator[pa.Table]:
    """The rows of a batch, a few at a time; columns that the file does not have yet are null."""
    schema = tables()[table].schema
    with pq.ParquetFile(path, buffer_size=READ_BUFFER, pre_buffer=False) as file:
        for batch in file.iter_batches(READ_ROWS, use_threads=False):
            rows = pa.concat_tables([schema.empty_table(), pa.Table.from_batches([batch])], promote_options="permissive")
            yield rows.select(schema.names).cast(schema)


def _without(parts: Iterable[pa.Table], gone: Callable[[pa.Table], pa.BooleanArray]) -> Iterator[pa.Table]:
    return (rows.filter(pc.invert(gone(rows))) for rows in parts)


def read_batch_footer(path: Path) -> BatchInfo:
    """What the batch is made of, without reading its rows. ValueError when the file is no batch or has other rows than it
    says.
    """
    try:
        metadata = pq.read_metadata(path)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path} is not a batch: {error}") from error
    entries = metadata.metadata or {}
    if _FOOTER.encode() not in entries:
        raise ValueError(f"{path} is not a batch: its footer has no dozor entry")
    footer: dict[str, Any] = json.loads(entries[_FOOTER.encode()])
    if metadata.num_rows != footer["rows"]:
        raise ValueError(f"{path} has {metadata.num_rows} rows, its footer says {footer['rows']}")
    return BatchInfo(**{"profile": {}, **footer, "day": date.fromisoformat(footer["day"]), "path": path})


def drift_of(path: Path, table: str) -> str:
    """Why the columns of a batch cannot be loaded; empty: they can. Those that its table got later may be missing."""
    metadata, wanted = pq.read_metadata(path), tables()[table].schema
    found = metadata.schema.to_arrow_schema()
    for column in found:
        if column.name not in wanted.names:
            return f"{path} has the column {column.name}, which obs.{table} has not: was it made by a newer dozor?"
        if column.type != wanted.field(column.name).type:
            return f"{path}: the column {column.name} is {column.type}, not {wanted.field(column.name).type}"
    for place, column in enumerate(found):
        statistics = [metadata.row_group(group).column(place).statistics for group in range(metadata.num_row_groups)]
        if column.name in KEY and any(found is not None and found.null_count for found in statistics):
            return f"{path} has rows without {column.name}"
    missing = [name for name in KEY if name not in found.names]
    return f"{path} has no column {missing[0]}" if missing else ""


def _fence(path: Path, known: Collection[str]) -> None:
    """Refuse to replace a batch that was made from captures this write does not know."""
    missing = sorted(set(read_batch_footer(path).captures) - set(known)) if path.exists() else []
    if missing:
        raise FencedWriteError(
            f"{path} is made from {len(missing)} captures that this write does not know (the first: {missing[0]}). "
            f"An older run of the same step is probably still going; nothing was written."
        )


def _put(
    store: Path, path: Path, table: str, source: str, day: date, parts: Iterable[pa.Table], captures: Mapping[str, str]
) -> BatchInfo:
    definition = tables()[table]
    sums = _Sums(definition)
    with replaced(path) as temporary:
        with pq.ParquetWriter(
            temporary, definition.schema, compression="zstd", compression_level=ZSTD_LEVEL, store_schema=False
        ) as writer:
            for group in row_groups(in_order(_checked(parts, definition), work_dir(store))):
                sums.add(group)
                writer.write_table(group, row_group_size=group.num_rows)
                del group  # not to be held beside the next one
            unknown = sums.captures - set(captures)
            if unknown:
                raise ValueError(f"{len(unknown)} captures have rows in {path.name} but are not listed (one: {min(unknown)})")
            footer: dict[str, Any] = {
                "table": table,
                "source": source,
                "day": day.isoformat(),
                "rows": sums.rows,
                "captures": dict(sorted(captures.items())),
                "fill": sums.fill(),
                "profile": sums.profiler.profile(),
                "distinct_records": sums.distinct_records,
                "table_version": TABLE_VERSION,
            }
            writer.add_key_value_metadata({_FOOTER: json.dumps(footer, ensure_ascii=False)})
        crash_point("batch.written")
    crash_point("batch.placed")
    return BatchInfo(**{**footer, "day": day, "path": path})


def _checked(parts: Iterable[pa.Table], table: Table) -> Iterator[pa.Table]:
    schema = table.schema
    for rows in parts:
        if rows.schema.names != schema.names:
            raise ValueError(f"rows have the columns {rows.schema.names}, table {table.name} has {schema.names}")
        yield rows if rows.schema.equals(schema) else rows.cast(schema)


class _Sums:
    """What the footer says of the rows, gathered as they pass in order."""

    def __init__(self, table: Table) -> None:
        self.rows = 0
        self.distinct_records = 0
        self.captures: set[str] = set()
        self.profiler = Profiler(table)
        self._table = table
        self._nulls: Counter[str] = Counter()
        self._last = table.empty().select(KEY)  # key of the row before

    def add(self, rows: pa.Table) -> None:
        """Rows that follow those before. ValueError for a (record_id, capture_id) that stands twice."""
        keys = pa.concat_tables([self._last, rows.select(KEY)])
        same_record, same_capture = (pc.equal(keys[name].slice(1), keys[name].slice(0, keys.num_rows - 1)) for name in KEY)
        if pc.any(pc.and_(same_record, same_capture)).as_py():
            raise ValueError(f"rows of {self._table.name} stand twice under one record_id and capture_id")
        self.distinct_records += keys.num_rows - self._last.num_rows - int(np.count_nonzero(same_record.to_numpy()))
        self._last = keys.slice(keys.num_rows - 1)
        self.rows += rows.num_rows
        self.captures.update(map(str, pc.unique(rows["capture_id"]).to_pylist()))
        self._nulls.update({name: rows[name].null_count for name in rows.schema.names})
        self.profiler.add(rows)

    def fill(self) -> dict[str, float]:
        """Column -> share of rows that have it; empty without rows."""
        return {name: round(1 - self._nulls[name] / self.rows, 6) for name in self._table.schema.names} if self.rows else {}


@contextmanager
def _alone(store: Path, table: str, source: str, day: date) -> Iterator[None]:
    """One writer of a batch at a time: the fence compares with the file in place and must not race."""
    lock = work_dir(store) / "locks" / f"{safe_name(table)}-{safe_name(source)}-{day.isoformat()}.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
