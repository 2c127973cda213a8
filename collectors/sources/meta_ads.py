"""Ads of a Facebook page, or ads that match words, in Meta's Ad Library (Graph API `ads_archive`).

Needs a token of a person with a confirmed identity. Commercial ads are covered for delivery in the EU and the UK, political ones
worldwide; an empty answer elsewhere is normal. Errors come with 400, 500 or 200. A page of answers that Meta finds too heavy is
asked for again in smaller parts. Neither `paging.next` nor `ad_snapshot_url` may be kept: both carry the token.
Contract: https://developers.facebook.com/docs/graph-api/reference/ads_archive/
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from collectors.auth import Query
from collectors.records import Ad
from collectors.source import (
    EMPTY,
    OK,
    Capture,
    Expect,
    Known,
    ParseError,
    Request,
    Source,
    Verdict,
    Watch,
    Window,
    changed,
    skip,
    stop_source,
    wait,
)
from collectors.verdicts import judge_by_status, retry_after

PAGE_SIZE = 200  # 5 000 makes the server fail, 500 worked in public reports
LEAST_PAGE_SIZE = 25
MONTH = timedelta(days=31)  # deep result sets break, so a long window is cut
THROTTLED = {4, 17, 32, 613}
DENIED = {10: "the identity of the token's owner is not confirmed", 190: "the token has expired or was revoked"}

FIELDS = (
    "id,ad_creation_time,ad_creative_bodies,ad_creative_link_captions,ad_creative_link_descriptions,ad_creative_link_titles,"
    "ad_delivery_start_time,ad_delivery_stop_time,languages,page_id,page_name,publisher_platforms,age_country_gender_reach_breakdown,"
    "beneficiary_payers,eu_total_reach,target_ages,target_gender,target_locations,total_reach_by_location,bylines,currency,spend,"
    "impressions,demographic_distribution,delivery_by_region,estimated_audience_size"
)

SOURCE = Source(
    name="meta_ads",
    kinds=(Ad,),
    mode="interval",
    cadence="nightly",
    base_url="https://graph.facebook.com/v24.0",
    hosts=("graph.facebook.com",),
    target="a Facebook page id (digits), its address in the Ad Library, or words to search for",
    target_pattern=r".{1,100}",
    options={
        "countries": "where the ads were shown, list of two-letter codes; default ALL",
        "ad_type": "kind of ads; default ALL",
    },
    pace_seconds=18.0,  # 200 calls an hour
    auth=Query("access_token"),
    overlap_days=7,  # the end of delivery is filled in late
    obeys_robots=False,  # a documented API
    terms_url="https://www.facebook.com/ads/library/api/",
    expect=Expect(min_records=0, max_silence_days=30),
    version=1,
)

_READ = {
    "id", "page_id", "page_name", "ad_creation_time", "ad_delivery_start_time", "ad_delivery_stop_time", "publisher_platforms",
    "currency", "spend", "impressions", "funding_entity",
    "ad_snapshot_url", "ad_creative_body", "ad_creative_link_title", "ad_creative_link_caption",
}  # fmt: skip
_CARDS = {"ad_creative_bodies", "ad_creative_link_titles", "ad_creative_link_captions"}  # the first is read, several are kept


def canonical_target(target: str) -> str:
    if page := re.search(r"[?&](?:view_all_page_id|search_page_ids?)=([0-9]+)", target):
        return page[1]
    return " ".join(target.split())


def canonical_options(options: Mapping[str, Any]) -> dict[str, Any]:
    if "countries" not in options:
        return dict(options)
    said = options["countries"]
    countries = sorted({str(code).upper() for code in (said if isinstance(said, list) else [said])})
    wrong = [code for code in countries if not re.fullmatch("[A-Z]{2}|ALL", code)]
    if wrong or not countries:
        raise ValueError(f"countries must be two-letter codes or ALL, found {', '.join(wrong) or 'none'}")
    return {**options, "countries": countries}


def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
    countries = list(watch.options.get("countries", ["ALL"]))
    since = window.since
    while since < window.until:
        until = min(since + MONTH, window.until)
        yield _ask(watch.target, countries, watch.options.get("ad_type", "ALL"), Window(since, until), PAGE_SIZE)
        since = until


def judge(capture: Capture) -> Verdict:
    error = _error(capture)
    if error is None:
        verdict = judge_by_status(capture)
        return EMPTY if verdict is OK and _ads(capture) == [] else verdict
    code, message = error.get("code"), error.get("message", "no message")
    if code in DENIED:
        return stop_source(f"{DENIED[code]}: {message}")
    if code in THROTTLED or capture.http_status == 429:
        if "retry-after" in capture.headers:
            return wait(retry_after(capture), f"throttled: {message}")
        return stop_source(f"throttled: {message}", until=capture.fetched_at + timedelta(hours=1))
    if _is_too_heavy(error):
        return OK if _smaller(capture) else skip(f"too heavy in the smallest part: {message}")
    if code in (1, 2) or error.get("is_transient"):
        return wait(15, f"temporary error: {message}")
    if code == 100:
        return skip(f"refused parameter: {message}")
    return changed(f"unknown error {code}: {message}")


def follow(capture: Capture, known: Known) -> Iterator[Request]:
    if _error(capture):
        yield from _smaller(capture)
        return
    answer, context = capture.json(), capture.context
    paging = answer.get("paging", {})
    if answer["data"] and "next" in paging:
        window = Window.from_context(context)
        after = paging["cursors"]["after"]
        yield _ask(context["target"], context["countries"], context["ad_type"], window, context["limit"], after)


def parse(capture: Capture) -> Iterator[Ad]:
    if (error := _error(capture)) and _is_too_heavy(error):
        return  # asked for again in smaller parts
    ads = _ads(capture)
    if ads is None:
        raise ParseError(f'expected an object with "data" from {capture.url}')
    for ad in ads:
        impressions, spend = ad.get("impressions") or {}, ad.get("spend") or {}
        payers = [payer for payer in ad.get("beneficiary_payers") or [] if payer.get("payer")]
        yield Ad(
            native_id=ad.get("id"),
            url=f"https://www.facebook.com/ads/library/?id={ad['id']}" if "id" in ad else None,
            published_at=_day(ad.get("ad_creation_time")),
            advertiser=ad.get("page_name"),
            advertiser_id=ad.get("page_id"),
            region=",".join(capture.context["countries"]),
            title=_first(ad, "ad_creative_link_title"),
            text=_first(ad, "ad_creative_bod", "ies", "y"),
            display_url=_first(ad, "ad_creative_link_caption"),
            creative_type="unknown",
            started_date=(ad.get("ad_delivery_start_time") or "")[:10] or None,
            stopped_date=(ad.get("ad_delivery_stop_time") or "")[:10] or None,
            platforms=tuple(ad.get("publisher_platforms") or ()),
            impressions_low_count=_count(impressions.get("lower_bound")),
            impressions_high_count=_count(impressions.get("upper_bound")),
            spend_low_amount=_amount(spend.get("lower_bound")),
            spend_high_amount=_amount(spend.get("upper_bound")),
            currency=ad.get("currency"),
            payer=payers[0]["payer"] if payers else ad.get("bylines") or ad.get("funding_entity"),
            extra={key: value for key, value in ad.items() if key not in _READ and not (key in _CARDS and len(value) == 1)},
        )


def _ask(target: str, countries: Sequence[str], ad_type: str, window: Window, limit: int, after: str | None = None) -> Request:
    is_page = target.isascii() and target.isdigit()
    return Request(
        path="/ads_archive",
        params={
            "search_page_ids": target if is_page else None,
            "search_terms": None if is_page else target,
            "ad_reached_countries": ",".join(countries),
            "ad_type": ad_type,
            "ad_active_status": "ALL",
            "ad_delivery_date_min": window.since.date().isoformat(),
            "ad_delivery_date_max": (window.until - timedelta(microseconds=1)).date().isoformat(),  # inclusive there
            "fields": FIELDS,
            "limit": limit,
            "after": after,
        },
        context={
            "target": target,
            "countries": list(countries),
            "ad_type": ad_type,
            "limit": limit,
            "after": after,
            **window.as_context(),
        },
    )


def _smaller(capture: Capture) -> list[Request]:
    """The same question in smaller parts: shorter pages, then shorter windows; [] when it cannot be cut further."""
    context, window = capture.context, Window.from_context(capture.context)
    target, countries, ad_type = context["target"], context["countries"], context["ad_type"]
    if context["limit"] > LEAST_PAGE_SIZE:
        return [_ask(target, countries, ad_type, window, max(context["limit"] // 2, LEAST_PAGE_SIZE), context["after"])]
    days = (window.until - window.since).days
    if days < 2:
        return []
    middle = window.since + timedelta(days=days // 2)
    parts = (Window(window.since, middle), Window(middle, window.until))
    return [_ask(target, countries, ad_type, part, LEAST_PAGE_SIZE) for part in parts]


def _ads(capture: Capture) -> list[dict[str, Any]] | None:
    """The ads of an answer; None when it has no list of them."""
    answer = _answer(capture)
    return answer["data"] if isinstance(answer.get("data"), list) else None


def _error(capture: Capture) -> Mapping[str, Any] | None:
    """The error object of an answer, whatever its status; None when there is none."""
    error = _answer(capture).get("error")
    return error if isinstance(error, dict) else None


def _answer(capture: Capture) -> dict[str, Any]:
    """The answer as an object; empty when it is no JSON object."""
    try:
        answer = capture.json()
    except ParseError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _is_too_heavy(error: Mapping[str, Any]) -> bool:
    return error.get("code") == 1 and "reduce the amount of data" in str(error.get("message", "")).lower()


def _first(ad: Mapping[str, Any], stem: str, plural: str = "s", singular: str = "") -> str | None:
    """The first card's value; answers of older API versions have one value under a singular name."""
    values = ad.get(stem + plural)
    return values[0] if values else ad.get(stem + singular)


def _day(text: str | None) -> datetime | None:
    """2026-11-01 (a whole day: midnight UTC) or, in older versions, 2026-11-01T22:03:18+0000."""
    moment = datetime.fromisoformat(text) if text else None
    return moment.astimezone(UTC) if moment and moment.tzinfo else moment.replace(tzinfo=UTC) if moment else None


def _count(text: str | int | None) -> int | None:
    return None if text is None else int(text)


def _amount(text: str | int | None) -> Decimal | None:
    return None if text is None else Decimal(text)
