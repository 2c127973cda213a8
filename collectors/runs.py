"""Runs and their outcomes on disk: what was looked at, and what came of it.

runs/date=D/<run_id>/run.json                     when, why and by which version of the watchlist
runs/date=D/<run_id>/watchlist.yml                the watchlist as it was
runs/date=D/<run_id>/<step>-<source>-<writer>.json    outcomes of one step of one source
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from collectors.archive import check_run_id, replacing
from collectors.source import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the pipeline. `day` is the UTC day on which it began: the partition of all it fetches."""

    run_id: str
    kind: str  # nightly, hourly, weekly, manual, backfill, demo
    started_at: datetime
    watchlist_version: str

    @property
    def day(self) -> date:
        return self.started_at.astimezone(UTC).date()


def run_folder(store: Path, day: date, run_id: str) -> Path:
    return store / "runs" / f"date={day.isoformat()}" / check_run_id(run_id)


def begin_run(store: Path, run: Run, watchlist: str) -> Run:
    """Write down the run; a run that is resumed keeps the beginning it had."""
    if (earlier := find_run(store, run.run_id)) is not None:
        return earlier
    folder = run_folder(store, run.day, run.run_id)
    with replacing(folder / "watchlist.yml") as beside:
        beside.write_text(watchlist, encoding="utf-8")
    with replacing(folder / "run.json") as beside:
        beside.write_text(_json({**asdict(run), "started_at": run.started_at.isoformat()}), encoding="utf-8")
    return run


def find_run(store: Path, run_id: str) -> Run | None:
    for path in (store / "runs").glob(f"date=*/{check_run_id(run_id)}/run.json"):
        facts = json.loads(path.read_text(encoding="utf-8"))
        return Run(**{**facts, "started_at": datetime.fromisoformat(facts["started_at"])})
    return None


def recent_runs(store: Path, count: int) -> list[Run]:
    """The last runs, newest first."""
    runs: list[Run] = []
    for folder in sorted((store / "runs").glob("date=*"), reverse=True):
        found = [run for path in folder.glob("*/run.json") if (run := find_run(store, path.parent.name)) is not None]
        runs += sorted(found, key=lambda run: run.started_at, reverse=True)
        if len(runs) >= count:
            break
    return runs[:count]


def last_answered(store: Path, source: str, before: datetime, days: int) -> date | None:
    """The day of the last run that a source answered, of those that began before a time, at most so many days back.

    Runs that asked for the past do not count: they say nothing of the days since.
    """
    for back in range(days + 1):
        day = before.astimezone(UTC).date() - timedelta(days=back)
        for path in (store / "runs" / f"date={day.isoformat()}").glob(f"*/collect-{source}-*.json"):
            run = find_run(store, path.parent.name)
            if run is None or run.kind == "backfill" or run.started_at >= before:
                continue
            if any(row["status"] in ("ok", "empty", "partial") for row in json.loads(path.read_text(encoding="utf-8"))):
                return day
    return None


def has_outcomes(store: Path, run: Run, source: str, step: str, writer: str) -> bool:
    """Whether a step of a source has come to its end."""
    return (run_folder(store, run.day, run.run_id) / f"{step}-{source}-{writer}.json").exists()


def write_outcomes(store: Path, run: Run, source: str, step: str, writer: str, outcomes: Iterable[Outcome]) -> Path:
    """One file a step, source and writer; written whole."""
    path = run_folder(store, run.day, run.run_id) / f"{step}-{source}-{writer}.json"
    rows = [{**asdict(o), "started_at": o.started_at.isoformat(), "ended_at": o.ended_at.isoformat()} for o in outcomes]
    with replacing(path) as beside:
        beside.write_text(_json(rows), encoding="utf-8")
    return path


def read_outcomes(store: Path, run_id: str) -> list[Outcome]:
    """The outcomes of a run, all steps and sources."""
    found = []
    for path in sorted((store / "runs").glob(f"date=*/{check_run_id(run_id)}/*-*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            row["started_at"], row["ended_at"] = (
                datetime.fromisoformat(row["started_at"]),
                datetime.fromisoformat(row["ended_at"]),
            )
            found.append(Outcome(**row))
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
