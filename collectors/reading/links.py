"""Links of a page: outgoing ones, the feeds it announces, its next page."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.model import Link
from collectors.reading.node_text import text_of

MAX_LINKS = 5_000  # of one page, duplicates not counted
MAX_ANCHORS = 50_000
MAX_URL = 4_000  # characters; a longer address is data, not a link
MAX_TEXT = 500

_FEED_TYPES = re.compile(r"(?i)^\s*(?:application/(?:rss|atom|rdf|feed|x-rss)\+(?:xml|json)|application/(?:rss|atom)|text/(?:rss|atom)(?:\+xml)?)")
_FEED_HREF = re.compile(r"(?i)(?:/(?:feed|rss|atom)(?:/|\.xml|\.rdf|\.php|$)|(?:feed|rss|atom|index)\.(?:xml|rdf|rss|atom)$|feeds\.feedburner\.com/|[?&]feed=(?:rss|atom)|\.rss$|\.atom$)")
_SCHEME = re.compile(r"(?i)^\s*([a-z][a-z0-9+.\-]*):")
_NEXT_TEXT = re.compile(
    r"(?i)^\s*(?:next(?: page)?|older(?: posts| entries)?|вперёд|вперед|дальше|далее|след(?:ующая|\.)?(?: страница)?|nächste(?: seite)?|weiter|suivante?|"
    r"page suivante|siguiente|próxima|successiva|avanti|dalej|następna|наступна|volgende)?\s*(?:[›»→>]{1,2})?\s*$"
)
_NEXT_CLASS = re.compile(r"(?i)(?:^|[\s_-])(?:next|pagination[-_]*next|nextpage|older)(?:$|[\s_-])")
_PAGE_NUMBER = re.compile(r"(?i)(?:[?&](?:page|p|pg|paged|pagen_\d+|pagenum|seite|start|offset|from)=(\d{1,6})|/(?:page|p|seite|стр)[/\-_]?(\d{1,6})/?(?:$|[?#]))")


class _Resolver:
    """Joins addresses of one page with its base. Most are absolute or start at the root, so a full join is the exception."""

    def __init__(self, base: str | None) -> None:
        self.base = base or ""
        try:
            parts = urlsplit(self.base)
        except ValueError:
            parts = urlsplit("")
        self.scheme = parts.scheme
        self.root = f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""

    def resolve(self, href: str) -> str | None:
        """The absolute http(s) address without fragment; None for other schemes and for what is no address."""
        href = href.strip()
        if not href or len(href) > MAX_URL or href[0] == "#":
            return None
        if "\n" in href or "\t" in href or "\r" in href:
            href = href.replace("\n", "").replace("\t", "").replace("\r", "")
        if href[:7].lower() == "http://" or href[:8].lower() == "https://":
            url = href
        elif href[0] == "/" and self.root and ".." not in href and "/./" not in href:
            url = f"{self.scheme}:{href}" if href.startswith("//") else self.root + href
        elif _SCHEME.match(href):
            return None
        else:
            try:
                url = urljoin(self.base, href)
            except ValueError:
                return None
        return url.partition("#")[0] if "#" in url else url


def base_of(tree: LexborHTMLParser, url: str | None) -> str | None:
    """The address that relative links of the page are joined with: the first `base` element's, else the page's own."""
    node = tree.css_first("base[href]") if b"<base" in (tree.raw_html or b"") or b"<BASE" in (tree.raw_html or b"") else None
    href = (node.attributes.get("href") or "").strip() if node is not None else ""
    if not href:
        return url
    try:
        joined = urljoin(url or "", href)
        return joined if urlsplit(joined).scheme in ("http", "https") else url
    except ValueError:
        return url


def read_links(tree: LexborHTMLParser, url: str | None) -> tuple[Link, ...]:
    """The http(s) links in document order, each address once with its first text; fragments are dropped."""
    resolver = _Resolver(base_of(tree, url))
    found: dict[str, Link] = {}
    resolve = resolver.resolve
    texts_of_pictures: list[tuple[str, LexborNode]] = []
    for node in tree.css("a[href], area[href]")[:MAX_ANCHORS]:
        attributes = node.attributes
        target = resolve(attributes["href"] or "")
        if target is None:
            continue
        known = found.get(target)
        if known is not None and known.text:
            continue
        text = " ".join(node.text().split())[:MAX_TEXT] or (attributes.get("title") or attributes.get("aria-label") or attributes.get("alt") or "").strip()
        if known is not None:
            if text:
                found[target] = Link(target, text, known.rel)
            continue
        if len(found) >= MAX_LINKS:
            break
        rel = attributes.get("rel")
        found[target] = Link(target, text, tuple(rel.lower().split()) if rel else ())
        if not text and len(texts_of_pictures) < MAX_TEXT:
            texts_of_pictures.append((target, node))
    for target, node in texts_of_pictures:
        if not found[target].text and (picture := node.css_first("img[alt]")) is not None:
            alt = " ".join((picture.attributes.get("alt") or "").split())
            if alt:
                found[target] = Link(target, alt[:MAX_TEXT], found[target].rel)
    return tuple(found.values())


def read_feeds(tree: LexborHTMLParser, url: str | None) -> tuple[Link, ...]:
    """Feeds the page announces in its head; where it announces none, links in its text that look like feeds."""
    resolver = _Resolver(base_of(tree, url))
    found: dict[str, Link] = {}
    for node in tree.css("link[href]")[:MAX_LINKS]:
        attributes = node.attributes
        rel = tuple((attributes.get("rel") or "").lower().split())
        kind = attributes.get("type") or ""
        if ("alternate" in rel and _FEED_TYPES.match(kind)) or "feed" in rel:
            target = resolver.resolve(attributes["href"] or "")
            if target and not kind.startswith("application/json+oembed"):
                found.setdefault(target, Link(target, (attributes.get("title") or "").strip()[:MAX_TEXT], rel))
    raw = tree.raw_html or b""
    if not found and (b"rss" in raw or b"feed" in raw or b"atom" in raw):
        for node in tree.css('a[href*="rss" i], a[href*="feed" i], a[href*="atom" i]')[:MAX_LINKS]:
            href = node.attributes["href"] or ""
            if _FEED_HREF.search(href.partition("#")[0]) and (target := resolver.resolve(href)):
                found.setdefault(target, Link(target, text_of(node)[:MAX_TEXT]))
    return tuple(found.values())


def read_next(tree: LexborHTMLParser, url: str | None) -> str | None:
    """The following page of a listing: by `rel=next`, else by a link in a pager that says so or bears the next number."""
    resolver = _Resolver(base_of(tree, url))
    own = (url or "").partition("#")[0]
    raw = tree.raw_html or b""
    if b"next" in raw or b"NEXT" in raw or b"Next" in raw:
        for node in tree.css('link[rel~="next" i][href], a[rel~="next" i][href]')[:10]:
            target = resolver.resolve(node.attributes["href"] or "")
            if target and target != own:
                return target
    if b"pag" not in raw and b"Pag" not in raw:
        return None
    current = _page_number(own)
    by_number: str | None = None
    for node in tree.css('[class*="pag" i] a[href], [id*="pag" i] a[href], [aria-label*="pag" i] a[href]')[:500]:
        attributes = node.attributes
        target = resolver.resolve(attributes["href"] or "")
        if not target or target == own:
            continue
        label = " ".join(node.text().split()) or (attributes.get("aria-label") or attributes.get("title") or "").strip()
        if label and len(label) < 40 and _NEXT_TEXT.match(label) and not re.fullmatch(r"\W*", label):
            return target
        if _NEXT_CLASS.search(attributes.get("class") or ""):
            return target
        if by_number is None and label.isdigit() and int(label[:9]) == current + 1 and _page_number(target) == current + 1:
            by_number = target
    return by_number


def _page_number(url: str) -> int:
    match = _PAGE_NUMBER.search(url)
    return int(match.group(1) or match.group(2)) if match else 1
