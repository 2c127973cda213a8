"""Links of a page: outgoing ones, the feeds it announces, its next page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.model import Link
from collectors.urls import resolve

MAX_LINKS = 5_000  # of one page, duplicates not counted
MAX_ANCHORS = 50_000
MAX_PAGER = 500
MAX_TEXT = 500

_FEED_TYPES = re.compile(
    r"(?i)^\s*(?:application/(?:rss|atom|rdf|feed|x-rss)\+(?:xml|json)|application/(?:rss|atom)|text/(?:rss|atom)(?:\+xml)?)"
)
_FEED_HREF = re.compile(
    r"(?i)(?:/(?:feed|rss|atom)(?:/|\.xml|\.rdf|\.php|$)|(?:feed|rss|atom|index)\.(?:xml|rdf|rss|atom)$|"
    r"feeds\.feedburner\.com/|[?&]feed=(?:rss|atom)|\.rss$|\.atom$)"
)
_NEXT_TEXT = re.compile(
    r"(?i)^\s*(?:next(?: page)?|older(?: posts| entries)?|вперёд|вперед|дальше|далее|след(?:ующая|\.)?(?: страница)?|"
    r"nächste(?: seite)?|weiter|suivante?|"
    r"page suivante|siguiente|próxima|successiva|avanti|dalej|następna|наступна|volgende)\s*(?:[›»→>]{1,2})?\s*$|"
    r"^\s*[›»→>]{1,2}\s*$"
)
_NEXT_CLASS = re.compile(r"(?i)(?:^|[\s_-])(?:next|pagination[-_]*next|nextpage|older)(?:$|[\s_-])")
_PAGER = 'a[rel~="next" i][href], [class*="pag" i] a[href], [id*="pag" i] a[href], [aria-label*="pag" i] a[href]'
_PAGE_NUMBER = re.compile(
    r"(?i)(?:[?&](?:page|p|pg|paged|pagen_\d+|pagenum|seite|start|offset|from)=(\d{1,6})|/(?:page|p|seite|"
    r"стр)[/\-_]?(\d{1,6})/?(?:$|[?#]))"
)


def base_of(tree: LexborHTMLParser, url: str | None) -> str | None:
    """The address that relative links of the page are joined with: the first `base` element's, else the page's own."""
    head = tree.head
    node = head.css_first("base[href]") if head is not None else None
    href = (node.attributes.get("href") or "").strip() if node is not None else ""
    return (_joined(url, href) if href else None) or url


def _joined(base: str | None, href: str) -> str | None:
    """The absolute http(s) address without fragment; None for other schemes and for what is no address."""
    href = href.partition("#")[0].strip()
    if not href:
        return None
    return resolve(base, href) if base else resolve(href, "")


def read_links(tree: LexborHTMLParser, url: str | None) -> tuple[Link, ...]:
    """The http(s) links in document order, each address once with its first text; fragments are dropped."""
    base = base_of(tree, url)
    found: dict[str, Link] = {}
    targets: dict[str, str | None] = {}
    for node in tree.css("a[href]")[:MAX_ANCHORS]:
        attributes = node.attributes
        href = attributes["href"] or ""
        if href in targets:
            target = targets[href]
        else:
            target = targets[href] = _joined(base, href)
        if target is None:
            continue
        known = found.get(target)
        if known is not None and known.text:
            continue
        text = " ".join(node.text().split())[:MAX_TEXT] or _label(node, attributes)
        if known is not None:
            if text:
                found[target] = Link(target, text, known.rel)
            continue
        if len(found) >= MAX_LINKS:
            break
        rel = attributes.get("rel")
        found[target] = Link(target, text, tuple(rel.lower().split()) if rel else ())
    return tuple(found.values())


def _label(node: LexborNode, attributes: dict[str, str | None]) -> str:
    """What a link without text is called: its own label, else its picture's."""
    label = attributes.get("title") or attributes.get("aria-label")
    if not label and (picture := node.css_first("img[alt]")) is not None:
        label = picture.attributes.get("alt")
    return " ".join((label or "").split())[:MAX_TEXT]


def read_feeds(tree: LexborHTMLParser, url: str | None, links: Sequence[Link] | None = None) -> tuple[Link, ...]:
    """Feeds the page announces in its head; where it announces none, those of its `links` that look like feeds."""
    base = base_of(tree, url)
    head = tree.head
    found: dict[str, Link] = {}
    for node in head.css("link[href]")[:MAX_LINKS] if head is not None else ():
        attributes = node.attributes
        rel = tuple((attributes.get("rel") or "").lower().split())
        kind = attributes.get("type") or ""
        if (("alternate" in rel and _FEED_TYPES.match(kind)) or "feed" in rel) and (
            target := _joined(base, attributes["href"] or "")
        ):
            found.setdefault(target, Link(target, (attributes.get("title") or "").strip()[:MAX_TEXT], rel))
    if not found:
        for link in read_links(tree, url) if links is None else links:
            lower = link.url.lower()
            if ("rss" in lower or "feed" in lower or "atom" in lower) and _FEED_HREF.search(lower):
                found.setdefault(link.url, link)
    return tuple(found.values())


def read_next(tree: LexborHTMLParser, url: str | None, links: Sequence[Link] | None = None) -> str | None:
    """The following page of a listing: by `rel=next`, else by a link in a pager that says so or bears the next number.

    With the page's `links` at hand most pages are done without a search for a pager.
    """
    base = base_of(tree, url)
    own = _joined(None, url) if url else None
    head = tree.head
    node = head.css_first('link[rel~="next" i][href]') if head is not None else None
    if node is not None and (target := _joined(base, node.attributes["href"] or "")) and target != own:
        return target
    if links is not None:
        for link in links:
            if "next" in link.rel and link.url != own:
                return link.url
        if not any(_could_turn(link) for link in links):
            return None
    current = _page_number(own or "")
    by_number: str | None = None
    for anchor in tree.css(_PAGER)[:MAX_PAGER]:
        attributes = anchor.attributes
        target = _joined(base, attributes["href"] or "")
        if not target or target == own:
            continue
        label = " ".join(anchor.text().split()) or (attributes.get("aria-label") or attributes.get("title") or "").strip()
        if (
            "next" in (attributes.get("rel") or "").lower().split()
            or _says_next(label)
            or _NEXT_CLASS.search(attributes.get("class") or "")
        ):
            return target
        if by_number is None and _is_number(label) and int(label) == current + 1 and _page_number(target) == current + 1:
            by_number = target
    return by_number


def _could_turn(link: Link) -> bool:
    return bool(_PAGE_NUMBER.search(link.url)) if not link.text or _is_number(link.text) else _says_next(link.text)


def _is_number(label: str) -> bool:
    return 0 < len(label) <= 6 and label.isascii() and label.isdigit()


def _says_next(label: str) -> bool:
    return 0 < len(label) < 40 and bool(_NEXT_TEXT.match(label))


def _page_number(url: str) -> int:
    match = _PAGE_NUMBER.search(url)
    return int(match.group(1) or match.group(2)) if match else 1
