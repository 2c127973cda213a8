"""How sources go on from what was seen before: paging, skipping, looking again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import process_time
from typing import Any

import pytest

from collectors.records import Publication
from collectors.registry import sources
from collectors.source import Capture, Fetched, ParseError, Request, Watch, Window
from tests.source_fixtures import NIGHT, OBSERVED_AT, Case, NothingKnown, capture

HOME = "https://shop.example/"


def fetched(url: str, at: datetime, status: int = 200, gone_since: datetime | None = None) -> Fetched:
    """What is known of an address that was asked for with GET."""
    return Fetched(
        fingerprint=Request(url=url).fingerprint,
        url=url,
        capture_id="cap_before",
        body_hash="",
        etag=None,
        last_modified=None,
        first_fetched_at=at,
        last_fetched_at=at,
        http_status=status,
        gone_since=gone_since,
    )


def asked(requests: Iterable[Request]) -> list[str]:
    return [request.url or request.path for request in requests]


def follow(answer: Capture, known: NothingKnown) -> list[Request]:
    step = sources()[answer.source].follow
    assert step
    return list(step(answer, known))


def sitemap(*entries: tuple[str, str]) -> Capture:
    urls = "".join(f"<url><loc>{loc}</loc>{f'<lastmod>{lastmod}</lastmod>' if lastmod else ''}</url>" for loc, lastmod in entries)
    body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()
    return capture("site", url=f"{HOME}sitemap.xml", body=body, label="sitemap", context={**site_context(), "level": 1})


def site_context(**changes: Any) -> dict[str, Any]:
    return {"home": HOME, "options": {}, "max_depth": 6, "revisit_days": 7.0, "follows": "all", **changes}


YESTERDAY = OBSERVED_AT - timedelta(days=1)


@pytest.mark.parametrize(
    ("lastmod", "is_asked"),
    [
        ("2026-11-01T10:00:00Z", False),
        ("2026-11-19T03:00:00Z", True),  # after we looked
        ("2026-11-19T03:00:00+03:00", False),  # before, by the offset
        ("2026-11-18", False),
        ("2026-11-19", True),  # that day: perhaps after we looked
        ("", True),
        ("yesterday", True),
    ],
)
def test_a_page_that_did_not_change_since_we_looked_is_skipped(lastmod: str, is_asked: bool) -> None:
    page = f"{HOME}p/1"
    requests = follow(sitemap((page, lastmod)), NothingKnown(answers=(fetched(page, YESTERDAY),)))

    assert asked(requests) == ([page] if is_asked else [])


def test_dates_that_are_all_the_same_are_not_believed() -> None:
    pages = [f"{HOME}p/{number}" for number in range(20)]
    answer = sitemap(*((page, "2026-11-01T10:00:00Z") for page in pages))

    assert asked(follow(answer, NothingKnown(answers=tuple(fetched(page, YESTERDAY) for page in pages)))) == pages


def test_an_index_leads_to_its_sitemaps_and_not_deeper_than_four_levels() -> None:
    body = b"<sitemapindex><sitemap><loc>https://shop.example/map-2.xml</loc></sitemap></sitemapindex>"
    answers = [
        capture("site", url=f"{HOME}map.xml", body=body, label="sitemap", context={**site_context(), "level": level})
        for level in (1, 3, 4)
    ]

    assert [asked(follow(answer, NothingKnown())) for answer in answers] == [[f"{HOME}map-2.xml"], [f"{HOME}map-2.xml"], []]


def test_with_a_sitemap_links_lead_to_new_pages_only() -> None:
    body = b'<html><body><a href="/p/1">one</a> <a href="/p/2">two</a></body></html>'
    known = NothingKnown(answers=(fetched(f"{HOME}p/1", YESTERDAY),))
    every, new = (
        capture("site", url=HOME, body=body, label="page", context=site_context(follows=follows)) for follows in ("all", "new")
    )

    assert asked(follow(every, known)) == [f"{HOME}p/1", f"{HOME}p/2"]
    assert asked(follow(new, known)) == [f"{HOME}p/2"]


def test_without_a_sitemap_every_known_page_is_looked_at_each_night() -> None:
    known = NothingKnown(
        answers=(
            fetched(f"{HOME}p/1", NIGHT.until - timedelta(days=1)),
            fetched(f"{HOME}p/gone", NIGHT.until - timedelta(days=9), 404, gone_since=NIGHT.until - timedelta(days=9)),
        )
    )

    assert asked(plan_site(known)) == [HOME, f"{HOME}sitemap.xml", f"{HOME}p/1"]


def test_with_a_sitemap_known_pages_are_looked_at_again_after_a_week() -> None:
    known = NothingKnown(
        answers=(
            fetched(f"{HOME}map-1.xml.gz", NIGHT.until - timedelta(days=9)),
            fetched(f"{HOME}sitemap.html", NIGHT.until - timedelta(days=1)),
            fetched(f"{HOME}p/2", NIGHT.until - timedelta(days=8)),
        )
    )

    assert asked(plan_site(known)) == [HOME, f"{HOME}sitemap.xml", f"{HOME}p/2"]


def plan_site(known: NothingKnown) -> list[Request]:
    return list(sources()["site"].plan(Watch(source="site", target=HOME), NIGHT, known))


def test_sitemaps_of_robots_txt_are_taken() -> None:
    plan_sitemaps = sources()["site"].plan_sitemaps
    assert plan_sitemaps
    [request] = plan_sitemaps(Watch(source="site", target=HOME), [f"{HOME}map.xml.gz"])

    assert (request.url, request.label, "is_guess" in request.context) == (f"{HOME}map.xml.gz", "sitemap", False)


@pytest.mark.parametrize(
    ("source", "target", "url", "label"),
    [
        ("site", HOME, f"{HOME}p/1?utm_source=x", "page"),
        ("site", HOME, "https://elsewhere.example/", None),
        ("site", HOME, f"{HOME}cart/add", None),
        ("telegram_channel", "north_tea", "https://t.me/s/North_Tea", "posts"),
        ("telegram_channel", "north_tea", "http://t.me/s/north_tea?before=55", "posts"),
        ("telegram_channel", "north_tea", "https://t.me/north_tea", "channel"),
        ("telegram_channel", "north_tea", "https://t.me/s/north_tea_fans", None),
    ],
)
def test_a_page_found_in_an_archive_is_read_as_the_watch_would_have_asked(
    source: str, target: str, url: str, label: str | None
) -> None:
    request_for = sources()[source].request_for
    assert request_for
    request = request_for(Watch(source=source, target=target), url)

    assert (request.label if request else None) == label


def test_a_channel_is_paged_back_until_posts_are_older_than_the_window() -> None:
    newest = Case("telegram_channel", "newest_page").capture()
    late = {**newest.context, **Window(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)).as_context()}

    assert [request.params["before"] for request in follow(newest, NothingKnown())] == [801]
    assert follow(replace(newest, context=late), NothingKnown()) == []


def test_a_gap_to_the_last_seen_post_is_closed_however_old_it_is() -> None:
    page = Case("telegram_channel", "older_than_the_window").capture()

    assert len(follow(page, NothingKnown(ids=("-1500000042/700",)))) == 1
    assert follow(page, NothingKnown(ids=("-1500000042/700", "-1500000042/790"))) == []


def test_reviews_are_paged_until_a_page_brings_nothing_new() -> None:
    page = Case("app_store_reviews", "a_page").capture()
    ids = ("13200000001", "13200000002", "13200000003")

    assert len(follow(page, NothingKnown(ids=ids[:2]))) == 1
    assert follow(page, NothingKnown(ids=ids)) == []


def feed_of(*items: str) -> Capture:
    body = f"<rss version='2.0'><channel><title>News</title>{''.join(items)}</channel></rss>".encode()
    return capture("feed", url="https://news.example/rss", body=body, label="feed", context={"articles": True})


def test_dates_and_ids_of_entries_are_not_believed_blindly() -> None:
    feed = feed_of(
        "<item><title>None</title><guid>a</guid></item>",
        "<item><title>Nonsense</title><guid>b</guid><pubDate>soon</pubDate></item>",
        "<item><title>Ahead</title><guid>c</guid><pubDate>Fri, 01 Jan 2100 00:00:00 GMT</pubDate></item>",
        "<item><title>Twin</title><guid>a</guid><pubDate>Thu, 01 Jan 2026 00:00:00 GMT</pubDate></item>",
    )
    found = [record for record in sources()["feed"].parse(feed) if isinstance(record, Publication)]

    assert [(one.title, one.published_at) for one in found] == [("None", None), ("Nonsense", None), ("Ahead", feed.observed_at)]
    assert found[2].extra["date_future"] == "2100-01-01T00:00:00+00:00"


def test_entries_with_one_id_and_several_addresses_are_all_kept_and_all_fetched() -> None:
    feed = feed_of(
        "<item><title>One</title><guid isPermaLink='false'>tea</guid><link>https://news.example/1</link></item>",
        "<item><title>Two</title><guid isPermaLink='false'>tea</guid><link>https://news.example/2</link></item>",
        "<item><title>Two again</title><guid isPermaLink='false'>tea</guid><link>https://news.example/2#top</link></item>",
        "<item><title>Three</title><guid isPermaLink='false'>pot</guid><link>https://news.example/3</link></item>",
    )
    feed = replace(feed, context={**feed.context, **NIGHT.as_context()})
    found = [record for record in sources()["feed"].parse(feed) if isinstance(record, Publication)]
    asked = follow(feed, NothingKnown())

    assert [one.title for one in found] == ["One", "Two", "Three"]
    assert [one.url for one in found] == ["https://news.example/1", "https://news.example/2", "https://news.example/3"]
    assert [request.url for request in asked] == [one.url for one in found]
    assert [request.context["native_id"] for request in asked] == [one.native_id for one in found]
    assert found[2].native_id == "news.example:pot"  # a feed that does not say whose it is: that of its address


def test_many_entries_cost_time_in_proportion() -> None:
    items = [f"<item><title>T</title><guid>{number}</guid></item>" for number in range(30_000)]
    began = process_time()
    assert len(list(sources()["feed"].parse(feed_of(*items)))) == 30_000
    assert process_time() - began < 30


def test_a_page_in_place_of_a_feed_says_where_the_feed_is() -> None:
    body = b"<title>N</title><link rel=alternate type='application/rss+xml' href='/rss.xml'><h1>News</h1><p>Text.</p>"
    page = capture("feed", url="https://news.example/", body=body, label="feed", context={"articles": True})
    with pytest.raises(ParseError, match=r"is of no feed; the page announces https://news\.example/rss\.xml"):
        list(sources()["feed"].parse(page))


def test_an_article_is_asked_for_once() -> None:
    feed = Case("feed", "rss").capture()
    known = NothingKnown(answers=(fetched("https://vestnik.example/news/10420", YESTERDAY),))

    assert asked(follow(feed, known)) == ["https://vestnik.example/news/10421?utm_source=rss"]


def test_the_entry_and_its_article_are_one_publication() -> None:
    feed = Case("feed", "rss").capture()
    article = Case("feed", "the_article_itself").capture()
    [request] = (request for request in follow(feed, NothingKnown()) if "10421" in request.url)
    parse = sources()["feed"].parse

    entry, whole = next(iter(parse(feed))), next(iter(parse(replace(article, context=request.context))))
    assert (entry.native_id, entry.is_partial, whole.native_id, whole.is_partial) == (
        entry.native_id,
        True,
        entry.native_id,
        False,
    )


def test_a_long_past_of_ads_is_asked_for_month_by_month() -> None:
    year = Window(datetime(2025, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    requests = list(sources()["meta_ads"].plan(Watch(source="meta_ads", target="oak tables"), year, NothingKnown()))
    spans = [(request.params["ad_delivery_date_min"], request.params["ad_delivery_date_max"]) for request in requests]

    assert spans[0] == ("2025-11-01", "2025-12-01")
    assert spans[-1][1] == "2026-10-31"
    assert len(spans) == 12
    assert all(later[0] > earlier[1] for earlier, later in pairwise(spans))


def test_a_full_second_of_stories_is_not_halved_for_ever() -> None:
    answer = Case("hacker_news", "more_than_reachable").capture()
    second = Window(datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 19, 0, 0, 1, tzinfo=UTC))

    assert [
        request.params["page"]
        for request in follow(replace(answer, context={**answer.context, **second.as_context()}), NothingKnown())
    ] == [1]
