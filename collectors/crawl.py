"""The loop of collecting one source: plan -> fetch -> judge -> archive -> follow.

Every attempt is archived before anything is read from it. The engine keeps scope, budget and duplicates; a source only says
what to ask and what an answer is worth. A run that is started again reads its own parts and asks nothing twice.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.archive import (
    ArchiveWriter,
    Group,
    body_hash,
    capture_files,
    find_capture,
    new_capture_id,
    read_facts,
    read_group,
)
from collectors.auth import Lookup, missing_credentials
from collectors.crash import crash_point
from collectors.fetch import Answer, Fetcher, with_params
from collectors.known import KnownSource
from collectors.registry import SourceModule
from collectors.robots import Decision, Robots
from collectors.runs import Run
from collectors.source import LINKED, TARGET, Capture, Fetched, Outcome, OutcomeStatus, Request, Source, Verdict, Watch, Window
from collectors.urls import host_of, normalise_url, registrable_domain
from collectors.walls import wall

WATCHES_AT_ONCE = 64
WORKERS_PER_WATCH = 4  # only where a watch leads to many hosts: one host has one request in flight anyway
MAX_WAITS = 4  # how often one request is asked to wait before the watch is left pending
MAX_WATCH_MINUTES = 240.0
FLUSH_CHECK_SECONDS = 5.0
DENIED = {
    "robots",
    "guard",
    "scheme",
    "scope",
    "downgrade",
    "budget",
    "paid",
}  # we did not ask, or did not go on: our rules or theirs
STOPPING = {"credentials", "budget"}  # no use to go on asking tonight

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
    denied_hosts: frozenset[str] = frozenset()  # never asked, not even by a redirect


@dataclass(slots=True)
class _Source:
    """What the watches of one source share during a run."""

    job: CrawlJob
    fetcher: Fetcher
    robots: Robots
    secrets: Secrets
    known: KnownSource
    writer: ArchiveWriter
    now: Callable[[], datetime]
    notice: Callable[[Capture], None]
    resumed: dict[tuple[str, str], tuple[Group, str]]
    stopped: Verdict | None = None

    @property
    def source(self) -> Source:
        return self.job.module.declaration

    @property
    def base_url(self) -> str:
        return self.job.base_url or self.source.base_url


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
    name = job.module.declaration.name
    shared = _Source(
        job=job,
        fetcher=fetcher,
        robots=robots,
        secrets=secrets,
        known=KnownSource(job.store, name),
        writer=ArchiveWriter(job.store, name, job.run.day, job.run.run_id),
        now=now,
        notice=notice,
        resumed=_own_captures(job),
    )
    gate = asyncio.Semaphore(WATCHES_AT_ONCE)

    async def one(watch: Watch) -> Outcome:
        async with gate:
            return await _WatchCrawl(shared, watch).run()

    flusher = asyncio.create_task(_flush_regularly(shared.writer))
    try:
        return list(await asyncio.gather(*(one(watch) for watch in job.watches)))
    finally:
        flusher.cancel()
        shared.writer.close()
        shared.known.save()


async def _flush_regularly(writer: ArchiveWriter) -> None:
    while True:
        await asyncio.sleep(FLUSH_CHECK_SECONDS)
        if writer.is_full:
            writer.flush()


def _own_captures(job: CrawlJob) -> dict[tuple[str, str], tuple[Group, str]]:
    """Where this run's earlier answers lie, when it is started again: (watch, fingerprint) -> row group and capture."""
    found: dict[tuple[str, str], tuple[Group, str]] = {}
    for path in capture_files(job.store, job.module.declaration.name, job.run.day):
        if not path.name.startswith(f"{job.run.run_id}-"):
            continue
        for number, table in enumerate(read_facts(path, ["capture_id", "watch_id", "fingerprint", "verdict"])):
            for row in table.to_pylist():
                if row["verdict"] not in ("wait", "failed"):
                    found[row["watch_id"], row["fingerprint"]] = (Group(path, number), row["capture_id"])
    return found


@dataclass(slots=True)
class _WatchCrawl:
    """The frontier of one watch."""

    shared: _Source
    watch: Watch
    queue: deque[Request] = field(default_factory=deque)
    asked: set[str] = field(default_factory=set)
    hosts_seen: set[str] = field(default_factory=set)
    verdicts: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)
    requests: int = 0
    spent: float = 0.0
    stopped: bool = False
    busy: int = 0

    async def run(self) -> Outcome:
        shared, source = self.shared, self.shared.source
        started = shared.now()
        deadline = time.monotonic() + 60 * float(self.watch.options.get("max_minutes", MAX_WATCH_MINUTES))
        missing = missing_credentials(
            source.name, source.auth, self.watch.account, shared.secrets(source.name, self.watch.account)
        )
        if missing:
            return self._outcome("skipped", started, "; ".join(missing))
        known = shared.known.of(self.watch.watch_id)
        try:
            self._enqueue(shared.job.module.plan(self.watch, shared.job.window, known), depth=0)
            workers = WORKERS_PER_WATCH if LINKED in source.hosts else 1
            await asyncio.gather(*(self._work(known, deadline) for _ in range(workers)))
        except Exception as error:  # noqa: BLE001  a fault of one watch must not take the others with it; it is shown as failed
            self.verdicts["failed"] += 1
            self.messages.append(f"{type(error).__name__}: {error}")
        return self._outcome(_status(self.verdicts), started, "; ".join(dict.fromkeys(self.messages[:5])))

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
            requests=self.requests,
            captures=sum(self.verdicts.values()),
            errors=self.verdicts["failed"] + self.verdicts["blocked"] + self.verdicts["changed"],
            message=message,
            spent=self.spent,
        )

    async def _work(self, known: Any, deadline: float) -> None:
        """Take requests until none is left and no other worker may bring more."""
        while not self.stopped and self.shared.stopped is None:
            if not self.queue:
                if not self.busy:
                    return
                await asyncio.sleep(0.01)
                continue
            if time.monotonic() > deadline:
                self._stop("time budget of the watch is used up (options.max_minutes)")
                return
            request = self.queue.popleft()
            self.busy += 1
            try:
                await self._answer(request, known)
            finally:
                self.busy -= 1
        if self.shared.stopped is not None and self.queue:
            self.verdicts["stop_source"] += 1
            self.messages.append(f"source stopped: {self.shared.stopped.reason}")
            self.queue.clear()

    async def _answer(self, request: Request, known: Any) -> None:
        if request.wait_seconds:
            await asyncio.sleep(request.wait_seconds)
        if (place := self.shared.resumed.get((self.watch.watch_id, request.fingerprint))) is not None:
            group, capture_id = place
            capture = next(read_group(group, lambda found: found == capture_id))
            verdict = Verdict(capture.verdict, capture.verdict_reason)
        else:
            before = known.fetched(request.fingerprint)
            capture, verdict = await self._fetch(request, before)
            self.shared.writer.add(capture)
            self.shared.known.note_capture(capture)
            self.shared.notice(capture)
            if self.shared.writer.is_full:
                self.shared.writer.flush()
            crash_point("collect-after-capture")
        self.verdicts[verdict.kind] += 1
        self._obey(request, verdict)
        if verdict.kind in ("ok", "unchanged"):
            self._follow(request, capture, known)

    async def _fetch(self, request: Request, before: Fetched | None) -> tuple[Capture, Verdict]:
        shared, source = self.shared, self.shared.source
        url = _url(request, shared.base_url)
        fetched_at = shared.now()
        decision = await self._robots(url)
        if not decision.allowed:
            answer = Answer(url=url, final_url=url, error="robots", error_detail=f"robots.txt: {decision.rule}")
        else:
            self.requests += 1
            pace = max(source.pace_seconds, self.watch.pace_seconds or 0.0, decision.delay or 0.0)
            answer = await shared.fetcher.fetch(
                request,
                source if pace == source.pace_seconds else replace(source, pace_seconds=pace),
                url=request.url or _joined(shared.base_url, request.path),
                account=self.watch.account,
                secret=shared.secrets(source.name, self.watch.account),
                conditional=before if before is not None and before.gone_since is None else None,
                occasion=shared.job.run.day.isoformat(),
                may_ask=self._may_redirect,
            )
        self.spent += answer.spent
        capture = self._capture(request, answer, fetched_at)
        verdict = self._judge(capture, answer, before)
        return self._stored(capture, verdict, before), verdict

    async def _robots(self, url: str) -> Decision:
        """What robots.txt says of a URL. Tells the source of the sitemaps the first time a host is met."""
        if not self.shared.source.obeys_robots:
            return Decision(True)
        decision = await self.shared.robots.allows(url)
        host = host_of(url)
        if host not in self.hosts_seen:
            self.hosts_seen.add(host)
            if self.shared.job.module.plan_sitemaps is not None and decision.sitemaps:
                self._enqueue(self.shared.job.module.plan_sitemaps(self.watch, decision.sitemaps), depth=0)
        return decision

    async def _may_redirect(self, url: str) -> str:
        """Why a redirect is not followed; empty when it is."""
        decision = await self._robots(url)
        return "" if decision.allowed else f"robots.txt: {decision.rule}"

    def _capture(self, request: Request, answer: Answer, fetched_at: datetime) -> Capture:
        capture_id = new_capture_id(fetched_at)
        hashed = body_hash(answer.body) if answer.body is not None else ""
        return Capture(
            capture_id=capture_id,
            run_id=self.shared.job.run.run_id,
            source=self.shared.source.name,
            watch_id=self.watch.watch_id,
            label=request.label,
            context=request.context,
            fingerprint=request.fingerprint,
            method=request.method,
            url=answer.url,
            final_url=answer.final_url,
            redirects=answer.redirects,
            http_status=answer.http_status,
            error=answer.error,
            headers=answer.headers,
            media_type=answer.media_type,
            charset=answer.charset,
            body=answer.body,
            body_hash=hashed,
            body_of=capture_id if answer.body is not None else "",
            body_state="stored" if answer.body is not None else "too_large" if answer.error in ("too_large", "bomb") else "none",
            fetched_at=fetched_at,
            observed_at=fetched_at,
            elapsed_ms=answer.elapsed_ms,
            attempt=answer.attempt,
            depth=request.depth,
        )

    def _judge(self, capture: Capture, answer: Answer, before: Fetched | None) -> Verdict:
        if answer.error:
            if answer.error in STOPPING:
                return Verdict("stop_watch", answer.error_detail)
            return Verdict("denied" if answer.error in DENIED else "failed", answer.error_detail or answer.error)
        if answer.not_modified and before is not None:
            return Verdict("unchanged")
        found = wall(capture.http_status, capture.headers, capture.media_type, capture.body, capture.url, capture.final_url)
        if found is not None:
            return Verdict(
                "skip" if found.kind == "soft_404" else "blocked", f"{host_of(capture.final_url)} answered with {found.reason}"
            )
        return self.shared.job.module.judge(capture)

    def _stored(self, capture: Capture, verdict: Verdict, before: Fetched | None) -> Capture:
        """The capture as it is kept: an unchanged body stands once, with the capture that brought it."""
        if verdict.kind == "unchanged" and before is not None:
            return replace(
                capture, verdict="unchanged", body=None, body_hash=before.body_hash, body_of=before.capture_id, body_state="same"
            )
        if (
            verdict.kind in ("ok", "empty")
            and before is not None
            and capture.body is not None
            and capture.body_hash == before.body_hash
        ):
            return replace(
                capture,
                verdict="unchanged",
                verdict_reason=verdict.reason,
                body=None,
                body_of=before.capture_id,
                body_state="same",
            )
        return capture.with_verdict(verdict)

    def _obey(self, request: Request, verdict: Verdict) -> None:
        if verdict.reason and verdict.kind not in ("ok", "empty", "skip", "unchanged"):
            self.messages.append(verdict.reason)
        if verdict.kind == "wait":
            self.waits[request.fingerprint] += 1
            if self.waits[request.fingerprint] <= MAX_WAITS:
                self.verdicts["wait"] -= 1
                self.queue.append(replace(request, wait_seconds=verdict.seconds))
        elif verdict.kind == "stop_watch":
            self._stop(verdict.reason)
        elif verdict.kind == "stop_source":
            self.shared.stopped = verdict

    def _stop(self, reason: str) -> None:
        self.stopped = True
        self.messages.append(reason)
        self.queue.clear()

    def _follow(self, request: Request, capture: Capture, known: Any) -> None:
        follow = self.shared.job.module.follow
        if follow is None:
            return
        if capture.body is None:  # unchanged: what it leads to stands in the body it had before
            earlier = find_capture(self.shared.job.store, capture.body_of)
            if earlier is None or earlier.body is None:
                return
            capture = replace(
                earlier, capture_id=capture.capture_id, context=capture.context, label=capture.label, depth=capture.depth
            )
        self._enqueue(follow(capture, known), depth=request.depth + 1)

    def _enqueue(self, requests: Iterable[Request], depth: int) -> None:
        budget = int(self.watch.options.get("max_pages", self.shared.source.max_requests))
        for request in requests:
            url = _url(request, self.shared.base_url)
            if not _in_hosts(url, self.shared, self.watch):
                continue
            key = normalise_url(url) if request.method == "GET" and not request.repeat_key else request.fingerprint
            if key in self.asked:
                continue
            if len(self.asked) >= budget:
                self.messages.append(f"page budget of {budget} is used up (options.max_pages)")
                return
            self.asked.add(key)
            self.queue.append(request if request.depth == depth else replace(request, depth=depth))


def _url(request: Request, base_url: str) -> str:
    """The address a request goes to: its own or base_url + path, with its parameters."""
    return with_params(request.url or _joined(base_url, request.path), request.params)


def _joined(base_url: str, path: str) -> str:
    return base_url.rstrip("/") + "/" + path.lstrip("/")


def _in_hosts(url: str, shared: _Source, watch: Watch) -> bool:
    """Whether a source may ask this host at all."""
    hosts = shared.source.hosts
    if LINKED in hosts:
        return True
    host = host_of(url)
    if host in hosts or (shared.base_url and host == host_of(shared.base_url)):
        return True
    if TARGET in hosts:
        target = host_of(watch.target if "://" in watch.target else f"https://{watch.target}")
        return host == target or (registrable_domain(host) or host) == (registrable_domain(target) or target)
    return False


def _status(verdicts: Mapping[str, int]) -> OutcomeStatus:
    """One word for a watch. A watch with both good and bad answers is partial."""
    good = verdicts["ok"] + verdicts["unchanged"]
    ordered: tuple[tuple[str, OutcomeStatus], ...] = (
        ("failed", "failed"),
        ("changed", "changed"),
        ("blocked", "blocked"),
        ("stop_source", "failed"),
        ("stop_watch", "failed"),
        ("wait", "pending"),
        ("denied", "denied"),
    )
    for kind, status in ordered:
        if verdicts[kind]:
            if kind in ("denied", "stop_watch", "failed", "blocked", "changed", "stop_source", "wait") and good:
                return "ok" if kind == "denied" else "partial"
            return status
    if good:
        return "ok"
    return "empty"
