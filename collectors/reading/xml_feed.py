"""One reader for RSS, RDF, Atom and CDF: elements by local name, namespaces only rank those of one name."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from urllib.parse import urljoin

from collectors.reading.dates import read_date
from collectors.reading.encoding import decode
from collectors.reading.feed_items import MARKUP, Feed, FeedItem, Media, plain
from collectors.reading.feed_xml import FeedError, Node
from collectors.reading.fragments import text_from_html
from collectors.reading.model import Moment

_PICTURE = re.compile(r"""<img\s[^>]{0,500}?\bsrc\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_MAIL_NAME = re.compile(r"^\s*(?P<mail>[^\s()<>]+@[^\s()<>]+)\s*\((?P<name>[^()]*)\)\s*$")
_NAME_MAIL = re.compile(r"^\s*(?P<name>[^()<>]*?)\s*[(<]\s*(?P<mail>[^\s()<>]+@[^\s()<>]+?)\s*[)>]\s*$")
_DESCRIPTIONS = ("subtitle", "tagline", "description", "summary", "abstract", "info", "browserfriendly")
# Where an element of this name counts, and which of several goes first; unknown namespaces come last.
_PLACE = {"rss": 0, "": 0, "atom": 0, "content": 0, "xhtml": 1, "yandex": 1, "feedburner": 1, "dc": 2, "dcterms": 2, "itunes": 3}
_TEXT_TYPES = frozenset({"text", "html", "xhtml", "text/plain", "text/html", "application/xhtml+xml"})


class XmlFeed:
    """Reads one tree. A class only because every step needs the feed's own address and format."""

    def __init__(self, root: Node, url: str) -> None:
        self.url = url
        self.root = root
        name = root.name
        if name == "rss":
            self.format, self.version = "rss", root.get("version") or None
            self.channel = _child(root, "channel") or root
        elif name == "rdf":
            self.format, self.channel = "rdf", _child(root, "channel") or root
            spaces = " ".join(root.attributes.values())
            self.version = "0.90" if "simple/0.9" in spaces else "1.0"
        elif name == "feed":
            self.format, self.channel = "atom", root
            self.version = root.get("version") or ("0.3" if "purl.org/atom" in " ".join(root.attributes.values()) else "1.0")
        elif name == "channel":
            is_cdf = bool(root.get("href") or root.get("lastmod")) or any(
                e.name == "item" and e.get("href") for e in root.elements()
            )
            self.format, self.version, self.channel = ("cdf" if is_cdf else "rss"), None, root
        else:
            raise FeedError(f"root element <{root.raw[:40]}> is of no feed")
        if not url:  # what is relative is relative to the site that the feed names
            self.url = self._own_link(self.channel) or ""

    def read(self, is_well_formed: bool, encoding: str) -> Feed:
        channel = self.channel
        nodes = list(_items(channel))
        if channel is not self.root:
            nodes += _items(self.root)
        names, mails = self._authors(channel, is_feed=True)
        items = tuple(self._item(node, names) for node in nodes)
        images = [
            node
            for parent in (channel, self.root)
            for node in parent.elements()
            if node.name == "image" and node.space in ("rss", "")
        ]
        description = next((found for name in _DESCRIPTIONS if (found := self._field(channel, name))), None)
        links = self._links(channel)
        return Feed(
            format=self.format,
            version=self.version,
            title=self._field(channel, "title"),
            url=self._own_link(channel),
            feed_url=links.get("self"),
            next_url=links.get("next") or links.get("prev-archive"),
            hub_url=links.get("hub"),
            id=_text(_child(channel, "id")) or channel.get("about") or None,
            description=description,
            lang=_lang(_text(_child(channel, "language")) or channel.lang or self.root.lang),
            authors=names,
            author_emails=mails,
            published_at=self._date(channel, "pubdate", "published", "issued", "date"),
            modified_at=self._date(channel, "updated", "lastbuilddate", "modified") or _moment(channel.get("lastmod")),
            tags=self._tags(channel),
            image_url=self._feed_image(channel, images),
            rights=next((found for name in ("copyright", "rights") if (found := self._field(channel, name))), None),
            generator=_text(_child(channel, "generator")) or None,
            items=items,
            is_well_formed=is_well_formed,
            encoding=encoding,
        )

    def _item(self, node: Node, feed_authors: tuple[str, ...]) -> FeedItem:
        names, mails = self._authors(node)
        if not names and self.format == "atom":
            source = _child(node, "source")
            names = (self._authors(source)[0] if source else ()) or feed_authors
        markup, is_html = self._content(node)
        summary = next(
            (found for name in ("summary", "description", "abstract", "subtitle") if (found := self._field(node, name))), None
        )
        text = text_from_html(markup) if is_html and MARKUP.search(markup) else markup.strip()
        tags = self._tags(node)
        source = _child(node, "source")
        genre = _child(node, "genre", ("yandex",))
        media = tuple(self._media(node))
        guid = _child(node, "guid")
        return FeedItem(
            id=_text(guid) or _text(_child(node, "id")) or node.get("about") or self._own_link(node),
            url=self._own_link(node) or self._permalink(node, guid),
            title=self._field(node, "title"),
            authors=names,
            author_emails=mails,
            published_at=self._date(node, "pubdate", "published", "issued", "date", "created", "publication_date")
            or self._date(node, "updated", "modified"),
            modified_at=self._date(node, "updated", "modified") or _moment(node.get("lastmod")),
            text=text,
            html=markup if is_html else "",
            summary=summary,
            tags=tags,
            section=_text(genre) if genre else (tags[0] if tags else None),
            lang=_lang(_text(_child(node, "language")) or node.lang),
            media=media,
            image_url=self._image(node, media, markup),
            comments_url=self._join(node, _text(_child(node, "comments", ("rss", "", "atom")))),
            comment_count=_number(_text(_child(node, "comments", ("slash",))) or _text(_child(node, "total"))),
            source_title=(self._field(source, "title") or plain(source.own_text())) if source else None,
            source_url=(self._own_link(source) or self._join(node, source.get("url"))) if source else None,
        )

    # ---- values

    def _field(self, node: Node, name: str) -> str | None:
        """A line of text: the format's own element first, then one of an extension, then Dublin Core."""
        found: list[tuple[int, Node]] = [
            (_PLACE.get(child.space, 9), child) for child in node.elements() if child.name == name and child.space != "media"
        ]
        found.sort(key=lambda entry: entry[0])
        for _, child in found:
            markup, is_html = self._markup(child)
            if text := plain(markup, is_html):
                return text
        return None

    def _markup(self, node: Node) -> tuple[str, bool]:
        """What an element holds, and whether it is HTML: by `type` and `mode` in Atom, always in RSS."""
        kind = (node.get("type") or "").lower()
        if node.elements():
            return node.markup().strip(), True
        text = node.own_text().strip()
        if node.get("mode").lower() == "base64" or (
            self.format == "atom" and kind and kind not in _TEXT_TYPES and "/" in kind and "xml" not in kind
        ):
            return _from_base64(text), "html" in kind
        if self.format == "atom" and node.space in ("atom", ""):
            is_escaped = kind in ("html", "xhtml", "text/html", "application/xhtml+xml") or node.get("mode").lower() == "escaped"
            return text, is_escaped
        return text, True

    def _content(self, node: Node) -> tuple[str, bool]:
        """The fullest text of an item."""
        best: tuple[str, bool] = ("", True)
        for name in (
            "encoded",
            "full-text",
            "fullitem",
            "content",
            "body",
            "description",
            "summary",
            "abstract",
            "tagline",
            "subtitle",
        ):
            for child in node.elements():
                if child.name != name or child.space not in _PLACE:
                    continue
                markup = self._markup(child)
                if markup[0] and (not best[0] or (name in ("content", "encoded") and len(markup[0]) > len(best[0]))):
                    best = markup
            if best[0]:
                return best
        for child in _below(node, "description", "media"):
            return child.text().strip(), (child.get("type") or "plain").lower() == "html"
        return best

    def _date(self, node: Node, *names: str) -> Moment | None:
        for name in names:
            for child in node.elements():
                if child.name == name and (moment := _moment(child.own_text())):
                    return moment
        return None

    def _authors(self, node: Node | None, is_feed: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
        names: dict[str, None] = {}
        mails: dict[str, None] = {}
        if node is None:
            return (), ()
        for wanted in ("author", "creator", "managingeditor") if is_feed else ("author", "creator"):
            for child in node.elements():
                if child.name != wanted or child.space in ("itunes", "media"):
                    continue
                name, mail = _person(child)
                if name:
                    names[name] = None
                if mail:
                    mails[mail] = None
        if not names and not mails:
            for child in node.elements():
                if child.space == "itunes" and child.name in ("author", "owner"):
                    name, mail = _person(child)
                    if name and not names:
                        names[name] = None
                    if mail:
                        mails[mail] = None
        return tuple(names), tuple(mails)

    def _tags(self, node: Node) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for child in node.elements():
            if child.name == "category":
                for category in (child, *(below for below in child.elements() if below.name == "category")):
                    text = category.get("label") or category.get("term") or category.get("text") or _line(_literal(category))
                    if text:
                        found[text] = None
            elif child.name == "subject" and child.space == "dc":
                if text := _line(child.own_text()):
                    found[text] = None
            elif child.name == "keywords":
                for part in child.own_text().split(","):
                    if text := _line(part):
                        found[text] = None
        return tuple(found)

    # ---- addresses

    def _join(self, node: Node, href: str | None) -> str | None:
        href = (href or "").strip()
        if not href:
            return None
        base = self.url
        try:
            for part in node.base.split("\n"):
                if part:
                    base = urljoin(base, part.strip())
            return urljoin(base, href)
        except ValueError:
            return href

    def _links(self, node: Node) -> dict[str, str]:
        """Addresses by relation; of several alternates the page, not another format of the feed."""
        found: dict[str, str] = {}
        is_page = False
        for child in node.elements():
            if child.name != "link" or not child.get("href"):
                continue
            rel = child.get("rel").lower().rpartition("/")[2] or "alternate"
            address = self._join(child, child.get("href"))
            is_html = "html" in child.get("type").lower()
            if address and (rel not in found or (rel == "alternate" and is_html and not is_page)):
                found[rel] = address
                is_page = is_page or (rel == "alternate" and is_html)
        return found

    def _own_link(self, node: Node) -> str | None:
        for child in node.elements():
            if child.name == "origlink":
                return self._join(child, child.own_text())
        for child in reversed(node.elements()):
            if child.name == "link" and child.space in ("rss", "", "atom") and not child.get("href") and child.own_text().strip():
                return self._join(child, child.own_text())
        if alternate := self._links(node).get("alternate"):
            return alternate
        if self.format == "cdf" and node.get("href"):
            return self._join(node, node.get("href"))
        for child in node.elements():
            if child.name == "a" and child.get("href"):
                return self._join(child, child.get("href"))
        return self._join(node, node.get("about")) if self.format == "rdf" else None

    def _permalink(self, node: Node, guid: Node | None) -> str | None:
        if guid is not None and guid.get("isPermaLink").lower() != "false":
            text = _text(guid)
            if text.startswith(("http://", "https://")) or (guid.get("isPermaLink").lower() == "true" and text):
                return self._join(guid, text)
        content = _child(node, "content")
        if content is not None and content.get("src"):
            return self._join(content, content.get("src"))
        return None

    def _media(self, node: Node) -> Iterator[Media]:
        seen: set[str] = set()
        candidates = [child for child in node.elements() if child.name == "enclosure"]
        candidates += [child for child in node.elements() if child.name == "link" and child.get("rel").lower() == "enclosure"]
        candidates += list(_below(node, "content", "media"))
        for child in candidates:
            address = self._join(child, child.get("url") or child.get("href"))
            if not address or address in seen:
                continue
            seen.add(address)
            duration = child.get("duration") or _text(_child(node, "duration", ("itunes",)))
            yield Media(
                url=address,
                media_type=child.get("type") or None,
                length=_number(child.get("length") or child.get("filesize")),
                seconds=_seconds(duration),
                title=child.get("title") or plain(_text(_child(child, "title"))) or None,
            )

    def _feed_image(self, channel: Node, images: list[Node]) -> str | None:
        candidates = [_text(_child(image, "url")) for image in images]
        candidates += [node.get("href") for node in channel.elements() if node.name == "image"]
        candidates += [node.get("href") for node in channel.elements() if node.name == "link" and node.space == "itunes"]
        candidates += [_text(_child(channel, "logo")), _text(_child(channel, "icon"))]
        candidates += [node.get("url") for name in ("thumbnail", "content") for node in _below(channel, name, "media", 1)]
        candidates += [_first_picture(node.text()) for node in channel.elements() if node.name in _DESCRIPTIONS]
        return next((address for href in candidates if (address := self._join(channel, href))), None)

    def _image(self, node: Node, media: tuple[Media, ...], markup: str) -> str | None:
        for child in _below(node, "thumbnail", "media"):
            if address := self._join(child, child.get("url") or child.own_text()):
                return address
        for child in node.elements():
            is_image = child.name == "image" or (child.name == "link" and child.space == "itunes")
            href = (child.get("href") or _text(_child(child, "url")) or child.own_text()) if is_image else ""
            if address := self._join(child, href):
                return address
        picture = next((file.url for file in media if (file.media_type or "").startswith("image")), None)
        return picture or self._join(node, _first_picture(markup))


def _literal(node: Node) -> str:
    """What an element holds as it is written; a tag with markup in it is that markup."""
    return node.markup() if node.elements() else node.own_text()


def _items(node: Node) -> Iterator[Node]:
    """Items below a node, those that stand inside another by mistake too."""
    for child in node.elements():
        if child.name in ("item", "entry"):
            yield child
            yield from _items(child)


def _first_picture(markup: str) -> str:
    match = _PICTURE.search(markup[:20_000])
    return html.unescape(match[1]) if match else ""


def _child(node: Node | None, name: str, spaces: tuple[str, ...] | None = None) -> Node | None:
    if node is None:
        return None
    return next((child for child in node.elements() if child.name == name and (spaces is None or child.space in spaces)), None)


def _below(node: Node, name: str, space: str, depth: int = 3) -> Iterator[Node]:
    for child in node.elements():
        if child.space == space:
            if child.name == name:
                yield child
            elif depth:
                yield from _below(child, name, space, depth - 1)


def _text(node: Node | None) -> str:
    return _line(node.text()) if node is not None else ""


def _line(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _person(node: Node) -> tuple[str, str]:
    """Name and mail address of an author element, in whichever order RSS has them."""
    name, mail = _text(_child(node, "name")), _text(_child(node, "email"))
    if name or mail:
        return name, mail
    text = _line(node.own_text())[:300]
    if match := _MAIL_NAME.match(text) or _NAME_MAIL.match(text):
        return match["name"].strip(), match["mail"]
    return ("", text) if re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", text) else (plain(text) or "", "")


def _moment(text: str) -> Moment | None:
    return read_date(_line(text), "en", strict=True) if text else None


def _lang(text: str) -> str | None:
    match = re.match(r"[a-zA-Z]{2,3}(?=$|[-_])", text.strip()) if text else None
    return match[0].lower() if match else None


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _seconds(text: str) -> int | None:
    """Seconds, mm:ss or hh:mm:ss."""
    parts = text.strip().split(":") if text else []
    if not parts or len(parts) > 3 or not all(part.isascii() and part.isdigit() and len(part) < 8 for part in parts):
        return None
    total = 0
    for part in parts:
        total = total * 60 + int(part)
    return total


def _from_base64(text: str) -> str:
    try:
        return decode(base64.b64decode(text, validate=False))[0]
    except binascii.Error:
        return text
