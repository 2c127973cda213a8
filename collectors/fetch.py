"""The only socket: one question to the outside, asked with manners, answered or refused with a reason.

A fetch never raises for what the outside does: every fault ends in an `Answer` whose `error` is one of `failures.KINDS`. Time, memory,
redirects and retries are bounded on any input; the address connected to is checked on every hop; hosts are paced through `Limits`.
One small httpx client per origin: its pool looks through all connections on every request, so a large one is slow.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import can_ada
import httpcore
import httpx

from collectors import auth as auths
from collectors.addresses import Guard
from collectors.bodies import ACCEPT_ENCODING, content_codings, unpack
from collectors.connect import Backend, Resolve, Resolver
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
from collectors.source import Fetched, Request, Source
from collectors.urls import resolve as resolve_url

log = logging.getLogger(__name__)

MOST_REDIRECTS = 5
MOST_TRIES = 3
MOST_CLIENTS = 256
CONNECTIONS_PER_HOST = 4
HEAD_BYTES = 4096
KEEP_ALIVE_SECONDS = 20.0

# What may follow a redirect to another host; everything else may be a secret.
_CARRIED = frozenset(("user-agent", "accept", "accept-language", "accept-encoding"))

MayAsk = Callable[[str], Awaitable[str]]  # URL -> why it may not be asked; empty when it may


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from one question, secrets removed."""

    url: str  # as asked
    final_url: str  # after redirects
    redirects: tuple[str, ...] = ()  # "status url" of each hop
    http_status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names, repeated ones joined by ", "
    media_type: str = ""
    charset: str = ""
    body: bytes | None = None  # unpacked and whole; None after an error
    head: bytes = b""  # first bytes of a body that was refused, as they came, for a person to look at
    error: str = ""  # a kind of failures.KINDS
    error_detail: str = ""  # what happened, in a sentence
    retry_after: float | None = None  # seconds the host asks to be left alone
    elapsed_ms: int = 0  # network time of the last try
    attempt: int = 1  # number of tries
    not_modified: bool = False  # 304: the body known before still holds
    spent: float = 0.0  # money


@dataclass(slots=True)
class _Exchange:
    """One try: what is known of it so far."""

    url: str
    redirects: list[str] = field(default_factory=list)
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)
    body: bytes | None = None
    head: bytes = b""
    error: FetchError | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class _Session:
    headers: dict[str, str]
    until: float


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
        patience: float = 300.0,
        http2: bool = False,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`user_agent` names the product and a contact URL or address. `total_timeout` bounds the network time of one try, redirects
        included; `patience` is the longest wait for a paused host before the question is given up for this run (seconds)."""
        if not re.search(r"https?://\S+\.\S+|\S+@\S+\.\S+", user_agent):
            raise ValueError(
                f"the user agent must name a contact URL or address, so that site owners can reach you: {user_agent!r}"
            )
        if allow_private_hosts:
            log.warning(
                "private addresses may be asked: %s",
                "all" if allow_private_hosts is True else ", ".join(sorted(allow_private_hosts)),
            )
        self.user_agent = user_agent
        self._limits = limits
        self._guard = Guard(allow_private_hosts)
        self._total_timeout = total_timeout
        self._tries = tries
        self._first_backoff = first_backoff
        self._patience = patience
        self._http2 = http2
        self._resolver = Resolver() if resolve is None else None
        self._backend = Backend(self._guard, resolve or self._resolver)  # type: ignore[arg-type]
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._clients: OrderedDict[str, httpx.AsyncClient] = OrderedDict()
        self._busy: dict[str, int] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._sessions: dict[tuple[str, str | None], _Session] = {}
        self._logins: dict[tuple[str, str | None], asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()
        if self._resolver is not None:
            self._resolver.close()

    async def fetch(
        self,
        request: Request,
        source: Source,
        *,
        url: str,
        account: str | None = None,
        secret: auths.Lookup | None = None,
        conditional: Fetched | None = None,
        occasion: str = "",
        may_ask: MayAsk | None = None,
    ) -> Answer:
        """The answer to `request`, asked at `url` (its own, or its path joined with the base URL).

        `secret` looks up secrets by key; `conditional` is the last stored answer, for a conditional GET; `occasion` is the day of the
        run, within which a priced request is paid once; `may_ask` is asked before every redirect hop to another URL.
        """
        known: set[str] = set()
        lookup = _remembering(secret or auths.from_environment(source.name, account), known)
        outgoing = auths.Parts(request.method.upper(), with_params(url, request.params), *_content(request))
        payment: Payment | None = None
        exchange = _Exchange(outgoing.url)
        attempt = 0
        try:
            self._guard.check_url(outgoing.url)
            self._limits.use_quota(source.name, account)
            if request.price:
                payment = self._limits.reserve(source.name, account, request.fingerprint, request.price, occasion)
            while True:
                attempt += 1
                sent = await self._authenticated(outgoing, source, account, lookup)
                if conditional is not None:
                    sent = replace(sent, headers={**sent.headers, **_conditions(conditional)})
                exchange = await self._exchange(sent, source, may_ask)
                if exchange.status == 304 and conditional is None:
                    exchange.error = FetchError("protocol", "the server says 304 to a question that named no earlier answer")
                elif exchange.status == 304 and not (conditional and _conditions(conditional)):
                    conditional = None
                wait = self._wait_before_next(exchange, attempt, is_priced=payment is not None)
                if wait is None:
                    break
                log.info("%s: %s; trying again in %.1f s", source.name, auths.redact_text(_summary(exchange), known, True), wait)
                await asyncio.sleep(wait)
        except FetchError as error:
            exchange.error = error
        except auths.MissingCredentialsError as error:
            exchange.error = FetchError(
                "credentials", "; ".join(auths.missing_credentials(source.name, source.auth, account, lookup)) or str(error)
            )
        if payment is not None:
            self._close_payment(payment, exchange)
        return self._answer(exchange, outgoing.url, attempt, known, source, 0.0 if payment is None else payment.price)

    # One try, redirects included

    async def _exchange(self, sent: auths.Parts, source: Source, may_ask: MayAsk | None) -> _Exchange:
        """One try, redirects followed, never raising for what the outside does."""
        exchange = _Exchange(sent.url)
        left = self._total_timeout
        parts = sent
        visited = {sent.url}
        try:
            while True:
                left = await self._hop(parts, source, exchange, left)
                if exchange.status not in (301, 302, 303, 307, 308):
                    return exchange
                target = _redirect_target(exchange, visited)
                if exchange.redirects and len(exchange.redirects) > MOST_REDIRECTS:
                    raise FetchError("redirect", f"more than {MOST_REDIRECTS} redirects, the last to {target}")
                self._guard.check_url(target)
                if may_ask is not None and (reason := await may_ask(target)):
                    raise FetchError("scope", f"the redirect to {target} is not followed: {reason}")
                parts = _redirected(parts, target, exchange.status)
                exchange.url = target
        except FetchError as error:
            exchange.error = error
            exchange.body = None
            return exchange

    async def _hop(self, parts: auths.Parts, source: Source, exchange: _Exchange, left: float) -> float:
        """One request and its answer into `exchange`; gives back the network time that is left."""
        address = self._guard.check_url(parts.url)
        origin = f"{address.protocol}//{address.host}"
        host = address.hostname.rstrip(".")
        pace = source.pace_seconds
        await self._turn(host, pace)
        started = time.monotonic()
        answered_at: float | None = None
        is_well = True
        try:
            async with asyncio.timeout(left):
                client = self._client(origin)
                self._busy[origin] = self._busy.get(origin, 0) + 1
                try:
                    outgoing = httpx.Request(parts.method, address.href, headers=self._headers(parts), content=parts.body)
                    response = await client.send(outgoing, stream=True)
                    try:
                        answered_at = time.time()
                        _take_head(exchange, response)
                        is_well = response.status_code < 500
                        await _take_body(exchange, response, parts.method, source.max_body)
                    finally:
                        await response.aclose()
                finally:
                    self._busy[origin] -= 1
        except TimeoutError:
            is_well = False
            raise FetchError("timeout", f"{host} did not finish its answer in {self._total_timeout:.0f} s") from None
        except FetchError as error:
            is_well = error.kind not in HOST_IN_TROUBLE
            raise
        except (httpx.RemoteProtocolError, httpx.LocalProtocolError) as error:
            is_well = False
            raise _protocol_error(host, error) from error
        except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
            is_well = False
            raise FetchError("reset", f"{host} broke off the connection: {error or type(error).__name__}") from error
        finally:
            exchange.seconds += time.monotonic() - started
            self._limits.end_turn(host, pace, answered_at)
            self._limits.record(host, is_well)
        return max(0.001, left - (time.monotonic() - started))

    async def _turn(self, host: str, pace: float) -> None:
        """Waits until `host` may be asked. Waiters of this process stand in line, so that only one looks at the shared book."""
        await self._wait_out_pause(host)
        if pace <= 0:
            self._limits.take_turn(host, pace)
            return
        async with self._turns.setdefault(host, asyncio.Lock()):
            while wait := self._limits.take_turn(host, pace):
                await asyncio.sleep(wait)

    async def _wait_out_pause(self, host: str) -> None:
        """Waits for a paused host, when it is back within our patience; raises FetchError otherwise."""
        try:
            self._limits.check_host(host)
        except FetchError:
            seconds = self._limits.paused_for(host)
            if seconds > self._patience:
                raise
            await asyncio.sleep(seconds)

    def _wait_before_next(self, exchange: _Exchange, attempt: int, *, is_priced: bool) -> float | None:
        """Seconds before the next try; None when this one stands. Pauses the host when it asks for it."""
        kind = exchange.error.kind if exchange.error else ""
        status = exchange.status or 0
        host = can_ada.parse(exchange.url).hostname.rstrip(".") if exchange.status else ""
        asked = retry_after(exchange.headers.get("retry-after"), datetime.now(UTC)) if status in (429, 503) and not kind else None
        if asked:
            if asked >= LONGEST_WAIT:
                log.warning("%s asks to be left alone for a day or more", host)
            self._limits.pause(host, asked, f"it answered {status} with Retry-After")
        is_transient = kind in RETRIED if kind else status in RETRIED_STATUSES
        if not is_transient or attempt >= min(self._tries, TRIES.get(kind, self._tries)):
            return None
        if is_priced and kind not in UNSENT:
            return None
        if asked is not None:
            return asked if asked <= self._patience else None
        return backoff(attempt, self._first_backoff)

    def _close_payment(self, payment: Payment, exchange: _Exchange) -> None:
        was_charged = exchange.error.kind not in UNSENT if exchange.error else exchange.status != 429
        if was_charged:
            self._limits.settle(payment)
        else:
            self._limits.release(payment)

    # Clients

    def _client(self, origin: str) -> httpx.AsyncClient:
        client = self._clients.get(origin)
        if client is None:
            client = httpx.AsyncClient(
                transport=_Transport(
                    httpcore.AsyncConnectionPool(
                        ssl_context=self._tls,
                        max_connections=CONNECTIONS_PER_HOST,
                        max_keepalive_connections=CONNECTIONS_PER_HOST,
                        keepalive_expiry=KEEP_ALIVE_SECONDS,
                        http2=self._http2,
                        network_backend=self._backend,
                    )
                ),
                cookies=_NoCookies(),
                trust_env=False,
                timeout=None,  # noqa: S113 - one deadline stands around the whole request
            )
            self._clients[origin] = client
            self._drop_idle()
        self._clients.move_to_end(origin)
        return client

    def _drop_idle(self) -> None:
        if len(self._clients) <= MOST_CLIENTS:
            return
        idle = next((origin for origin in self._clients if not self._busy.get(origin)), None)
        if idle is not None:
            self._busy.pop(idle, None)
            closing = asyncio.ensure_future(self._clients.pop(idle).aclose())
            closing.add_done_callback(lambda done: done.exception())

    def _headers(self, parts: auths.Parts) -> dict[str, str]:
        return {"user-agent": self.user_agent, "accept": "*/*", "accept-encoding": ACCEPT_ENCODING, **parts.headers}

    # Credentials

    async def _authenticated(self, parts: auths.Parts, source: Source, account: str | None, lookup: auths.Lookup) -> auths.Parts:
        auth = source.auth
        session = None
        if isinstance(auth, auths.OAuth2 | auths.Session):
            session = await self._session(auth, source, account, lookup)
            for value in session.values():
                lookup.remember(value)  # type: ignore[attr-defined]
        return auths.apply(auth, parts, lookup, session)

    async def _session(
        self, auth: auths.OAuth2 | auths.Session, source: Source, account: str | None, lookup: auths.Lookup
    ) -> dict[str, str]:
        key = (source.name, account)
        async with self._logins.setdefault(key, asyncio.Lock()):
            session = self._sessions.get(key)
            if session is None or session.until <= time.monotonic():
                exchange = await self._exchange(
                    auths.login(auth, lookup), replace(source, pace_seconds=source.pace_seconds), None
                )
                if exchange.error:
                    raise FetchError(exchange.error.kind, f"the login failed: {exchange.error.detail}")
                try:
                    headers, lifetime = auths.earned(auth, exchange.body or b"", exchange.set_cookies)
                except (ValueError, TypeError) as error:
                    raise FetchError(
                        "credentials", f"the login of {source.name} was answered {exchange.status}: {error}"
                    ) from error
                session = self._sessions[key] = _Session(headers, time.monotonic() + max(30.0, lifetime - 60.0))
        return session.headers

    def _answer(self, exchange: _Exchange, url: str, attempt: int, known: set[str], source: Source, price: float) -> Answer:
        strict = source.auth is not None
        media_type, charset = _content_type(exchange.headers.get("content-type", ""))
        error = exchange.error
        return Answer(
            url=auths.redact_text(url, known, strict),
            final_url=auths.redact_text(exchange.url, known, strict),
            redirects=tuple(auths.redact_text(hop, known, strict) for hop in exchange.redirects),
            http_status=exchange.status,
            headers=auths.redact_headers(exchange.headers, known, strict),
            media_type=media_type,
            charset=charset,
            body=None if exchange.body is None else auths.redact_body(exchange.body, known),
            head=auths.redact_body(exchange.head, known),
            error=error.kind if error else "",
            error_detail=auths.redact_text(error.detail, known, strict) if error else "",
            retry_after=retry_after(exchange.headers.get("retry-after"), datetime.now(UTC)),
            elapsed_ms=round(exchange.seconds * 1000),
            attempt=max(1, attempt),
            not_modified=exchange.status == 304 and error is None,
            spent=price if price and not (error and error.kind in UNSENT) and exchange.status != 429 else 0.0,
        )


class _Transport(httpx.AsyncBaseTransport):
    """httpx over an httpcore pool of ours, for httpx does not let a network backend be chosen."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        try:
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except httpcore.ProtocolError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        except httpcore.NetworkError as error:
            raise httpx.NetworkError(str(error), request=request) from error
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions)

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> Any:
        try:
            async for chunk in self._response.stream:  # type: ignore[union-attr]
                yield chunk
        except httpcore.ProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        except httpcore.NetworkError as error:
            raise httpx.NetworkError(str(error)) from error

    async def aclose(self) -> None:
        await self._response.aclose()


class _NoCookies(CookieJar):
    """Keeps nothing: a session is a matter of auth, and no site follows us from page to page."""

    def extract_cookies(self, response: object, request: object) -> None:
        return None


class _remembering:  # noqa: N801 - a function with a memory
    """A look-up that remembers the secrets it gave out, so that they can be removed from what comes back."""

    def __init__(self, lookup: auths.Lookup, known: set[str]) -> None:
        self._lookup = lookup
        self._known = known

    def __call__(self, key: str) -> str | None:
        value = self._lookup(key)
        if value:
            self._known.add(value)
        return value

    def remember(self, value: str) -> None:
        self._known.update((value, value.partition(" ")[2] or value))


def with_params(url: str, params: Mapping[str, Any]) -> str:
    """The URL with parameters added; None values are left out, sequences are repeated, True and False are `true` and `false`."""
    pairs = []
    for name, value in params.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            if one is not None:
                pairs.append((name, str(one).lower() if isinstance(one, bool) else str(one)))
    if not pairs:
        return url
    address, mark, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(pairs)}{mark}{fragment}"


def _content(request: Request) -> tuple[dict[str, str], bytes | None]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    if request.body is None:
        return headers, None
    if isinstance(request.body, bytes):
        return headers, request.body
    if isinstance(request.body, str):
        return headers, request.body.encode()
    return {"content-type": "application/json", **headers}, json.dumps(request.body, ensure_ascii=False).encode()


def _conditions(known: Fetched) -> dict[str, str]:
    found = {}
    if known.etag:
        found["if-none-match"] = known.etag
    if known.last_modified:
        found["if-modified-since"] = known.last_modified
    return found


def _take_head(exchange: _Exchange, response: httpx.Response) -> None:
    exchange.status = response.status_code
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("utf-8", "replace")
        if name == "set-cookie":
            exchange.set_cookies.append(value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    exchange.headers = headers
    if "content-length" in headers and "transfer-encoding" in headers:
        raise FetchError("protocol", "the answer gives both a length and chunks, as in request smuggling")


async def _take_body(exchange: _Exchange, response: httpx.Response, method: str, limit: int) -> None:
    if method == "HEAD" or response.status_code in (204, 304):
        exchange.body = None if response.status_code == 304 else b""
        return
    declared = exchange.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise FetchError("too_large", f"the body has {declared[:30]} bytes, more than {limit}")
    packed = bytearray()
    async for chunk in response.stream:  # type: ignore[union-attr]
        packed += chunk
        if len(packed) > limit:
            exchange.head = bytes(packed[:HEAD_BYTES])
            raise FetchError("too_large", f"the body has more than {limit} bytes")
    raw = bytes(packed)
    coding = exchange.headers.get("content-encoding")
    if not coding or not raw:
        exchange.body = raw
        return
    try:
        exchange.body = unpack(raw, content_codings(coding), limit)
    except FetchError:
        exchange.head = raw[:HEAD_BYTES]
        raise


def _redirect_target(exchange: _Exchange, visited: set[str]) -> str:
    location = exchange.headers.get("location", "")
    exchange.redirects.append(f"{exchange.status} {exchange.url}")
    if not location:
        raise FetchError("redirect", f"{exchange.url} answers {exchange.status} without saying where to")
    target = resolve_url(exchange.url, location)
    if target is None:
        raise FetchError("scheme", f"{exchange.url} redirects to {location[:200]!r}, which is not a page")
    target = target.partition("#")[0]
    if exchange.url.startswith("https:") and target.startswith("http:"):
        raise FetchError("downgrade", f"{exchange.url} redirects from https to {target}")
    if target in visited:
        raise FetchError("redirect", f"{exchange.url} redirects in a circle, to {target}")
    visited.add(target)
    return target


def _redirected(parts: auths.Parts, target: str, status: int) -> auths.Parts:
    """The request as it goes to `target`: no secret and no body crosses to another host."""
    old, new = can_ada.parse(parts.url), can_ada.parse(target)
    is_same = old.hostname == new.hostname and (old.port == new.port or {old.protocol, new.protocol} == {"http:", "https:"})
    keeps_body = status in (307, 308) or (status in (301, 302) and parts.method not in ("POST",)) and parts.method != "HEAD"
    method = parts.method if keeps_body or parts.method == "HEAD" else "GET"
    if parts.body is not None and keeps_body and not is_same:
        raise FetchError(
            "redirect", f"{parts.url.partition('?')[0]} redirects a {parts.method} with a body to another host, {new.hostname}"
        )
    headers = dict(parts.headers) if is_same else {name: value for name, value in parts.headers.items() if name in _CARRIED}
    if not keeps_body:
        headers.pop("content-type", None)
    return auths.Parts(method, target, headers, parts.body if keeps_body else None)


def _protocol_error(host: str, error: Exception) -> FetchError:
    text = str(error)
    if "too long" in text or "too many" in text.lower():
        return FetchError("header_limit", f"the headers of {host} are too large: {text}")
    if "without sending complete message body" in text or "incomplete chunked read" in text:
        return FetchError("truncated", f"{host} sent less than it announced: {text}")
    if "without sending a response" in text.lower():
        return FetchError("reset", f"{host} closed the connection without an answer")
    return FetchError("protocol", f"{host} does not speak HTTP: {text}")


def _content_type(header: str) -> tuple[str, str]:
    media_type, _, parameters = header.partition(";")
    charset = re.search(r"(?i)charset\s*=\s*[\"']?([\w.:+-]{1,40})", parameters)
    return media_type.strip().lower()[:100], charset.group(1).lower() if charset else ""


def _summary(exchange: _Exchange) -> str:
    return exchange.error.detail if exchange.error else f"{exchange.url} answered {exchange.status}"
