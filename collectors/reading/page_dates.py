"""When a page was published and changed, with the evidence: structured data, meta, `time`, address, visible text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from selectolax.lexbor import LexborHTMLParser

from collectors.reading.dates import read_date
from collectors.reading.head import Head, clean, text_of, values
from collectors.reading.model import Item, Moment

EARLIEST_YEAR = 1994  # before it there was no web page to publish
_PUBLISHED_METAS = (
    "article:published_time", "og:article:published_time", "datepublished", "parsely-pub-date", "sailthru.date", "pubdate",
    "publish-date", "publishdate", "publish_date", "publication_date", "publication-date", "published-date", "article:published",
    "article.published", "date", "dc.date", "dc.date.issued", "dcterms.date", "dcterms.issued", "dcterms.created", "dc.date.created",
    "citation_publication_date", "citation_date", "citation_online_date", "mediator_published_time", "cxenseparse:recs:publishtime",
    "article_date_original", "originalpublicationdate", "article-publication-date", "og:published_time", "og:pubdate", "ptime", "pub_date",
    "video:release_date", "release_date", "displaydate", "created", "datecreated", "bt:pubdate", "vr:published_time", "dc.date.available",
    "gs.pubdate", "rnews:datepublished", "dateposted", "uploaddate", "shareaholic:article_published_time", "weibo:article:create_at",
)  # fmt: skip
_MODIFIED_METAS = (
    "article:modified_time", "og:updated_time", "datemodified", "last-modified", "lastmod", "dcterms.modified", "dc.date.modified",
    "article:modified", "modified", "updated_time", "revised", "og:modified_time", "mediator_modified_time", "article_date_updated",
)  # fmt: skip
_URL_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})([/_.\-]?)(0?[1-9]|1[0-2])\2(0?[1-9]|[12]\d|3[01])(?!\d)")
_SHOWN = (
    'time, [itemprop*="datePublished" i], [itemprop*="dateCreated" i], [class*="date" i], [class*="publish" i], [class*="time" i], '
    '[class*="byline" i], [class*="posted" i], [id*="date" i], [class~="meta"], [class*="post-meta" i], [class*="entry-meta" i], '
    '[class*="article-info" i], [class*="submitted" i]'
)
_DATE_IN_TEXT = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?|\b\d{1,2}[./-]\s?\d{1,2}[./-]\s?(?:19|20)\d{2}\b|\b\d{1,2}\.\s?\d{1,2}\.\s?\d{2}\b"
    r"|\b(?:19|20)\d{2}[./]\d{1,2}[./]\d{1,2}\b"
    r"|\b\d{1,2}(?:st|nd|rd|th|er|º)?\.?\s+(?:de\s+|of\s+)?[^\W\d_]{3,12}\.?,?\s+(?:de\s+|del\s+)?(?:19|20)\d{2}\b"
    r"|\b[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d{2}\b"
)
_COPYRIGHT = re.compile(r"©|copyright|\(c\)|all rights reserved|все права", re.IGNORECASE)
_PUBLISHED_WORDS = re.compile(r"publi|posted|опублик|создан|veröffentl|erstellt|geplaatst|dodano|yayın", re.IGNORECASE)
_MODIFIED_WORDS = re.compile(r"updat|modif|обновл|измен|aktualis|geändert|mis à jour|actualiz", re.IGNORECASE)


def read_page_dates(
    tree: LexborHTMLParser, head: Head, own: Sequence[Item], url: str | None, fetched_at: datetime | None, lang: str | None
) -> tuple[Moment | None, Moment | None]:
    """Published and modified time. Neither is after `fetched_at`; without it no relative word is read."""
    limit = _limit(fetched_at)
    published = _first(_declared(head, own), limit, lang) or _shown(tree, url, limit, fetched_at, lang)
    modified = _first(_declared_changes(head, own), limit, lang)
    return published, modified


def _limit(fetched_at: datetime | None) -> datetime | None:
    """A little after the fetch: a page without an offset may be half a day ahead of us."""
    return None if fetched_at is None else fetched_at.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=14)


def _declared(head: Head, own: Sequence[Item]) -> Iterator[tuple[str, str]]:
    for item in own:
        for name in ("datePublished", "dateCreated", "uploadDate"):
            for value in values(item, name):
                yield text_of(value), f"{item.origin} {item.type}.{name}"
    for key in _PUBLISHED_METAS:
        for text in head.metas.get(key, ()):
            yield text, f"meta {key}"


def _declared_changes(head: Head, own: Sequence[Item]) -> Iterator[tuple[str, str]]:
    for item in own:
        for value in values(item, "dateModified"):
            yield text_of(value), f"{item.origin} {item.type}.dateModified"
    for key in _MODIFIED_METAS:
        for text in head.metas.get(key, ()):
            yield text, f"meta {key}"


def _first(candidates: Iterator[tuple[str, str]], limit: datetime | None, lang: str | None) -> Moment | None:
    for text, evidence in candidates:
        moment = read_date(text, lang, strict=True)
        if moment is not None and is_possible(moment, limit):
            return replace(moment, evidence=evidence)
    return None


def is_possible(moment: Moment, limit: datetime | None) -> bool:
    value = moment.value
    if value.year < EARLIEST_YEAR:
        return False
    if limit is None:
        return value.year < 2100
    try:
        return (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value) <= limit
    except OverflowError:
        return False


def url_date(url: str | None, limit: datetime | None) -> Moment | None:
    for match in _URL_DAY.finditer(url or ""):
        try:
            value = datetime(int(match[1]), int(match[3]), int(match[4]))  # noqa: DTZ001 an address gives no offset
        except ValueError:
            continue
        moment = Moment(value, has_time=False, evidence="url")
        if is_possible(moment, limit):
            return moment
    return None


def _shown(
    tree: LexborHTMLParser, url: str | None, limit: datetime | None, fetched_at: datetime | None, lang: str | None
) -> Moment | None:
    from_url = url_date(url, limit)
    if from_url is not None:
        return from_url
    best: Moment | None = None
    for node in tree.css(_SHOWN)[:200]:
        attributes = node.attributes
        stamp = attributes.get("datetime") or attributes.get("content") or ""
        text = clean(node.text(separator=" "))
        if stamp and (moment := read_date(stamp, lang, strict=True)) and is_possible(moment, limit):
            return replace(moment, evidence=f"time {node.tag}")
        if not text or len(text) > 300 or _COPYRIGHT.search(text) or best is not None:
            continue
        moment = _in_text(text, limit, lang)
        if moment is None and fetched_at is not None and len(text) < 60:
            moment = read_date(text, lang, fetched_at, strict=True)
            moment = moment if moment is not None and is_possible(moment, limit) else None
        if moment is not None:
            best = replace(moment, evidence="text")
    if best is not None:
        return best
    body = tree.body
    text = body.text(separator=" ")[:200_000] if body is not None else ""
    found = _in_text(text, limit, lang)
    return replace(found, evidence="text") if found else None


def _in_text(text: str, limit: datetime | None, lang: str | None) -> Moment | None:
    for match in _DATE_IN_TEXT.finditer(text):
        moment = read_date(match[0], lang, strict=True)
        if moment is not None and is_possible(moment, limit):
            return moment
    return None
