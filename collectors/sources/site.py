"""A site as a whole: sitemaps first, then links, in the scope and budget of the watch.

Where a sitemap says when pages changed, unchanged ones are skipped (unless nearly all its dates are the same: such dates are the
time of generation), links are followed only to pages never seen, and every page is looked at again after `revisit_days`, so that
vanished ones are noticed. Without sitemaps every known and linked page is looked at each night.
Contracts: https://www.sitemaps.org/protocol.html, RFC 9309
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from collectors.frontier import in_scope, is_trap, scope_of
from collectors.outlinks import outlinks
from collectors.page_records import described_records, offer_records, page_record, reading_of
from collectors.reading.model import Moment, PageError
from collectors.reading.sitemaps import Entry, SitemapError, read_sitemap
from collectors.records import Job, Offer, Page, Review
from collectors.redaction import MASK
from collectors.source import (
    MAX_WATCH_MINUTES,
    OK,
    TARGET,
    Budget,
    Capture,
    Context,
    Known,
    ParseError,
    Request,
    Source,
    Verdict,
    Watch,
    Window,
    skip,
)
from collectors.targets import web_address
from collectors.urls import normalise_url
from collectors.verdicts import judge_by_status

DEFAULT_PAGES = 5_000
DEFAULT_DEPTH = 6  # clicks from the home page
DEFAULT_REVISIT_DAYS = 7.0
MAX_SITEMAP_LEVELS = 4  # an index of indexes is against the protocol, and common
MAX_CHILD_SITEMAPS = 200
SAME_DATE_SHARE = 0.8  # above it lastmod says when the file was made, not when pages changed

SOURCE = Source(
    name="site",
    kinds=(Page, Offer, Review, Job),
    mode="snapshot",
    cadence="nightly",
    hosts=(TARGET,),
    target="the address of a site's home page, or of the part of it to watch",
    target_pattern=r"https?://.+",
    options={
        "include": "regular expressions; only addresses that match one are visited",
        "exclude": "regular expressions; addresses that match one are not visited",
        "subdomains": "true: other hosts of the same domain belong to the site",
        "max_pages": "most requests in one run",
        "max_minutes": "most minutes in one run",
        "max_depth": f"most clicks from the home page, default {DEFAULT_DEPTH}",
        "revisit_days": f"days after which a page unchanged by its sitemap is looked at again, default {DEFAULT_REVISIT_DAYS:g}",
    },
    budgets={
        "max_pages": Budget(DEFAULT_PAGES, least=1),
        "max_minutes": Budget(MAX_WATCH_MINUTES, least=0.1),
        "max_depth": Budget(DEFAULT_DEPTH),
        "revisit_days": Budget(DEFAULT_REVISIT_DAYS, widest=min),
    },
    pace_seconds=2.0,
    max_requests=DEFAULT_PAGES,
    terms_url="",
    version=1,
)


canonical_target = web_address


def canonical_options(options: Mapping[str, Any]) -> dict[str, Any]:
    chosen = dict(options)
    for name in ("include", "exclude"):
        if name in chosen:
            chosen[name] = [str(pattern) for pattern in (chosen[name] if isinstance(chosen[name], list) else [chosen[name]])]
            for pattern in chosen[name]:
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise ValueError(f"{name}: {pattern!r} is not a regular expression: {error}") from error
    return chosen


def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
    there = [fetched for fetched in known.all_fetched() if fetched.gone_since is None]
    has_sitemap = any(fetched.http_status == 200 and _is_sitemap(fetched.url) for fetched in there)
    context = _context(watch, follows="new" if has_sitemap else "all")
    yield _page(watch.target, context)
    yield _sitemap(urljoin(watch.target, "/sitemap.xml"), {**context, "is_guess": True})
    due = window.until - timedelta(days=context["revisit_days"] if has_sitemap else 0)
    for fetched in there:
        if fetched.last_fetched_at <= due and not _is_sitemap(fetched.url) and MASK not in fetched.url:
            yield replace(_page(fetched.url, context), depth=fetched.depth)  # else each night would reach deeper than the last


def plan_sitemaps(watch: Watch, sitemaps: Sequence[str]) -> Iterator[Request]:
    """Requests for the sitemaps that robots.txt names."""
    for url in sitemaps[:MAX_CHILD_SITEMAPS]:
        yield _sitemap(url, _context(watch, follows="new"))


def request_for(watch: Watch, url: str) -> Request | None:
    """How the crawl would have asked for a page found in a web archive."""
    if not in_scope(url, scope_of(watch.target, watch.options)) or is_trap(url):
        return None
    return _page(url, _context(watch, follows="new"))


def judge(capture: Capture) -> Verdict:
    verdict = judge_by_status(capture)
    if verdict is not OK:
        if capture.label == "sitemap" and capture.context.get("is_guess") and capture.http_status in (401, 403):
            return skip(f"no sitemap at the usual place: answered {capture.http_status}")
        return verdict
    head = (capture.body or b"")[:2048].lstrip().lower()
    if capture.label == "sitemap":
        is_html = head.startswith((b"<!doctype html", b"<html")) or b"<body" in head
        return skip("no sitemap at the usual place: an HTML page") if is_html and capture.context.get("is_guess") else OK
    if capture.media_type and not re.search("html|xml|text/plain", capture.media_type):
        return skip(f"not a page: {capture.media_type}")
    return OK


def follow(capture: Capture, known: Known) -> Iterator[Request]:
    if capture.label == "sitemap":
        yield from _from_sitemap(capture, known)
    elif capture.depth < capture.context["max_depth"]:
        yield from _from_links(capture, known)


def parse(capture: Capture) -> Iterator[Page | Offer | Review | Job]:
    if capture.label == "sitemap":
        _read_sitemap(capture)
        return
    reading = reading_of(capture)
    if not (reading.title or reading.text or reading.h1):
        raise ParseError(f"{capture.url} has neither title nor heading nor text")
    yield page_record(reading, capture)
    yield from offer_records(reading, capture)
    yield from described_records(reading, capture)


def _context(watch: Watch, follows: str) -> Context:
    """What `follow` must know; `follows` says which links are taken: all, or those to new pages."""
    options = watch.options
    return {
        "home": watch.target,
        "options": {name: options[name] for name in ("include", "exclude", "subdomains") if name in options},
        "max_depth": watch.budgets.get("max_depth", DEFAULT_DEPTH),
        "revisit_days": watch.budgets.get("revisit_days", DEFAULT_REVISIT_DAYS),
        "follows": follows,
    }


def _page(url: str, context: Context) -> Request:
    return Request(url=normalise_url(url), label="page", context=context)


@lru_cache(maxsize=65536)  # the links of a site are much the same on every page
def _fingerprint(url: str) -> str:
    return _page(url, {}).fingerprint


def _sitemap(url: str, context: Context, level: int = 1) -> Request:
    return Request(url=url, label="sitemap", context={**context, "level": level})


def _is_sitemap(url: str) -> bool:
    """Whether an address that was asked for is a sitemap's: pages with such an ending are not asked for."""
    return re.search(r"\.(?:xml|txt|gz)$", urlsplit(url).path) is not None


def _read_sitemap(capture: Capture) -> tuple[str, tuple[Entry, ...]]:
    try:
        sitemap = read_sitemap(capture.body or b"", capture.final_url)
    except SitemapError as error:
        raise ParseError(f"{capture.url}: {error}") from error
    if sitemap.kind == "text" and not sitemap.entries:
        raise ParseError(f"{capture.url} is no sitemap: neither XML nor a list of addresses")
    return sitemap.kind, sitemap.entries


def _from_sitemap(capture: Capture, known: Known) -> Iterator[Request]:
    context = {name: value for name, value in capture.context.items() if name not in ("is_guess", "level")}
    try:
        kind, entries = _read_sitemap(capture)
    except ParseError:
        return  # `parse` says so; a broken sitemap does not end the crawl
    if kind == "index":
        level = capture.context["level"] + 1
        if level <= MAX_SITEMAP_LEVELS:
            yield from (_sitemap(entry.loc, context, level) for entry in entries[:MAX_CHILD_SITEMAPS])
        return
    context["follows"] = "new"
    scope = scope_of(context["home"], context["options"])
    is_reliable = _is_reliable(entries)
    for entry in entries:
        if not in_scope(entry.loc, scope) or is_trap(entry.loc):
            continue
        before = known.fetched(_fingerprint(entry.loc))
        if before is None or not (is_reliable and _is_older(entry.lastmod, before.last_fetched_at)):
            yield _page(entry.loc, context)


def _from_links(capture: Capture, known: Known) -> Iterator[Request]:
    scope = scope_of(capture.context["home"], capture.context["options"])
    try:
        for url in outlinks(capture):
            if not in_scope(url, scope) or is_trap(url):
                continue
            before = known.fetched(_fingerprint(url))
            if capture.context["follows"] == "all" or before is None or MASK in before.url:  # masked: `plan` cannot ask for it
                yield _page(url, capture.context)
    except PageError:
        return  # `parse` says so; a page that cannot be read leads nowhere


def _is_reliable(entries: Sequence[Entry]) -> bool:
    """Whether the dates of a sitemap differ enough to be those of the pages."""
    hours = Counter(_moment(entry.lastmod).replace(minute=0, second=0, microsecond=0) for entry in entries if entry.lastmod)
    return len(entries) < 10 or not hours or max(hours.values()) <= SAME_DATE_SHARE * len(entries)


def _is_older(lastmod: Moment | None, fetched_at: datetime) -> bool:
    """Whether a page changed last before we fetched it; a bare day may be any hour of it."""
    if lastmod is None:
        return False
    return _moment(lastmod) <= fetched_at - timedelta(days=0 if lastmod.has_time else 1)


def _moment(lastmod: Moment) -> datetime:
    value = lastmod.value
    return value if value.tzinfo else value.replace(tzinfo=UTC)
