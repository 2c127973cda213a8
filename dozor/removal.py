"""Taking away: old bodies to save disk, and anything for cause."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from getpass import getuser
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collectors import archive
from collectors.crash import crash_point
from collectors.known import forget
from collectors.pruning import erase_contents, prune, remove_unused_large
from collectors.registry import sources
from collectors.source import digest
from collectors.urls import normalise_url
from dozor.refreshing import refresh, report
from dozor.settings import Settings, load_settings
from dozor.steps import StepError, UsageError, begin, day_of, parse_day, run_of
from dozor.tombstones import FOLDER, tombstones
from dozor.workers import Workers
from transforms.normalise import PSEUDONYM, pseudonym
from transforms.tables import PERSONAL, tables
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
    return f"Dropped {prune(settings.store, day)} stored pages from before {day}; everything read from them stays."


Chosen = Callable[[pa.Table], pa.BooleanArray]  # which rows of a table go


@dataclass(slots=True)
class _Erased:
    captures: dict[str, set[str]] = field(default_factory=dict)  # source -> ids of captures whose bodies go
    bodies: int = 0
    rows: int = 0


def erase(*, url: str = "", watch_id: str = "", author: str = "", reason: str, settings: Settings | None = None) -> str:
    """Remove bodies, rows and published copies of an address, a watch or an author; a tombstone stays.

    What stands under an address, or what an author wrote, goes with the pages it stood on: a page that is kept could be read
    again. What else was read from those pages stays. The tombstone is written first: killed anywhere, the same command goes on
    from it, though the rows that led there may be gone. Raises StepError when nothing is found.
    """
    settings = settings or load_settings()
    if sum(map(bool, (url, watch_id, author))) != 1:
        raise UsageError("name one of --url, --watch and --author")
    if not reason.strip():
        raise UsageError("--reason: say why; it is kept with the tombstone")
    store, now = settings.store, settings.now()()
    subject = {
        "url": url or None,
        "watch_id": watch_id or None,
        "author": _pseudonym_of(author, settings.salt) if author else None,  # of a person no name
    }
    whole: dict[str, set[str]] = {}  # captures of which all goes
    if not author:
        whole = _captures(store, _by_url(url) if url else _by_watch(watch_id))
    some: dict[str, Chosen] = {}  # table -> rows that go, whatever capture they came from
    if author:
        some = dict.fromkeys(PERSONAL, _written_by(str(subject["author"]), settings.salt))
    elif url:
        some = dict.fromkeys(_with_address(), _stands_at(normalise_url(url)))
    erased = _Erased()
    for found in (_begun(store, subject), whole, _captures_of_rows(store, some)):
        for source, ids in found.items():
            erased.captures.setdefault(source, set()).update(ids)
    if not erased.captures:
        raise StepError("Nothing was found; nothing was changed.")
    stone = store / FOLDER / f"{now:%Y%m%dT%H%M%S%f}-{digest(subject)[:8]}.json"
    _write_tombstone(stone, subject, reason, erased, now, is_done=False)
    crash_point("erase.begun")
    _erase_bodies(store, erased)
    crash_point("erase.bodies")
    _erase_rows(store, whole, some, erased)
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
        + (f"This address is neither asked nor read any more, until {stone} is removed." if url else "")
        + (f"What this person writes is left out from now on, until {stone} is removed." if author else "")
        + ("What the watch finds is collected again while it stands in the watchlist." if watch_id else "")
    )


def _by_url(url: str) -> Callable[[dict[str, str]], bool]:
    same = normalise_url(url)
    return lambda row: same in (normalise_url(row["url"]), normalise_url(row["final_url"]))


def _by_watch(watch_id: str) -> Callable[[dict[str, str]], bool]:
    return lambda row: row["watch_id"] == watch_id


def _captures(store: Path, wanted: Callable[[dict[str, str]], bool]) -> dict[str, set[str]]:
    """Source -> the captures of the archive that are wanted."""
    found: dict[str, set[str]] = {}
    for path in archive.capture_files(store):
        for table in archive.read_facts(path, ["capture_id", "source", "watch_id", "url", "final_url"]):
            for row in table.to_pylist():
                if wanted(row):
                    found.setdefault(row["source"], set()).add(row["capture_id"])
    return found


def _begun(store: Path, subject: dict[str, str | None]) -> dict[str, set[str]]:
    """The captures of erasures of the same subject that were begun and did not come to their end."""
    found: dict[str, set[str]] = {}
    for stone in tombstones(store):
        if not stone.get("is_done", True) and {name: stone[name] for name in subject} == subject:
            for source, ids in stone["capture_ids"].items():
                found.setdefault(source, set()).update(ids)
    return found


def _captures_of_rows(store: Path, some: dict[str, Chosen]) -> dict[str, set[str]]:
    """Source -> the captures that rows to erase were read from."""
    found: dict[str, set[str]] = {}
    for table, chosen in some.items():
        for path in store.glob(f"*/table={table}/source=*/date=*.parquet"):  # batches, and those that stand before held ones
            for rows in _rows(path, table):
                if ids := rows.filter(chosen(rows))["capture_id"].to_pylist():
                    found.setdefault(read_batch_footer(path).source, set()).update(map(str, ids))
    return found


def _rows(path: Path, table: str) -> Iterator[pa.Table]:
    """What tells whether a row of a batch goes, a part at a time."""
    columns = [name for name in ("capture_id", "author", "url") if name in tables()[table].schema.names]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=columns):
            yield pa.Table.from_batches([batch])


def _erase_rows(store: Path, whole: dict[str, set[str]], some: dict[str, Chosen], erased: _Erased) -> None:
    for path in (store / "batches").glob("table=*/source=*/date=*.parquet"):
        info = read_batch_footer(path)
        chosen = [_one_of("capture_id", whole[info.source])] if info.source in whole else []
        chosen += [some[info.table]] if info.table in some else []
        if chosen:
            erased.rows += rewrite_batch(store, info.table, info.source, info.day, _any_of(chosen)).num_rows


def _any_of(chosen: list[Chosen]) -> Chosen:
    return lambda rows: reduce(pc.or_, (one(rows) for one in chosen))


def _with_address() -> list[str]:
    """The tables whose rows stand under an address."""
    return [name for name, table in tables().items() if "url" in table.schema.names]


def _stands_at(address: str) -> Chosen:
    """Which rows stand under this address, which is normalised."""

    def chosen(rows: pa.Table) -> pa.BooleanArray:
        urls = rows["url"].combine_chunks()
        same = [url for url in pc.unique(urls).to_pylist() if url and normalise_url(url) == address]
        return pc.is_in(urls, value_set=pa.array(same, pa.string()))

    return chosen


def _pseudonym_of(author: str, salt: bytes) -> str:
    """Of a name, or of what stands for it in the warehouse already."""
    return author if PSEUDONYM.fullmatch(author) else pseudonym(author, salt)


def _written_by(person: str, salt: bytes) -> Chosen:
    """Which rows a person wrote, whom they name or call by the pseudonym."""

    def chosen(rows: pa.Table) -> pa.BooleanArray:
        authors = rows["author"].combine_chunks()
        same = [name for name in pc.unique(authors).to_pylist() if name and person in (name, pseudonym(name, salt))]
        return pc.is_in(authors, value_set=pa.array(same, pa.string()))

    return chosen


def _one_of(column: str, values: Iterable[str]) -> Chosen:
    """Which rows have one of these values."""
    wanted = pa.array(sorted(values), pa.string())

    def chosen(rows: pa.Table) -> pa.BooleanArray:
        return pc.is_in(rows[column].combine_chunks(), value_set=wanted)  # a null is in no list: False

    return chosen


def _erase_bodies(store: Path, erased: _Erased) -> None:
    for source, ids in erased.captures.items():
        chosen = _one_of("capture_id", ids)
        for path in archive.capture_files(store, source):
            hashes, is_quoted = set(), False
            for table in archive.read_facts(path, ["capture_id", "body_state", "body_hash", "context"]):
                for row in table.filter(chosen(table)).to_pylist():
                    is_quoted |= row["context"] != archive.NO_CONTEXT
                    hashes |= {row["body_hash"]} if row["body_state"] == "stored" else set()
            if hashes or is_quoted:
                erased.bodies += len(hashes)
                archive.rewrite(path, _without(chosen))
                remove_unused_large(path.parent)


def _without(chosen: Chosen) -> Callable[[pa.Table], pa.Table]:
    return lambda table: erase_contents(table, chosen(table))


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
