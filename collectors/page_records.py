"""From what a page says (a Reading) to records: what the sources that read pages share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from collectors.reading.dates import read_date
from collectors.reading.fragments import text_from_html
from collectors.reading.model import Item, Moment, PageError, Reading, ReadOffer, walk
from collectors.reading.prices import currency_code, read_amount
from collectors.records import Job, Offer, Page, Review
from collectors.source import Capture, ParseError
from collectors.urls import host_of, normalise_url
from collectors.walls import wall

MOSCOW = ZoneInfo("Europe/Moscow")
MOSCOW_DOMAINS = ("ru", "su", "xn--p1ai", "рф")
MAX_ITEMS = 200  # kept with a page; the longest useful list of the corpora has 60
_META = ("opengraph", "twitter", "dublin-core")


def reading_of(capture: Capture) -> Reading:
    """What the captured page says; ParseError when it cannot be read within its bounds."""
    if not capture.body:
        raise ParseError(f"{capture.url} has no body")
    if b"<" not in capture.body:
        raise ParseError(f"{capture.url} is no page: {len(capture.body)} bytes without markup, {capture.media_type}")
    from collectors.reading.page import read_page  # here: a process that only collects need not load the reader

    try:
        reading = read_page(
            capture.body,
            capture.final_url,
            capture.media_type or None,
            capture.charset or None,
            capture.observed_at,
            is_brief=True,
        )
    except PageError as error:
        raise ParseError(f"{capture.url}: {error}") from error
    words = reading.text.count(" ") if reading.text else 0
    found = wall(capture.http_status, capture.headers, capture.media_type, capture.body, capture.url, capture.final_url, words)
    if found is not None:  # captures of the past were judged by nobody
        raise ParseError(f"{capture.url} is {found.reason}")
    return reading


def utc(moment: Moment | None, url: str) -> tuple[datetime | None, dict[str, Any]]:
    """A page's time as aware UTC, and what was assumed on the way (for `extra`).

    A time without an offset is Moscow's on Russian domains and UTC elsewhere. A bare day is its midnight, UTC.
    """
    if moment is None:
        return None, {}
    value = moment.value
    assumed: dict[str, Any] = {}
    if not moment.has_time:
        value, assumed = value.replace(tzinfo=UTC), {"is_day_only": True}
    elif value.tzinfo is None:
        zone = MOSCOW if host_of(url).rpartition(".")[2] in MOSCOW_DOMAINS else UTC
        value, assumed = value.replace(tzinfo=zone), {"tz_assumed": str(zone)}
    if not 1970 <= value.year <= 2199:  # nobody published then; and beyond it offsets overflow
        return None, {"published_text": value.isoformat()}
    return value.astimezone(UTC), assumed


def page_record(reading: Reading, capture: Capture, *, text: str | None = None, selector: str | None = None) -> Page:
    """The page itself; `text` replaces its main text where only a part is watched."""
    published_at, assumed = utc(None if _is_of_a_review(reading) else reading.published_at, capture.final_url)
    modified_at, _ = utc(reading.modified_at, capture.final_url)
    extra: dict[str, Any] = {
        "canonical_url": reading.canonical_url if _differs(reading.canonical_url, capture.final_url) else None,
        "authors": list(reading.authors),
        "site_name": reading.site_name,
        "section": reading.section,
        "tags": list(reading.tags),
        "image_url": reading.image_url,
        "breadcrumbs": list(reading.breadcrumbs),
        "robots_directives": list(reading.robots_directives),
        **{key: value for key, value in assumed.items() if published_at or key == "published_text"},
    }
    return Page(
        url=capture.final_url,
        published_at=published_at,
        modified_at=modified_at,
        kind=reading.kind,
        title=reading.title,
        description=reading.description,
        h1=reading.h1,
        lang=reading.lang,
        text=reading.text if text is None else text,
        selector=selector,
        links=tuple([link.url for link in reading.links]),
        items=tuple(map(plain, _things(reading)[:MAX_ITEMS])),
        technical_ids=tuple({"system": tag.system, "value": tag.value} for tag in reading.technical_ids),
        ad_erid=reading.ad_marking.erid if reading.ad_marking else None,
        extra={key: value for key, value in extra.items() if value not in (None, [], {})},
    )


def _is_of_a_review(reading: Reading) -> bool:
    """Whether the only date of a product's page stands in a script: there it is a review's or a price's, not the page's."""
    is_product = bool(reading.offers) and not reading.offers[0].is_card
    return is_product and reading.published_at is not None and reading.published_at.evidence == "script"


def offer_records(reading: Reading, capture: Capture) -> Iterator[Offer]:
    """The page's own product with its variants, then the cards of a listing; each identity once."""
    seen = set()
    category = " > ".join(reading.breadcrumbs) or None
    for read in reading.offers:
        url = read.url or capture.final_url
        if not read.name or (key := (normalise_url(url), read.sku, read.variant)) in seen:
            continue
        seen.add(key)
        yield _offer(read, url, category)


def _offer(read: ReadOffer, url: str, category: str | None) -> Offer:
    return Offer(
        url=url,
        name=read.name,
        variant=read.variant,
        sku=read.sku,
        gtin=read.gtin,
        mpn=read.mpn,
        brand=read.brand,
        category=read.category or (None if read.is_card else category),
        price_text=read.price_text,
        price_amount=read.price_amount,
        old_price_amount=read.old_price_amount,
        price_high_amount=read.price_high_amount,
        currency=read.currency,
        availability=read.availability,
        availability_text=read.availability_text,
        rating_value=read.rating_value,
        rating_best=read.rating_best,
        rating_count=read.rating_count,
        image_url=read.image_url,
        is_partial=read.is_card,
        extra={"origin": read.origin},
    )


def described_records(reading: Reading, capture: Capture) -> Iterator[Review | Job]:
    """Reviews and open positions in the page's structured data."""
    things = walk(_things(reading))
    yield from _review_records(things, capture.final_url)
    yield from _job_records(things, capture.final_url)


def _things(reading: Reading) -> list[Item]:
    """What the page describes, without what it says of itself in metas."""
    return [item for item in reading.items if item.origin not in _META]


def _review_records(things: list[Item], url: str) -> Iterator[Review]:
    """A sample of a few, so a missing one says nothing."""
    seen = set()
    for review, subject in _reviews(things):
        record = _review(review, subject, url)
        key = (record.native_id, record.author, record.published_at, record.title)
        if (record.text or record.rating_value is not None) and any(key) and key not in seen:
            seen.add(key)
            yield record


def _reviews(things: list[Item]) -> Iterator[tuple[Item, Item | None]]:
    """Each review with what it is about: the item that holds it, or the one it names."""
    held: set[int] = set()
    for item in things:
        if "review" not in item.properties and "reviews" not in item.properties:
            continue
        for review in items_of(item, "review", "reviews"):
            if id(review) not in held:
                held.add(id(review))
                yield review, item
    for item in things:
        if item.type in ("Review", "UserReview", "CriticReview") and id(item) not in held:
            yield item, next(iter(items_of(item, "itemReviewed")), None)


def _review(review: Item, subject: Item | None, url: str) -> Review:
    rating = next(iter(items_of(review, "reviewRating")), None)
    published_at, assumed = utc(_moment(word_of(review, "datePublished", "dateCreated")), url)
    name = word_of(subject, "name") if subject else None
    return Review(
        native_id=word_of(review, "@id", "identifier"),
        url=url,
        published_at=published_at,
        modified_at=utc(_moment(word_of(review, "dateModified")), url)[0],
        subject=normalise_url(url),
        subject_name=name,
        author=word_of(review, "author", "creator"),
        rating_value=number_of(rating, "ratingValue") if rating else number_of(review, "reviewRating"),
        rating_best=number_of(rating, "bestRating") or 5.0 if rating else None,
        title=word_of(review, "name", "headline"),
        text=text_from_html(word_of(review, "reviewBody", "description", "text") or "") or None,
        lang=(word_of(review, "inLanguage") or "")[:2].lower() or None,
        extra=assumed,
    )


def _job_records(things: list[Item], url: str) -> Iterator[Job]:
    seen = set()
    for item in things:
        if item.type != "JobPosting" or not (title := word_of(item, "title", "name")):
            continue
        job = _job(item, title, url)
        key = job.native_id or (job.url, job.title, job.location)
        if key not in seen:
            seen.add(key)
            yield job


def _job(item: Item, title: str, url: str) -> Job:
    low, high, currency, period = _salary(item)
    published_at, assumed = utc(_moment(word_of(item, "datePosted")), url)
    until = _moment(word_of(item, "validThrough"))
    identifier = next(iter(items_of(item, "identifier")), None)
    return Job(
        native_id=word_of(identifier, "value") if identifier else word_of(item, "identifier"),
        url=url,
        published_at=published_at,
        title=title,
        company=word_of(item, "hiringOrganization"),
        location=_location(item),
        is_remote=True if "TELECOMMUTE" in (word_of(item, "jobLocationType") or "").upper() else None,
        employment_type=", ".join(words_of(item, "employmentType")) or None,
        salary_low_amount=low,
        salary_high_amount=high,
        currency=currency,
        salary_period=period,
        valid_until_date=until.value.date().isoformat() if until else None,
        text=text_from_html(word_of(item, "description") or "") or None,
        extra=assumed,
    )


def _salary(item: Item) -> tuple[Decimal | None, Decimal | None, str | None, str | None]:
    pay = next(iter(items_of(item, "baseSalary", "estimatedSalary")), None)
    if pay is None:
        amount = read_amount(word_of(item, "baseSalary"))
        return amount, amount, currency_code(word_of(item, "salaryCurrency")), None
    value = next(iter(items_of(pay, "value")), pay)
    exact = read_amount(word_of(value, "value"))
    low, high = read_amount(word_of(value, "minValue")) or exact, read_amount(word_of(value, "maxValue")) or exact
    period = word_of(value, "unitText") or word_of(pay, "unitText")
    return (
        low,
        high,
        currency_code(word_of(pay, "currency") or word_of(item, "salaryCurrency")),
        period.upper() if period else None,
    )


def _location(item: Item) -> str | None:
    places = []
    for place in items_of(item, "jobLocation"):
        address = next(iter(items_of(place, "address")), place)
        parts = [word_of(address, name) for name in ("addressLocality", "addressRegion", "addressCountry")]
        places.append(", ".join(dict.fromkeys(part for part in parts if part)) or word_of(place, "address", "name") or "")
    return "; ".join(dict.fromkeys(place for place in places if place)) or word_of(item, "jobLocation")


def items_of(item: Item, *names: str) -> list[Item]:
    """The items among the values of some properties."""
    return [value for name in names for value in _listed(item.properties.get(name)) if isinstance(value, Item)]


def words_of(item: Item, *names: str) -> list[str]:
    """The values of some properties as text; an item stands for its name."""
    found = (value for name in names for value in _listed(item.properties.get(name)))
    texts = (word_of(value, "name", "@id") if isinstance(value, Item) else str(value).strip() for value in found)
    return [text for text in texts if text]


def word_of(item: Item, *names: str) -> str | None:
    """The first value of some properties as text."""
    return next(iter(words_of(item, *names)), None)


def number_of(item: Item, name: str) -> float | None:
    """A property as a number: "4,7" is 4.7."""
    amount = read_amount(word_of(item, name))
    return None if amount is None else float(amount)


def plain(value: Any) -> Any:
    """Structured data as JSON values."""
    if isinstance(value, str):  # most are
        return value
    if isinstance(value, Item):
        return {
            "type": value.type,
            "origin": value.origin,
            "properties": {key: plain(part) for key, part in value.properties.items()},
        }
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value if value is None or isinstance(value, (int, float)) else str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _moment(text: str | None) -> Moment | None:
    return read_date(text) if text else None


def _differs(canonical: str | None, url: str) -> bool:
    return canonical is not None and canonical != url and normalise_url(canonical) != normalise_url(url)
