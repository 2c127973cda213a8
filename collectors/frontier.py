"""Which links a crawl of a site takes: its scope, and the guards against addresses without end. Pure functions of the address."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from collectors.urls import host_of, registrable_domain

LONGEST_URL = 1500  # characters; the longest product addresses of real shops stay under 500
MOST_SEGMENTS = 16
MOST_PARAMETERS = 6  # more than that is a filter panel, and its combinations have no end
LAST_PAGE = 300  # of a listing

_FILE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|css|js|mjs|json|map|woff2?|ttf|eot|otf|mp[34]|m4[av]|webm|ogg|wav|avi|mov|wmv|flv|"
    r"pdf|docx?|xlsx?|pptx?|rtf|odt|csv|zip|rar|7z|t?gz|bz2|xz|tar|exe|msi|dmg|apk|ipa|iso|swf|ics|vcf|rss|atom|xml|txt)$",
    re.IGNORECASE,
)
_REPEATED = re.compile(r"(?:^|/)([^/]+(?:/[^/]+){0,2})(?:/\1){2,}(?:/|$)")
_ACTION = re.compile(
    r"/(?:log-?(?:in|out)|sign-?(?:in|up|out)|register|auth|cart|basket|checkout|korzina|wishlist|compare|wp-(?:admin|login|json)|cgi-bin|"
    r"bitrix/(?:admin|rk\.php)|search|poisk)(?:[/.]|$)",
    re.IGNORECASE,
)
_ACTION_PARAMETERS = frozenset({
    "add-to-cart", "add_to_cart", "addtocart", "action", "do",
    "replytocom", "share", "print", "logout", "redirect", "redirect_to",
    "return", "return_to", "returnurl", "back_url",
    "backurl", "next_url", "login", "email", "unsubscribe", "s", "q", "search", "query",
})  # fmt: skip
_ORDER_PARAMETERS = frozenset({
    "sort", "sortby", "sort_by",
    "orderby", "order", "order_by", "dir", "direction", "view", "display", "limit", "per_page", "perpage",
    "pagesize",
})  # fmt: skip
_SESSION_PARAMETERS = re.compile(
    r"(?:s|sid|sess|session|session_?id|oscsid|zenid|token|csrf\w*|nonce|_?rnd|rand|cb|timestamp)$", re.IGNORECASE
)
_SESSION_VALUE = re.compile(r"[0-9a-f-]{16,}|[0-9]{10,}|(?=.*[0-9])(?=.*[A-Za-z])[0-9A-Za-z]{20,}", re.IGNORECASE)
_SESSION_SEGMENT = re.compile(r"/\((?:[a-z]\([0-9a-z]{16,}\))+\)/|;\w*sess\w*=|/[0-9a-f]{32}/[0-9a-f]{32}/", re.IGNORECASE)
_CALENDAR_PARAMETERS = frozenset({
    "month", "year", "day", "date", "week", "cal", "calendar", "ical", "tribe-bar-date", "eventdate", "event_date", "mini-month",
    "date_from", "date_to", "from_date", "to_date",
})  # fmt: skip
_CALENDAR_PATH = re.compile(
    r"/(?:calendars?|kalendar|events?|schedule|raspisanie|afisha)/(?:.*/)?(?:\d{4}[-/]\d{1,2}(?:[-/]\d{1,2})?|\d{4}-w\d{1,2})/?$",
    re.IGNORECASE,
)
_PAGE_PARAMETERS = re.compile(r"(?:page|p|pg|paged|pagen_\d+|offset|start)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What belongs to a site: its host (or all hosts of its domain), below a path, allowed by the patterns."""

    host: str  # without "www."
    port: int | None = None
    path: str = "/"  # addresses must begin with it
    whole_domain: bool = False
    include: tuple[str, ...] = ()  # regular expressions; an address must match one of them, when there are any
    exclude: tuple[str, ...] = ()


def scope_of(home: str, options: Mapping[str, Any]) -> Scope:
    """The scope of a crawl that starts at `home`; options `include`, `exclude` and `subdomains` narrow and widen it."""
    parts = urlsplit(home)
    folder = parts.path if parts.path.endswith("/") else parts.path + "/"
    return Scope(
        host=host_of(home).removeprefix("www."),
        port=parts.port,
        path=folder if folder != "/" else "/",
        whole_domain=bool(options.get("subdomains", False)),
        include=tuple(options.get("include", ())),
        exclude=tuple(options.get("exclude", ())),
    )


@lru_cache(maxsize=65536)
def in_scope(url: str, scope: Scope) -> bool:
    """Whether an absolute http(s) address belongs to the site."""
    if not _same_site(host_of(url).removeprefix("www."), scope):  # first: most links that are refused lead elsewhere
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or port != scope.port:
        return False
    if scope.path != "/" and not (parts.path + "/").startswith(scope.path):
        return False
    if scope.include and not any(re.search(pattern, url) for pattern in scope.include):
        return False
    return not any(re.search(pattern, url) for pattern in scope.exclude)


@lru_cache(maxsize=65536)  # the links of a site are much the same on every page
def is_trap(url: str) -> str | None:
    """Why an address is not worth a visit (no page, an action, or one of endlessly many), or None."""
    if len(url) > LONGEST_URL:
        return "too long"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "not an address"
    path = parts.path
    segments = [segment for segment in path.split("/") if segment]
    if _FILE.search(path):
        return "a file, not a page"
    if _ACTION.search(path):
        return "an action or a search, not a page"
    if len(segments) > MOST_SEGMENTS or _REPEATED.search(path) or max(Counter(segments).values(), default=0) > 3:
        return "the path repeats itself"
    if _SESSION_SEGMENT.search(path):
        return "a session id in the path"
    if _CALENDAR_PATH.search(path):
        return "a calendar"
    return _trap_of_query(parts.query) if parts.query else None


def _trap_of_query(query: str) -> str | None:
    parameters = [(name.lower(), value) for name, value in parse_qsl(query, keep_blank_values=True)]
    names = [name for name, _ in parameters]
    if len(names) > MOST_PARAMETERS or max(Counter(names).values(), default=0) > 3:
        return "too many parameters"
    for name, value in parameters:
        if name in _ACTION_PARAMETERS:
            return "an action or a search, not a page"
        if name in _ORDER_PARAMETERS:
            return "another order of the same list"
        if name in _CALENDAR_PARAMETERS:
            return "a calendar"
        if _SESSION_PARAMETERS.fullmatch(name) and _SESSION_VALUE.fullmatch(value):
            return "a session id"
        if _PAGE_PARAMETERS.fullmatch(name) and value.isdecimal() and _is_far(name, value):
            return "a listing without end"
        if value.startswith(("http://", "https://")):
            return "an address inside an address"
    return None


def _is_far(name: str, number: str) -> bool:
    last = LAST_PAGE * 100 if name in ("offset", "start") else LAST_PAGE
    return len(number) > 6 or int(number) > last


def _same_site(host: str, scope: Scope) -> bool:
    if host == scope.host:
        return True
    return (
        scope.whole_domain and registrable_domain(host) is not None and registrable_domain(host) == registrable_domain(scope.host)
    )
