"""Taking away: old bodies to save disk, and anything for cause."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from getpass import getuser
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collectors import archive
from collectors.crash import crash_point
from collectors.known import forget
from collectors.registry import sources
from collectors.urls import normalise_url
from dozor.refreshing import refresh, report
from dozor.settings import Settings, load_settings
from dozor.steps import UsageError, begin, day_of, parse_day, run_of
from dozor.workers import Workers
from transforms.normalise import pseudonym
from transforms.tables import PERSONAL
from warehouse.batches import read_batch_footer, rewrite_batch
from warehouse.compact import compact


def prune_bodies(older_than: str, settings: Settings | None = None) -> str:
    """Drop the bodies of partitions before a day; whatever was not read from them yet is read first."""
    settings = settings or load_settings()
    day = day_of(older_than, date.min, "older-than")
    run = run_of(settings, begin("prune", settings=settings))
    with Workers(settings.workers) as pool:
        for source, of in archive.sources_and_days(settings.store):
            if of < day and source in sources():
                parse_day(settings, run, source, of, pool)
    return f"Dropped {archive.prune(settings.store, day)} stored pages from before {day}; everything read from them stays."


@dataclass(slots=True)
class _Erased:
    captures: dict[str, set[str]] = field(default_factory=dict)  # source -> capture ids
    bodies: int = 0
    rows: int = 0


def erase(*, url: str = "", watch_id: str = "", author: str = "", reason: str, settings: Settings | None = None) -> str:
    """Remove bodies, rows and published copies of an address, a watch or an author; a tombstone stays.

    What an author wrote goes with the pages it stood on: a page that is kept could be read again. The tombstone is written first:
    killed anywhere, the same command goes on from it, though the rows that led there may be gone.
    """
    settings = settings or load_settings()
    if sum(map(bool, (url, watch_id, author))) != 1:
        raise UsageError("name one of --url, --watch and --author")
    store, now = settings.store, settings.now()()
    subject = {
        "url": url or None,
        "watch_id": watch_id or None,
        "author": pseudonym(author, settings.salt) if author else None,  # of a person no name
    }
    names = [author, str(subject["author"])] if author else []
    erased = _Erased(_begun(store, subject))
    if author:
        _find_author(store, names, erased)
    else:
        _find(store, _by_url(url) if url else _by_watch(watch_id), erased)
    if not erased.captures:
        return "Nothing was found; nothing was changed."
    stone = store / "erasures" / f"{now:%Y%m%dT%H%M%S%f}.json"
    _write_tombstone(stone, subject, reason, erased, now, is_done=False)
    crash_point("erase.begun")
    _erase_bodies(store, erased)
    crash_point("erase.bodies")
    if author:
        _erase_author(store, names, erased)
    else:
        _erase_rows(store, erased)
    crash_point("erase.rows")
    for source, ids in erased.captures.items():
        forget(store, source, ids)
    refresh(settings=settings)
    compact(store)
    if (store / "reports").exists():  # any of them may quote what is gone, as the value before a change too
        shutil.rmtree(store / "reports")
        report(settings)
    _write_tombstone(stone, subject, reason, erased, now, is_done=True)
    return (
        f"Erased {erased.bodies} stored pages and {erased.rows} rows; published copies are made anew. "
        "What is still watched is fetched again: `exclude` of the watch or `denied_hosts` keeps it away."
    )


def _by_url(url: str) -> Callable[[dict[str, str]], bool]:
    same = normalise_url(url)
    return lambda row: same in (normalise_url(row["url"]), normalise_url(row["final_url"]))


def _by_watch(watch_id: str) -> Callable[[dict[str, str]], bool]:
    return lambda row: row["watch_id"] == watch_id


def _find(store: Path, wanted: Callable[[dict[str, str]], bool], erased: _Erased) -> None:
    for path in archive.capture_files(store):
        for table in archive.read_facts(path, ["capture_id", "source", "watch_id", "url", "final_url"]):
            for row in table.to_pylist():
                if wanted(row):
                    erased.captures.setdefault(row["source"], set()).add(row["capture_id"])


def _begun(store: Path, subject: dict[str, str | None]) -> dict[str, set[str]]:
    """The captures of erasures of the same subject that were begun and did not come to their end."""
    found: dict[str, set[str]] = {}
    for path in (store / "erasures").glob("*.json"):
        stone = json.loads(path.read_text(encoding="utf-8"))
        if not stone.get("is_done", True) and {name: stone[name] for name in subject} == subject:
            for source, ids in stone["capture_ids"].items():
                found.setdefault(source, set()).update(ids)
    return found


def _find_author(store: Path, names: list[str], erased: _Erased) -> None:
    chosen = _one_of("author", names)
    for table in PERSONAL:
        for path in store.glob(f"*/table={table}/source=*/date=*.parquet"):  # batches, and those that stand before held ones
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(columns=["capture_id", "author"]):
                    rows = pa.Table.from_batches([batch])
                    if found := rows.filter(chosen(rows))["capture_id"].to_pylist():
                        erased.captures.setdefault(read_batch_footer(path).source, set()).update(map(str, found))


def _erase_author(store: Path, names: list[str], erased: _Erased) -> None:
    for table in PERSONAL:
        for path in (store / "batches" / f"table={table}").glob("source=*/date=*.parquet"):
            info = read_batch_footer(path)
            gone = rewrite_batch(store, table, info.source, info.day, _one_of("author", names))
            erased.rows += gone.num_rows


def _erase_rows(store: Path, erased: _Erased) -> None:
    for source, ids in erased.captures.items():
        for path in (store / "batches").glob(f"table=*/source={source}/date=*.parquet"):
            info = read_batch_footer(path)
            erased.rows += rewrite_batch(store, info.table, source, info.day, _one_of("capture_id", ids)).num_rows


def _one_of(column: str, values: Iterable[str]) -> Callable[[pa.Table], pa.BooleanArray]:
    """Which rows have one of these values."""
    wanted = pa.array(sorted(values), pa.string())

    def chosen(rows: pa.Table) -> pa.BooleanArray:
        return pc.is_in(rows[column].combine_chunks(), value_set=wanted)  # a null is in no list: False

    return chosen


def _erase_bodies(store: Path, erased: _Erased) -> None:
    for source, ids in erased.captures.items():
        chosen = _one_of("capture_id", ids)
        for path in archive.capture_files(store, source):
            hashes = set()
            for table in archive.read_facts(path, ["capture_id", "body_state", "body_hash"]):
                hashes |= {row["body_hash"] for row in table.filter(chosen(table)).to_pylist() if row["body_state"] == "stored"}
            if hashes:
                erased.bodies += len(hashes)
                archive.rewrite(path, _without_bodies(chosen))
                archive.remove_unused_large(path.parent)


def _without_bodies(chosen: Callable[[pa.Table], pa.BooleanArray]) -> Callable[[pa.Table], pa.Table]:
    return lambda table: archive.drop_bodies(table, chosen(table), "erased")


def _write_tombstone(
    path: Path, subject: dict[str, str | None], reason: str, erased: _Erased, now: datetime, *, is_done: bool
) -> None:
    """What is erased, by whom and why."""
    word = {
        "erased_at": now.isoformat(),
        "by": getuser(),
        "reason": reason,
        **subject,
        "body_count": erased.bodies,
        "row_count": erased.rows,
        "capture_ids": {source: sorted(ids) for source, ids in erased.captures.items()},
        "is_done": is_done,
    }
    with archive.replacing(path) as beside:
        beside.write_text(json.dumps(word, ensure_ascii=False, indent=1), encoding="utf-8")
