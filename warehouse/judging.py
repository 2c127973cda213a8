"""What the warehouse knows of a source's earlier days, put before the judgement of a batch, and people's words on held ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import duckdb

from collectors.source import Expect
from warehouse.batches import BatchInfo
from warehouse.expect import Day, judge_batch
from warehouse.files import acceptance_path

HISTORY_DAYS = 60  # how far back a day is compared with


def judge(
    connection: duckdb.DuckDBPyConnection,
    info: BatchInfo,
    again: Mapping[date, int],
    source_rows: int,
    expect: Expect,
    *,
    is_day_over: bool,
) -> str | None:
    """Why the batch must be held, in words; None when it looks normal. `again` is of `seen_again`, `source_rows` are the rows of
    all tables of the source that day."""
    seen = again.get(info.day, 0)
    batch = Day(info.rows + seen, info.fill, seen, info.profile)
    return judge_batch(batch, source_rows, _history(connection, info, again), expect, is_day_over=is_day_over)


def seen_again(connection: duckdb.DuckDBPyConnection, table: str, source: str, day: date) -> dict[date, int]:
    """Day -> rows of days before it that its unchanged pages show again, for the days that say what is normal: a quiet day is
    no empty one."""
    given = {"source": source, "since": day - timedelta(days=HISTORY_DAYS), "day": day}
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE again AS SELECT DISTINCT body_of, batch_date FROM ops.sighting "
        "WHERE source = $source AND batch_date BETWEEN $since AND $day",
        given,
    )
    if connection.execute("SELECT 1 FROM again LIMIT 1").fetchone() is None:
        return {}
    query = (
        f"SELECT s.batch_date, count(*) FROM obs.{table} AS o JOIN again AS s ON o.capture_id = s.body_of "
        "AND o.batch_date < s.batch_date WHERE o.source = ? GROUP BY ALL"
    )
    return {of: int(count) for of, count in connection.execute(query, [source]).fetchall()}


def acceptance(store: Path, table: str, source: str, day: date, file_hash: str) -> dict[str, str] | None:
    """The word of the person who let this file in, if one did."""
    path = acceptance_path(store, table, source, day)
    if not path.exists():
        return None
    word: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return word if word["file_hash"] == file_hash else None


def _history(connection: duckdb.DuckDBPyConnection, info: BatchInfo, again: Mapping[date, int]) -> list[Day]:
    rows = connection.execute(
        "SELECT batch_date, row_count, fill, profile FROM ops.batch "
        "WHERE table_name = ? AND source = ? AND batch_date < ? AND status <> 'held' ORDER BY batch_date",
        [info.table, info.source, info.day],
    ).fetchall()
    return [
        Day(count + again.get(day, 0), json.loads(fill), again.get(day, 0), json.loads(profile))
        for day, count, fill, profile in rows
    ]
