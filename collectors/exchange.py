"""One try: a request sent, its answer read within bounds, its redirects judged."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import can_ada
import httpcore

from collectors.auth import Parts, parse_cookie
from collectors.bodies import ACCEPT_ENCODING, content_codings, unpack
from collectors.connect import Response, Transport
from collectors.failures import FetchError
from collectors.urls import host_of, resolve

MOST_REDIRECTS = 5
REDIRECTS = frozenset((301, 302, 303, 307, 308))
REDIRECT_BYTES = 64 * 1024  # read of a redirect's body, only to keep the connection
HEAD_BYTES = 4096
MOST_COOKIES = 20
LONGEST_COOKIE = 4096

# What may follow a redirect to another host; everything else may be a secret.
_CARRIED = frozenset(("user-agent", "accept", "accept-language", "accept-encoding"))


@dataclass(slots=True)
class Exchange:
    """What is known of one try so far."""

    url: str  # the hop we are at
    redirects: list[str] = field(default_factory=list)
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names
    set_cookies: list[str] = field(default_factory=list)  # of this hop
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)  # by host, within the chain of redirects only
    body: bytes | None = None
    head: bytes = b""
    error: FetchError | None = None
    seconds: float = 0.0  # of network time

    @property
    def is_redirect(self) -> bool:
        return self.status in REDIRECTS


async def send(transport: Transport, parts: Parts, address: can_ada.URL, user_agent: str) -> Response:
    """The head of the answer. Sends no cookie, referrer or header but those of `parts` and our own name."""
    headers = {
        "Host": address.host,
        "user-agent": user_agent,
        "accept": "*/*",
        "accept-encoding": ACCEPT_ENCODING,
        **parts.headers,
    }
    if parts.body or parts.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(len(parts.body or b""))
    try:
        fields = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    except ValueError as error:
        raise FetchError("guard", f"not a URL that can be asked: {error}") from error
    url = httpcore.URL(
        scheme=address.protocol.removesuffix(":"),
        host=address.hostname.strip("[]"),
        port=int(address.port) if address.port else None,
        target=address.href.removeprefix(address.origin).partition("#")[0],
    )
    return await transport.ask(httpcore.Request(parts.method, url, headers=fields, content=_sent(parts.body)))


async def _sent(body: bytes | None) -> AsyncIterator[bytes]:
    if body:
        yield body


def take_head(exchange: Exchange, response: Response) -> None:
    """Status and headers; refuses what could be read in two ways."""
    exchange.status = response.status
    exchange.set_cookies = []
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("utf-8", "replace")
        if name == "set-cookie":
            exchange.set_cookies.append(value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    exchange.headers = headers
    if "content-length" in headers and "transfer-encoding" in headers:
        raise FetchError("protocol", "the answer gives both a length and chunks, as in request smuggling")
    if exchange.status == 206:
        raise FetchError("truncated", "the answer is a part (206) of what was asked for")


async def take_body(exchange: Exchange, response: Response, method: str, limit: int) -> None:
    """The body, unpacked and whole, of at most `limit` bytes before and after unpacking."""
    if method == "HEAD" or exchange.status == 304 or exchange.is_redirect:
        await _drain(response)  # a connection whose answer was read to its end is kept
        return
    declared = exchange.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise FetchError("too_large", f"the body has {declared[:30]} bytes, more than {limit}")
    chunks, size = [], 0
    async for chunk in response.chunks():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            exchange.head = b"".join(chunks)[:HEAD_BYTES]
            raise FetchError("too_large", f"the body has more than {limit} bytes")
    packed = b"".join(chunks)
    coding = exchange.headers.get("content-encoding")
    try:
        exchange.body = unpack(packed, content_codings(coding), limit) if coding and packed else packed
    except FetchError:
        exchange.head = packed[:HEAD_BYTES]
        raise


async def _drain(response: Response) -> None:
    size = 0
    async for chunk in response.chunks():
        size += len(chunk)
        if size > REDIRECT_BYTES:
            return


def redirect_target(exchange: Exchange) -> str:
    """Where a redirect leads, recorded; raises FetchError where it must not be followed."""
    exchange.redirects.append(f"{exchange.status} {exchange.url}")
    if len(exchange.redirects) > MOST_REDIRECTS:
        raise FetchError("redirect", f"more than {MOST_REDIRECTS} redirects, the last from {exchange.url}")
    location = exchange.headers.get("location", "")
    if not location:
        raise FetchError("redirect", f"{exchange.url} answers {exchange.status} without saying where to")
    target = resolve(exchange.url, location)
    if target is None:
        raise FetchError("scheme", f"{exchange.url} redirects to {location[:200]!r}, which is not a page of the web")
    target = target.partition("#")[0]
    if exchange.url.startswith("https:") and target.startswith("http:"):
        raise FetchError("downgrade", f"{exchange.url} redirects from https to {target}")
    has_news = _keep_cookies(exchange)
    if not has_news and (target == exchange.url or any(hop.partition(" ")[2] == target for hop in exchange.redirects)):
        raise FetchError("redirect", f"{exchange.url} redirects in a circle, to {target}")
    return target


def _keep_cookies(exchange: Exchange) -> bool:
    """Keeps cookies for the rest of the chain; says whether one is new: then the same URL may answer otherwise."""
    host = host_of(exchange.url)
    jar = exchange.cookies.setdefault(host, {})
    before = dict(jar)
    for text in exchange.set_cookies[:MOST_COOKIES]:
        cookie = parse_cookie(text, host) if len(text) <= LONGEST_COOKIE else None
        if cookie is not None and len(jar) < MOST_COOKIES:
            jar[cookie.name] = cookie.value
    return jar != before


def redirected(parts: Parts, target: str, exchange: Exchange) -> Parts:
    """The request as it goes to `target`: no secret and no body crosses to another host (RFC 9110, 15.4)."""
    is_same = _same_site(parts.url, target)
    is_kept = exchange.status in (307, 308) or parts.method in ("GET", "HEAD")
    if parts.body is not None and is_kept and not is_same:
        raise FetchError("redirect", f"{parts.url.partition('?')[0]} redirects a {parts.method} with a body to another host")
    headers = {name: value for name, value in parts.headers.items() if is_same or name in _CARRIED}
    if not is_kept:
        headers.pop("content-type", None)
    if jar := exchange.cookies.get(host_of(target)):
        sent = dict(pair.split("=", 1) for pair in headers.get("cookie", "").split("; ") if "=" in pair)
        headers["cookie"] = "; ".join(f"{name}={value}" for name, value in {**sent, **jar}.items())
    return Parts(parts.method if is_kept else "GET", target, headers, parts.body if is_kept else None)


def _same_site(old_url: str, new_url: str) -> bool:
    """Same host and port; http to https on their usual ports counts as the same."""
    old, new = can_ada.parse(old_url), can_ada.parse(new_url)
    return old.hostname == new.hostname and old.port == new.port


def failure(host: str, error: httpcore.ProtocolError | httpcore.NetworkError) -> FetchError:
    """What went wrong on the wire, in our terms."""
    text = str(error)
    if isinstance(error, httpcore.LocalProtocolError):
        return FetchError("protocol", f"the request to {host} cannot be sent: a header or its URL holds what HTTP forbids")
    if not isinstance(error, httpcore.ProtocolError):
        return FetchError("reset", f"{host} broke off the connection: {text or type(error).__name__}")
    if "too long" in text or "too many" in text.lower():
        return FetchError("header_limit", f"the headers of {host} are too large: {text}")
    if "without sending complete message body" in text or "incomplete chunked read" in text:
        return FetchError("truncated", f"{host} sent less than it announced: {text}")
    if "without sending a response" in text:
        return FetchError("reset", f"{host} closed the connection without an answer")
    return FetchError("protocol", f"{host} does not speak HTTP: {text}")


def content_type(header: str) -> tuple[str, str]:
    """Media type and charset of a Content-Type header, lower-case; empty where it does not say."""
    media_type, _, parameters = header.partition(";")
    charset = re.search(r"(?i)charset\s*=\s*[\"']?([\w.:+-]{1,40})", parameters)
    return media_type.strip().lower()[:100], charset.group(1).lower() if charset else ""
