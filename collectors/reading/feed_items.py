"""What a feed gives, whatever its format: the feed, its items, the files they carry."""

from __future__ import annotations

import re
from typing import NamedTuple

from collectors.reading.fragments import text_from_html
from collectors.reading.model import Moment

MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]\w*);")
_SPACES = re.compile(r"\s+")


class Media(NamedTuple):
    """A file that an item carries: picture, recording, film."""

    url: str
    media_type: str | None = None
    length: int | None = None  # bytes
    seconds: int | None = None
    title: str | None = None


class FeedItem(NamedTuple):
    """One entry. None or empty = the feed does not say. `html` is as sent and as hostile as any page."""

    id: str | None
    url: str | None
    title: str | None
    authors: tuple[str, ...] = ()
    author_emails: tuple[str, ...] = ()
    published_at: Moment | None = None
    modified_at: Moment | None = None
    text: str = ""
    html: str = ""
    summary: str | None = None
    tags: tuple[str, ...] = ()
    section: str | None = None
    lang: str | None = None
    media: tuple[Media, ...] = ()
    image_url: str | None = None
    comments_url: str | None = None
    comment_count: int | None = None
    source_title: str | None = None
    source_url: str | None = None


class Feed(NamedTuple):
    """A feed with its items in feed order."""

    format: str  # rss, rdf, atom, cdf, json
    version: str | None
    title: str | None
    url: str | None  # the site the feed speaks for
    feed_url: str | None = None
    next_url: str | None = None  # older entries (RFC 5005, JSON Feed)
    hub_url: str | None = None
    id: str | None = None
    description: str | None = None
    lang: str | None = None
    authors: tuple[str, ...] = ()
    author_emails: tuple[str, ...] = ()
    published_at: Moment | None = None
    modified_at: Moment | None = None
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    rights: str | None = None
    generator: str | None = None
    items: tuple[FeedItem, ...] = ()
    is_well_formed: bool = True
    encoding: str = "utf-8"


def plain(value: str, is_html: bool = True) -> str | None:
    """One line of text, or None. Markup and entities are read only where there are some."""
    if is_html and ("<" in value or "&" in value) and MARKUP.search(value):
        value = text_from_html(value)
    return _SPACES.sub(" ", value).strip() or None
