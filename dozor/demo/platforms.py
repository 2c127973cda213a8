"""The platforms of the demo market: a Telegram preview, an app store, an ad library and a forum search, in their true formats."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import date, timedelta
from html import escape
from typing import Any

from dozor.demo.market import BRANDS, Brand, Post, adverts, app_version, discussions, draw, posts, reviews
from dozor.demo.shops import Answer

POSTS_A_PAGE = 12
REVIEWS_A_PAGE = 25
ADS_A_PAGE = 5
AD_TOKEN = "demo-token"  # noqa: S105  what the demo's ad library accepts; worth nothing anywhere else


def telegram(path: str, query: Mapping[str, str], day: date) -> Answer | None:
    """The public preview of the brands' channels."""
    parts = path.strip("/").split("/")
    brand = next((b for b in BRANDS if b.telegram == parts[-1].lower()), None)
    if brand is None:
        return None
    followers = 4000 + draw(0, 30_000, brand.key, "followers") + day.toordinal() % 400 * draw(2, 9, brand.key, "growth")
    if parts[0] != "s":
        html = f'<div class="tgme_page_title"><span>{brand.name}</span></div><div class="tgme_page_extra">{followers:,} subscribers</div>'
        return _html(html.replace(",", " ", 1))
    found = posts(brand, day)
    before = int(query.get("before", "0") or 0)
    older = [post for post in found if not before or post.number < before]
    shown, more = older[-POSTS_A_PAGE:], len(older) > POSTS_A_PAGE
    head = f'<link rel="prev" href="/s/{brand.telegram}?before={shown[0].number}">' if more and shown else ""
    info = (
        f'<div class="tgme_channel_info"><div class="tgme_channel_info_header_title"><span>{brand.name}</span></div>'
        f'<div class="tgme_channel_info_header_username"><a href="https://t.me/{brand.telegram}">@{brand.telegram}</a></div>'
        f'<div class="tgme_channel_info_counters"><div class="tgme_channel_info_counter"><span class="counter_value">{_compact(followers)}</span> '
        '<span class="counter_type">subscribers</span></div></div></div>'
    )
    blocks = "".join(_post(brand, post) for post in shown) or '<div class="tme_no_messages_found">No posts found</div>'
    return _html(f"{info}<section class=tgme_channel_history>{blocks}</section>", head)


def _post(brand: Brand, post: Post) -> str:
    view = b64encode(json.dumps({"c": -1_000_000 - brand.app_id, "p": post.number, "t": 1, "h": "x"}).encode()).decode()
    link = post.link + (f"?erid={post.erid}" if post.erid else "")
    text = escape(post.text).replace("\n", "<br/>")
    return (
        f'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="{brand.telegram}/{post.number}" data-view="{view}">'
        f'<a class="tgme_widget_message_owner_name" href="https://t.me/{brand.telegram}"><span>{brand.name}</span></a>'
        f'<div class="tgme_widget_message_text js-message_text">{text} <a href="{escape(link)}">{brand.host}</a></div>'
        f'<div class="tgme_widget_message_reactions"><span class="tgme_reaction"><i class="emoji"><b>🔥</b></i>{_compact(post.reactions)}</span></div>'
        f'<span class="tgme_widget_message_views">{_compact(post.views)}</span><span class="tgme_widget_message_meta">'
        f'<a class="tgme_widget_message_date" href="https://t.me/{brand.telegram}/{post.number}"><time datetime="{post.at.isoformat()}">'
        f"{post.at:%H:%M}</time></a></span></div></div>"
    )


def _compact(number: int) -> str:
    return str(number) if number < 1000 else f"{number / 1000:.2f}".rstrip("0").rstrip(".") + "K"


def _html(body: str, head: str = "") -> Answer:
    return Answer(
        f"<!doctype html><html><head><meta charset=utf-8><title>Telegram</title>{head}</head><body>{body}</body></html>".encode()
    )


def app_store(path: str, query: Mapping[str, str], day: date) -> Answer | None:
    """Lookup and customer reviews."""
    if path == "/lookup":
        wanted = {int(number) for number in query.get("id", "").split(",") if number.isdigit()}
        return _json(
            {
                "resultCount": len(wanted),
                "results": [_app(b, query.get("country", "us"), day) for b in BRANDS if b.app_id in wanted],
            }
        )
    parts = dict(part.split("=", 1) for part in path.split("/") if "=" in part)
    brand = next((b for b in BRANDS if str(b.app_id) == parts.get("id")), None)
    if "customerreviews" not in path or brand is None:
        return None
    page, country = int(parts.get("page", 1)), path.split("/")[1]
    found = reviews(brand, day)[(page - 1) * REVIEWS_A_PAGE : page * REVIEWS_A_PAGE]
    entries = [
        {
            "author": {
                "uri": {"label": f"https://itunes.apple.com/{country}/reviews/id{r.number % 9_000_000}"},
                "name": {"label": r.author},
                "label": "",
            },
            "updated": {"label": r.at.isoformat()},
            "im:rating": {"label": str(r.stars)},
            "im:version": {"label": r.version},
            "id": {"label": str(r.number)},
            "title": {"label": r.title},
            "content": {"label": r.text, "attributes": {"type": "text"}},
            "link": {"attributes": {"rel": "related", "href": f"https://itunes.apple.com/{country}/review?id={brand.app_id}"}},
            "im:voteSum": {"label": "0"},
            "im:voteCount": {"label": "0"},
        }
        for r in found
    ]
    return _json({"feed": {"entry": entries} if entries else {}})


def _app(brand: Brand, country: str, day: date) -> dict[str, Any]:
    version, released, notes = app_version(brand, day)
    ratings = 300 + draw(0, 900, brand.key, "ratings") + day.toordinal() % 365 * 3
    return {
        "wrapperType": "software",
        "kind": "software",
        "trackId": brand.app_id,
        "bundleId": f"example.{brand.key}.app",
        "trackName": brand.name,
        "artistName": f"{brand.name} Ltd",
        "version": version,
        "releaseDate": "2024-03-01T08:00:00Z",
        "currentVersionReleaseDate": released.isoformat().replace("+00:00", "Z"),
        "releaseNotes": notes,
        "averageUserRating": 3.6 + draw(0, 120, brand.key, day.toordinal() // 7) / 100,
        "userRatingCount": ratings,
        "price": 0.0,
        "formattedPrice": "Free",
        "currency": brand.currency,
        "fileSizeBytes": "48730000",
        "primaryGenreName": "Shopping",
        "genreIds": ["6024"],
        "trackViewUrl": f"https://apps.apple.com/{country.lower()}/app/id{brand.app_id}?uo=4",
    }


def ad_library(path: str, query: Mapping[str, str], day: date) -> Answer | None:
    """The ad library: a token, pages behind cursors, errors as it words them."""
    if not path.endswith("/ads_archive"):
        return None
    if query.get("access_token") != AD_TOKEN:
        error = {"message": "Error validating access token", "type": "OAuthException", "code": 190, "fbtrace_id": "Ademo"}
        return _json({"error": error}, 400)
    since = date.fromisoformat(query.get("ad_delivery_date_min", (day - timedelta(days=7)).isoformat()))
    until = min(date.fromisoformat(query.get("ad_delivery_date_max", day.isoformat())), day) + timedelta(days=1)
    pages = set(query.get("search_page_ids", "").strip("[]").replace('"', "").split(","))
    found = [ad for brand in BRANDS if str(brand.page_id) in pages for ad in adverts(brand, since, until)]
    start = int(query.get("after") or 0)
    rows = [
        {
            "id": str(ad.number),
            "page_id": str(ad.brand.page_id),
            "page_name": ad.brand.name,
            "ad_creation_time": ad.started.isoformat(),
            "ad_delivery_start_time": ad.started.isoformat(),
            **({"ad_delivery_stop_time": ad.stopped.isoformat()} if ad.stopped <= day else {}),
            "ad_creative_bodies": [ad.text],
            "ad_creative_link_titles": [ad.title],
            "ad_creative_link_captions": [ad.brand.host],
            "ad_snapshot_url": f"https://www.facebook.com/ads/archive/render_ad/?id={ad.number}&access_token={AD_TOKEN}",
            "languages": [ad.brand.lang],
            "publisher_platforms": ["facebook", "instagram"],
            "eu_total_reach": draw(2_000, 40_000, ad.number),
        }
        for ad in found[start : start + ADS_A_PAGE]
    ]
    paging: dict[str, Any] = {"cursors": {"after": str(start + ADS_A_PAGE)}}
    if start + ADS_A_PAGE < len(found):
        paging["next"] = f"https://graph.facebook.com{path}?access_token={AD_TOKEN}&after={start + ADS_A_PAGE}"
    return _json({"data": rows, "paging": paging} if rows else {"data": []})


def forum_search(path: str, query: Mapping[str, str], day: date) -> Answer | None:
    """The search of a forum (Hacker News by Algolia)."""
    if not path.endswith("/search_by_date"):
        return None
    bounds = {
        f.split(op)[0] + op: int(f.split(op)[1])
        for f in query.get("numericFilters", "").split(",")
        for op in (">=", "<")
        if op in f
    }
    word = query.get("query", "").split()[0].strip('"').lower() if query.get("query") else ""
    hits = []
    for number, at, author, text, title in discussions(day):
        epoch = int(at.timestamp())
        said = f"{title or ''} {text}"
        if not bounds.get("created_at_i>=", 0) <= epoch < bounds.get("created_at_i<", 2**40) or word not in said.lower():
            continue
        story = number if title else number - 1
        hits.append(
            {
                "objectID": str(number),
                "created_at": at.isoformat(),
                "created_at_i": epoch,
                "author": author,
                "title": title,
                "url": None,
                "points": draw(3, 90, number) if title else None,
                "num_comments": 1 if title else None,
                "story_text": text if title else None,
                "comment_text": None if title else text,
                "story_id": story,
                "parent_id": None if title else story,
                "_tags": ["story" if title else "comment", f"author_{author}", f"story_{story}"],
            }
        )
    return _json({"hits": hits, "nbHits": len(hits), "page": 0, "nbPages": 1, "hitsPerPage": 200})


def _json(value: object, status: int = 200) -> Answer:
    return Answer(json.dumps(value, ensure_ascii=False).encode(), "application/json", status=status)
