"""Batches: the observations of one table, source and day, one Parquet file each.

A batch is whole: it is replaced, never appended to. Its footer lists the captures it was made from with the version that read
each, so a killed task's orphan that knows less than the file in place is refused.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collectors.crash import crash_point
from transforms.tables import TABLE_VERSION, tables
from warehouse.files import batch_path, hash_of, link_or_copy, loaded_path, replaced, safe_name, work_dir
from warehouse.profile import profile

_FOOTER = "dozor"


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
        return _write(store, table, source, day, rows, captures, erased)


def extend_batch(
    store: Path, table: str, source: str, day: date, parts: Iterable[pa.Table], captures: Mapping[str, str]
) -> BatchInfo:
    """Put the rows of these captures into the batch: rows the batch has of them are replaced, those of other captures stay."""
    path = batch_path(store, table, source, day)
    rows = pa.concat_tables([tables()[table].empty(), *parts])
    with _alone(store, table, source, day):
        if path.exists():
            before = read_batch_footer(path)
            kept = pq.read_table(path, schema=tables()[table].schema, partitioning=None)
            known = pa.array(sorted(captures), pa.string())
            kept = kept.filter(pc.invert(pc.is_in(kept["capture_id"], value_set=known)))
            rows = pa.concat_tables([kept.cast(rows.schema), rows])
            captures = {**before.captures, **captures}
        return _write(store, table, source, day, rows, captures, ())


def rewrite_batch(store: Path, table: str, source: str, day: date, gone: Callable[[pa.Table], pa.BooleanArray]) -> pa.Table:
    """Take rows out of a batch for cause; returns them. Its captures stay listed: they are known, and give nothing any more.

    `gone` says of each row whether it goes. A batch that loses no row is left as it is.
    """
    path, standing = batch_path(store, table, source, day), loaded_path(store, table, source, day)
    with _alone(store, table, source, day):
        # Before a held batch an earlier one stands: what goes, goes from both.
        is_other = standing.exists() and hash_of(standing) != hash_of(path)
        removed = _take_out(path, table, source, day, gone)
        if is_other:
            _take_out(standing, table, source, day, gone)
        elif standing.exists():
            with replaced(standing) as temporary:
                link_or_copy(path, temporary)
        return removed


def _take_out(path: Path, table: str, source: str, day: date, gone: Callable[[pa.Table], pa.BooleanArray]) -> pa.Table:
    captures = read_batch_footer(path).captures
    rows = pq.read_table(path, schema=tables()[table].schema, partitioning=None)
    chosen = gone(rows)
    removed = rows.filter(chosen)
    if removed.num_rows:
        _put(path, table, source, day, rows.filter(pc.invert(chosen)), captures)
    return removed


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


def _write(
    store: Path,
    table: str,
    source: str,
    day: date,
    rows: pa.Table,
    captures: Mapping[str, str],
    erased: Collection[str],
) -> BatchInfo:
    path = batch_path(store, table, source, day)
    schema = tables()[table].schema
    if rows.schema.names != schema.names:
        raise ValueError(f"rows have the columns {rows.schema.names}, table {table} has {schema.names}")
    if path.exists():
        missing = sorted(set(read_batch_footer(path).captures) - set(captures) - set(erased))
        if missing:
            raise FencedWriteError(
                f"{path} is made from {len(missing)} captures that this write does not know (the first: {missing[0]}). "
                f"An older run of the same step is probably still going; nothing was written."
            )
    return _put(path, table, source, day, rows, captures)


def _put(path: Path, table: str, source: str, day: date, rows: pa.Table, captures: Mapping[str, str]) -> BatchInfo:
    schema = tables()[table].schema
    rows = rows.cast(schema).sort_by([("record_id", "ascending"), ("capture_id", "ascending")]).combine_chunks()
    unknown = {str(name) for name in pc.unique(rows["capture_id"]).to_pylist()} - set(captures)
    if unknown:
        raise ValueError(f"{len(unknown)} captures have rows in {path.name} but are not listed (one: {min(unknown)})")
    if _has_twins(rows):
        raise ValueError(f"rows of {table} stand twice under one record_id and capture_id")
    footer: dict[str, Any] = {
        "table": table,
        "source": source,
        "day": day.isoformat(),
        "rows": rows.num_rows,
        "captures": dict(sorted(captures.items())),
        "fill": _fill(rows),
        "profile": profile(tables()[table], rows),
        "distinct_records": pc.count_distinct(rows["record_id"]).as_py(),
        "table_version": TABLE_VERSION,
    }
    with replaced(path) as temporary:
        with pq.ParquetWriter(temporary, schema, compression="zstd", compression_level=3, store_schema=False) as writer:
            writer.write_table(rows, row_group_size=100_000)
            writer.add_key_value_metadata({_FOOTER: json.dumps(footer, ensure_ascii=False)})
        crash_point("batch.written")
    crash_point("batch.placed")
    return BatchInfo(**{**footer, "day": day, "path": path})


def _has_twins(rows: pa.Table) -> bool:
    """Whether a (record_id, capture_id) stands twice; rows are sorted by it."""
    last = rows.num_rows - 1
    same = [pc.equal(rows[name].slice(1), rows[name].slice(0, last)) for name in ("record_id", "capture_id")]
    return last > 0 and pc.any(pc.and_(*same)).as_py() is True


def _fill(rows: pa.Table) -> dict[str, float]:
    if not rows.num_rows:
        return {}
    return {name: round(1 - rows[name].null_count / rows.num_rows, 6) for name in rows.schema.names}


@contextmanager
def _alone(store: Path, table: str, source: str, day: date) -> Iterator[None]:
    """One writer of a batch at a time: the fence compares with the file in place and must not race."""
    lock = work_dir(store) / "locks" / f"{safe_name(table)}-{safe_name(source)}-{day.isoformat()}.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
