"""Links of a page: outgoing ones, the feeds it announces, its next page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product, repeat

from selectolax.lexbor import LexborNode

from collectors.reading.bases import MAX_ANCHORS, MAX_LINKS, absolute, base_among
from collectors.reading.document import Attributes, Document
from collectors.reading.model import Link
from collectors.reading.native.walking import attributes as attributes_of
from collectors.urls import origin_of

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
# How each of these begins, asked first.
_NEXT_STARTS = frozenset(
    ["nex", "old", "впе", "дал", "сле", "näc", "wei", "sui", "pag", "sig", "pró", "suc", "ava", "dal", "nas", "нас", "vol"]
)
# The same in letters of any size: most texts of links are done with one question.
_ANY_STARTS = frozenset(
    "".join(letters) for start in _NEXT_STARTS for letters in product(*zip(start, start.upper(), strict=True))
)
_TURNING = frozenset(("", *"›»→>0123456789"))
_NEXT_CLASS = re.compile(r"(?i)(?:^|[\s_-])(?:next|pagination[-_]*next|nextpage|older)(?:$|[\s_-])")
_PAGE_NUMBER = re.compile(
    r"(?i)(?:[?&](?:page|p|pg|paged|pagen_\d+|pagenum|seite|start|offset|from)=(\d{1,6})|/(?:page|p|seite|"
    r"стр)[/\-_]?(\d{1,6})/?(?:$|[?#]))"
)


def base_of(document: Document, url: str | None) -> str | None:
    """The address that relative links of the page are joined with: the first `base` element's, else the page's own."""
    return base_among((attributes.get("href") for _, _, attributes in document.tagged("base")), url)


def read_links(document: Document, url: str | None, *, most_text: int = MAX_TEXT) -> tuple[Link, ...]:
    """The http(s) links in document order, each address once with its first text; fragments are dropped.

    With a `most_text` of 0 the texts are left empty.
    """
    base = base_of(document, url)
    joined: dict[str, str | None] = {}

    def join(href: str) -> str | None:
        if href not in joined:
            joined[href] = absolute(base, href)
        return joined[href]

    addresses, texts, rels = document.links(MAX_ANCHORS, MAX_LINKS, most_text, origin_of(base) if base else "", join)
    words = [tuple(rel.lower().split()) if rel else () for rel in rels]
    # Link(...) of each, in half the time: there are hundreds
    return tuple(map(tuple.__new__, repeat(Link), zip(addresses, texts, words, strict=True)))


def read_feeds(document: Document, url: str | None, links: Sequence[Link] | None = None) -> tuple[Link, ...]:
    """Feeds the page announces in its head; where it announces none, those of its `links` that look like feeds.

    Of `links` those do that hold one of link_words.FEED_WORDS.
    """
    base = base_of(document, url)
    found: dict[str, Link] = {}
    for _, tag, attributes in document.valued("rel", "alternate", "feed")[:MAX_LINKS]:
        if tag != "link":
            continue
        rel = tuple((attributes["rel"] or "").lower().split())
        if (("alternate" in rel and _FEED_TYPES.match(attributes.get("type") or "")) or "feed" in rel) and (
            target := absolute(base, attributes.get("href") or "")
        ):
            found.setdefault(target, Link(target, (attributes.get("title") or "").strip()[:MAX_TEXT], rel))
    if not found:
        for link in read_links(document, url) if links is None else links:
            if _FEED_HREF.search(link.url.lower()):
                found.setdefault(link.url, link)
    return tuple(found.values())


def read_next(document: Document, url: str | None, links: Sequence[Link] | None = None) -> str | None:
    """The following page of a listing: by `rel=next`, else by a link in a pager that says so or bears the next number.

    With the page's `links` at hand most pages are done without a search for a pager.
    """
    base = base_of(document, url)
    own = absolute(None, url) if url else None
    related = document.valued("rel", "next")
    for _, tag, attributes in related:
        if tag == "link" and _is_next(attributes):
            target = absolute(base, attributes.get("href") or "")
            if target and target != own:
                return target
            break
    called = [attributes["class"] for _, tag, attributes in document.called("next", "older") if tag == "a"]
    classes = {name for name in called if name and _NEXT_CLASS.search(name)}
    is_said = bool(classes) or any(tag == "a" for _, tag, _ in related)
    if links is not None and not is_said:
        beginning = [link for link in links if link.text[:3] in _ANY_STARTS or link.text[:1] in _TURNING]
        if not any(map(_could_turn, beginning)):
            return None
    following = _page_number(own or "") + 1
    by_number: str | None = None
    for node, _, attributes in document.tagged("a")[:MAX_ANCHORS]:
        is_next = _is_next(attributes)
        says_next = is_next or attributes.get("class") in classes
        if not says_next:
            text = node.text_lexbor().strip()
            if not _begins_so(text):
                continue
            label = " ".join(text.split()) or (attributes.get("aria-label") or attributes.get("title") or "").strip()
            says_next = _says_next(label)
            if not says_next and (by_number is not None or not _is_number(label) or int(label) != following):
                continue
        target = absolute(base, attributes.get("href") or "")
        if not target or target == own or not (is_next or _is_in_pager(node)):
            continue
        if says_next:
            return target
        if _page_number(target) == following:
            by_number = target
    return by_number


def _is_next(attributes: Attributes) -> bool:
    rel = attributes.get("rel")
    return rel is not None and "next" in rel.lower().split()


def _is_in_pager(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None:
        attributes = attributes_of(parent)
        if any("pag" in (attributes.get(name) or "").lower() for name in ("class", "id", "aria-label")):
            return True
        parent = parent.parent
    return False


def _begins_so(text: str) -> bool:
    """Whether a link may be called the next page or a number: by its first letters, or as it has no text."""
    return text[:3] in _ANY_STARTS or text[:1] in _TURNING


def _could_turn(link: Link) -> bool:
    """Whether a link that begins so may lead to the next page."""
    return bool(_PAGE_NUMBER.search(link.url)) if not link.text or _is_number(link.text) else _says_next(link.text)


def _is_number(label: str) -> bool:
    return 0 < len(label) <= 6 and label.isascii() and label.isdigit()


def _says_next(label: str) -> bool:
    return 0 < len(label) < 40 and _begins_so(label) and bool(_NEXT_TEXT.match(label))


def _page_number(url: str) -> int:
    match = _PAGE_NUMBER.search(url)
    return int(match.group(1) or match.group(2)) if match else 1
