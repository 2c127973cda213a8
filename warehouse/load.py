"""Batches into obs: each judged, then its partition replaced in one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from collectors.crash import crash_point
from collectors.source import Expect
from transforms.tables import TABLE_VERSION, tables
from warehouse import archive_rows, schema
from warehouse.batches import BatchInfo, read_batch_footer
from warehouse.expect import Size, judge_batch
from warehouse.files import acceptance_path, batch_path, hash_of, replaced
from warehouse.writer import Limits, open_build

HISTORY_DAYS = 60  # how far back a day is compared with


@dataclass(slots=True)
class LoadReport:
    """What a load did: lines for people, names for machines."""

    loaded: list[str] = field(default_factory=list)  # table/source/day
    held: dict[str, str] = field(default_factory=dict)  # table/source/day -> why
    rows: int = 0


@dataclass(frozen=True, slots=True)
class _File:
    table: str
    source: str
    day: date
    path: Path
    mark: str  # size, time and inode: enough to see that a file was replaced

    @property
    def name(self) -> str:
        return f"{self.table}/{self.source}/{self.day.isoformat()}"


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
    with open_build(store, "load", limits) as connection:
        prepare(connection)
        archive_rows.load(connection, store)
        marks = dict(connection.execute("SELECT path, mark FROM work.file WHERE path LIKE 'batches/%'").fetchall())
        files = _files(store)
        _forget_vanished(connection, store, marks, files)
        for (_, day), group in groupby(sorted(files, key=lambda f: (f.day, f.source, f.table)), key=lambda f: (f.source, f.day)):
            batch = list(group)
            if any(marks.get(_key(store, file)) != file.mark for file in batch):
                source = batch[0].source
                _load_day(connection, store, batch, (expects or {}).get(source, Expect()), (source, day) not in open_days, report)
        report.held = _held(connection)
    return report


def accept(store: Path, source: str, day: date, table: str, *, by: str, reason: str, now: datetime) -> None:
    """Let a held batch in. The word is kept beside the batches, with the hash of the file it speaks of; the next load acts on it.

    Raises FileNotFoundError when there is no such batch.
    """
    path = batch_path(store, table, source, day)
    if not path.exists():
        raise FileNotFoundError(f"no batch of {table} from {source} on {day.isoformat()}")
    word = {"file_hash": hash_of(path), "by": by, "reason": reason, "accepted_at": now.isoformat()}
    with replaced(acceptance_path(store, table, source, day)) as temporary:
        temporary.write_text(json.dumps(word, ensure_ascii=False), encoding="utf-8")
    with open_build(store, "accept") as connection:
        prepare(connection)
        connection.execute("DELETE FROM work.file WHERE path = ?", [path.relative_to(store).as_posix()])


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
            stat = path.stat()
            mark = f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ino}"
            source, day = path.parent.name.removeprefix("source="), path.stem.removeprefix("date=")
            found.append(_File(name, source, date.fromisoformat(day), path, mark))
    return found


def _key(store: Path, file: _File) -> str:
    return file.path.relative_to(store).as_posix()


def _load_day(
    connection: duckdb.DuckDBPyConnection, store: Path, files: list[_File], expect: Expect, is_day_over: bool, report: LoadReport
) -> None:
    """Judge and load what one source saw in one day."""
    infos: dict[_File, BatchInfo] = {}
    for file in files:
        try:
            infos[file] = read_batch_footer(file.path)
        except ValueError as error:
            _hold_unreadable(connection, store, file, str(error))
    again = {file: _seen_again(connection, file) for file in infos}
    source_rows = sum(info.rows + again[file].get(file.day, 0) for file, info in infos.items())
    for file, info in infos.items():
        file_hash = hash_of(file.path)
        before = _ledger(connection, file)
        if before and before["loaded_hash"] == file_hash:
            _mark(connection, store, file)
            continue
        history = _history(connection, file, again[file])
        reason = judge_batch(
            Size(info.rows + again[file].get(file.day, 0), info.fill, again[file].get(file.day, 0)),
            source_rows,
            history,
            expect,
            is_day_over=is_day_over,
        )
        word = _acceptance(store, file, file_hash) if reason else None
        connection.execute("BEGIN")
        crash_point("load.begun")
        if reason and not word:
            _note(connection, file, info, file_hash, "held", reason, before)
        else:
            twins = _replace_partition(connection, file, had_rows=bool(before and before["loaded_hash"]))
            crash_point("load.inserted")
            status, why = ("accepted", f"{word['by']}: {word['reason']}") if word else ("loaded", "")
            _note(connection, file, info, file_hash, status, why, before, twins)
            report.loaded.append(file.name)
            report.rows += info.rows
        _mark(connection, store, file)
        connection.execute("INSERT INTO work.changed VALUES ('ops.batch')")
        connection.execute("COMMIT")
        crash_point("load.committed")


def _hold_unreadable(connection: duckdb.DuckDBPyConnection, store: Path, file: _File, problem: str) -> None:
    """Name a file that is no batch; what stood in its partition stays."""
    nothing = BatchInfo(file.table, file.source, file.day, 0, {}, {}, 0, TABLE_VERSION, file.path)
    connection.execute("BEGIN")
    _note(connection, file, nothing, hash_of(file.path), "held", problem, _ledger(connection, file))
    _mark(connection, store, file)
    connection.execute("INSERT INTO work.changed VALUES ('ops.batch')")
    connection.execute("COMMIT")


def _replace_partition(connection: duckdb.DuckDBPyConnection, file: _File, *, had_rows: bool) -> int:
    """The rows of the file in place of those of its partition; returns how many rows were left out as twins."""
    table = tables()[file.table]
    where = f"source = {schema.literal(file.source)} AND batch_date = DATE '{file.day.isoformat()}'"
    relation = f"obs.{file.table}"
    columns = [column.name for column in table.columns if column.name != table.text_column]
    rows = f"read_parquet({schema.literal(str(file.path))}, hive_partitioning = false)"
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
    if table.text_column:
        connection.execute(
            f"INSERT INTO obs.text SELECT text_hash, min(text) FROM {rows} AS r WHERE text_hash IS NOT NULL "
            f"AND NOT EXISTS (FROM obs.text AS t WHERE t.text_hash = r.text_hash) GROUP BY text_hash ORDER BY text_hash"
        )
    inserted = connection.execute(
        f"INSERT INTO {relation} SELECT {', '.join(columns)}, DATE '{file.day.isoformat()}' "
        f"FROM {rows if count == distinct else f'({once})'}"
    ).fetchone()
    connection.execute(f"INSERT INTO work.touched SELECT DISTINCT '{relation}', record_id FROM {rows}")
    if had_rows and table.text_column:
        _drop_orphans(connection)
    return int(count - (inserted or (0,))[0])


def _drop_orphans(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove texts that only the replaced partition had."""
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
        connection.execute("COMMIT")


def _seen_again(connection: duckdb.DuckDBPyConnection, file: _File) -> dict[date, int]:
    """Day -> rows read before that its unchanged pages show again, for the days that say what is normal: a quiet day is no
    empty one."""
    query = (
        "SELECT s.batch_date, count(*) "
        f"FROM (SELECT capture_id FROM obs.{file.table} WHERE source = $source) AS o "
        "JOIN (SELECT DISTINCT body_of, batch_date FROM ops.sighting "
        "WHERE source = $source AND batch_date BETWEEN $since AND $day) AS s ON o.capture_id = s.body_of GROUP BY ALL"
    )
    given = {"source": file.source, "since": file.day - timedelta(days=HISTORY_DAYS), "day": file.day}
    return {day: int(count) for day, count in connection.execute(query, given).fetchall()}


def _ledger(connection: duckdb.DuckDBPyConnection, file: _File) -> dict[str, Any] | None:
    row = connection.execute(
        "SELECT loaded_hash, loaded_row_count FROM ops.batch WHERE table_name = ? AND source = ? AND batch_date = ?",
        [file.table, file.source, file.day],
    ).fetchone()
    return None if row is None else {"loaded_hash": row[0], "loaded_row_count": row[1]}


def _history(connection: duckdb.DuckDBPyConnection, file: _File, again: Mapping[date, int]) -> list[Size]:
    rows = connection.execute(
        "SELECT batch_date, row_count, fill FROM ops.batch "
        "WHERE table_name = ? AND source = ? AND batch_date < ? AND status <> 'held' ORDER BY batch_date",
        [file.table, file.source, file.day],
    ).fetchall()
    return [Size(count + again.get(day, 0), json.loads(fill), again.get(day, 0)) for day, count, fill in rows]


def _acceptance(store: Path, file: _File, file_hash: str) -> dict[str, str] | None:
    path = acceptance_path(store, file.table, file.source, file.day)
    if not path.exists():
        return None
    word: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return word if word["file_hash"] == file_hash else None


def _note(
    connection: duckdb.DuckDBPyConnection,
    file: _File,
    info: BatchInfo,
    file_hash: str,
    status: str,
    reason: str,
    before: Mapping[str, Any] | None,
    twins: int = 0,
) -> None:
    """The batch's line in the ledger. A held batch keeps saying which file's rows stand in obs."""
    is_held = status == "held"
    loaded = before or {"loaded_hash": None, "loaded_row_count": 0} if is_held else {}
    connection.execute(
        "DELETE FROM ops.batch WHERE table_name = ? AND source = ? AND batch_date = ?", [file.table, file.source, file.day]
    )
    connection.execute(
        "INSERT INTO ops.batch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            file.table,
            file.source,
            file.day,
            status,
            reason,
            info.rows,
            info.distinct_records,
            len(info.captures),
            twins,
            json.dumps(dict(info.fill), sort_keys=True),
            file_hash,
            loaded["loaded_hash"] if is_held else file_hash,
            loaded["loaded_row_count"] if is_held else info.rows - twins,
        ],
    )


def _mark(connection: duckdb.DuckDBPyConnection, store: Path, file: _File) -> None:
    connection.execute("DELETE FROM work.file WHERE path = ?", [_key(store, file)])
    connection.execute("INSERT INTO work.file VALUES (?, ?)", [_key(store, file), file.mark])


def _held(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    query = "SELECT table_name, source, batch_date, reason FROM ops.batch WHERE status = 'held' ORDER BY ALL"
    return {f"{table}/{source}/{day}": reason for table, source, day, reason in connection.execute(query).fetchall()}
