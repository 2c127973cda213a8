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
from dozor.steps import Shard, UsageError, ask, day_of, due, note_plan, parse, parse_day, run_of, run_watchlist, unknown_sources
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
    if unknown := wanted - set(sources()):
        raise UsageError(unknown_sources(unknown))
    match mode:
        case "reparse":
            return _reparse(settings, run, wanted, since, until)
        case "past":
            return _ask_past(settings, run, wanted, since, until, secrets, notice)
        case "warc":
            return _read_warc(settings, run, wanted, files)
    raise UsageError(f"unknown mode {mode!r}: reparse, past or warc")


def _reparse(settings: Settings, run: Run, wanted: set[str], since: str, until: str) -> list[str]:
    lines = []
    first, last = day_of(since, date.min, "since"), day_of(until, date.max, "until")
    with Workers(settings.workers) as pool:
        for source, day in sources_and_days(settings.store):
            if source in sources() and (not wanted or source in wanted) and first <= day < last:
                outcomes = parse_day(settings, run, source, day, pool)
                if outcomes:
                    lines.append(f"{source} {day}: {sum(o.records for o in outcomes)} records read again")
    return lines or ["Nothing to read again: every capture was read by today's parsers."]


def _ask_past(
    settings: Settings, run: Run, wanted: set[str], since: str, until: str, secrets: Secrets, notice: Callable[[Capture], None]
) -> list[str]:
    if not since:
        raise UsageError("asking the past needs --since YYYY-MM-DD")
    begin_at = datetime.combine(day_of(since, date.min, "since"), time(), UTC)
    end_at = min(datetime.combine(day_of(until, date.max, "until"), time(), UTC), run.started_at) if until else run.started_at
    if begin_at >= end_at:
        raise UsageError(f"the period is empty: since {begin_at:%Y-%m-%d} is not before until {end_at:%Y-%m-%d %H:%M} UTC")
    listed = due("manual", run.run_id, wanted, settings)
    able = [s for s in listed if sources()[Shard.parse(s).source].declaration.mode == "interval"]
    lines = [
        f"{name}: can only be seen as it is now; its past is in the archive (--reparse) or in web archives (--warc)"
        for name in dict.fromkeys(Shard.parse(s).source for s in listed if s not in able)
    ]
    note_plan(settings, run, able)
    window = Window(begin_at, end_at)
    ask(settings, run, [Shard.parse(s) for s in able], lambda _: window, secrets, notice)
    outcomes = parse(run.run_id, able, settings) if able else []
    return [
        *lines,
        (
            f"{sum(o.records for o in outcomes)} records of {begin_at:%Y-%m-%d} to {end_at:%Y-%m-%d} "
            f"from {', '.join(able) or 'no source'}"
        ),
    ]


def _read_warc(settings: Settings, run: Run, wanted: set[str], files: Sequence[str]) -> list[str]:
    if not files:
        raise UsageError("reading web archives needs --warc FILE")
    lines, touched = [], set()
    watches = [watch for watch in run_watchlist(settings, run).watches() if not wanted or watch.source in wanted]
    for name in files:
        imported = import_warc(settings.store, run, Path(name), watches, settings.now()())
        touched |= set(imported.captures)
        lines.append(f"{name}: {imported}")
    outcomes = parse(run.run_id, sorted(touched), settings) if touched else []
    return [*lines, f"{sum(o.records for o in outcomes)} records read from them"]
