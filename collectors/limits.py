"""What all processes of the machine share about the outside: pace, pauses and robots.txt per host, quotas and money per source
and account.

One SQLite file (WAL) with short transactions. A host without pace (loopback in tests and demo) costs no transaction at all; a
host with one costs two a request. Money is booked before a request is sent, with a full sync: a crash between sending and storing
leaves the booking, and what is booked is never asked for again in the same occasion.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from collectors.failures import FetchError

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENS_AFTER = 5  # failures in a row
OPEN_SECONDS = 60.0  # the first time; doubled each time it fails again
LONGEST_OPEN_SECONDS = 3600.0
LEASE_SECONDS = 600.0  # a request in flight for longer than this was lost; a dead process loses its leases at once
LOOK_AGAIN_SECONDS = 0.05  # between two looks at a host that another process is asking
LOCK_SECONDS = 10.0  # for another process to finish its transaction, which takes microseconds
FRESH_SECONDS = 1.0  # how long pauses and circuits read from the file are believed

_SCHEMA = """
CREATE TABLE IF NOT EXISTS host (
    host TEXT PRIMARY KEY, asked_at REAL NOT NULL DEFAULT 0, pace REAL NOT NULL DEFAULT 0,
    holder TEXT NOT NULL DEFAULT '', lease_until REAL NOT NULL DEFAULT 0,
    paused_until REAL NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
    failures INTEGER NOT NULL DEFAULT 0, open_until REAL NOT NULL DEFAULT 0, openings INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS robots (
    origin TEXT, day TEXT, rules TEXT NOT NULL DEFAULT '', asked_at REAL NOT NULL DEFAULT 0, kept_until REAL NOT NULL DEFAULT 0,
    holder TEXT NOT NULL DEFAULT '', lease_until REAL NOT NULL DEFAULT 0, PRIMARY KEY (origin, day)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS robots_kept ON robots (kept_until);
CREATE TABLE IF NOT EXISTS usage (
    source TEXT, account TEXT, period TEXT, requests INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (source, account, period)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payment (
    source TEXT, account TEXT, fingerprint TEXT, occasion TEXT, period TEXT NOT NULL, price REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'spent')), booked_at REAL NOT NULL,
    PRIMARY KEY (source, account, fingerprint, occasion)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS payment_period ON payment (source, account, period);
"""


class Allowance(NamedTuple):
    """What a source may use through one account in a period; None = no wall. Money without a wall set is a wall at zero."""

    requests: int | None = None
    money: float | None = None
    period: Literal["day", "month"] = "day"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money booked for one request."""

    source: str
    account: str
    fingerprint: str
    occasion: str
    price: float


@dataclass(slots=True)
class _Health:
    """What is believed about a host: read from the file at `read_at`."""

    read_at: float = 0.0
    paused_until: float = 0.0
    reason: str = ""
    failures: int = 0
    open_until: float = 0.0


class Limits:
    """The shared book. Used from one thread; every process opens its own."""

    def __init__(
        self,
        path: Path,
        *,
        allowances: Mapping[tuple[str, str | None], Allowance] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._allowances = dict(allowances or {})
        self._holder = _process_id(os.getpid())
        self._health: dict[str, _Health] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._db = _open(path, "NORMAL")
        self._db.executescript(_SCHEMA)
        self._money: sqlite3.Connection | None = None

    def close(self) -> None:
        self._db.close()
        if self._money is not None:
            self._money.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def now(self) -> float:
        """Epoch seconds by the clock of this book."""
        return self._clock()

    # Pace

    def take_turn(self, host: str, pace: float) -> float:
        """Seconds to wait before asking `host`; 0 = ask now: the turn is taken, and `end_turn` must follow.

        Between two requests to a host lies at least the larger of their paces, whichever source or process sent them, and only
        one is in flight. Raises FetchError (paused, circuit_open) where the host must be left alone.
        """
        self.check_host(host)
        if pace <= 0:
            return 0.0
        with _transaction(self._db):
            now = self._clock()  # read under the lock: a time from before it would make another's turn look like a clock set back
            row = self._db.execute("SELECT asked_at, pace, holder, lease_until FROM host WHERE host = ?", (host,)).fetchone()
            if row is not None:
                asked_at, last_pace, holder, lease_until = row
                if holder and now < lease_until <= now + LEASE_SECONDS and _is_alive(holder):
                    return LOOK_AGAIN_SECONDS
                wait = asked_at + max(pace, last_pace) - now
                if 0 < wait <= max(pace, last_pace):  # more would mean that the clock was set back
                    return float(wait)
            self._db.execute(
                "INSERT INTO host (host, asked_at, pace, holder, lease_until) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (host) DO UPDATE SET asked_at = excluded.asked_at, pace = excluded.pace,"
                " holder = excluded.holder, lease_until = excluded.lease_until",
                (host, now, pace, self._holder, now + LEASE_SECONDS),
            )
        return 0.0

    def end_turn(self, host: str, pace: float, answered_at: float | None = None) -> None:
        """Lets the next one ask. The pace counts from when the answer began: by then the server had seen the request."""
        if pace <= 0:
            return
        with _transaction(self._db):
            self._db.execute(
                "UPDATE host SET holder = '', lease_until = 0, asked_at = ? WHERE host = ? AND holder = ?",
                (self._clock() if answered_at is None else answered_at, host, self._holder),
            )

    # Pauses and circuits

    def check_host(self, host: str) -> None:
        """Raises FetchError (paused, circuit_open) while a host must be left alone."""
        now = self._clock()
        health = self._health.get(host)
        if health is None or not 0 <= now - health.read_at < FRESH_SECONDS:
            health = self._read(host, now)
        if health.paused_until > now:
            raise FetchError("paused", f"{host} is left alone until {_clock_time(health.paused_until)}: {health.reason}")
        if health.open_until > now:
            raise FetchError(
                "circuit_open",
                f"{host} failed {health.failures} times in a row and is left alone until {_clock_time(health.open_until)}",
            )

    def paused_for(self, host: str) -> float:
        """Seconds until a host may be asked again; 0 when it may be now."""
        health = self._read(host, self._clock())
        return max(0.0, max(health.paused_until, health.open_until) - self._clock())

    def pause(self, host: str, seconds: float, reason: str) -> None:
        """Leaves a host alone, in all processes; a pause is never shortened."""
        until = self._clock() + seconds
        with _transaction(self._db):
            self._db.execute(
                "INSERT INTO host (host, paused_until, reason) VALUES (?, ?, ?) ON CONFLICT (host) DO UPDATE SET"
                " paused_until = excluded.paused_until, reason = excluded.reason WHERE paused_until < excluded.paused_until",
                (host, until, reason),
            )
        self._health.pop(host, None)

    def record(self, host: str, is_well: bool) -> None:
        """Counts a host's failures in a row; the fifth opens its circuit. A host that is well costs nothing."""
        health = self._health.get(host)
        if is_well:
            if health is not None and health.failures:
                with _transaction(self._db):
                    self._db.execute("UPDATE host SET failures = 0, openings = 0, open_until = 0 WHERE host = ?", (host,))
                self._health.pop(host, None)
            return
        with _transaction(self._db):
            failures, openings = self._db.execute(
                "INSERT INTO host (host, failures) VALUES (?, 1) ON CONFLICT (host) DO UPDATE SET failures = failures + 1"
                " RETURNING failures, openings",
                (host,),
            ).fetchone()
            if failures >= OPENS_AFTER:
                seconds = min(OPEN_SECONDS * 2**openings, LONGEST_OPEN_SECONDS)
                self._db.execute(
                    "UPDATE host SET open_until = ?, openings = openings + 1 WHERE host = ?", (self._clock() + seconds, host)
                )
        self._health.pop(host, None)

    def _read(self, host: str, now: float) -> _Health:
        row = self._db.execute("SELECT paused_until, reason, failures, open_until FROM host WHERE host = ?", (host,)).fetchone()
        health = _Health(now, *row) if row else _Health(now)
        self._health[host] = health
        return health

    # robots.txt

    def kept_robots(self, origin: str, day: str, now: float) -> tuple[str, float] | None:
        """What an origin's robots.txt said to whoever asked it for this day, and until when that holds."""
        row = self._db.execute(
            "SELECT rules, kept_until FROM robots WHERE origin = ? AND day = ? AND asked_at <= ? AND ? < kept_until",
            (origin, day, now, now),
        ).fetchone()
        return (row[0], row[1]) if row else None

    def claim_robots(self, origin: str, day: str, now: float) -> bool:
        """Whether to ask for it now; `keep_robots` or `release_robots` must follow. Else another is asking, or has asked."""
        with _transaction(self._db):
            row = self._db.execute(
                "SELECT holder, lease_until FROM robots WHERE origin = ? AND day = ?", (origin, day)
            ).fetchone()
            is_held = row is not None and row[0] and now < row[1] <= now + LEASE_SECONDS and _is_alive(row[0])
            if is_held or self.kept_robots(origin, day, now) is not None:
                return False
            self._db.execute(
                "REPLACE INTO robots (origin, day, holder, lease_until) VALUES (?, ?, ?, ?)",
                (origin, day, self._holder, now + LEASE_SECONDS),
            )
        return True

    def keep_robots(self, origin: str, day: str, rules: str, now: float, until: float) -> None:
        """Notes what it said, for all processes."""
        with _transaction(self._db):
            self._db.execute("DELETE FROM robots WHERE kept_until < ? AND lease_until < ?", (now, now))
            self._db.execute("REPLACE INTO robots VALUES (?, ?, ?, ?, ?, '', 0)", (origin, day, rules, now, until))

    def release_robots(self, origin: str, day: str) -> None:
        """It was not asked after all: the next one may."""
        with _transaction(self._db):
            self._db.execute("DELETE FROM robots WHERE origin = ? AND day = ? AND holder = ?", (origin, day, self._holder))

    # Quotas and money

    def allow(self, source: str, account: str | None, allowance: Allowance) -> None:
        """Sets what a source may use through an account."""
        self._allowances[(source, account)] = allowance

    def use_quota(self, source: str, account: str | None) -> None:
        """Counts one request; raises FetchError (budget) at the wall. Costs nothing where no quota is set."""
        allowance = self._allowances.get((source, account))
        if allowance is None or allowance.requests is None:
            return
        period = self._period(allowance)
        with _transaction(self._db):
            used = self._db.execute(
                "INSERT INTO usage (source, account, period, requests) VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE"
                " SET requests = requests + 1 RETURNING requests",
                (source, account or "", period),
            ).fetchone()[0]
            if used > allowance.requests:
                raise FetchError("budget", f"{_whose(source, account)} used its {allowance.requests} requests of {period}")

    def reserve(self, source: str, account: str | None, fingerprint: str, price: float, occasion: str = "") -> Payment:
        """Books the price of a request before it is sent; raises FetchError: budget (the wall), paid (booked before).

        `occasion` is the day of the run; without one, today. A request is paid once an occasion: what a killed process booked
        counts as paid, since nobody can know whether it was sent, until `release` says that it was not.
        """
        allowance = self._allowances.get((source, account), Allowance())
        wall = allowance.money or 0.0
        now = self._clock()
        period = self._period(allowance)
        payment = Payment(source, account or "", fingerprint, occasion or f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}", price)
        with _transaction(self._wallet()) as db:
            key = (payment.source, payment.account, payment.fingerprint, payment.occasion)
            row = db.execute(
                "SELECT state FROM payment WHERE source = ? AND account = ? AND fingerprint = ? AND occasion = ?", key
            ).fetchone()
            if row is not None:
                when = "paid for" if row[0] == "spent" else "booked by a run that did not finish"
                raise FetchError(
                    "paid", f"{_whose(source, account)}: this request was {when} on {payment.occasion}; it is not paid twice"
                )
            spent = self._spent(db, source, payment.account, period)
            if spent + price > wall + 1e-9:
                raise FetchError(
                    "budget",
                    f"{_whose(source, account)}: {spent:g} of {wall:g} is spent in {period}, and this request costs {price:g}",
                )
            db.execute("INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?, 'reserved', ?)", (*key, period, price, now))
        return payment

    def settle(self, payment: Payment) -> None:
        """The request was answered: the money is spent."""
        self._change(payment, "UPDATE payment SET state = 'spent'")

    def release(self, payment: Payment) -> None:
        """The request was surely not charged: the money is free again."""
        self._change(payment, "DELETE FROM payment")

    def spent(self, source: str, account: str | None) -> float:
        """Money booked and spent in the current period."""
        period = self._period(self._allowances.get((source, account), Allowance()))
        return self._spent(self._db, source, account or "", period)

    def _change(self, payment: Payment, statement: str) -> None:
        with _transaction(self._wallet()) as db:
            db.execute(
                statement + " WHERE source = ? AND account = ? AND fingerprint = ? AND occasion = ?",
                (payment.source, payment.account, payment.fingerprint, payment.occasion),
            )

    @staticmethod
    def _spent(db: sqlite3.Connection, source: str, account: str, period: str) -> float:
        row = db.execute(
            "SELECT coalesce(sum(price), 0) FROM payment WHERE source = ? AND account = ? AND period = ?",
            (source, account, period),
        ).fetchone()
        return float(row[0])

    def _wallet(self) -> sqlite3.Connection:
        if self._money is None:
            self._money = _open(self._path, "FULL")
        return self._money

    def _period(self, allowance: Allowance) -> str:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return f"{now:%Y-%m}" if allowance.period == "month" else f"{now:%Y-%m-%d}"


def _open(path: Path, synchronous: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
    deadline = time.monotonic() + LOCK_SECONDS
    while db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:  # SQLite does not wait here for another process that creates the file at this moment
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    db.execute(f"PRAGMA synchronous = {synchronous}")
    return db


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _process_id(pid: int) -> str:
    """A process and its start, so that a reused number is not taken for it; without the start where that is unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return f"{pid}:"
    return f"{pid}:{stat.rpartition(')')[2].split()[19]}"


def _is_alive(holder: str) -> bool:
    pid = int(holder.partition(":")[0])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _process_id(pid) == holder


def _clock_time(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _whose(source: str, account: str | None) -> str:
    return f"{source} ({account})" if account else source
