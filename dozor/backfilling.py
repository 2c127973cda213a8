"""Filling in the past: reading the archive again, asking sources for a period, reading web archive files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

from collectors.archive import sources_and_days
from collectors.auth import from_environment
from collectors.crawl import Secrets
from collectors.origins.warc import import_warc
from collectors.registry import sources
from collectors.runs import Run
from collectors.source import Capture, Window
from dozor.settings import Settings, load_settings
from dozor.steps import (
    Shard,
    UsageError,
    ask,
    check_asking,
    check_sources,
    day_of,
    due,
    note_plan,
    parse,
    parse_day,
    run_of,
    run_watchlist,
)
from dozor.workers import Workers


def backfill(
    run_id: str,
    mode: str,
    *,
    since: str = "",
    until: str = "",
    only: Iterable[str] = (),
    files: Sequence[str] = (),
    secrets: Secrets = from_environment,
    notice: Callable[[Capture], None] = lambda _: None,
    settings: Settings | None = None,
) -> list[str]:
    """Fill in the past; returns lines that say what was done and who could not answer.

    `reparse` reads the archive again where an older version read it; `past` asks interval sources for [since, until); `warc`
    reads web archive files. Raises UsageError for a mode without what it needs.
    """
    settings = settings or load_settings()
    run = run_of(settings, run_id)
    wanted = set(only)
    check_sources(wanted)
    _check_mode(mode, since, until, files, run.started_at)
    match mode:
        case "reparse":
            return _reparse(settings, run, wanted, _days(since, until))
        case "past":
            return _ask_past(settings, run, wanted, _period(since, until, run.started_at), secrets, notice)
    return _read_warc(settings, run, wanted, files)


def check_words(
    mode: str,
    *,
    since: str = "",
    until: str = "",
    only: Iterable[str] = (),
    files: Sequence[str] = (),
    settings: Settings | None = None,
) -> None:
    """Raise what stands against a backfill, before a run begins for it; a file that is not there raises OSError."""
    settings = settings or load_settings()
    check_sources(only)
    _check_mode(mode, since, until, files, settings.now()())
    if mode == "past":
        check_asking(only, settings=settings)


def _check_mode(mode: str, since: str, until: str, files: Sequence[str], now: datetime) -> None:
    match mode:
        case "reparse":
            _days(since, until)
        case "past":
            _period(since, until, now)
        case "warc" if files:
            for name in files:
                Path(name).stat()
        case "warc":
            raise UsageError("reading web archives needs --warc FILE")
        case _:
            raise UsageError(f"unknown mode {mode!r}: reparse, past or warc")


def _days(since: str, until: str) -> tuple[date, date]:
    return day_of(since, date.min, "since"), day_of(until, date.max, "until")


def _period(since: str, until: str, now: datetime) -> Window:
    if not since:
        raise UsageError("asking the past needs --since YYYY-MM-DD")
    begin_at = datetime.combine(day_of(since, date.min, "since"), time(), UTC)
    end_at = min(datetime.combine(day_of(until, date.max, "until"), time(), UTC), now) if until else now
    if begin_at >= end_at:
        raise UsageError(f"the period is empty: since {begin_at:%Y-%m-%d} is not before until {end_at:%Y-%m-%d %H:%M} UTC")
    return Window(begin_at, end_at)


def _reparse(settings: Settings, run: Run, wanted: set[str], days: tuple[date, date]) -> list[str]:
    lines = []
    first, last = days
    with Workers(settings.workers) as pool:
        for source, day in sources_and_days(settings.store):
            if source in sources() and (not wanted or source in wanted) and first <= day < last:
                outcomes = parse_day(settings, run, source, day, pool)
                if outcomes:
                    lines.append(f"{source} {day}: {sum(o.records for o in outcomes)} records read again")
    return lines or ["Nothing to read again: every capture was read by today's parsers."]


def _ask_past(
    settings: Settings, run: Run, wanted: set[str], window: Window, secrets: Secrets, notice: Callable[[Capture], None]
) -> list[str]:
    listed = due("manual", run.run_id, wanted, settings)
    able = [s for s in listed if sources()[Shard.parse(s).source].declaration.mode == "interval"]
    lines = [
        f"{name}: can only be seen as it is now; its past is in the archive (--reparse) or in web archives (--warc)"
        for name in dict.fromkeys(Shard.parse(s).source for s in listed if s not in able)
    ]
    note_plan(settings, run, able)
    ask(settings, run, [Shard.parse(s) for s in able], lambda _: window, secrets, notice)
    outcomes = parse(run.run_id, able, settings) if able else []
    return [
        *lines,
        (
            f"{sum(o.records for o in outcomes)} records of {window.since:%Y-%m-%d} to {window.until:%Y-%m-%d} "
            f"from {', '.join(able) or 'no source'}"
        ),
    ]


def _read_warc(settings: Settings, run: Run, wanted: set[str], files: Sequence[str]) -> list[str]:
    lines, touched = [], set()
    watches = [watch for watch in run_watchlist(settings, run).watches() if not wanted or watch.source in wanted]
    for name in files:
        imported = import_warc(settings.store, run, Path(name), watches, settings.now()())
        touched |= set(imported.captures)
        lines.append(f"{name}: {imported}")
    outcomes = parse(run.run_id, sorted(touched), settings) if touched else []
    return [*lines, f"{sum(o.records for o in outcomes)} records read from them"]
