"""When a page was published and changed, with the evidence: structured data, meta, address, `time`, visible text.

What the page declares goes before what it shows; what it shows after its heading before what stands elsewhere (teasers of other
pages have dates too). The footer's year is never a date, and nothing after the fetch is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone

from collectors.reading.dates import read_date
from collectors.reading.document import Document
from collectors.reading.head import ARTICLE_TYPES, Head, text_of, values
from collectors.reading.model import Item, Moment
from collectors.reading.shown_dates import hidden_date, is_possible, shown_date, visible_text

# Sure of publication first; then those that also stand for creation, upload or whatever date.
_PUBLISHED_NAMES = """
article:published_time og:article:published_time datepublished parsely-pub-date sailthru.date pubdate publish-date
publishdate publish_date publication_date publication-date published-date article:published article.published
mediator_published_time cxenseparse:recs:publishtime article_date_original originalpublicationdate
article-publication-date og:published_time
"""
_PUBLISHED_METAS = tuple(_PUBLISHED_NAMES.split())
_DATED_NAMES = """
og:pubdate ptime pub_date rnews:datepublished dateposted shareaholic:article_published_time weibo:article:create_at
bt:pubdate vr:published_time gs.pubdate citation_publication_date citation_date citation_online_date dc.date.issued
dcterms.issued dcterms.created dc.date.created date dc.date dcterms.date displaydate datecreated created uploaddate
video:release_date release_date dc.date.available
"""
_DATED_METAS = tuple(_DATED_NAMES.split())
_MODIFIED_NAMES = """
article:modified_time og:updated_time datemodified last-modified lastmod dcterms.modified dc.date.modified
article:modified modified updated_time revised og:modified_time mediator_modified_time article_date_updated
"""
_MODIFIED_METAS = tuple(_MODIFIED_NAMES.split())
# What need not be looked at for its name; that of a publisher is named like a date and none.
_KNOWN_METAS = frozenset((*_PUBLISHED_METAS, *_DATED_METAS, *_MODIFIED_METAS, "article:publisher"))
_DATED_STEMS = ("publish", "pubdate", "posted", "upload", "release", "created", "issued", "date")
_DATED_KEY = re.compile("|".join(_DATED_STEMS))
_CHANGED_KEY = re.compile(r"modif|updat|expir|valid|birth|lastmod|end|format|publisher")
# Languages written only east of Greenwich: their local day is never behind that of UTC.
_EASTERN = "de it pl ru uk be bg cs sk sr mk hr sl hu ro tr el fi sv no nb da et lv lt kk mn he ar fa hi th vi id ko ja zh"
_EAST = frozenset(_EASTERN.split())
_URL_DAY = re.compile(  # no digit before the year, asked once the century stands
    r"((?:19|20)(?<!\d\d\d)\d{2})"
    r"(?:([/_.\-])(0?[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01]|[1-9](?=[/.]|$))|(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]))(?!\d)"
)
_DAY_FIRST_ENGLISH = re.compile(r"en[-_](?:gb|au|nz|ie|in|za|sg|hk|ng|ke)\b", re.IGNORECASE)
_SLASHED = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})/(\d{4})(?!\d)")


def read_page_dates(
    document: Document, head: Head, own: Sequence[Item], url: str | None, fetched_at: datetime | None, lang: str | None
) -> tuple[Moment | None, Moment | None]:
    """Published and modified time. Neither is after `fetched_at`; without it no relative word is read."""
    limit = _limit(fetched_at)
    from_url = url_date(url, limit)
    claims = list(_declared(head, own))
    order = _day_first(document, claims)
    if order is None and _DAY_FIRST_ENGLISH.match(head.lang or head.first("og:locale") or ""):
        order = True
    published = _first(claims, limit, lang, order)
    modified = _first(_declared_changes(head, own), limit, lang, order)
    if published is not None and _is_same_instant(published, modified):
        published = _of_article(claims, limit, lang, order, published) or published
    if published is None:
        published = (
            from_url
            or shown_date(document, limit, fetched_at, lang, order)
            or hidden_date(document, limit, lang)
            or _of_image(head, limit)
        )
    elif (
        from_url is not None and from_url.evidence == "url" and from_url.value.date() < published.value.date() - timedelta(days=1)
    ):
        published = from_url  # declared anew at a later edit; the address keeps the first day
    else:
        published = _local(published, claims, from_url, document, head, lang)
    return published, modified


def _limit(fetched_at: datetime | None) -> datetime | None:
    """A little after the fetch: a page without an offset may be half a day ahead of us."""
    return None if fetched_at is None else fetched_at.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=14)


def _declared(head: Head, own: Sequence[Item]) -> Iterator[tuple[str, str]]:
    """Texts of published times with their evidence: articles, meta tags, other works, then any meta named like a date."""
    yield from _meta_texts(head, _PUBLISHED_METAS)
    for item in own:
        if item.type in ARTICLE_TYPES or item.type.endswith(("Article", "Page")):
            yield from _texts(item, "datePublished")
    for text in head.published:
        yield text, "itemprop datePublished"
    for item in own:
        yield from _texts(item, "datePublished", "datePosted", "uploadDate", "dateCreated")
    yield from _meta_texts(head, _DATED_METAS)
    unknown = head.metas.keys() - _KNOWN_METAS
    names = "\n".join(unknown)
    if any(stem in names for stem in _DATED_STEMS):  # asked of all names at once, since few pages have one
        yield from _meta_texts(head, [key for key in head.metas if key in unknown and _is_dated(key)])


def _meta_texts(head: Head, keys: Iterable[str]) -> list[tuple[str, str]]:
    metas = head.metas
    return [(text, f"meta {key}") for key in keys if key in metas for text in metas[key]]


def _is_dated(key: str) -> bool:
    """Whether the name of a meta tag speaks of a date of publication."""
    return _DATED_KEY.search(key) is not None and _CHANGED_KEY.search(key) is None


def _texts(item: Item, *names: str) -> Iterator[tuple[str, str]]:
    for name in names:
        for value in values(item, name):
            yield text_of(value), f"{item.origin} {item.type}.{name}"


def _declared_changes(head: Head, own: Sequence[Item]) -> Iterator[tuple[str, str]]:
    for item in own:
        yield from _texts(item, "dateModified")
    yield from _meta_texts(head, _MODIFIED_METAS)


def _first(candidates: Iterable[tuple[str, str]], limit: datetime | None, lang: str | None, order: bool | None) -> Moment | None:
    for text, evidence in candidates:
        moment = read_date(text, lang, day_first=order, strict=True)
        if moment is not None and is_possible(moment, limit):
            return Moment(moment.value, moment.has_time, evidence)
    return None


def _is_same_instant(published: Moment, modified: Moment | None) -> bool:
    """Whether what is declared as publication is within a minute of the change: many systems write both at every edit."""
    if modified is None or not (published.has_time and modified.has_time):
        return False
    first, second = published.value, modified.value
    return (first.tzinfo is None) == (second.tzinfo is None) and abs(first - second) < timedelta(minutes=1)


def _of_article(
    claims: Sequence[tuple[str, str]], limit: datetime | None, lang: str | None, order: bool | None, other: Moment
) -> Moment | None:
    """The publication of structured data, if it is another day than a declaration that is suspect."""
    declared = [claim for claim in claims if claim[1].endswith(".datePublished")]
    found = _first(declared, limit, lang, order)
    return found if found is not None and found.value.date() != other.value.date() else None


def url_date(url: str | None, limit: datetime | None) -> Moment | None:
    """The day that an address names, as in /2026/11/20/."""
    for match in _URL_DAY.finditer((url or "")[:2_000]):
        try:
            day = date(int(match[1]), int(match[3] or match[5]), int(match[4] or match[6]))
        except ValueError:
            continue
        moment = Moment(datetime.combine(day, time()), has_time=False, evidence="url" if match[2] else "digits in the url")
        if is_possible(moment, limit):
            return moment
    return None


def _of_image(head: Head, limit: datetime | None) -> Moment | None:
    """The day in the lead image's address: uploads are filed by day."""
    image = url_date(head.first("og:image", "twitter:image"), limit)
    return replace(image, evidence="address of the lead image") if image else None


def _day_first(document: Document, claims: Sequence[tuple[str, str]]) -> bool | None:
    """The order of a declared 03/04/2026, by the page's other dates: one with a day over 12, or the same date with dots."""
    pairs = [(int(m[1]), int(m[2]), int(m[3])) for text, _ in claims if "/" in text and (m := _SLASHED.search(text))]
    if not pairs:
        return None
    for first, second, _ in pairs:
        if first > 12 or second > 12:
            return first > 12
    text = visible_text(document)
    for first, second, year in pairs:
        if re.search(rf"(?<!\d)0?{second}\.\s?0?{first}\.\s?{year}", text):
            return False
        if re.search(rf"(?<!\d)0?{first}\.\s?0?{second}\.\s?{year}", text):
            return True
    for match in _SLASHED.finditer(text):
        if int(match[1]) > 12 or int(match[2]) > 12:
            return int(match[1]) > 12
    return None


def _local(
    published: Moment,
    claims: Sequence[tuple[str, str]],
    from_url: Moment | None,
    document: Document,
    head: Head,
    lang: str | None,
) -> Moment:
    """The same instant at the page's own clock: a time declared in UTC falls on the wrong day for most of its readers.

    The offset is that of the same instant declared elsewhere, or read off a local clock time on the page; where only a day is
    known (the address), the smallest whole-hour offset that puts the instant on it.
    """
    value = published.value
    if not published.has_time or value.utcoffset() != timedelta(0) or value.time() == time():
        return published
    days = (1,) if lang in _EAST else (1, -1)
    for other in _other_moments(claims, head, lang):
        if not other.has_time:
            if (other.value.date() - value.date()).days in days:
                return replace(published, value=_on_day(value, other.value.date()))
            continue
        if other.value.tzinfo is None:
            exact = value.replace(tzinfo=None)
            offset = other.value - (exact if other.value.second else exact.replace(second=0, microsecond=0))
            seconds = offset.total_seconds()
            if seconds and abs(seconds) <= 14 * 3600 and seconds % 1800 == 0 and value.minute + value.second:
                return replace(published, value=value.astimezone(timezone(offset)))
        elif other.value == value and other.value.utcoffset() != timedelta(0):
            return replace(published, value=other.value)
    if from_url is not None and from_url.evidence == "url" and (from_url.value.date() - value.date()).days in days:
        return replace(published, value=_on_day(value, from_url.value.date()))
    if value.hour < 8 or value.hour >= 21:
        shown = shown_date(document, None, None, lang, None)
        if shown is not None and (shown.value.date() - value.date()).days in days:
            return replace(published, value=_on_day(value, shown.value.date()))
    return published


def _other_moments(claims: Sequence[tuple[str, str]], head: Head, lang: str | None) -> Iterator[Moment]:
    """All that the page declares, then the times of its elements."""
    for text, _ in claims:
        moment = read_date(text, lang, strict=True)
        if moment is not None:
            yield moment
    for stamp in (*head.times, *head.published):
        moment = read_date(stamp, lang, strict=True)
        if moment is not None and moment.has_time:
            yield moment


def _on_day(value: datetime, day: date) -> datetime:
    hours_of_the_world = range(1, 15) if day > value.date() else range(-1, -11, -1)
    for hours in hours_of_the_world:
        moved = value.astimezone(timezone(timedelta(hours=hours)))
        if moved.date() == day:
            return moved
    return value
