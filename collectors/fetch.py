"""The only socket: one question to the outside, asked with manners, answered or refused with a reason.

A fetch never raises for what the outside does: every fault ends in an `Answer` whose `error` is one of `failures.KINDS`. Time,
memory, redirects and retries are bounded on any input; the address connected to is checked on every hop; hosts are paced through
`Limits`. Each origin has a small transport of its own: a pool looks through all its connections on every request.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import can_ada
import certifi
import httpcore

from collectors.addresses import Guard
from collectors.auth import (
    Earned,
    Lookup,
    MissingCredentialsError,
    OAuth2,
    Parts,
    Secrets,
    Session,
    apply,
    earn,
    from_environment,
    missing_credentials,
)
from collectors.auth import login as login_request
from collectors.connect import Backend, Resolve, Resolver, Transport
from collectors.exchange import Exchange, content_type, failure, redirect_target, redirected, send, take_body, take_head
from collectors.failures import (
    HOST_IN_TROUBLE,
    LONGEST_WAIT,
    RETRIED,
    RETRIED_STATUSES,
    TRIES,
    UNSENT,
    FetchError,
    backoff,
    retry_after,
)
from collectors.limits import Limits, Payment
from collectors.redaction import redact_body, redact_headers, redact_text
from collectors.source import Fetched, Request, Source

log = logging.getLogger(__name__)

MOST_TRIES = 3
MOST_TRANSPORTS = 256
TOO_MANY_FACTOR = 60.0  # 429 without Retry-After: so many times the usual wait

MayAsk = Callable[[str], Awaitable[str]]  # URL -> why it may not be asked; empty when it may


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from one question, secrets removed."""

    url: str  # as asked
    final_url: str  # after redirects
    redirects: tuple[str, ...] = ()  # "status url" of each hop
    http_status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names, repeated ones joined by ", "
    media_type: str = ""  # "text/html", without parameters
    charset: str = ""  # as the header says
    body: bytes | None = None  # unpacked and whole; None after an error or 304
    head: bytes = b""  # first bytes of a body that was refused, as they came, for a person to look at
    error: str = ""  # a kind of failures.KINDS
    error_detail: str = ""  # what happened, in a sentence
    retry_after: float | None = None  # seconds for which the host should be left alone
    elapsed_ms: int = 0  # network time of the last try
    attempt: int = 1  # number of tries
    not_modified: bool = False  # 304: the body known before still holds
    spent: float = 0.0  # money


class Fetcher:
    """Asks. An async context manager; one per process and event loop."""

    def __init__(
        self,
        *,
        limits: Limits,
        user_agent: str,
        allow_private_hosts: frozenset[str] | bool = False,
        total_timeout: float = 60.0,
        tries: int = MOST_TRIES,
        first_backoff: float = 1.0,
        patience: float = 120.0,
        http2: bool = False,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`user_agent` names the product and a contact URL or address.

        `total_timeout` bounds the network time of one try, redirects included; `first_backoff` is the wait before the second try;
        `patience` is the longest wait for a paused host before a question is given up for this run (all in seconds).
        """
        if not re.search(r"https?://\S+\.\S+|\S+@\S+\.\S+", user_agent):
            raise ValueError(
                f"the user agent must name a contact URL or address, so that site owners can reach you: {user_agent!r}"
            )
        if allow_private_hosts:
            allowed = "all of them" if allow_private_hosts is True else ", ".join(sorted(allow_private_hosts))
            log.warning("allow_private_hosts is set, private addresses may be asked: %s", allowed)
        self.user_agent = user_agent
        self._limits = limits
        self._guard = Guard(allow_private_hosts)
        self._total_timeout = total_timeout
        self._tries = tries
        self._first_backoff = first_backoff
        self._patience = patience
        self._resolver = Resolver()
        self._backend = Backend(self._guard, resolve or self._resolver)
        self._tls = cache(partial(_tls_context, tls, http2))  # when the first https host is met: it loads all certificates
        self._transports: OrderedDict[str, Transport] = OrderedDict()
        self._in_flight: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Lock] = {}
        self._earned: dict[tuple[str, str | None], tuple[Earned, float]] = {}
        self._logins: dict[tuple[str, str | None], asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()
        self._resolver.close()
        await asyncio.sleep(0)  # aborted transports say goodbye to the loop in its next round

    def leave_alone(self, url: str, seconds: float, reason: str) -> None:
        """No request to the host of `url` for so long, by this run or another, by any process of the machine."""
        self._limits.pause(_host_key(can_ada.parse(url)), seconds, reason)

    @property
    def limits(self) -> Limits:
        """The book that it shares with all processes of the machine."""
        return self._limits

    def check_url(self, url: str) -> None:
        """Raises FetchError (scheme, guard) for an address that `fetch` would refuse without asking anybody."""
        self._guard.check_url(url)

    async def fetch(
        self,
        request: Request,
        source: Source,
        *,
        url: str,
        account: str | None = None,
        secret: Lookup | None = None,
        conditional: Fetched | None = None,
        occasion: str = "",
        may_ask: MayAsk | None = None,
    ) -> Answer:
        """The answer to `request`, asked at `url` (its own, or its path joined with the base URL; its parameters are added here).

        `secret` looks up secrets by key, the environment by default; `conditional` is the last stored answer, for a conditional
        GET; `occasion` is the day of the run, within which a priced request is paid once; `may_ask` is asked before a redirect is
        followed.
        """
        lookup = secret or from_environment(source.name, account)
        secrets = Secrets(lookup)
        url = with_params(url, request.params)
        headers, body = _content(request)
        conditions = _conditions(conditional)
        exchange = Exchange(url)
        payment: Payment | None = None
        attempt = 0
        try:
            url = exchange.url = self._guard.check_url(url).href  # one spelling from here on
            asked = Parts(request.method.upper(), url, {**headers, **conditions}, body)
            if request.price:
                payment = self._limits.reserve(source.name, account, request.fingerprint, request.price, occasion)
            while True:
                attempt += 1
                self._limits.use_quota(source.name, account)
                earned = await self._login(source, account, secrets)
                sent = apply(source.auth, asked, secrets, earned)
                exchange = await self._exchange(sent, source, may_ask)
                if exchange.status == 304 and not conditions and not exchange.error:
                    exchange.error = FetchError(
                        "protocol", f"{exchange.url} answers 304 to a question that named no earlier answer"
                    )
                if exchange.status == 401 and earned and attempt == 1 and self._earned.pop((source.name, account), None):
                    continue  # the session ended before its time
                wait = self._wait_before_next(exchange, attempt, is_priced=payment is not None)
                if wait is None:
                    break
                said = exchange.error.detail if exchange.error else f"{exchange.url} answered {exchange.status}"
                log.info("%s: %s; asking again in %.1f s", source.name, redact_text(said, secrets.known, strict=True), wait)
                await asyncio.sleep(wait)
        except FetchError as error:
            exchange.error = error
        except MissingCredentialsError as error:
            missing = missing_credentials(source.name, source.auth, account, lookup)
            exchange.error = FetchError("credentials", "; ".join(missing) or f"{source.name} needs {error}")
        was_charged = exchange.error.kind not in UNSENT if exchange.error else exchange.status != 429
        if payment is not None:
            (self._limits.settle if was_charged else self._limits.release)(payment)
        return self._answer(exchange, url, attempt, secrets, source, payment.price if payment and was_charged else 0.0)

    async def _exchange(self, sent: Parts, source: Source, may_ask: MayAsk | None) -> Exchange:
        """One try with its redirects; what the outside does wrong is in the exchange's error."""
        exchange = Exchange(sent.url)
        parts = sent
        try:
            await self._hop(parts, source, exchange)
            while exchange.is_redirect:
                target = redirect_target(exchange)
                self._guard.check_url(target)
                if may_ask is not None and (reason := await may_ask(target)):
                    raise FetchError("scope", f"the redirect to {target} is not followed: {reason}")
                parts = redirected(parts, target, exchange)
                exchange.url = target
                await self._hop(parts, source, exchange)
        except FetchError as error:
            exchange.error = error
        return exchange

    async def _hop(self, parts: Parts, source: Source, exchange: Exchange) -> None:
        """One request and its answer, into `exchange`."""
        exchange.status, exchange.headers, exchange.body = None, {}, None  # of the hop before
        address = self._guard.check_url(parts.url)
        host = _host_key(address)
        async with self._turn(host, source.pace_seconds) as turn:
            started = time.monotonic()
            try:
                async with (
                    asyncio.timeout(max(0.0, self._total_timeout - exchange.seconds)),
                    self._transport(address) as transport,
                ):
                    response = await send(transport, parts, address, self.user_agent)
                    try:
                        turn.answered_at = self._limits.now()
                        take_head(exchange, response)
                        await take_body(exchange, response, parts.method, source.max_body)
                    finally:
                        await response.aclose()
                turn.is_well = response.status < 500
            except TimeoutError:
                turn.is_well = False
                raise FetchError("timeout", f"{host} did not finish its answer in {self._total_timeout:g} s") from None
            except FetchError as error:
                turn.is_well = error.kind not in HOST_IN_TROUBLE
                raise
            except (httpcore.ProtocolError, httpcore.NetworkError) as error:
                turn.is_well = False
                raise failure(host, error) from error
            finally:
                exchange.seconds += time.monotonic() - started

    @asynccontextmanager
    async def _turn(self, host: str, pace: float) -> AsyncIterator[_Turn]:
        """Our turn to ask `host`. With a pace, this process queues before it, so that only one looks at the shared book."""
        turn = _Turn()
        async with self._turns.setdefault(host, asyncio.Lock()) if pace > 0 else nullcontext():
            await self._take_turn(host, pace)
            try:
                yield turn
            finally:
                if turn.is_well is not None:
                    self._limits.record(host, turn.is_well)
                self._limits.end_turn(host, pace, turn.answered_at)

    async def _take_turn(self, host: str, pace: float) -> None:
        """Waits until `host` may be asked; raises FetchError (paused, circuit_open) where that is beyond our patience."""
        while True:
            try:
                wait = self._limits.take_turn(host, pace)
                if wait <= 0:
                    return
            except FetchError:
                wait = self._limits.paused_for(host)
                if wait > self._patience:
                    raise
            await asyncio.sleep(wait)

    def _wait_before_next(self, exchange: Exchange, attempt: int, *, is_priced: bool) -> float | None:
        """Seconds before the next try; None when this one stands. Pauses the host where it asks for that."""
        kind = exchange.error.kind if exchange.error else ""
        is_transient = kind in RETRIED if kind else exchange.status in RETRIED_STATUSES
        if not is_transient:
            return None
        host = _host_key(can_ada.parse(exchange.url))
        wait = backoff(attempt, self._first_backoff)
        if not kind and exchange.status in (429, 503):
            asked = retry_after(exchange.headers.get("retry-after"), datetime.now(UTC))
            if asked is None and exchange.status == 429:
                asked = TOO_MANY_FACTOR * backoff(attempt, self._first_backoff)
            if asked is not None:
                wait = asked
                self._limits.pause(host, asked, f"it answered {exchange.status}")
            if asked == LONGEST_WAIT:
                log.warning("%s asks to be left alone for a day or longer", host)
        is_last = attempt >= min(self._tries, TRIES.get(kind, self._tries))
        if is_last or (is_priced and kind not in UNSENT):
            return None
        wait = max(wait, self._limits.paused_for(host))  # the failure may have opened the circuit
        return wait if wait <= self._patience else None

    @asynccontextmanager
    async def _transport(self, address: can_ada.URL) -> AsyncIterator[Transport]:
        """The transport of an origin; idle ones make room when there are too many."""
        origin = address.origin
        transport = self._transports.get(origin)
        if transport is None:
            transport = self._transports[origin] = Transport(self._backend, self._tls)
        self._transports.move_to_end(origin)
        self._in_flight[origin] += 1
        try:
            yield transport
        finally:
            self._in_flight[origin] -= 1
        if len(self._transports) > MOST_TRANSPORTS:
            idle = next((name for name in self._transports if not self._in_flight[name]), None)
            if idle is not None:
                del self._in_flight[idle]
                await self._transports.pop(idle).aclose()

    async def _login(self, source: Source, account: str | None, secrets: Secrets) -> Earned | None:
        """What a login earned, kept in memory until shortly before its end; None for kinds of auth without login."""
        auth = source.auth
        if not isinstance(auth, OAuth2 | Session):
            return None
        key = (source.name, account)
        async with self._logins.setdefault(key, asyncio.Lock()):
            kept = self._earned.get(key)
            if kept is None or kept[1] <= time.monotonic():
                exchange = await self._log_in(login_request(auth, secrets), source)
                try:
                    earned = earn(auth, exchange.url, exchange.body or b"", exchange.set_cookies)
                except ValueError as error:
                    raise FetchError(
                        "credentials", f"the login of {source.name} was answered {exchange.status}: {error}"
                    ) from error
                kept = self._earned[key] = (earned, time.monotonic() + max(30.0, earned.seconds - 60.0))
        for value in (*kept[0].headers.values(), *(cookie.value for cookie in kept[0].cookies)):
            secrets.remember(value.rpartition(" ")[2])
        return kept[0]

    async def _log_in(self, parts: Parts, source: Source) -> Exchange:
        """The answer to a login, tried as often as any question; raises FetchError (connect) when there is none."""
        attempt = 0
        while True:
            attempt += 1
            exchange = await self._exchange(parts, source, None)
            wait = self._wait_before_next(exchange, attempt, is_priced=False)
            if wait is not None:
                await asyncio.sleep(wait)
            elif exchange.error:  # the question itself was not sent
                raise FetchError("connect", f"the login of {source.name} failed: {exchange.error.detail}")
            else:
                return exchange

    def _answer(self, exchange: Exchange, url: str, attempt: int, secrets: Secrets, source: Source, spent: float) -> Answer:
        known = secrets.known
        strict = source.auth is not None
        media_type, charset = content_type(exchange.headers.get("content-type", ""))
        error = exchange.error
        asked_to_wait = retry_after(exchange.headers.get("retry-after"), datetime.now(UTC))
        if error is not None and error.kind in ("paused", "circuit_open"):
            asked_to_wait = self._limits.paused_for(_host_key(can_ada.parse(exchange.url)))
        return Answer(
            url=redact_text(url, known, strict),
            final_url=redact_text(exchange.url, known, strict),
            redirects=tuple(redact_text(hop, known, strict) for hop in exchange.redirects),
            http_status=exchange.status,
            headers=redact_headers(exchange.headers, known, strict),
            media_type=media_type,
            charset=charset,
            body=None if error or exchange.body is None else redact_body(exchange.body, known),
            head=redact_body(exchange.head, known),
            error=error.kind if error else "",
            error_detail=redact_text(error.detail, known, strict) if error else "",
            retry_after=asked_to_wait,
            elapsed_ms=round(exchange.seconds * 1000),
            attempt=max(1, attempt),
            not_modified=exchange.status == 304 and error is None,
            spent=spent,
        )


@dataclass(slots=True)
class _Turn:
    answered_at: float | None = None  # when the answer began
    is_well: bool | None = None  # None: we were interrupted and know nothing


def _tls_context(given: ssl.SSLContext | None, http2: bool) -> ssl.SSLContext:
    context = given or ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1", "h2"] if http2 else ["http/1.1"])
    return context


def with_params(url: str, params: Mapping[str, Any]) -> str:
    """The URL with parameters added; None values are left out, sequences are repeated, True and False are `true` and `false`."""
    pairs = [
        (name, str(one).lower() if isinstance(one, bool) else str(one))
        for name, value in params.items()
        for one in (value if isinstance(value, list | tuple) else (value,))
        if one is not None
    ]
    if not pairs:
        return url
    address, mark, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(pairs)}{mark}{fragment}"


def _content(request: Request) -> tuple[dict[str, str], bytes | None]:
    """Headers and body as they go out."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    match request.body:
        case None:
            return headers, None
        case bytes() as body:
            return headers, body
        case str() as text:
            return headers, text.encode()
        case value:
            return {"content-type": "application/json", **headers}, json.dumps(value, ensure_ascii=False).encode()


def _conditions(known: Fetched | None) -> dict[str, str]:
    if known is None:
        return {}
    pairs = (("if-none-match", known.etag), ("if-modified-since", known.last_modified))
    return {name: value for name, value in pairs if value}


def _host_key(address: can_ada.URL) -> str:
    """What pace, pauses and circuits are kept for: the host, whatever the scheme; other ports are other servers."""
    host = address.hostname.rstrip(".")
    return f"{host}:{address.port}" if address.port else host
