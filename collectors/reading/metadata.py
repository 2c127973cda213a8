"""What a page says about itself: address, title, authors, site, dates, tags, lead image, each from its best evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from collectors.reading.authors import read_authors
from collectors.reading.document import Document
from collectors.reading.head import Head, address_key, clean, first_text, join, linked, main_items, read_head, text_of, values
from collectors.reading.model import Item, Moment
from collectors.reading.page_dates import read_page_dates
from collectors.reading.titles import read_title

_LANG = re.compile(r"[a-zA-Z]{2,3}(?=$|[-_])")
_PLAIN_HOST = re.compile(r"https?://([A-Za-z0-9.-]+)(?::[0-9]+)?(?:[/?#]|\Z)")
MOST_TAGS = 100


class Metadata(NamedTuple):
    """Facts of one page. None or empty = the page does not say."""

    canonical_url: str | None
    title: str | None
    description: str | None
    h1: str | None
    authors: tuple[str, ...]
    site_name: str | None
    section: str | None
    tags: tuple[str, ...]
    image_url: str | None
    lang_hint: str | None  # ISO 639-1, as declared; often the template's default, so the text's own language goes first
    published_at: Moment | None
    modified_at: Moment | None
    robots_directives: tuple[str, ...]


def read_metadata(document: Document, items: Sequence[Item], url: str | None, fetched_at: datetime | None) -> Metadata:
    """`items` are those of `structured.read_items` for the same page."""
    head = read_head(document, url)
    canonical = _canonical(document, head, url)
    addresses = frozenset({address_key(url), address_key(canonical)} - {""})
    heading = clean(head.first("og:title") or head.title).casefold()
    own = main_items(items, addresses, heading)
    publisher = next((name for item in own if (name := first_text(item, "publisher"))), "")
    site_name = _site_name(head, items, publisher)
    host = _host(url) if url else ""
    lang = _lang(head)
    published, modified = read_page_dates(document, head, own, canonical or url, fetched_at, lang)
    return Metadata(
        canonical_url=canonical,
        title=read_title(head, own, (site_name or "", publisher), host),
        description=head.first("description", "og:description", "twitter:description")
        or next((text for item in own if (text := first_text(item, "description"))), None),
        h1=head.h1s[0] if head.h1s else None,
        authors=read_authors(document, head, own, (site_name or "", publisher), host),
        site_name=site_name,
        section=head.first("article:section", "parsely-section", "section")
        or next((text for item in own if (text := first_text(item, "articleSection"))), None),
        tags=_tags(head, own),
        image_url=_image(document, head, own),
        lang_hint=lang,
        published_at=published,
        modified_at=modified,
        robots_directives=_robots(head),
    )


def _host(url: str) -> str:
    plain = _PLAIN_HOST.match(url)
    return plain[1].lower() if plain else urlsplit(url).hostname or ""


def _canonical(document: Document, head: Head, url: str | None) -> str | None:
    for href in linked(document, "canonical"):
        if found := join(head.base, href):
            return found
    found = join(head.base, head.first("og:url"))
    if found and url and urlsplit(found).path.strip("/") == "" and urlsplit(url).path.strip("/"):
        return None  # the site's root, copied to every page
    return found


def _site_name(head: Head, items: Sequence[Item], publisher: str) -> str | None:
    if declared := head.first("og:site_name", "application-name", "twitter:app:name:iphone") or publisher:
        return declared
    return next(
        (name for item in items if item.type in ("WebSite", "NewsMediaOrganization") and (name := first_text(item, "name"))), None
    )


def _lang(head: Head) -> str | None:
    for declared in (head.lang, head.first("content-language"), head.first("og:locale"), head.first("dc.language", "language")):
        if declared and (match := _LANG.match(declared.strip())):
            return match[0].lower()
    return None


def _tags(head: Head, own: Sequence[Item]) -> tuple[str, ...]:
    found = dict.fromkeys(head.all("article:tag", "og:video:tag", "parsely-tags"))
    if not found:
        texts = [text_of(value) for item in own for value in values(item, "keywords")]
        texts = texts or list(head.all("news_keywords", "keywords"))
        found = dict.fromkeys(tag for text in texts for part in re.split(r"[,;]", text) if (tag := part.strip()))
    return tuple(found)[:MOST_TAGS]


def _image(document: Document, head: Head, own: Sequence[Item]) -> str | None:
    for value in head.all("og:image", "og:image:secure_url", "og:image:url", "twitter:image", "twitter:image:src"):
        if found := join(head.base, value):
            return found
    for item in own:
        for value in values(item, "image", "thumbnailUrl"):
            address = (first_text(value, "url", "contentUrl", "@id")) if isinstance(value, Item) else clean(value)
            if found := join(head.base, address):
                return found
    return next((found for href in linked(document, "image_src") if (found := join(head.base, href))), None)


def _robots(head: Head) -> tuple[str, ...]:
    directives = (part.strip().lower() for value in head.all("robots") for part in value.split(","))
    return tuple(dict.fromkeys(directive for directive in directives if directive))
