"""Batches into obs: each judged, then its partition replaced in one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from collectors.crash import crash_point
from collectors.source import Expect
from transforms.tables import TABLE_VERSION, tables
from warehouse import archive_rows, schema
from warehouse.batches import BatchInfo, drift_of, read_batch_footer
from warehouse.files import acceptance_path, batch_path, hash_of, link_or_copy, loaded_path, replaced, sync
from warehouse.judging import acceptance, judge, seen_again
from warehouse.writer import Limits, open_build


@dataclass(slots=True)
class LoadReport:
    """What a load did: lines for people, names for machines."""

    loaded: list[str] = field(default_factory=list)  # table/source/day
    held: dict[str, str] = field(default_factory=dict)  # table/source/day -> why
    rows: int = 0


class _File(NamedTuple):
    table: str
    source: str
    day: date
    path: Path
    mark: str  # size, time and inode: enough to see that a file was replaced

    @property
    def name(self) -> str:
        return f"{self.table}/{self.source}/{self.day.isoformat()}"


class _Batch(NamedTuple):
    """A file as it was when this load looked at it."""

    file: _File
    path: Path  # a second name of it, so that nobody replaces it meanwhile
    hash: str
    info: BatchInfo
    problem: str  # why it is no batch; empty: it is one


def load_pending(
    store: Path,
    *,
    expects: Mapping[str, Expect] | None = None,
    open_days: Collection[tuple[str, date]] = (),
    limits: Limits | None = None,
) -> LoadReport:
    """Load every batch that is new or was replaced, and captures and outcomes that were written since.

    `open_days` are (source, day) whose collecting still goes on: few rows so far are no fall. Bad batches are held and named, the
    rest goes on. Raises WriterBusy when another process writes.
    """
    report = LoadReport()
    pa.default_memory_pool().release_unused()  # what Arrow kept of earlier steps is DuckDB's now
    with open_build(store, "load", limits) as connection:
        prepare(connection)
        stirred = archive_rows.load(connection, store)
        marks = dict(connection.execute("SELECT path, mark FROM work.file WHERE path LIKE 'batches/%'").fetchall())
        files = _files(store)
        _forget_vanished(connection, store, marks, files)
        held = set(_held(connection))
        shifted = set()  # sources of which an earlier day changed: what is normal may be another now
        for (source, day), group in groupby(
            sorted(files, key=lambda f: (f.day, f.source, f.table)), key=lambda f: (f.source, f.day)
        ):
            batch = list(group)
            is_new = any(marks.get(_key(store, file)) != _seen_mark(store, file) for file in batch)
            if is_new or (held & {file.name for file in batch} and (source in shifted or (source, day) in stirred)):
                _load_day(connection, store, batch, (expects or {}).get(source, Expect()), (source, day) not in open_days, report)
            if is_new or (source, day) in stirred:
                shifted.add(source)
        report.held = _held(connection)
    return report


def accept(store: Path, source: str, day: date, table: str, *, by: str, reason: str, now: datetime) -> str:
    """Let a held batch in; returns who said why. The word is kept beside the batches, with the hash of the file it speaks of; the
    next load acts on it. A word that was given before stays.

    Raises FileNotFoundError when there is no such batch, ValueError when it is not held.
    """
    path = batch_path(store, table, source, day)
    name = f"{table}/{source}/{day.isoformat()}"
    if not path.exists():
        raise FileNotFoundError(f"no batch of {table} from {source} on {day.isoformat()}")
    with open_build(store, "accept") as connection:
        prepare(connection)
        found = connection.execute(
            "SELECT status, reason FROM ops.batch WHERE table_name = ? AND source = ? AND batch_date = ?", [table, source, day]
        ).fetchone()
        if found is None:
            raise ValueError(f"{name} is not held: it waits for `dozor refresh`, which judges it")
        if found[0] != "held":
            raise ValueError(f"{name} is not held: it is {found[0]}{found[1] and f' ({found[1]})'}")
        file_hash = hash_of(path)
        word = acceptance(store, table, source, day, file_hash)
        if word is None:
            word = {"file_hash": file_hash, "by": by, "reason": reason, "accepted_at": now.isoformat()}
            with replaced(acceptance_path(store, table, source, day)) as temporary:
                temporary.write_text(json.dumps(word, ensure_ascii=False), encoding="utf-8")
        connection.execute("DELETE FROM work.file WHERE path = ?", [path.relative_to(store).as_posix()])
    return f"{word['by']}: {word['reason']}"


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables of the build file; a file made by other table definitions is emptied, since batches are the record."""
    schema.create(connection)
    wanted = str(TABLE_VERSION)
    found = connection.execute("SELECT value FROM work.state WHERE name = 'table_version'").fetchone()
    if (found is not None and found[0] != wanted) or schema.drifted(connection):
        for name in schema.SCHEMAS:
            connection.execute(f"DROP SCHEMA {name} CASCADE")
        schema.create(connection)
        found = None
    if found is None:
        connection.execute("INSERT INTO work.state VALUES ('table_version', ?)", [wanted])


def _files(store: Path) -> list[_File]:
    found = []
    for name in tables():
        for path in (store / "batches" / f"table={name}").glob("source=*/date=*.parquet"):
            source, day = path.parent.name.removeprefix("source="), date.fromisoformat(path.stem.removeprefix("date="))
            found.append(_File(name, source, day, path, _mark(path)))
    return found


def _mark(path: Path) -> str:
    if not path.exists():
        return ""
    stat = path.stat()
    return f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ino}"


def _seen_mark(store: Path, file: _File) -> str:
    """What a load that has seen the file notes: the file as it was listed, and the one that stands."""
    return f"{file.mark} {_mark(loaded_path(store, file.table, file.source, file.day))}"


def _key(store: Path, file: _File) -> str:
    return file.path.relative_to(store).as_posix()


def _load_day(
    connection: duckdb.DuckDBPyConnection, store: Path, files: list[_File], expect: Expect, is_day_over: bool, report: LoadReport
) -> None:
    """Judge and load what one source saw in one day."""
    with ExitStack() as stack:
        batches = [stack.enter_context(_snapshot(store, file)) for file in files]
        again = {batch.file: seen_again(connection, batch.file.table, batch.file.source, batch.file.day) for batch in batches}
        source_rows = sum(batch.info.rows + again[batch.file].get(batch.file.day, 0) for batch in batches)
        for batch in batches:
            reason = ""
            word = acceptance(store, batch.file.table, batch.file.source, batch.file.day, batch.hash)
            standing = _standing(store, batch.file)
            if standing != batch.hash:
                reason = (
                    batch.problem
                    or judge(connection, batch.info, again[batch.file], source_rows, expect, is_day_over=is_day_over)
                    or ""
                )
                if not batch.problem and (word or not reason):
                    _let_in(store, batch)
                    standing = batch.hash
            status = "held" if standing != batch.hash else "accepted" if word else "loaded"
            if status == "accepted" and word:
                reason = f"{word['by']}: {word['reason']}"
            _load(connection, store, batch, standing, status, reason, report)


@contextmanager
def _snapshot(store: Path, file: _File) -> Iterator[_Batch]:
    standing = loaded_path(store, file.table, file.source, file.day)
    path = standing.with_name(f".{standing.name}.tmp")
    link_or_copy(file.path, path)
    try:
        try:
            info, problem = read_batch_footer(path), drift_of(path, file.table)
        except ValueError as error:
            info, problem = BatchInfo(file.table, file.source, file.day, 0, {}, {}, {}, 0, TABLE_VERSION, path), str(error)
        yield _Batch(file, path, hash_of(path), info, problem.replace(str(path), str(file.path)))
    finally:
        path.unlink(missing_ok=True)


def _standing(store: Path, file: _File) -> str:
    """Hash of the batch that was let in; empty: none was."""
    path = loaded_path(store, file.table, file.source, file.day)
    return hash_of(path) if path.exists() else ""


def _let_in(store: Path, batch: _Batch) -> None:
    """The verdict, kept beside the batches: a warehouse made anew has the same rows, whatever is normal by then."""
    standing = loaded_path(store, batch.file.table, batch.file.source, batch.file.day)
    batch.path.replace(standing)
    sync(standing.parent)
    crash_point("load.let_in")


def _load(
    connection: duckdb.DuckDBPyConnection, store: Path, batch: _Batch, standing: str, status: str, reason: str, report: LoadReport
) -> None:
    """Bring the partition to the batch that was let in, and note what was found."""
    file = batch.file
    loaded_hash, loaded_rows, twins = _ledger(connection, file)
    connection.execute("BEGIN")
    crash_point("load.begun")
    if standing != loaded_hash:
        loaded_rows, twins = _replace_partition(connection, store, file, had_rows=bool(loaded_hash))
        crash_point("load.inserted")
        report.loaded.append(file.name)
        report.rows += loaded_rows
    row = (
        status,
        reason,
        batch.info.rows,
        batch.info.distinct_records,
        len(batch.info.captures),
        twins,
        json.dumps(dict(batch.info.fill), sort_keys=True),
        json.dumps(dict(batch.info.profile), sort_keys=True),
        batch.hash,
        standing or None,
        loaded_rows,
    )
    given, where = [file.table, file.source, file.day], "table_name = ? AND source = ? AND batch_date = ?"
    if (
        connection.execute(f"SELECT * EXCLUDE (table_name, source, batch_date) FROM ops.batch WHERE {where}", given).fetchone()
        != row
    ):
        connection.execute(f"DELETE FROM ops.batch WHERE {where}", given)
        connection.execute(f"INSERT INTO ops.batch VALUES ({', '.join('?' * (len(row) + 3))})", [*given, *row])
        connection.execute("INSERT INTO work.changed VALUES ('ops.batch')")
    key = _key(store, file)
    connection.execute("DELETE FROM work.file WHERE path = ?", [key])
    connection.execute("INSERT INTO work.file VALUES (?, ?)", [key, _seen_mark(store, file)])
    connection.execute("COMMIT")
    crash_point("load.committed")


def _replace_partition(connection: duckdb.DuckDBPyConnection, store: Path, file: _File, *, had_rows: bool) -> tuple[int, int]:
    """The rows that were let in, in place of those of the partition; returns how many stand now, and how many were left out as
    twins."""
    table = tables()[file.table]
    where = f"source = {schema.literal(file.source)} AND batch_date = DATE '{file.day.isoformat()}'"
    relation = f"obs.{file.table}"
    standing = loaded_path(store, file.table, file.source, file.day)
    present = set(pq.read_schema(standing).names)  # a batch that an older dozor wrote lacks what came later
    columns = [c.name if c.name in present else f"NULL AS {c.name}" for c in table.columns if c.name != table.text_column]
    rows = f"read_parquet({schema.literal(str(standing))}, hive_partitioning = false)"
    numbered = f"read_parquet({schema.literal(str(standing))}, hive_partitioning = false, file_row_number = true)"
    connection.execute("CREATE OR REPLACE TEMP TABLE orphan (text_hash VARCHAR)")
    if had_rows:
        connection.execute(f"INSERT INTO work.touched SELECT DISTINCT '{relation}', record_id FROM {relation} WHERE {where}")
        if table.text_column:
            connection.execute(f"INSERT INTO orphan SELECT DISTINCT text_hash FROM {relation} WHERE {where}")
        connection.execute(f"DELETE FROM {relation} WHERE {where}")
    # Hashes of the keys: where two keys share one, the slower statement below runs for nothing.
    (count, distinct) = connection.execute(
        f"SELECT count(*), count(DISTINCT hash(record_id, capture_id)) FROM {rows}"
    ).fetchone() or (0, 0)
    # Latest fetch, then hash. write_batch refuses twins, so this guards against files that others wrote.
    once = (
        f"SELECT * FROM {rows} AS r QUALIFY row_number() OVER "
        "(PARTITION BY record_id, capture_id ORDER BY fetched_at DESC, hash(r)) = 1 ORDER BY record_id, capture_id"
    )
    if table.text_column in present:
        # The first row of each new text is chosen without the texts: they only pass by, however many there are.
        connection.execute(
            f"INSERT INTO obs.text SELECT text_hash, text FROM {numbered} SEMI JOIN ("
            f"SELECT min(file_row_number) AS file_row_number FROM {numbered} AS r WHERE text_hash IS NOT NULL "
            "AND NOT EXISTS (FROM obs.text AS t WHERE t.text_hash = r.text_hash) GROUP BY text_hash) USING (file_row_number)"
        )
    (inserted,) = connection.execute(
        f"INSERT INTO {relation} SELECT {', '.join(columns)}, DATE '{file.day.isoformat()}' "
        f"FROM {rows if count == distinct else f'({once})'}"
    ).fetchone() or (0,)
    connection.execute(f"INSERT INTO work.touched SELECT DISTINCT '{relation}', record_id FROM {rows}")
    if had_rows and table.text_column:
        connection.execute(f"DELETE FROM orphan WHERE text_hash IN (SELECT text_hash FROM {rows})")
        _drop_orphans(connection)
    return int(inserted), int(count - inserted)


def _drop_orphans(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove texts that only the replaced partition had."""
    if connection.execute("SELECT 1 FROM orphan LIMIT 1").fetchone() is None:
        return
    for other in tables().values():
        if other.text_column:
            connection.execute(f"DELETE FROM orphan WHERE text_hash IN (SELECT text_hash FROM obs.{other.name})")
    connection.execute("DELETE FROM obs.text WHERE text_hash IN (FROM orphan)")


def _forget_vanished(connection: duckdb.DuckDBPyConnection, store: Path, marks: Mapping[str, str], files: list[_File]) -> None:
    """A batch whose file is gone leaves obs: what is not in batches is not in the warehouse."""
    present = {_key(store, file) for file in files}
    for key in sorted(set(marks) - present):
        _, table_part, source_part, date_part = Path(key).with_suffix("").parts
        table, source, day = (part.split("=", 1)[1] for part in (table_part, source_part, date_part))
        where = f"source = {schema.literal(source)} AND batch_date = DATE {schema.literal(day)}"
        connection.execute("BEGIN")
        connection.execute(f"INSERT INTO work.touched SELECT DISTINCT 'obs.{table}', record_id FROM obs.{table} WHERE {where}")
        if tables()[table].text_column:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE orphan AS SELECT DISTINCT text_hash FROM obs.{table} WHERE {where}")
        connection.execute(f"DELETE FROM obs.{table} WHERE {where}")
        if tables()[table].text_column:
            _drop_orphans(connection)
        connection.execute(f"DELETE FROM ops.batch WHERE table_name = {schema.literal(table)} AND {where}")
        connection.execute("DELETE FROM work.file WHERE path = ?", [key])
        connection.execute("INSERT INTO work.changed VALUES ('ops.batch')")
        loaded_path(store, table, source, date.fromisoformat(day)).unlink(missing_ok=True)
        connection.execute("COMMIT")


def _ledger(connection: duckdb.DuckDBPyConnection, file: _File) -> tuple[str, int, int]:
    """What stands of a partition: hash of its file, rows, twins left out."""
    row = connection.execute(
        "SELECT coalesce(loaded_hash, ''), loaded_row_count, twin_count FROM ops.batch "
        "WHERE table_name = ? AND source = ? AND batch_date = ?",
        [file.table, file.source, file.day],
    ).fetchone()
    return (str(row[0]), int(row[1]), int(row[2])) if row else ("", 0, 0)


def _held(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    query = "SELECT table_name, source, batch_date, reason FROM ops.batch WHERE status = 'held' ORDER BY ALL"
    return {f"{table}/{source}/{day}": reason for table, source, day, reason in connection.execute(query).fetchall()}
