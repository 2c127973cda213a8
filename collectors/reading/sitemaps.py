"""Sitemaps: urlset and index, plain text, feeds used as sitemaps; news, image, video and language extensions; gzip.

Protocol: https://www.sitemaps.org/protocol.html. XML is parsed as a stream, so memory is bound by the entries and not by the
file; a cut file gives every entry that was complete before the cut.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import urljoin
from xml.parsers import expat

from collectors.reading.dates import read_date
from collectors.reading.encoding import decode
from collectors.reading.feed_xml import FeedError, Node, local_name, parse_xml
from collectors.reading.feeds import read_feed
from collectors.reading.model import Moment

MAX_BYTES = 50 * 1024 * 1024  # uncompressed, the protocol's own limit
MAX_ENTRIES = 500_000
MAX_DEPTH = 64
# Whole addresses that joining with another leaves as they are.
_ABSOLUTE = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[!-\"$-:<->@-~]*(?:\?[!-\"$-~]+)?)?")
_TEXT_LINE = re.compile(r"https?://\S{1,2000}")
_SITEMAP_ROOTS = ("urlset", "sitemapindex")
_ROOT_END = re.compile(r"</(?:[\w.-]+:)?(?:urlset|sitemapindex)\s*>", re.IGNORECASE)
_SNIFF = re.compile(r"<(?:[\w.-]+:)?(urlset|sitemapindex|rss|feed|rdf|html)\b", re.IGNORECASE)


class SitemapError(Exception):
    """Bytes that are no sitemap, or too many; the message names which."""


class News(NamedTuple):
    title: str | None = None
    published_at: Moment | None = None
    publication: str | None = None
    lang: str | None = None
    keywords: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    access: str | None = None


class Entry(NamedTuple):
    """One address. Media and extensions as the file gives them."""

    loc: str
    lastmod: Moment | None = None
    changefreq: str | None = None
    priority: float | None = None
    title: str | None = None  # of feeds used as sitemaps
    news: News | None = None
    images: tuple[str, ...] = ()
    videos: tuple[Mapping[str, str], ...] = ()  # the video's own element names -> text
    alternates: tuple[tuple[str, str], ...] = ()  # language, address


class Sitemap(NamedTuple):
    kind: Literal["urlset", "index", "text", "atom", "rss"]
    entries: tuple[Entry, ...]
    is_complete: bool = True  # False: cut or broken, entries before the break are here


def read_sitemap(body: bytes, url: str | None = None) -> Sitemap:
    """The sitemap in a body, gzipped or not; SitemapError when it is none."""
    body = unpacked(body)
    start = body[:4096].replace(b"\x00", b"").decode("latin-1")
    root = _SNIFF.search(start)
    if root is None:
        return _text(body)
    name = root[1].lower()
    if name in _SITEMAP_ROOTS:
        return _xml(body, url or "", "index" if name == "sitemapindex" else "urlset")
    if name == "html":
        raise SitemapError("an HTML page, not a sitemap")
    return _feed(body, url)


def unpacked(body: bytes) -> bytes:
    """The body without gzip (also twice packed), never more than MAX_BYTES of it."""
    for _ in range(2):
        if body[:2] != b"\x1f\x8b":
            break
        unpack = zlib.decompressobj(wbits=31)
        try:
            body = unpack.decompress(body, MAX_BYTES + 1)
        except zlib.error as error:
            raise SitemapError(f"broken gzip: {error}") from error
    if len(body) > MAX_BYTES:
        raise SitemapError(f"larger than {MAX_BYTES} bytes uncompressed")
    return body


def _text(body: bytes) -> Sitemap:
    text, _ = decode(body)
    if "<" in text[:200]:
        raise SitemapError("neither a sitemap nor a list of addresses")
    found = [match[0] for line in text.splitlines()[:MAX_ENTRIES] if (match := _TEXT_LINE.fullmatch(line.strip()))]
    if not found and text.strip():
        raise SitemapError("neither a sitemap nor a list of addresses")
    return Sitemap(kind="text", entries=tuple(Entry(loc=loc) for loc in found))


def _feed(body: bytes, url: str | None) -> Sitemap:
    try:
        feed = read_feed(body, url)
    except FeedError as error:
        raise SitemapError(str(error)) from error
    return Sitemap(
        kind="atom" if feed.format == "atom" else "rss",
        entries=tuple(
            Entry(loc=loc, lastmod=item.modified_at or item.published_at, title=item.title)
            for item in feed.items
            if (loc := item.url or item.id or "").startswith(("http://", "https://"))
        ),
        is_complete=feed.is_well_formed,
    )


def _xml(body: bytes, url: str, kind: Literal["urlset", "index"]) -> Sitemap:
    stream = _Stream(url)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = stream.start
    parser.EndElementHandler = stream.end
    parser.CharacterDataHandler = stream.data
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(body.lstrip(b" \t\r\n"), True)
        return Sitemap(kind=kind, entries=tuple(stream.entries))
    except (expat.ExpatError, LookupError, ValueError):
        text = decode(body)[0]
    try:
        root, is_complete = parse_xml(_whole_entries(text))
    except FeedError as error:
        raise SitemapError(str(error)) from error
    again = _Stream(url)
    _replay(root, again)
    return Sitemap(kind=kind, entries=tuple(again.entries), is_complete=is_complete)


def _whole_entries(text: str) -> str:
    """A cut document without the entry that the cut goes through."""
    if _ROOT_END.search(text, max(0, len(text) - 2_000)):
        return text
    last = text.rfind("</url>"), text.rfind("</sitemap>")
    return text[: max(last) + 10] if max(last) >= 0 else text


def _refuse_entity(*_: Any) -> None:
    raise SitemapError("declares entities")


def _replay(node: Node, stream: _Stream) -> None:
    stream.start(node.raw, dict(node.attributes))
    for child in node.children:
        if isinstance(child, str):
            stream.data(child)
        else:
            _replay(child, stream)
    stream.end(node.raw)


class _Stream:
    """Collects entries from start, data and end events; keeps nothing of an entry that has ended."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.entries: list[Entry] = []
        self.path: list[str] = []
        self.text: list[str] = []
        self._reset()

    def _reset(self) -> None:
        self.fields: dict[str, str] = {}
        self.news: dict[str, str] = {}
        self.images: list[str] = []
        self.videos: list[dict[str, str]] = []
        self.alternates: list[tuple[str, str]] = []

    def start(self, raw: str, attributes: dict[str, str]) -> None:
        name = local_name(raw)
        if len(self.path) >= MAX_DEPTH:
            raise SitemapError(f"elements nested deeper than {MAX_DEPTH}")
        self.path.append(name)
        self.text.clear()
        if name in ("url", "sitemap") and len(self.path) == 2:
            self._reset()
        elif name == "video" and self._parent() == "url":
            self.videos.append({})
        elif (
            name == "link"
            and self._parent() == "url"
            and "href" in attributes
            and attributes.get("rel", "alternate") == "alternate"
        ):
            self.alternates.append((attributes.get("hreflang", ""), self._join(attributes["href"])))

    def data(self, text: str) -> None:
        self.text.append(text)

    def end(self, raw: str) -> None:
        name = local_name(raw)
        if not self.path:
            return
        text = "".join(self.text).strip()
        self.text.clear()
        parent = self._parent()
        if name in ("url", "sitemap") and len(self.path) == 2:
            if text.startswith(("http://", "https://")):
                self.fields.setdefault("loc", text)  # an address without its loc element
            self._finish()
        elif parent in ("url", "sitemap"):
            if text:
                self.fields.setdefault(name, text)
        elif parent == "image" and name == "loc":
            self.images.append(self._join(text))
        elif parent == "video" and self.videos and text:
            self.videos[-1].setdefault(name, text)
        elif parent in ("news", "publication") and "news" in self.path and text:
            self.news.setdefault(name, text)
        self.path.pop()

    def _parent(self) -> str:
        return self.path[-2] if len(self.path) > 1 else ""

    def _join(self, loc: str) -> str:
        if _ABSOLUTE.fullmatch(loc):  # nearly all: joining takes many times longer than reading the rest of an entry
            return loc
        try:
            return urljoin(self.url, loc)
        except ValueError:
            return loc

    def _finish(self) -> None:
        loc = self.fields.get("loc")
        if not loc or len(self.entries) >= MAX_ENTRIES:
            return
        self.entries.append(
            Entry(
                loc=self._join(loc),
                lastmod=_moment(self.fields.get("lastmod")),
                changefreq=self.fields.get("changefreq"),
                priority=_share(self.fields.get("priority")),
                news=_news(self.news) if self.news else None,
                images=tuple(self.images),
                videos=tuple(self.videos),
                alternates=tuple(self.alternates),
            )
        )


def _news(found: Mapping[str, str]) -> News:
    return News(
        title=found.get("title"),
        published_at=_moment(found.get("publication_date")),
        publication=found.get("name"),
        lang=found.get("language"),
        keywords=_list(found.get("keywords")),
        genres=_list(found.get("genres")),
        access=found.get("access"),
    )


def _list(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _moment(text: str | None) -> Moment | None:
    """W3C date and time of any precision; a year or a month means its first day."""
    if not text:
        return None
    if re.fullmatch(r"\d{4}(?:-\d{2})?", text):
        text = (text + "-01-01")[:10]
    return read_date(text, "en", strict=True)


def _share(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d(?:\.\d{1,6})?", text) else None
