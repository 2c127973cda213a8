"""One page to a Reading: decoded, checked against its bounds, parsed once, and read by every reader over the same tree."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from collectors.reading.ad_marking import read_ad_marking
from collectors.reading.bounds import check_bounds, check_size
from collectors.reading.breadcrumbs import read_breadcrumbs
from collectors.reading.comments import read_comments
from collectors.reading.content import read_content
from collectors.reading.declared_comments import read_declared_comments
from collectors.reading.document import Document, read_document
from collectors.reading.encoding import utf8
from collectors.reading.language import detect
from collectors.reading.link_words import AD_WORDS, FEED_WORDS, MARK_WORDS, LinkWords
from collectors.reading.links import MAX_TEXT, read_feeds, read_links, read_next
from collectors.reading.metadata import read_metadata
from collectors.reading.model import Comment, Reading
from collectors.reading.products import read_offers
from collectors.reading.structured import read_items
from collectors.reading.technical import read_technical_ids


def read_page(
    body: bytes | str,
    url: str | None,
    media_type: str | None = None,
    charset: str | None = None,
    fetched_at: datetime | None = None,
    *,
    is_brief: bool = False,
) -> Reading:
    """All that a page says. `fetched_at` is what relative dates are counted from; without it they stay unread.

    `is_brief` leaves out what no record keeps, comments and the texts of links, and saves a twentieth of the time.

    Raises PageError for a page that cannot be read within bounds of size, depth and number.
    """
    with _unswept():
        document, encoding = _open(body, media_type, charset)
        return _read(document, encoding, url, fetched_at, is_brief=is_brief)


def read_page_and_next(
    body: bytes | str,
    url: str | None,
    media_type: str | None = None,
    charset: str | None = None,
    fetched_at: datetime | None = None,
) -> tuple[Reading, str | None]:
    """The same, and the address of the following page of a listing. Few ask for it, and it takes longer than most of the rest."""
    with _unswept():
        document, encoding = _open(body, media_type, charset)
        reading = _read(document, encoding, url, fetched_at, is_brief=False)
        return reading, read_next(document, url, reading.links)


@contextmanager
def _unswept() -> Iterator[None]:
    """The collector of garbage waits: a page is one large tree that goes as a whole; sweeping while it grows costs a tenth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _open(body: bytes | str, media_type: str | None, charset: str | None) -> tuple[Document, str | None]:
    """The page parsed, and its encoding."""
    check_size(body)
    markup, encoding = (body, None) if isinstance(body, str) else utf8(body, media_type, charset)
    check_bounds(markup)
    return read_document(markup), encoding  # refuses trees too deep or too large for the readers


def _read(document: Document, encoding: str | None, url: str | None, fetched_at: datetime | None, *, is_brief: bool) -> Reading:
    items = read_items(document, url)
    content = read_content(document, url, items)
    metadata = read_metadata(document, items, url, fetched_at)
    text = content.text()
    lang = detect(text or "\n".join(document.blocks.texts) or metadata.title or "") or metadata.lang_hint
    comments: tuple[Comment, ...] = ()
    if content.kind == "forum" or not is_brief:  # posts of a forum would be its text otherwise
        comments, used = read_comments(document, content.kept, content.kind, url, lang, fetched_at)
        if used:
            text = content.text(without=used)
    if is_brief:
        comments = ()
    elif not comments:
        comments = read_declared_comments(items, text, url, lang)
    links = read_links(document, url, most_text=0 if is_brief else MAX_TEXT)
    words = LinkWords(links)
    return Reading(
        url=url,
        canonical_url=metadata.canonical_url,
        kind=content.kind,
        kind_confidence=max(content.kinds, default=None),
        title=metadata.title,
        description=metadata.description,
        h1=metadata.h1,
        authors=metadata.authors,
        site_name=metadata.site_name,
        section=metadata.section,
        tags=metadata.tags,
        image_url=metadata.image_url,
        lang=lang,
        published_at=metadata.published_at,
        modified_at=metadata.modified_at,
        text=text,
        comments=comments,
        items=tuple(items),
        offers=tuple(read_offers(document, items, url, lang)),
        breadcrumbs=read_breadcrumbs(document, items),
        links=links,
        feeds=read_feeds(document, url, words.holding(FEED_WORDS)),
        technical_ids=read_technical_ids(document, words.holding(MARK_WORDS)),
        ad_marking=read_ad_marking(text, (link.url for link in words.holding(AD_WORDS))),
        encoding=encoding,
        robots_directives=metadata.robots_directives,
    )
