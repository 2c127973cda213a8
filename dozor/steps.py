"""The steps of collecting as plain functions of strings: what the command line, the Airflow tasks and the tests call.

    begin -> due -> collect -> parse        (then `dozor.refreshing`: refresh -> report)

Every step may be run again, or beside another copy of itself, with the same result. Nothing here imports duckdb or pandas:
many of these run at once.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches

import uvloop

from collectors.archive import check_run_id, new_run_id, remove_covered_parts, replacing, sources_and_days
from collectors.auth import from_environment, missing_credentials
from collectors.crawl import CrawlJob, Secrets, crawl
from collectors.limits import Allowance, Limits
from collectors.memory import keep_memory
from collectors.registry import SourceModule, sources
from collectors.robots import Robots
from collectors.runs import Run, begin_run, find_run, has_outcomes, last_answered, read_outcomes, run_folder, write_outcomes
from collectors.source import Capture, Outcome, Source, Watch, Window
from collectors.watchlist import Watchlist, load_watchlist, read_watchlist, watchlist_text
from dozor.asking import denied_hosts, fetcher_of
from dozor.parsing import parse_partition, policy_by_watch
from dozor.settings import Settings, SettingsError, load_settings
from dozor.tombstones import erased
from dozor.workers import Workers

CADENCES = ("hourly", "nightly", "weekly")
BAD = ("failed", "blocked", "changed", "partial", "pending")  # statuses that make a run red
WATCHES_PER_SHARD = 500
CATCH_UP_DAYS = 31  # how long an outage may have been whose period is asked for afterwards
MAX_SHARDS = 64  # Airflow maps at most so many tasks here: each costs a second of overhead


class StepError(Exception):
    """A step cannot be done as asked; says why and what to do."""

    exit_code = 1


class UsageError(StepError):
    """A step is asked for in a way that it cannot be: the words are to be mended, not the world."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a source's watches: number `part` of `of`; as text `site`, or `site:2/3`."""

    source: str
    part: int = 1
    of: int = 1

    def __str__(self) -> str:
        return self.source if self.of == 1 else f"{self.source}:{self.part}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Shard:
        source, _, rest = text.partition(":")
        part, _, of = rest.partition("/")
        return cls(source, int(part), int(of)) if rest else cls(source)

    def holds(self, watch: Watch) -> bool:
        return int(watch.watch_id[:8], 16) % self.of == self.part - 1


def begin(kind: str, run_id: str = "", settings: Settings | None = None) -> str:
    """Start a run, or find the one of that id again; returns its id. The run keeps the watchlist as it is now."""
    settings = settings or load_settings()
    now = settings.now()()
    text, watchlist = _watchlist(settings)
    run = Run(
        run_id=_checked(run_id) if run_id else new_run_id(now), kind=kind, started_at=now, watchlist_version=watchlist.version
    )
    return begin_run(settings.store, run, text).run_id


def _watchlist(settings: Settings) -> tuple[str, Watchlist]:
    try:
        text = watchlist_text(settings.watchlist)
    except FileNotFoundError as error:
        raise SettingsError(f"there is no watchlist {settings.watchlist}; `dozor init` writes one to start from") from error
    return text, read_watchlist(text, str(settings.watchlist))


def check_asking(only: Iterable[str] = (), run_id: str = "", settings: Settings | None = None) -> None:
    """Raise what stands against asking these sources (none: all), before a run begins: one that could not leaves no trace."""
    settings = settings or load_settings()
    _watchlist(settings)
    check_sources(only)
    if run_id:
        _checked(run_id)
    _check_contact(settings)


def due(kind: str, run_id: str, only: Iterable[str] = (), settings: Settings | None = None) -> list[str]:
    """The shards to collect for a cadence (other kinds: every source of the watchlist), at most 64; noted as the run's plan."""
    settings = settings or load_settings()
    run = run_of(settings, run_id)
    watchlist = run_watchlist(settings, run)
    wanted = set(only)
    check_sources(wanted)
    counts = {
        name: len(watchlist.watches(name))
        for name, module in sources().items()
        if (kind not in CADENCES or module.declaration.cadence == kind) and (not wanted or name in wanted)
    }
    spare = MAX_SHARDS - len(counts)
    shards: list[str] = []
    for name, count in counts.items():
        parts = min(-(-count // WATCHES_PER_SHARD), 1 + spare)
        spare -= max(0, parts - 1)
        shards.extend(str(Shard(name, part, parts)) for part in range(1, parts + 1))
    note_plan(settings, run, shards)
    return shards


def note_plan(settings: Settings, run: Run, shards: Sequence[str]) -> None:
    """Write down which shards a run is to collect: what is missing at its end is named by `failures`."""
    with replacing(run_folder(settings.store, run.day, run.run_id) / "plan.json") as beside:
        beside.write_text(json.dumps(list(shards)), encoding="utf-8")


def collect(
    run_id: str,
    shards: Sequence[str],
    *,
    secrets: Secrets = from_environment,
    notice: Callable[[Capture], None] = lambda _: None,
    settings: Settings | None = None,
) -> list[Outcome]:
    """Look at the watches of these shards and archive what comes back; many sources at once, each with its own pace."""
    settings = settings or load_settings()
    run = run_of(settings, run_id)

    def window(source: Source) -> Window:
        is_asked = source.mode == "interval"  # the others show what they have now, whatever the window
        answered = last_answered(settings.store, source.name, run.started_at, CATCH_UP_DAYS) if is_asked else None
        return nightly_window(source, run.started_at, answered)

    return ask(settings, run, [Shard.parse(s) for s in shards], window, secrets, notice)


def ask(
    settings: Settings,
    run: Run,
    shards: Sequence[Shard],
    window: Callable[[Source], Window],
    secrets: Secrets,
    notice: Callable[[Capture], None],
) -> list[Outcome]:
    """Collect these shards, interval sources for the window given."""
    keep_memory()
    return uvloop.run(_collect(settings, run, shards, window, secrets, notice))


async def _collect(
    settings: Settings,
    run: Run,
    shards: Sequence[Shard],
    window: Callable[[Source], Window],
    secrets: Secrets,
    notice: Callable[[Capture], None],
) -> list[Outcome]:
    _check_contact(settings)
    watchlist, gone = run_watchlist(settings, run), erased(settings.store)
    async with AsyncExitStack() as stack:
        limits = stack.enter_context(Limits(settings.store / "work" / "limits.sqlite", allowances=_allowances(settings)))
        fetcher = await stack.enter_async_context(fetcher_of(settings, limits))

        async def one(shard: Shard) -> list[Outcome]:
            module = _module(settings, shard.source)
            remove_covered_parts(settings.store, shard.source, run.day)
            job = CrawlJob(
                store=settings.store,
                run=run,
                module=module,
                watches=tuple(watch for watch in watchlist.watches(shard.source) if shard.holds(watch)),
                window=window(module.declaration),
                base_url=settings.base_urls.get(shard.source, ""),
                denied_hosts=denied_hosts(settings),
                erased=gone.addresses,
            )
            robots = Robots(fetcher, module.declaration, day=run.day.isoformat())
            outcomes = await crawl(job, fetcher=fetcher, robots=robots, secrets=secrets, now=settings.now(), notice=notice)
            write_outcomes(settings.store, run, shard.source, "collect", f"{shard.part}of{shard.of}", outcomes)
            return outcomes

        return [outcome for outcomes in await asyncio.gather(*map(one, shards)) for outcome in outcomes]


def _check_contact(settings: Settings) -> None:
    if not settings.contact:
        raise SettingsError(
            "no contact: set `contact:` in dozor.yml (or DOZOR_CONTACT) to a URL or mail address by which site owners reach you"
        )


def _allowances(settings: Settings) -> dict[tuple[str, str | None], Allowance]:
    return {
        (name.partition("/")[0], name.partition("/")[2] or None): Allowance(budget.requests, budget.money, budget.period)
        for name, budget in settings.budgets.items()
    }


def _module(settings: Settings, source: str) -> SourceModule:
    """A source with the pace that the settings give it."""
    module = sources()[source]
    pace = settings.pace_seconds.get(source)
    return module if pace is None else replace(module, declaration=replace(module.declaration, pace_seconds=pace))


def nightly_window(source: Source, started_at: datetime, answered: date | None = None) -> Window:
    """What an interval source is asked on a night: from yesterday's midnight, less its days of late arrivals, until now.

    Where it last answered on an earlier day, from the midnight of that day: an outage leaves no gap.
    """
    yesterday = started_at.astimezone(UTC).date() - timedelta(days=1)
    since = datetime.combine(min(answered or yesterday, yesterday), time(), UTC)
    return Window(since - timedelta(days=source.overlap_days), started_at.astimezone(UTC))


def parse(
    run_id: str, shards: Sequence[str] = (), settings: Settings | None = None, workers: Workers | None = None
) -> list[Outcome]:
    """Read records from what the run's day archived, into batches; only what is new is read. Outcomes where something was."""
    keep_memory()
    settings = settings or load_settings()
    run = run_of(settings, run_id)
    names = dict.fromkeys(Shard.parse(s).source for s in shards) or {
        s: None for s, day in sources_and_days(settings.store) if day == run.day
    }
    found: list[Outcome] = []
    with nullcontext(workers) if workers else Workers(settings.workers) as pool:
        for name in names:
            found += parse_day(settings, run, name, run.day, pool)
    return found


def parse_day(settings: Settings, run: Run, source: str, day: date, pool: Workers) -> list[Outcome]:
    watchlist = run_watchlist(settings, run)
    outcomes = parse_partition(
        settings.store,
        source,
        day,
        run_id=run.run_id,
        policies=policy_by_watch(watchlist.policies()),
        salt=settings.salt,
        workers=pool,
        now=settings.now()(),
        targets={watch.watch_id: watch.target for watch in watchlist.watches(source)},
    )
    if outcomes or not has_outcomes(settings.store, run, source, "parse", day.isoformat()):
        write_outcomes(settings.store, run, source, "parse", day.isoformat(), outcomes)  # none: parsed, and nothing was new
    return outcomes


def outcomes(run_id: str, settings: Settings | None = None) -> list[Outcome]:
    """What came of a run, all steps and sources."""
    return read_outcomes((settings or load_settings()).store, run_id)


def failures(run_id: str, settings: Settings | None = None, *, is_parsed: bool = True) -> list[str]:
    """Lines naming what failed in a run: bad outcomes, and planned shards that left none (`is_parsed`: of either step)."""
    settings = settings or load_settings()
    run = run_of(settings, run_id)
    lines = [f"{o.source} {o.target}: {o.status} in {o.step}: {o.message}" for o in outcomes(run_id, settings) if o.status in BAD]
    plan = run_folder(settings.store, run.day, run_id) / "plan.json"
    for text in json.loads(plan.read_text(encoding="utf-8")) if plan.exists() else []:
        shard = Shard.parse(text)
        if not (plan.parent / f"collect-{shard.source}-{shard.part}of{shard.of}.json").exists():
            lines.append(f"{shard}: did not finish collecting; its task's log says why")
        elif is_parsed and not has_outcomes(settings.store, run, shard.source, "parse", run.day.isoformat()):
            lines.append(f"{shard}: was collected but not parsed; `dozor parse --run {run_id}` goes on from there")
    return lines


def raise_for_failures(run_id: str) -> None:
    """Raise StepError when anything of a run failed, naming each; the last task of a DAG calls it so that the run turns red."""
    if lines := failures(run_id):
        raise StepError("\n".join(lines))


def missing(source: str, account: str | None) -> list[str]:
    """Which credentials of a source are not in the environment, and what mends it."""
    return missing_credentials(source, sources()[source].declaration.auth, account, from_environment(source, account))


def latest_run(settings: Settings | None = None) -> str:
    """The id of the run that began last."""
    settings = settings or load_settings()
    runs = sorted((settings.store / "runs").glob("date=*/*/run.json"), key=lambda path: path.stat().st_mtime_ns)
    if not runs:
        raise StepError("no run yet: `dozor run` or `dozor collect` begins one")
    return runs[-1].parent.name


def safe_run_id(text: str) -> str:
    """A run id of Airflow as one of ours: letters, digits, '-', '_' and '.' only."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.")[-80:].lstrip("-.")


def run_watchlist(settings: Settings, run: Run) -> Watchlist:
    """The watchlist as it was when the run began: a change while it runs waits for the next."""
    return load_watchlist(run_folder(settings.store, run.day, run.run_id) / "watchlist.yml")


def run_of(settings: Settings, run_id: str) -> Run:
    run = find_run(settings.store, _checked(run_id))
    if run is None:
        raise UsageError(f"there is no run {run_id!r} in {settings.store}")
    return run


def _checked(run_id: str) -> str:
    try:
        return check_run_id(run_id)
    except ValueError as error:
        raise UsageError(str(error)) from error


def check_sources(names: Iterable[str]) -> None:
    """Raise UsageError for names that no source has."""
    if unknown := sorted(set(names) - set(sources())):
        meant = [near for name in unknown for near in get_close_matches(name, sources(), 1)]
        hint = f" Did you mean {', '.join(meant)}?" if meant else ""
        raise UsageError(f"unknown source {', '.join(unknown)}.{hint} `dozor sources` lists them")


def day_of(text: str, default: date, name: str) -> date:
    try:
        return date.fromisoformat(text) if text else default
    except ValueError as error:
        raise UsageError(f"{name}: {text!r} is not a day, YYYY-MM-DD") from error
