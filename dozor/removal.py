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

from collectors import archive
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
    bodies: int = 0
    rows: int = 0
    captures: dict[str, set[str]] = field(default_factory=dict)  # source -> capture ids


def erase(*, url: str = "", watch_id: str = "", author: str = "", reason: str, settings: Settings | None = None) -> str:
    """Remove bodies, rows and published copies of an address, a watch or an author; a tombstone stays.

    What an author wrote goes with the pages it stood on: a page that is kept could be read again.
    """
    settings = settings or load_settings()
    if sum(map(bool, (url, watch_id, author))) != 1:
        raise UsageError("name one of --url, --watch and --author")
    store = settings.store
    erased = _Erased()
    if author:
        names = [author, pseudonym(author, settings.salt)]
        _erase_author(store, names, erased)
    else:
        wanted = _by_url(url) if url else _by_watch(watch_id)
        _find(store, wanted, erased)
        _erase_rows(store, erased)
    _erase_bodies(store, erased)
    for source, ids in erased.captures.items():
        forget(store, source, ids)
    if not erased.captures:
        return "Nothing was found; nothing was changed."
    _write_tombstone(store, url, watch_id, author, settings.salt, reason, erased, settings.now()())
    refresh(settings=settings)
    compact(store)
    if (store / "reports").exists():  # any of them may quote what is gone, as the value before a change too
        shutil.rmtree(store / "reports")
        report(settings)
    return f"Erased {erased.bodies} stored pages and {erased.rows} rows; published copies are made anew."


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


def _erase_author(store: Path, names: list[str], erased: _Erased) -> None:
    for table in PERSONAL:
        for path in (store / "batches" / f"table={table}").glob("source=*/date=*.parquet"):
            info = read_batch_footer(path)
            gone = rewrite_batch(store, table, info.source, info.day, _one_of("author", names))
            if gone.num_rows:
                erased.rows += gone.num_rows
                erased.captures.setdefault(info.source, set()).update(map(str, gone["capture_id"].to_pylist()))


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
    store: Path, url: str, watch_id: str, author: str, salt: bytes, reason: str, erased: _Erased, now: datetime
) -> None:
    """What was erased, by whom and why; of a person no name, only the pseudonym."""
    word = {
        "erased_at": now.isoformat(),
        "by": getuser(),
        "reason": reason,
        "url": url or None,
        "watch_id": watch_id or None,
        "author": pseudonym(author, salt) if author else None,
        "body_count": erased.bodies,
        "row_count": erased.rows,
        "capture_ids": {source: sorted(ids) for source, ids in erased.captures.items()},
    }
    with archive.replacing(store / "erasures" / f"{now:%Y%m%dT%H%M%S%f}.json") as beside:
        beside.write_text(json.dumps(word, ensure_ascii=False, indent=1), encoding="utf-8")
