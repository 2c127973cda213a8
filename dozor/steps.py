"""Each step of the pipeline as a plain function of strings: what the command line, the Airflow tasks and the tests call.

    begin -> collect -> parse -> refresh (load, build, check, publish) -> report

Every step may be run again, or beside another copy of itself, with the same result.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from collectors.archive import new_run_id, remove_covered_parts, sources_and_days
from collectors.crawl import CrawlJob, Secrets, crawl
from collectors.registry import sources
from collectors.runs import Run, begin_run, find_run, read_outcomes, run_folder, write_outcomes
from collectors.source import Capture, Outcome, Watch, Window
from collectors.watchlist import Watchlist, load_watchlist, read_watchlist
from dozor.parsing import parse_partition, policy_by_watch
from dozor.settings import Settings, SettingsError, load_settings

CADENCES = ("hourly", "nightly", "weekly")
BAD = ("failed", "blocked", "changed", "partial", "pending")  # statuses that make a run red
WATCHES_PER_SHARD = 500
MAX_SHARDS = 64


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a source's watches: number `part` of `of`."""

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
    text = settings.watchlist.read_text(encoding="utf-8-sig")
    watchlist = read_watchlist(text, str(settings.watchlist))
    run = Run(run_id=run_id or new_run_id(now), kind=kind, started_at=now, watchlist_version=watchlist.version)
    return begin_run(settings.store, run, text).run_id


def due(kind: str, only: Iterable[str] = (), settings: Settings | None = None) -> list[str]:
    """The shards to collect for a cadence ("manual": every source of the watchlist), at most 64."""
    settings = settings or load_settings()
    watchlist = load_watchlist(settings.watchlist)
    wanted = set(only)
    found: list[str] = []
    for name, module in sources().items():
        if (kind in CADENCES and module.declaration.cadence != kind) or (wanted and name not in wanted):
            continue
        count = len(watchlist.watches(name))
        if count:
            parts = min(-(-count // WATCHES_PER_SHARD), MAX_SHARDS)
            found.extend(str(Shard(name, part, parts)) for part in range(1, parts + 1))
    return found[:MAX_SHARDS]


def collect(
    run_id: str,
    shards: Sequence[str],
    *,
    since: str = "",
    until: str = "",
    secrets: Secrets | None = None,
    notice: Callable[[Capture], None] = lambda _: None,
    settings: Settings | None = None,
) -> list[Outcome]:
    """Look at the watches of these shards and archive what comes back; many sources at once, each with its own pace.

    `since` and `until` (ISO dates or times) ask interval sources for that period instead of the nightly window.
    """
    settings = settings or load_settings()
    run = _run(settings, run_id)
    return asyncio.run(_collect(settings, run, [Shard.parse(s) for s in shards], since, until, secrets or _from_environment, notice))


async def _collect(
    settings: Settings, run: Run, shards: Sequence[Shard], since: str, until: str, secrets: Secrets, notice: Callable[[Capture], None]
) -> list[Outcome]:
    from collectors.auth import missing_credentials  # noqa: F401
    from collectors.fetch import Fetcher, user_agent
    from collectors.limits import Limits
    from collectors.robots import RobotsCache

    if not settings.contact:
        raise SettingsError("no contact: set `contact:` in dozor.yml (or DOZOR_CONTACT) to a URL or mail address; site owners must be able to reach you")
    watchlist = run_watchlist(settings, run)
    async with AsyncExitStack() as stack:
        limits = stack.enter_context(Limits(settings.store / "work" / "limits.sqlite"))
        fetcher = await stack.enter_async_context(
            Fetcher(limits=limits, user_agent=user_agent(settings.contact), allow_private_hosts=settings.allow_private_hosts, http2=settings.http2)
        )
        robots = RobotsCache(fetcher)

        async def one(shard: Shard) -> list[Outcome]:
            module = sources()[shard.source]
            watches = tuple(watch for watch in watchlist.watches(shard.source) if shard.holds(watch))
            remove_covered_parts(settings.store, shard.source, run.day)
            job = CrawlJob(
                store=settings.store,
                run=run,
                module=module,
                watches=watches,
                windows=lambda _: _window(run.started_at, module.declaration.overlap_days, since, until),
                base_url=settings.base_urls.get(shard.source, ""),
            )
            outcomes = await crawl(job, fetcher=fetcher, robots=robots, secrets=secrets, now=settings.now(), notice=notice)
            write_outcomes(settings.store, run, shard.source, "collect", f"{shard.part}of{shard.of}", outcomes)
            return outcomes

        return [outcome for outcomes in await asyncio.gather(*map(one, shards)) for outcome in outcomes]
