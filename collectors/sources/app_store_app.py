"""An app in one storefront of Apple's App Store: version, price, rating (iTunes lookup API).

Keyless, about 20 calls a minute; price, rating and availability differ per storefront. An app that is not on sale there is
silently absent from the answer, which is a fact worth a row: `is_available` false.
Contract: https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
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
from collectors.records import App, Measure
from collectors.source import Capture, Expect, Known, ParseError, Request, Source, Verdict, Watch, Window, stop_watch, wait
from collectors.verdicts import THROTTLE_SECONDS, judge_by_status

__all__ = ["SOURCE", "canonical_options", "canonical_target", "judge", "parse", "plan"]

SOURCE = Source(
    name="app_store_app",
    kinds=(App, Measure),
    mode="snapshot",
    cadence="nightly",
    base_url="https://itunes.apple.com",
    hosts=("itunes.apple.com",),
    target=TARGET,
    target_pattern=TARGET_PATTERN,
    options={"country": "storefront, two letters", "language": "language of the texts, en_us"},
    pace_seconds=PACE_SECONDS,
    obeys_robots=False,  # a documented API
    terms_url=TERMS_URL,
    expect=Expect(fill={"version": 0.5}),
    version=1,
)

_READ = {
    "trackId", "trackName", "trackViewUrl", "artistName", "primaryGenreName", "version", "currentVersionReleaseDate",
    "releaseDate", "releaseNotes", "description", "averageUserRating", "userRatingCount", "price", "currency",
    "fileSizeBytes", "wrapperType",
    "supportedDevices",  # long, and the same for every app
}  # fmt: skip


def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
    app_id, country = app_and_country(watch)
    yield Request(
        path="/lookup",
        params={"id": app_id, "country": country, "lang": watch.options.get("language")},
        context={"app_id": app_id, "country": country},
    )


def judge(capture: Capture) -> Verdict:
    if capture.http_status == 403:  # Apple's way of saying: more than 20 calls a minute
        return wait(THROTTLE_SECONDS, "answered 403: too many calls")
    if capture.http_status == 400:
        return stop_watch("answered 400: Apple knows no such id or storefront")
    return judge_by_status(capture)


def parse(capture: Capture) -> Iterator[App | Measure]:
    answer, app_id, country = capture.json(), capture.context["app_id"], capture.context["country"]
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
        raise ParseError(f'expected an object with "results" from {capture.url}')
    found = next((result for result in answer["results"] if str(result.get("trackId")) == app_id), None)
    if found is not None:
        yield _app(found, app_id, country)
        yield from _measures(found, f"{app_id}:{country}")
    elif answer["results"]:
        raise ParseError(f"asked for app {app_id} and got another from {capture.url}")
    else:
        yield App(native_id=f"{app_id}:{country}", store="app_store", app_id=app_id, country=country.upper(), is_available=False)


def _app(result: Mapping[str, Any], app_id: str, country: str) -> App:
    price = result.get("price")
    return App(
        native_id=f"{app_id}:{country}",
        url=result["trackViewUrl"].partition("?")[0],
        published_at=_time(result.get("releaseDate")),
        store="app_store",
        app_id=app_id,
        country=country.upper(),
        name=result["trackName"],
        developer=result.get("artistName"),
        genre=result.get("primaryGenreName"),
        version=result.get("version"),
        released_at=_time(result.get("currentVersionReleaseDate")),
        release_notes=result.get("releaseNotes"),
        description=result.get("description"),
        rating_value=result.get("averageUserRating") or None,  # 0 where nobody has rated
        rating_count=result.get("userRatingCount"),
        price_amount=None if price is None else Decimal(str(price)),
        currency=result.get("currency"),
        size_bytes=int(result["fileSizeBytes"]) if "fileSizeBytes" in result else None,
        is_available=price is not None,  # what is listed but cannot be bought has no price
        extra={key: value for key, value in result.items() if key not in _READ},
    )


def _measures(result: Mapping[str, Any], subject: str) -> Iterator[Measure]:
    for key, metric, dimension in (
        ("averageUserRating", "app_store_rating_value", None),
        ("userRatingCount", "app_store_rating_count", None),
        ("averageUserRatingForCurrentVersion", "app_store_rating_value", "current_version"),
        ("userRatingCountForCurrentVersion", "app_store_rating_count", "current_version"),
    ):
        if result.get(key) is not None and (result[key] or metric == "app_store_rating_count"):  # a mean of 0: nobody has rated
            yield Measure(metric=metric, subject=subject, dimension=dimension, value=float(result[key]))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
