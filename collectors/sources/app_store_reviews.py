"""The newest written reviews of an app in one storefront of Apple's App Store (customer reviews feed).

Keyless; ten pages of fifty and no more, so a busy app must be read at least daily. One review comes as an object instead of a
list, none as no `entry` at all, and old feeds begin with an entry about the app itself. Edited reviews keep their id.
Contract: https://itunes.apple.com/us/rss/customerreviews/id=…/json
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from collectors.app_store import (
    PACE_SECONDS,
    TARGET,
    TARGET_PATTERN,
    TERMS_URL,
    app_and_country,
    canonical_options,
    canonical_target,
)
from collectors.records import Review
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
    wait,
)
from collectors.verdicts import THROTTLE_SECONDS, judge_by_status

LAST_PAGE = 10  # later pages answer 400

__all__ = ["SOURCE", "canonical_options", "canonical_target", "follow", "judge", "parse", "plan"]

SOURCE = Source(
    name="app_store_reviews",
    kinds=(Review,),
    mode="snapshot",
    cadence="nightly",
    base_url="https://itunes.apple.com",
    hosts=("itunes.apple.com",),
    target=TARGET,
    target_pattern=TARGET_PATTERN,
    options={"country": "storefront, two letters"},
    role="earned",
    pace_seconds=PACE_SECONDS,
    obeys_robots=False,  # a documented feed
    terms_url=TERMS_URL,
    expect=Expect(min_records=0, max_silence_days=60, fill={"rating_value": 0.99, "text": 0.9}),
    version=1,
)


def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
    app_id, country = app_and_country(watch)
    yield _page(app_id, country, 1)


def judge(capture: Capture) -> Verdict:
    if capture.http_status == 403:  # Apple's way of saying: more than 20 calls a minute
        return wait(THROTTLE_SECONDS, "answered 403: too many calls")
    verdict = judge_by_status(capture)
    if verdict is not OK:
        return verdict
    try:
        return OK if _entries(capture) else EMPTY
    except ParseError as error:
        return changed(str(error))


def follow(capture: Capture, known: Known) -> Iterator[Request]:
    page = capture.context["page"]
    if page < LAST_PAGE and any(known.seen(entry["id"]["label"]) is None for entry in _entries(capture)):
        yield _page(capture.context["app_id"], capture.context["country"], page + 1)


def parse(capture: Capture) -> Iterator[Review]:
    subject = f"{capture.context['app_id']}:{capture.context['country']}"
    for entry in _entries(capture):
        updated = _label(entry, "updated")
        yield Review(
            native_id=entry["id"]["label"],
            url=entry["link"]["attributes"]["href"] if isinstance(entry.get("link"), dict) else None,
            published_at=datetime.fromisoformat(updated).astimezone(UTC) if updated else None,
            subject=subject,
            author=_label(entry["author"], "name"),
            author_url=_label(entry["author"], "uri"),
            rating_value=float(entry["im:rating"]["label"]),
            rating_best=5.0,
            title=_label(entry, "title"),
            text=_label(entry, "content"),
            country=capture.context["country"].upper(),
            app_version=_label(entry, "im:version"),
            helpful_count=_number(_label(entry, "im:voteSum")),
            extra={"vote_count": _number(_label(entry, "im:voteCount"))},
        )


def _page(app_id: str, country: str, page: int) -> Request:
    return Request(
        path=f"/{country}/rss/customerreviews/page={page}/id={app_id}/sortby=mostrecent/json",
        context={"app_id": app_id, "country": country, "page": page},
    )


def _entries(capture: Capture) -> list[dict[str, Any]]:
    """The reviews of a page; [] where the feed has none."""
    answer = capture.json()
    feed = answer.get("feed") if isinstance(answer, dict) else None
    if not isinstance(feed, dict):
        raise ParseError(f'expected an object with "feed" from {capture.url}')
    entry = feed.get("entry", [])
    return [one for one in (entry if isinstance(entry, list) else [entry]) if "im:rating" in one]


def _label(holder: Mapping[str, Any], name: str) -> str | None:
    return (holder.get(name) or {}).get("label") or None


def _number(text: str | None) -> int | None:
    return int(text) if text else None
