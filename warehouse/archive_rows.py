"""Captures without bodies, sightings and outcomes into ops, from the files of the archive and the runs.

Read by partition: a (source, day) whose set of files changed is read again as a whole, since parts are merged at the end of a
run.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from collectors.archive import capture_files
from collectors.crash import crash_point
from transforms.tables import tables
from warehouse import schema

_SEEN_AGAIN = "('ok', 'empty', 'unchanged')"


def load(connection: duckdb.DuckDBPyConnection, store: Path) -> set[tuple[str, date]]:
    """Bring ops.capture, ops.sighting and ops.outcome up to the files; returns the (source, day) whose captures changed."""
    changed = set()
    marks = dict(
        connection.execute("SELECT path, mark FROM work.file WHERE path LIKE 'captures/%' OR path LIKE 'runs/%'").fetchall()
    )
    folders = [*(store / "captures").glob("source=*/date=*"), *(store / "runs").glob("date=*")]
    present = {folder.relative_to(store).as_posix(): folder for folder in folders}
    for key in sorted(set(present) | set(marks)):
        mark = _mark(present[key]) if key in present else ""
        if marks.get(key) == mark:
            continue
        connection.execute("BEGIN")
        if key.startswith("captures/"):
            _, source_part, date_part = key.split("/")
            source, day = source_part.removeprefix("source="), date.fromisoformat(date_part.removeprefix("date="))
            _replace_captures(connection, store, source, day)
            changed.add((source, day))
        else:
            _replace_outcomes(connection, present.get(key), date.fromisoformat(key.removeprefix("runs/date=")))
        crash_point("load.archive")
        connection.execute("DELETE FROM work.file WHERE path = ?", [key])
        if key in present:
            connection.execute("INSERT INTO work.file VALUES (?, ?)", [key, mark])
        connection.execute("COMMIT")
    return changed


def _mark(folder: Path) -> str:
    stats = [(path.name, path.stat()) for path in sorted(folder.rglob("*")) if path.suffix in (".parquet", ".json")]
    return " ".join(f"{name}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}" for name, stat in stats)


def _replace_captures(connection: duckdb.DuckDBPyConnection, store: Path, source: str, day: date) -> None:
    where = f"source = {schema.literal(source)} AND batch_date = DATE '{day.isoformat()}'"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE body AS SELECT DISTINCT body_of FROM ops.sighting WHERE {where}")
    for relation in ("ops.capture", "ops.sighting"):
        connection.execute(f"DELETE FROM {relation} WHERE {where}")
    files = [str(path) for path in capture_files(store, source, day)]
    if files:
        names = [name for name in schema.CAPTURE.columns if name != "batch_date"]
        # The same capture may stand in a part and in the file the parts were merged into, if the merge was killed half way.
        connection.execute(
            f"INSERT INTO ops.capture SELECT {', '.join(names)}, DATE '{day.isoformat()}' FROM read_parquet(?, "
            "hive_partitioning = false, filename = true) "
            "QUALIFY row_number() OVER (PARTITION BY capture_id ORDER BY filename) = 1 ORDER BY fetched_at, capture_id",
            [files],
        )
        connection.execute(
            "INSERT INTO ops.sighting SELECT capture_id, body_of, fetched_at, observed_at, source, batch_date FROM ops.capture "
            f"WHERE {where} AND body_of <> '' AND body_of <> capture_id AND verdict IN {_SEEN_AGAIN} "
            "ORDER BY fetched_at, capture_id"
        )
    connection.execute(f"INSERT INTO body SELECT DISTINCT body_of FROM ops.sighting WHERE {where}")
    connection.execute("INSERT INTO work.changed VALUES ('ops.capture')")
    if connection.execute("SELECT count(*) FROM body").fetchone() != (0,):
        connection.execute("INSERT INTO work.changed VALUES ('ops.sighting')")
        for name in tables():
            connection.execute(
                f"INSERT INTO work.touched SELECT DISTINCT 'obs.{name}', record_id FROM obs.{name} "
                f"WHERE source = {schema.literal(source)} AND capture_id IN (FROM body)"
            )


def _replace_outcomes(connection: duckdb.DuckDBPyConnection, folder: Path | None, day: date) -> None:
    connection.execute("DELETE FROM ops.outcome WHERE batch_date = ?", [day])
    rows: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*/*-*.json")) if folder else []:
        for number, row in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            rows.append({**row, "part": f"{path.stem}:{number}"})
    if rows:
        names = [name for name in schema.OUTCOME.columns if name != "batch_date"]
        outcome = pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})
        connection.register("outcome_rows", outcome)
        columns = ", ".join(
            f"{name}::TIMESTAMPTZ::TIMESTAMP" if kind == "TIMESTAMP" else name
            for name, (kind, _) in schema.OUTCOME.columns.items()
            if name != "batch_date"
        )
        connection.execute(f"INSERT INTO ops.outcome SELECT {columns}, DATE '{day.isoformat()}' FROM outcome_rows ORDER BY ALL")
        connection.unregister("outcome_rows")
    connection.execute("INSERT INTO work.changed VALUES ('ops.outcome')")
