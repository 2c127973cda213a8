"""The sources on real answers: what other people's parsers and documents say is in them."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from collectors.reading.sitemaps import read_sitemap
from collectors.records import Ad, App, Channel, Publication, identity
from collectors.registry import sources
from collectors.source import ParseError
from collectors.urls import host_of, normalise_url
from tests.corpora import corpus
from tests.source_fixtures import NIGHT, NothingKnown, capture

WINDOW = NIGHT.as_context()


def test_posts_of_the_telegram_preview_are_read_as_by_another_parser() -> None:
    module, wrong = sources()["telegram_channel"], []
    for case in _lines(corpus("telegram-preview") / "messages.jsonl.gz"):
        page = f'<section class="tgme_channel_history">{case["html"]}</section>'
        answer = capture(
            "telegram_channel", url="https://t.me/s/x", body=page.encode(), label="posts", context={"channel": "x", **WINDOW}
        )
        posts = [record for record in module.parse(answer) if isinstance(record, Publication)]
        expected = case["expected"]
        if not posts:
            wrong += [case["name"]] if expected and expected["type"] != "service" else []
            continue
        post = posts[0]
        facts = (
            (post.native_id or "").rpartition("/")[2],
            post.published_at,
            post.counters.views,
            post.is_edited,
            post.repost_of_name,
        )
        if [str(fact) for fact in facts] != [
            str(expected["id"]),
            expected["created_at"].replace("T", " "),
            str(expected["views"]),
            str(expected["edited"]),
            str(expected.get("forwarded_author")),
        ] or "".join((post.text or "").split()) != "".join((expected["text"] or "").split()):
            wrong.append(case["name"])

    assert not wrong


def test_a_whole_page_of_a_telegram_channel_gives_every_post_with_time_views_and_content() -> None:
    folder = corpus("telegram-preview")
    index = {line["file"]: line for line in _lines(folder / "pages.jsonl.gz")}
    pages = {Path(name).name: body for name, body in _files(folder / "pages.tar.gz")}
    name = index["channel_feed.html"]["channel"]
    module = sources()["telegram_channel"]
    answer = capture(
        "telegram_channel",
        url=f"https://t.me/s/{name}",
        body=pages["channel_feed.html"],
        label="posts",
        context={"channel": name, **WINDOW},
    )
    header, *posts = module.parse(answer)

    assert isinstance(header, Channel)
    assert header.follower_count
    assert [record.url for record in posts] == [f"https://t.me/{post}" for post in index["channel_feed.html"]["post_ids"]]
    assert all(
        isinstance(post, Publication) and post.published_at and post.counters.views and (post.text or post.media)
        for post in posts
    )


def test_apps_are_read_as_the_store_states_them() -> None:
    module, wrong = sources()["app_store_app"], []
    for line in _lines(corpus("appstore-itunes") / "results.jsonl.gz"):
        result = line["result"]
        body = json.dumps({"resultCount": 1, "results": [result]}).encode()
        context = {"app_id": str(result["trackId"]), "country": "us"}
        app = next(
            iter(module.parse(capture("app_store_app", url="https://itunes.apple.com/lookup", body=body, context=context)))
        )
        assert isinstance(app, App)
        released = app.released_at.strftime("%Y-%m-%dT%H:%M:%SZ") if app.released_at else None
        facts = (float(app.price_amount or 0), app.currency, app.version, released, app.rating_value or 0, app.rating_count or 0)
        if facts != (
            result["price"],
            result["currency"],
            result["version"],
            result["currentVersionReleaseDate"],
            result.get("averageUserRating", 0),
            result.get("userRatingCount", 0),
        ):
            wrong.append(result["trackName"])

    assert not wrong


def test_ads_of_an_old_api_version_are_read() -> None:
    folder = corpus("meta-ad-library")
    body = (folder / "ads_archive_v5_creative.json").read_bytes()
    expected = json.loads((folder / "ads_archive_v5_creative.expected.json").read_text("utf-8"))
    [ad] = sources()["meta_ads"].parse(
        capture("meta_ads", url="https://graph.facebook.com/", body=body, context={"countries": ["US"]})
    )

    assert isinstance(ad, Ad)
    assert ad.published_at
    assert ad.published_at.timestamp() == expected["ad_creation_time"]
    assert (ad.text, ad.title, ad.display_url) == tuple(
        expected[f"ad_creative_{part}"] for part in ("body", "link_title", "link_caption")
    )
    assert (ad.advertiser, ad.currency, ad.payer) == (expected["page_name"], expected["currency"], expected["funding_entity"])


def test_real_feeds_give_publications_with_identities_that_differ() -> None:
    module, unread = sources()["feed"], []
    for name, body in _files(corpus("feeds-real") / "feeds.tar.xz"):
        answer = capture(
            "feed",
            url="https://press.example.ru/feed",
            body=body,
            label="feed",
            media_type="text/xml",
            charset="",
            context={"articles": True, **WINDOW},
        )
        try:
            records = list(module.parse(answer))
        except ParseError:
            unread.append(Path(name).name)
            continue
        assert module.follow
        list(module.follow(answer, NothingKnown()))
        assert len({identity(record) for record in records}) == len(records), name
        assert all(record.published_at is None or record.published_at.utcoffset() == timedelta(0) for record in records), name

    fragments = {"PaulDixExplainsNothingFirstEntryContent.xml", "TenderLovemakingFirstEntry.xml"}  # pieces of feeds
    assert set(unread) <= {"notafeed.html", "unrecognized.rss"} | fragments


def test_real_sitemaps_lead_to_the_pages_of_their_site() -> None:
    folder, module = corpus("sitemaps"), sources()["site"]
    assert module.follow
    for name, body in _files(folder / "files.tar.gz"):
        first = next((entry.loc for entry in read_sitemap(body, "https://shop.example/sitemap.xml").entries), None)
        if first is None:
            continue
        home = f"https://{host_of(first)}/"
        context = {"home": home, "options": {}, "max_depth": 6, "revisit_days": 7.0, "follows": "new", "level": 1}
        answer = capture("site", url=f"{home}sitemap.xml", body=body, label="sitemap", context=context)

        assert list(module.parse(answer)) == []
        assert normalise_url(first) in {normalise_url(request.url) for request in module.follow(answer, NothingKnown())}, name


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            if (file := archive.extractfile(member)) is not None:
                yield member.name, file.read()
