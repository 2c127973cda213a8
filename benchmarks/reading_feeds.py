"""Feeds and sitemaps: our readers beside feedparser, same files, same run, one core.

    python -m benchmarks.reading_feeds

feedparser-tests: assertions of the form `feed['title'] == '...'` are read as data (never run) and compared, markup taken off
both sides, with the field of ours that means the same; others are skipped and counted. gofeed-tests: a case is right when
every field that we keep agrees. feedparser is left out where it is not installed.
"""

from __future__ import annotations

import ast
import base64
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks.content_corpora import DATA
from benchmarks.reading_metadata import files, lines, peer_module
from benchmarks.table import Row, print_table
from collectors.reading.feeds import Feed, FeedError, FeedItem, read_feed
from collectors.reading.fragments import text_from_html
from collectors.reading.model import Moment
from collectors.reading.sitemaps import SitemapError, read_sitemap

ASSERTION = re.compile(r"^(?:not bozo and )?(feed|entries\[(\d+)\])\['(\w+)'\] == (.*)$")
Value = Callable[[Any], Any]
FEED: dict[str, Value] = {
    "title": lambda feed: feed.title,
    "tagline": lambda feed: feed.description,
    "subtitle": lambda feed: feed.description,
    "description": lambda feed: feed.description,
    "info": lambda feed: feed.description,
    "copyright": lambda feed: feed.rights,
    "rights": lambda feed: feed.rights,
    "link": lambda feed: feed.url,
    "id": lambda feed: feed.id,
}
ITEM: dict[str, Value] = {
    "title": lambda item: item.title,
    "description": lambda item: item.summary or item.text,
    "summary": lambda item: item.summary or item.text,
    "link": lambda item: item.url,
    "id": lambda item: item.id,
    "guid": lambda item: item.id,
    "comments": lambda item: item.comments_url,
    "published_parsed": lambda item: item.published_at,
    "updated_parsed": lambda item: item.modified_at or item.published_at,
}


def folded(text: Any) -> str:
    return " ".join(str(text or "").split())


def agrees(found: Any, wanted: Any) -> bool:
    if isinstance(found, Moment):
        return utc(found).timetuple()[:6] == tuple(wanted)[:6] if isinstance(wanted, tuple) else utc(found) == wanted
    return folded(found) in (folded(wanted), folded(text_from_html(str(wanted)))) or folded(
        text_from_html(str(found or ""))
    ) == folded(text_from_html(str(wanted)))


def literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None  # an expression, not a value


def utc(moment: Moment) -> datetime:
    value = moment.value
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def feedparser_rows() -> Iterator[Row]:
    right = mapped = skipped = failed = 0
    for case in lines(DATA / "feedparser-tests" / "cases.jsonl.gz"):
        feed = None
        try:
            feed = read_feed(base64.b64decode(case["body_b64"]), "http://127.0.0.1:8097/x")
        except FeedError:
            failed += 1
        match = ASSERTION.match(case["expect"].strip())
        table = ITEM if match and match[2] else FEED
        wanted = literal(match[4]) if match else None
        if not match or match[3] not in table or wanted is None:
            skipped += 1
            continue
        mapped += 1
        if feed is None or (match[2] and int(match[2]) >= len(feed.items)):
            continue
        told: Feed | FeedItem = feed.items[int(match[2])] if match[2] else feed
        right += agrees(table[match[3]](told), wanted)
    yield Row(
        "feedparser-tests", f"mapped cases ({mapped} of {mapped + skipped}; {failed} refused)", right / mapped, "feedparser", 1.0
    )


def gofeed_differs(wanted: dict[str, Any], told: Any, is_common: bool) -> bool:
    """Whether any field that both sides keep differs."""
    checks: list[tuple[Any, Any]] = [(wanted.get("title"), told.title), (wanted.get("link"), told.url)]
    if is_common:
        people = [person.get("name") or person.get("email") for person in wanted.get("authors") or ()]
        names = list(told.authors or told.author_emails)
        checks += [(wanted.get("guid"), told.id if isinstance(told, FeedItem) else None)] if wanted.get("guid") else []
        checks += [(sorted(filter(None, people)), sorted(names))] if any(people) else []
        checks += [(sorted(set(wanted["categories"])), sorted(set(told.tags)))] if wanted.get("categories") else []
        if stamp := wanted.get("publishedParsed"):
            checks.append((datetime.fromisoformat(stamp), told.published_at))
    return any(want and not (got == want or (not isinstance(want, list) and agrees(got, want))) for want, got in checks)


def gofeed_rows() -> Iterator[Row]:
    right = total = 0
    for case in lines(DATA / "gofeed-tests" / "cases.jsonl.gz"):
        total += 1
        try:
            feed = read_feed(base64.b64decode(case["body_b64"]))
        except FeedError:
            continue
        wanted, is_common = case["expected"], case["file"].startswith("translator")
        items = wanted.get("items") or wanted.get("entries") or []
        pairs = [(wanted, feed), *zip(items, feed.items, strict=False)]
        right += len(items) == len(feed.items) and not any(gofeed_differs(want, told, is_common) for want, told in pairs)
    yield Row("gofeed-tests", "cases that agree", right / total)


def real_rows() -> Iterator[Row]:
    bodies = files(DATA / "feeds-real" / "feeds.tar.xz")
    peer = peer_module("feedparser")
    enough = total = 0
    seconds = [0.0, 0.0]
    for entry in lines(DATA / "feeds-real" / "index.jsonl.gz"):
        body = bodies[entry["file"]]
        began = time.perf_counter()
        try:
            count = len(read_feed(body).items)
        except FeedError:
            count = 0
        middle = time.perf_counter()
        wanted = len(peer.parse(body).entries) if peer else 0
        seconds[0] += middle - began
        seconds[1] += time.perf_counter() - middle
        total += 1
        enough += count >= wanted
    speeds = (total / seconds[0], total / seconds[1] if peer else None)
    yield Row(
        "feeds-real", "at least the peer's items", enough / total, "feedparser" if peer else "", 1.0 if peer else None, *speeds
    )


def sitemap_rows() -> Iterator[Row]:
    bodies = files(DATA / "sitemaps" / "files.tar.gz")
    right = total = 0
    for entry in lines(DATA / "sitemaps" / "expected.jsonl.gz"):
        total += 1
        try:
            sitemap = read_sitemap(bodies[entry["file"]], "https://site.example/")
        except SitemapError:
            continue
        wanted = entry.get("urls", entry.get("sitemaps"))
        right += sitemap.kind == entry["kind"] and wanted in (None, len(sitemap.entries))
    yield Row("sitemaps", "kind and count", right / total)


def rows() -> Iterator[Row]:
    yield from feedparser_rows()
    yield from gofeed_rows()
    yield from real_rows()
    yield from sitemap_rows()


if __name__ == "__main__":
    print_table(rows())
