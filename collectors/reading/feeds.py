"""Feeds to items: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, CDF, JSON Feed, with the usual extensions.

Own code on expat: the parser everyone uses (feedparser) gives sanitised HTML, no plain text, and times without their offset.
Formats: https://www.rssboard.org/rss-specification, RFC 4287, https://www.jsonfeed.org/version/1.1.
"""

from __future__ import annotations

from collectors.reading.encoding import decode
from collectors.reading.feed_items import Feed, FeedItem, Media
from collectors.reading.feed_xml import FeedError, parse_xml
from collectors.reading.json_feed import read_json_feed
from collectors.reading.xml_feed import XmlFeed

__all__ = ["Feed", "FeedError", "FeedItem", "Media", "read_feed"]

MAX_BYTES = 50 * 1024 * 1024


def read_feed(body: bytes, url: str | None = None, media_type: str | None = None, charset: str | None = None) -> Feed:
    """The feed in a body; `url` is where it came from, for relative addresses. FeedError when it is no feed.

    What it is is told by its root, never by its media type. Broken XML is read as far as it makes sense.
    """
    if len(body) > MAX_BYTES:
        raise FeedError(f"larger than {MAX_BYTES} bytes")
    text, encoding = decode(body, media_type, charset)
    start = text.lstrip("\ufeff \t\r\n\x00")
    if start[:1] in ("{", "["):
        return read_json_feed(start, url, encoding)
    root, is_well_formed = parse_xml(text)
    return XmlFeed(root, url or "").read(is_well_formed, encoding)
