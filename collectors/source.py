"""The contract of a source: what it declares, what it is asked, what it answers.

A source is one module in `collectors/sources/` with pure functions over the types below:

    SOURCE                          the declaration
    plan(watch, window, known)      yields the first requests
    judge(capture)                  optional: what an answer is worth, where HTTP status does not say it
    follow(capture, known)          optional: yields further requests (next page, details)
    parse(capture)                  yields records; raises ParseError when the page is not what it should be

None of them sees a clock, a network, an environment or a setting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal, NamedTuple, Protocol

from collectors.auth import Auth

TARGET = "{target}"  # in Source.hosts: the registrable domain of the watch's target
LINKED = "{linked}"  # in Source.hosts: public hosts that a TARGET page links to
MAX_WATCH_MINUTES = 240.0  # of one run, where no budget says otherwise

Mode = Literal["snapshot", "interval"]
Cadence = Literal["hourly", "nightly", "weekly"]
Role = Literal["owned", "earned", "market"]
Context = dict[str, Any]  # JSON values only: it is stored beside the body and travels to `parse`


class ParseError(Exception):
    """The answer is not what the source promises; says what was expected and what was found."""


_encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=str, separators=(",", ":")).encode


def digest(*parts: object) -> str:
    """A 128-bit id of the parts, as 32 hex digits. JSON keeps ("a", "b") apart from ("ab",)."""
    text = _encoded(parts)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What a normal day of a source looks like; a batch outside of it is held before loading.

    Shares are fractions. Until four earlier batches exist only the fixed thresholds apply.
    """

    min_records: int = 1  # fewer records in a batch of all watches: held
    max_fall: float = 0.6  # fall of the row count against the median of the last 14 batches: held
    max_rise: float = 5.0  # rise of the row count against that median, as a factor: held
    # Nothing new, nor a page, offer, ad, app or job that stood as before, for so long: named in status and report.
    max_silence_days: int = 7
    fill: Mapping[str, float] = field(default_factory=dict)  # column -> least share of rows that have it


class Budget(NamedTuple):
    """An option that says how much is asked, not what or how it is read: no part of a watch's id."""

    default: float
    least: float = 0.0
    widest: Callable[..., float] = max  # of the numbers that several projects give, the one that asks for most


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The declaration of a source."""

    name: str  # `<who>_<what>`; never changes: it enters ids
    kinds: tuple[type, ...]  # record kinds that `parse` may yield
    mode: Mode  # snapshot: can only be seen now; interval: can be asked for a period
    cadence: Cadence
    hosts: tuple[str, ...]  # hosts a request may go to: names, TARGET, LINKED
    target: str  # what a target looks like, for people
    terms_url: str
    version: int  # raised whenever `parse` reads the same bytes differently
    base_url: str = ""  # joined with Request.path; settings may override it
    target_pattern: str = ""  # regular expression a target must match in full
    options: Mapping[str, str] = field(default_factory=dict)  # option name -> meaning, for people and validation
    budgets: Mapping[str, Budget] = field(default_factory=dict)  # those of the options that are budgets
    pace_seconds: float = 1.0  # least time between two requests to one host
    auth: Auth | None = None
    role: Role = "owned"
    overlap_days: int = 0  # how long after publication things still arrive or move
    max_body: int = 10 * 1024 * 1024  # bytes after decompression
    max_requests: int = 10_000  # per watch and run
    obeys_robots: bool = True  # False only for documented APIs
    expect: Expect = Expect()


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One thing to look at. Knows no project and no entity: two clients watching one channel share it."""

    source: str
    target: str  # canonical: as `Source.target` describes it
    options: Mapping[str, Any] = field(default_factory=dict)  # those that change the request or the reading
    account: str | None = None
    budgets: Mapping[str, float] = field(default_factory=dict, compare=False)  # how much is asked; no part of the id
    pace_seconds: float | None = field(default=None, compare=False)  # slower than the source's own pace; no part of the id

    @cached_property
    def watch_id(self) -> str:
        return digest(self.source, self.target, dict(self.options), self.account)


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open period of time, UTC: since <= t < until."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.since.utcoffset() != timedelta(0) or self.until.utcoffset() != timedelta(0):
            raise ValueError(f"window {self.since} - {self.until} is not in UTC")
        if self.since >= self.until:
            raise ValueError(f"window is empty: since {self.since} is not before until {self.until}")

    @property
    def since_epoch(self) -> int:
        return int(self.since.timestamp())

    @property
    def until_epoch(self) -> int:
        return int(self.until.timestamp())

    def halves(self) -> tuple[Window, Window]:
        """Two windows that together are this one, cut at a full second; raises ValueError at one second."""
        middle = self.since + timedelta(seconds=(self.until - self.since).total_seconds() // 2)
        return Window(self.since, middle), Window(middle, self.until)

    def as_context(self) -> Context:
        return {"since": self.since.isoformat(), "until": self.until.isoformat()}

    @classmethod
    def from_context(cls, context: Context) -> Window:
        return cls(datetime.fromisoformat(context["since"]), datetime.fromisoformat(context["until"]))


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen before of one native id of a watch."""

    native_id: str
    published_at: datetime | None
    first_fetched_at: datetime
    last_fetched_at: datetime
    gone_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The last stored answer to one request fingerprint of a watch."""

    fingerprint: str
    url: str
    capture_id: str  # the capture that holds the body
    body_hash: str
    etag: str | None
    last_modified: str | None
    first_fetched_at: datetime
    last_fetched_at: datetime
    http_status: int | None
    gone_since: datetime | None = None  # first 404 or 410 after it was there
    depth: int = 0  # the fewest clicks from the first requests of the watch by which it was ever reached


class Known(Protocol):
    """A read-only view of what was seen before through one watch; derived from the archive."""

    def seen(self, native_id: str) -> Seen | None: ...

    def all_seen(self) -> Iterator[Seen]: ...

    def fetched(self, fingerprint: str) -> Fetched | None: ...

    def all_fetched(self) -> Iterator[Fetched]: ...


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question to the outside. `url` or `path` (joined with the source's base_url), not both."""

    url: str = ""
    path: str = ""
    method: str = "GET"
    params: Mapping[str, Any] = field(default_factory=dict)  # None values are left out
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None  # JSON value sent as application/json; str or bytes as they are
    label: str = ""  # names the branch of parse
    context: Context = field(default_factory=dict)
    wait_seconds: float = 0.0  # not before so long after it was asked for
    repeat_key: str = ""  # tells polls of the same request apart within a run
    price: float = 0.0  # what asking costs, in the account's currency
    depth: int = 0  # link distance from the first requests of the watch; in `follow`, beyond the answer followed

    def __post_init__(self) -> None:
        if bool(self.url) == bool(self.path):
            raise ValueError(f"a request needs either url or path: url={self.url!r}, path={self.path!r}")

    @cached_property
    def fingerprint(self) -> str:
        """Same question, same fingerprint; taken before authentication and independent of base_url."""
        params = {k: v for k, v in self.params.items() if v is not None}
        body = self.body.decode("latin-1") if isinstance(self.body, bytes) else self.body
        return digest(self.method, self.url or self.path, params, body, self.repeat_key)


VerdictKind = Literal[
    "ok",  # parse it
    "empty",  # a true "nothing there"
    "unchanged",  # 304, or the same body as before
    "wait",  # ask again after `seconds`
    "skip",  # this request has no answer (404 and the like); the watch goes on
    "stop_watch",  # no further requests of this watch tonight
    "stop_source",  # no further requests of this source until `until`
    "changed",  # the source changed its shape: a person must look
    "denied",  # robots.txt or our own address rules said no; nothing was sent
    "blocked",  # challenge, consent, login wall
    "failed",  # network or server error after all retries
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer is worth, and why."""

    kind: VerdictKind
    reason: str = ""
    seconds: float = 0.0
    until: datetime | None = None


OK = Verdict("ok")
EMPTY = Verdict("empty")


def wait(seconds: float, reason: str) -> Verdict:
    return Verdict("wait", reason, seconds=seconds)


def skip(reason: str) -> Verdict:
    return Verdict("skip", reason)


def stop_watch(reason: str) -> Verdict:
    return Verdict("stop_watch", reason)


def stop_source(reason: str, until: datetime | None = None) -> Verdict:
    return Verdict("stop_source", reason, until=until)


def changed(reason: str) -> Verdict:
    return Verdict("changed", reason)


def blocked(reason: str) -> Verdict:
    return Verdict("blocked", reason)


BodyState = Literal["stored", "same", "pruned", "erased", "too_large", "none"]


@dataclass(frozen=True, kw_only=True)
class Capture:
    """One attempt to look, with what came back. Stored before anything is read from it."""

    capture_id: str
    run_id: str
    source: str
    watch_id: str
    origin: str = "live"  # live, or the archive of the past that it came from
    label: str = ""
    context: Context = field(default_factory=dict)
    fingerprint: str
    method: str = "GET"
    url: str  # as asked, secrets removed
    final_url: str  # after redirects
    redirects: tuple[str, ...] = ()  # "status url" of each hop
    http_status: int | None = None
    verdict: VerdictKind = "ok"
    verdict_reason: str = ""
    error: str = ""  # kind of failure: dns, connect, timeout, tls, too_large, bomb, guard ...
    headers: Mapping[str, str] = field(default_factory=dict)  # of the answer, lower-case names
    media_type: str = ""  # "text/html", without parameters
    charset: str = ""  # as the header says, empty if it does not
    body: bytes | None = None
    body_hash: str = ""  # sha256 hex of the body
    body_of: str = ""  # the capture whose body this is: itself, or an earlier one
    body_state: BodyState = "none"
    fetched_at: datetime  # when we asked
    observed_at: datetime  # when it was so: equal to fetched_at, but for captures of the past
    elapsed_ms: int = 0
    attempt: int = 1
    depth: int = 0

    @cached_property
    def _json(self) -> Any:
        try:
            return json.loads(self.body or b"")
        except (ValueError, RecursionError) as error:  # brackets without end are no JSON either
            raise ParseError(f"expected JSON from {self.url}, got {self.media_type or 'no media type'}: {error}") from error

    def json(self) -> Any:
        """The body as JSON; ParseError when it is not. Parsed once."""
        return self._json

    @staticmethod
    def utc(epoch_seconds: float) -> datetime:
        return datetime.fromtimestamp(epoch_seconds, UTC)

    def with_verdict(self, verdict: Verdict) -> Capture:
        if (self.verdict, self.verdict_reason) == (verdict.kind, verdict.reason):
            return self
        return replace(self, verdict=verdict.kind, verdict_reason=verdict.reason)


OutcomeStatus = Literal["ok", "empty", "partial", "pending", "denied", "blocked", "changed", "failed", "skipped"]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of one watch in one step of one run: the answer to "did we look, and what came of it?"."""

    run_id: str
    source: str
    watch_id: str
    step: Literal["collect", "parse"]
    status: OutcomeStatus
    started_at: datetime
    ended_at: datetime
    target: str = ""
    requests: int = 0
    captures: int = 0
    records: int = 0
    errors: int = 0
    message: str = ""
    spent: float = 0.0
