"""Articles of a feed (RSS, RDF, Atom, JSON Feed): its entries, then the linked articles themselves.

An entry is a partial publication, its article the whole one under the same identity: the feed's own id travels to the article
in the request's context. A feed is a window of its newest entries; older ones are asked for only where the feed links to them
(RFC 5005, JSON Feed) and the window reaches that far.
Contract: https://www.rssboard.org/rss-specification, RFC 4287, https://www.jsonfeed.org/version/1.1
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from collectors.marking import ad_columns
from collectors.page_records import reading_of, utc
from collectors.reading.feed_xml import FeedError
from collectors.reading.feeds import Feed, FeedItem, read_feed
from collectors.records import Counters, Publication
from collectors.source import LINKED, TARGET, Budget, Capture, Context, Expect, Known, ParseError, Request, Source, Watch, Window
from collectors.targets import web_address
from collectors.urls import host_of, normalise_url, registrable_domain

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, */*;q=0.1"
DEFAULT_PAGES = 500
MAX_ARTICLES = 300  # of one feed page; longer ones are archives
AHEAD = timedelta(days=1)  # a clock may be off by its zone; what is dated later was not published then

SOURCE = Source(
    name="feed",
    kinds=(Publication,),
    mode="snapshot",
    cadence="hourly",
    hosts=(TARGET, LINKED),
    target="the address of a feed",
    target_pattern=r"https?://.+",
    options={"articles": "false: read the entries only, not the linked articles", "max_pages": "most requests in one run"},
    budgets={"max_pages": Budget(DEFAULT_PAGES, least=1)},
    role="earned",
    pace_seconds=2.0,
    max_requests=DEFAULT_PAGES,
    terms_url="",
    expect=Expect(max_silence_days=14, fill={"title": 0.8}),
    version=3,
)


canonical_target = web_address


def canonical_options(options: Mapping[str, Any]) -> dict[str, Any]:
    if options.get("articles", True) not in (True, False):
        raise ValueError("articles must be true or false")
    return {name: value for name, value in options.items() if (name, value) != ("articles", True)}


def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
    yield _feed(watch.target, {"articles": watch.options.get("articles", True), **window.as_context()})


def follow(capture: Capture, known: Known) -> Iterator[Request]:
    if capture.label != "feed":
        return
    feed, window = _read(capture), Window.from_context(capture.context)
    if capture.context["articles"]:
        for native_id, item in islice(_entries(feed, capture), MAX_ARTICLES):
            if item.url and known.fetched((request := _article(native_id, item, item.url, feed, capture)).fingerprint) is None:
                yield request
    times = [time for item in feed.items if (time := utc(item.published_at, capture.final_url)[0])]
    if feed.next_url and times and min(times) >= window.since:
        yield _feed(feed.next_url, capture.context)


def parse(capture: Capture) -> Iterator[Publication]:
    if capture.label == "article":
        yield _whole(capture)
        return
    feed = _read(capture)
    for native_id, item in _entries(feed, capture):
        yield _entry(native_id, item, feed, capture)


def _feed(url: str, context: Context) -> Request:
    return Request(url=url, headers={"Accept": ACCEPT}, label="feed", context=context)


def _article(native_id: str, item: FeedItem, url: str, feed: Feed, capture: Capture) -> Request:
    published_at, assumed = _published(item, capture)
    return Request(
        url=url,
        label="article",
        context={
            "native_id": native_id,
            "channel": _channel(feed, capture),
            "channel_title": feed.title,
            "published_at": published_at.isoformat() if published_at else None,
            "assumed": assumed,
            "title": item.title,
            "tags": list(item.tags),
            "section": item.section,
        },
    )


def _read(capture: Capture) -> Feed:
    try:
        return read_feed(capture.body or b"", capture.final_url, capture.media_type or None, capture.charset or None)
    except FeedError as error:
        raise ParseError(f"{capture.url}: {error}{_announced(capture)}") from error


def _announced(capture: Capture) -> str:
    """Where the feed is instead, when the address is of a page that says so."""
    try:
        feeds = reading_of(capture).feeds
    except ParseError:
        return ""
    return f"; the page announces {', '.join(feed.url for feed in feeds[:3])}" if feeds else ""


def _entries(feed: Feed, capture: Capture) -> Iterator[tuple[str, FeedItem]]:
    """Native id and entry, the first of those that are one. An id that several addresses share tells nothing apart (some feeds
    number their rubrics, not their entries): those entries are told apart by their addresses too."""
    domain = _domain(feed.url) or _domain(feed.feed_url) or _domain(capture.url)
    addresses: dict[str, set[str]] = defaultdict(set)
    for item in feed.items:
        if item.url:
            addresses[_native_id(item, domain)].add(normalise_url(item.url))
    first: dict[str, FeedItem] = {}
    for item in feed.items:
        native_id = _native_id(item, domain)
        is_shared = item.url and len(addresses[native_id]) > 1
        first.setdefault(f"{native_id} {normalise_url(item.url or '')}" if is_shared else native_id, item)
    yield from first.items()


def _native_id(item: FeedItem, domain: str) -> str:
    """The entry's id with the feed's domain before it: `<guid>17</guid>` is unique in one feed only."""
    if item.id and item.id.startswith(("http://", "https://", "tag:", "urn:")):
        return item.id
    return f"{domain}:{item.id or item.url or item.title}"


def _channel(feed: Feed, capture: Capture) -> str:
    """The outlet: the domain the feed speaks for."""
    return _domain(feed.url) or _domain(capture.url)


def _domain(url: str | None) -> str:
    host = host_of(url or "")
    return registrable_domain(host) or host


def _published(item: FeedItem, capture: Capture) -> tuple[datetime | None, dict[str, Any]]:
    """When an entry was published; one that is dated ahead was published by the time it is seen."""
    published_at, assumed = utc(item.published_at, capture.final_url)
    if published_at and published_at > capture.observed_at + AHEAD:
        return capture.observed_at, {**assumed, "date_future": published_at.isoformat()}
    return published_at, assumed


def _entry(native_id: str, item: FeedItem, feed: Feed, capture: Capture) -> Publication:
    published_at, assumed = _published(item, capture)
    return Publication(
        kind="article",
        native_id=native_id,
        url=item.url,
        published_at=published_at,
        modified_at=utc(item.modified_at, capture.final_url)[0],
        title=item.title,
        text=item.text or item.summary,
        lang=item.lang or feed.lang,
        author=", ".join(item.authors) or None,
        channel=_channel(feed, capture),
        channel_title=feed.title,
        section=item.section,
        tags=item.tags,
        media=tuple(dict.fromkeys((media.media_type or "file").partition("/")[0] for media in item.media)),
        image_url=item.image_url,
        counters=Counters(comments=item.comment_count),
        **ad_columns(item.text, [item.url] if item.url else []),
        is_partial=True,
        extra={**assumed, **({"source": {"title": item.source_title, "url": item.source_url}} if item.source_url else {})},
    )


def _whole(capture: Capture) -> Publication:
    """The article's own page; what it does not say is taken from its entry in the feed."""
    reading, context = reading_of(capture), capture.context
    own, own_assumed = utc(reading.published_at, capture.final_url)
    entry = datetime.fromisoformat(context["published_at"]) if context["published_at"] else None
    if not reading.text:
        raise ParseError(f"{capture.url} has no text that could be an article")
    return Publication(
        kind="article",
        native_id=context["native_id"],
        url=reading.canonical_url or capture.final_url,
        published_at=entry or own,
        modified_at=utc(reading.modified_at, capture.final_url)[0],
        title=reading.title or context["title"],
        text=reading.text,
        lang=reading.lang,
        author=", ".join(reading.authors) or None,
        channel=context["channel"],
        channel_title=context["channel_title"] or reading.site_name,
        section=reading.section or context["section"],
        tags=reading.tags or tuple(context["tags"]),
        links=tuple(link.url for link in reading.links),
        image_url=reading.image_url,
        **ad_columns(reading.text),  # its own words: a banner beside it does not make an article an advertisement
        extra={
            **(context["assumed"] if entry else own_assumed),
            **({"description": reading.description} if reading.description else {}),
        },
    )
