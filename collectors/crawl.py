"""The loop of collecting one source: plan -> fetch -> judge -> archive -> follow.

Every attempt is archived before anything is read from it. The engine keeps scope, budget and duplicates; a source only says
what to ask and what an answer is worth. A run that is started again reads its own parts and asks nothing twice. A host that wants
to be left alone, or fails, is asked no more in this run, and what was not asked is counted.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from collectors.archive import ArchiveWriter
from collectors.auth import Lookup, missing_credentials
from collectors.crash import crash_point
from collectors.failures import FetchError
from collectors.fetch import Answer, Fetcher, with_params
from collectors.judging import capture_of, judged
from collectors.known import KnownSource
from collectors.reach import is_reachable, stays_near
from collectors.recall import Recall
from collectors.redaction import redact_text
from collectors.registry import SourceModule
from collectors.robots import Decision, Robots, permission
from collectors.runs import Run
from collectors.soft404 import PROBE, probe_url
from collectors.source import (
    LINKED,
    MAX_WATCH_MINUTES,
    Capture,
    Fetched,
    Known,
    Outcome,
    OutcomeStatus,
    ParseError,
    Request,
    Source,
    Verdict,
    Watch,
    Window,
    skip,
)
from collectors.standing import Standing
from collectors.tally import End, Tally
from collectors.urls import host_of, normalise_url

WATCHES_AT_ONCE = 64
WORKERS_PER_WATCH = 4  # only where a watch leads to many hosts: one host has one request in flight anyway
FLUSH_CHECK_SECONDS = 5.0
MOST_OUTLINKS = 50_000  # of one answer: what a sitemap may hold
FULL_EVERY_DAYS = 14  # a page whose validators say "unchanged" is fetched whole so often: some servers never change their ETag

Secrets = Callable[[str, str | None], Lookup]  # (source, account) -> key -> secret


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlJob:
    """What to collect: one source, its watches, for one run."""

    store: Path
    run: Run
    module: SourceModule
    watches: tuple[Watch, ...]
    window: Window
    base_url: str = ""  # overrides the source's own
    denied_hosts: frozenset[str] = frozenset()  # never asked, subdomains included, not even by a redirect
    erased: AbstractSet[str] = frozenset()  # addresses, normalised, that were erased: not asked again, nor by a redirect


@dataclass(slots=True)
class _Source:
    """What the watches of one source share during a run."""

    job: CrawlJob
    fetcher: Fetcher
    robots: Robots
    secrets: Secrets
    now: Callable[[], datetime]
    notice: Callable[[Capture], None]
    known: KnownSource
    writer: ArchiveWriter
    recall: Recall
    hosts: dict[tuple[str, str | None], Standing] = field(default_factory=dict)
    stopped: Verdict | None = None

    @property
    def source(self) -> Source:
        return self.job.module.declaration

    @property
    def base_url(self) -> str:
        return self.job.base_url or self.source.base_url

    def keep(self, capture: Capture) -> None:
        self.writer.add(capture)
        self.known.note_capture(capture)
        self.notice(capture)
        if self.writer.is_full:
            self.writer.flush()
        crash_point("collect-after-capture")


async def crawl(
    job: CrawlJob,
    *,
    fetcher: Fetcher,
    robots: Robots,
    secrets: Secrets,
    now: Callable[[], datetime],
    notice: Callable[[Capture], None] = lambda _: None,
) -> list[Outcome]:
    """Collect all watches of a source; returns an outcome for each. Whatever was archived stays, also when cancelled."""
    name = job.module.name
    known = KnownSource(job.store, name)
    recall = Recall(job.store, name, job.run.day, job.run.run_id)
    writer = ArchiveWriter(job.store, name, job.run.day, job.run.run_id)
    shared = _Source(job, fetcher, robots, secrets, now, notice, known, writer, recall)
    gate = asyncio.Semaphore(WATCHES_AT_ONCE)

    async def one(watch: Watch) -> Outcome:
        async with gate:
            return await _WatchCrawl(shared, watch).run()

    try:
        with _ended_by_sigterm():
            async with asyncio.TaskGroup() as group:
                flusher = group.create_task(_flush_regularly(writer))
                outcomes = await asyncio.gather(*(group.create_task(one(watch)) for watch in job.watches))
                flusher.cancel()
        writer.close()
    finally:
        writer.flush()  # when we are ended before our time, what there is; merging could take longer than we are given
        known.save()  # only now: what is not in the archive must not be known
    return outcomes


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the loop as Ctrl-C does: tasks are cancelled, and what they hold is written.

    A handler of somebody else's (Airflow has one) stays; the command's own, which the loop cannot use, is put back afterwards.
    """
    before = signal.getsignal(signal.SIGTERM)
    is_ours = threading.current_thread() is threading.main_thread() and before in (signal.SIG_DFL, signal.default_int_handler)
    if not is_ours:
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, sys.exit, 128 + signal.SIGTERM)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)


async def _flush_regularly(writer: ArchiveWriter) -> None:
    while True:
        await asyncio.sleep(FLUSH_CHECK_SECONDS)
        if writer.is_full:
            writer.flush()


class _WatchCrawl:
    """The frontier of one watch: what is still to ask, and what became of the rest."""

    def __init__(self, shared: _Source, watch: Watch) -> None:
        self.shared = shared
        self.watch = watch
        self.known: Known = shared.known.of(watch.watch_id)
        self.tally = Tally()
        self.queue: asyncio.PriorityQueue[tuple[float, int, int, Request]] = asyncio.PriorityQueue()  # by time, clicks, order
        self.numbers = itertools.count()
        self.asked: dict[str, int] = {}  # address -> clicks
        self.waiting: set[str] = set()  # fingerprints in the queue
        self.met: set[str] = set()  # hosts
        self.followed: set[tuple[str, str]] = set()  # (label, body hash)
        self.whole: set[str] = set()  # fingerprints to ask without conditions
        self.spent = 0.0
        self.is_stopped = False

    async def run(self) -> Outcome:
        shared, source, watch = self.shared, self.shared.source, self.watch
        started = shared.now()
        missing = missing_credentials(source.name, source.auth, watch.account, shared.secrets(source.name, watch.account))
        if missing:
            return self._outcome("skipped", started, "; ".join(missing))
        for capture in shared.recall.of(watch.watch_id):
            self._count(capture.fingerprint, capture, Verdict(capture.verdict, capture.verdict_reason))
            shared.known.note_capture(capture)  # a killed run did not get to it
        self._enqueue(shared.job.module.plan(watch, shared.job.window, self.known), f"plan of {watch.target}")
        deadline = time.monotonic() + 60 * float(watch.budgets.get("max_minutes", MAX_WATCH_MINUTES))
        workers = WORKERS_PER_WATCH if LINKED in source.hosts else 1
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._work(deadline)) for _ in range(workers)]
            await self.queue.join()
            for task in tasks:
                task.cancel()
        return self._outcome(self.tally.status, started, self.tally.message)

    def _outcome(self, status: OutcomeStatus, started: datetime, message: str) -> Outcome:
        return Outcome(
            run_id=self.shared.job.run.run_id,
            source=self.shared.source.name,
            watch_id=self.watch.watch_id,
            step="collect",
            target=self.watch.target,
            status=status,
            started_at=started,
            ended_at=self.shared.now(),
            requests=len(self.tally.ends) + self.tally.left.total(),
            captures=len(self.tally.ends),
            errors=self.tally.errors,
            message=message,
            spent=self.spent,
        )

    # The queue

    def _enqueue(self, requests: Iterable[Request], what: str, clicks: int = 0) -> None:
        """Queue what was not asked for yet, within scope and budget. A fault of the source costs this answer, not the watch.

        What waits in the queue already is moved forward where it is fewer clicks away than it was thought to be.
        """
        budget = int(self.watch.budgets.get("max_pages", self.shared.source.max_requests))
        try:
            for number, request in enumerate(requests):
                if number == MOST_OUTLINKS:
                    self.tally.note(f"only the first {MOST_OUTLINKS} addresses were taken from the {what}")
                    return
                url = self._url(request)
                if not is_reachable(url, self.shared.source, self.watch, self.shared.base_url):
                    continue
                key = normalise_url(url) if request.method == "GET" and not request.repeat_key else request.fingerprint
                depth = clicks + request.depth
                before = self.asked.get(key)
                if before is not None and (before <= depth or request.fingerprint not in self.waiting):
                    continue
                if before is None and len(self.asked) >= budget:
                    self.tally.note(f"the page budget of {budget} is used up (options.max_pages)")
                    return
                self.asked[key] = depth
                self._put(request if request.depth == depth else replace(request, depth=depth), request.wait_seconds)
        except ParseError as error:
            self.tally.fault("changed", str(error))
        except Exception as error:  # noqa: BLE001  whatever a source stumbles over is told, and the other answers go on
            self.tally.fault("failed", f"nothing follows from the {what}: {type(error).__name__}: {error}")

    def _put(self, request: Request, seconds: float = 0.0) -> None:
        """Queue a request, not before so many seconds from now; a negative number puts it first."""
        ready_at = time.monotonic() + seconds if seconds > 0 else seconds
        self.waiting.add(request.fingerprint)
        self.queue.put_nowait((ready_at, request.depth, next(self.numbers), request))

    async def _work(self, deadline: float) -> None:
        while True:
            ready_at, _, number, request = await self.queue.get()
            try:
                if request.fingerprint in self.waiting:  # else it was moved forward, and was answered there
                    await self._turn(request, ready_at, number, deadline)
            finally:
                self.queue.task_done()

    async def _turn(self, request: Request, ready_at: float, number: int, deadline: float) -> None:
        """Take a request from the queue: answer it, put it back for later, or leave it."""
        host = self._host(self._url(request))
        now = time.monotonic()
        if now < host.rests_until and ready_at < host.rests_until:
            self.queue.put_nowait((host.rests_until, request.depth, number, request))
            return
        self.waiting.discard(request.fingerprint)
        if now < ready_at < deadline:
            await asyncio.sleep(ready_at - now)
        if self.shared.stopped is not None:
            self._leave(request, self.shared.stopped)
        elif self.is_stopped:
            self._leave(request, skip("the watch was ended"))
        elif host.closed is not None:
            self._leave(request, host.closed)
        elif max(now, ready_at) > deadline:
            self._leave(request, skip("the time budget of the watch is used up (options.max_minutes)"))
        else:
            await self._answer(request, host)

    def _leave(self, request: Request, verdict: Verdict) -> None:
        if request.fingerprint not in self.tally.ends:
            self.tally.leave(verdict.kind, verdict.reason)

    def _host(self, url: str) -> Standing:
        return self.shared.hosts.setdefault((host := host_of(url), self.watch.account), Standing(host))

    def _url(self, request: Request) -> str:
        return with_params(self._address(request), request.params)

    def _address(self, request: Request) -> str:
        return request.url or self.shared.base_url.rstrip("/") + "/" + request.path.lstrip("/")

    # One answer

    async def _answer(self, request: Request, host: Standing) -> None:
        shared = self.shared
        earlier = shared.recall.answer(self.watch.watch_id, request.fingerprint)
        if earlier is not None:
            capture, body = earlier, earlier.body
            verdict = Verdict(capture.verdict, capture.verdict_reason)
        else:
            before = self.known.fetched(request.fingerprint)
            answer = await self._ask(request, before)
            capture = capture_of(request, answer, shared.job.run, self.watch, shared.now())
            capture, verdict = judged(capture, answer, shared.job.module, self.watch, host, before)
            body = answer.body
            self.spent += answer.spent
            shared.keep(capture)
        self._count(request.fingerprint, capture, verdict)
        again = host.heed(verdict, capture.error)
        if again is not None:
            self._put(request, again)
        elif verdict.kind == "stop_watch":
            self.is_stopped = True
        elif verdict.kind == "stop_source":
            shared.stopped = verdict
            if verdict.until is not None:
                shared.fetcher.leave_alone(self._address(request), (verdict.until - shared.now()).total_seconds(), verdict.reason)
        elif verdict.kind in ("ok", "unchanged") and not self.is_stopped:
            self._follow(request, capture, body)

    async def _ask(self, request: Request, before: Fetched | None) -> Answer:
        shared, source = self.shared, self.shared.source
        url = self._url(request)
        try:
            shared.fetcher.check_url(url)  # before robots.txt, which such an address has none of
        except FetchError as error:
            return self._refused(url, error.kind, error.detail)
        decision = await self._permission(url)
        if not decision.allowed:
            return self._refused(url, "robots_unreachable" if decision.is_unreachable else "robots", decision.rule)
        pace = max(source.pace_seconds, self.watch.pace_seconds or 0.0, decision.delay or 0.0)
        return await shared.fetcher.fetch(
            request,
            source if pace == source.pace_seconds else replace(source, pace_seconds=pace),
            url=self._address(request),
            account=self.watch.account,
            secret=shared.secrets(source.name, self.watch.account),
            conditional=before if before is not None and self._is_conditional(before) else None,
            occasion=shared.job.run.day.isoformat(),
            may_ask=lambda target: self._may_redirect(url, target),
        )

    def _refused(self, url: str, kind: str, detail: str) -> Answer:
        strict = self.shared.source.auth is not None
        url = redact_text(url, strict=strict)
        return Answer(url=url, final_url=url, error=kind, error_detail=redact_text(detail, strict=strict))

    def _is_conditional(self, before: Fetched) -> bool:
        """Whether to ask "only if it changed": not on the one day in FULL_EVERY_DAYS that each address has for itself."""
        if before.gone_since is not None or before.fingerprint in self.whole:
            return False
        shift = int(before.fingerprint[:8], 16)
        periods = {
            (day.toordinal() + shift) // FULL_EVERY_DAYS for day in (before.last_fetched_at.date(), self.shared.job.run.day)
        }
        return len(periods) == 1

    async def _permission(self, url: str) -> Decision:
        if self.shared.job.erased and normalise_url(url) in self.shared.job.erased:
            return Decision(False, "the address was erased (erasures/ in the store)")
        robots = self.shared.robots if self.shared.source.obeys_robots else None
        decision = await permission(url, self.shared.job.denied_hosts, robots)
        if decision.allowed and robots is not None:
            await self._meet(url, decision)
        return decision

    async def _meet(self, url: str, decision: Decision) -> None:
        """The first time a site's host is met: its sitemaps, and how it answers for what is not there."""
        plan_sitemaps = self.shared.job.module.plan_sitemaps
        host = host_of(url)
        if plan_sitemaps is None or host in self.met:
            return
        self.met.add(host)
        probe = probe_url(url)
        if (await self.shared.robots.allows(probe)).allowed:
            self.asked[normalise_url(probe)] = 0
            self._put(Request(url=probe, label=PROBE), -1.0)
        self._enqueue(plan_sitemaps(self.watch, decision.sitemaps), f"robots.txt of {host}")

    async def _may_redirect(self, url: str, target: str) -> str:
        """Why a redirect is not followed; empty when it is."""
        if not stays_near(url, target) and not is_reachable(target, self.shared.source, self.watch, self.shared.base_url):
            return f"{host_of(target)} is not part of this watch; if it moved there, change the watchlist"
        decision = await self._permission(target)
        return "" if decision.allowed else decision.rule

    def _count(self, fingerprint: str, capture: Capture, verdict: Verdict) -> None:
        self.tally.ends[fingerprint] = End(verdict.kind, verdict.reason, capture.url, capture.capture_id)

    def _follow(self, request: Request, capture: Capture, body: bytes | None) -> None:
        """Queue what an answer leads to."""
        follow = self.shared.job.module.follow
        if follow is None:
            return
        if (request.label, capture.body_hash) in self.followed and not request.repeat_key:
            self.tally.note(f"the same answer came again for other addresses, {capture.url} among them: it was followed once")
            return
        if body is None:  # unchanged: what it leads to stands in the body it had before
            body = self.shared.recall.body(capture.body_of)
        if body is None:
            if request.fingerprint not in self.whole:  # pruned: ask again, for the whole of it
                self.whole.add(request.fingerprint)
                self._put(request)
            return
        self.followed.add((request.label, capture.body_hash))
        seen = capture if capture.body is body and capture.verdict == "ok" else replace(capture, body=body, verdict="ok")
        self._enqueue(follow(seen, self.known), f"answer of {capture.url}", request.depth + 1)
