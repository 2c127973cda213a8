"""What the head of a page declares, gathered in one pass for the readers of title, authors and dates."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from collectors.reading.document import TAG_IDS, Attributes, Document
from collectors.reading.model import Item
from collectors.reading.native.walking import attributes as attributes_of
from collectors.reading.native.walking import texts

MOST_NODES = 5_000  # metas and links read of one page; a hostile page has a million
_MOST_SHOWN = 20
_DATES = frozenset(("datepublished", "datecreated"))
_REPLIES = frozenset(("Comment", "UserComments", "Answer", "UserReview"))
_SILENT = bytes(tag in (TAG_IDS["script"], TAG_IDS["style"]) for tag in range(256))  # as `texts` takes it
_REPLY_WORDS = ("review", "comment", "answer")
_ZERO_WIDTH = "\u200b\ufeff\u2060"
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
# Absolute addresses of plain characters, without a fragment: joining gives them back as they are.
_ABSOLUTE = re.compile(r"https?://[\w.-]+(?::\d+)?(?:/[\w.~%!$&'()*+,=:@/-]*)?(?:\?[\w.~%!$&'()*+,;=:@/?-]+)?", re.ASCII)
_BEFORE_HOST = re.compile(r"^https?://(?:www\.|m\.)?")
_ARTICLES = """
Article NewsArticle ReportageNewsArticle AnalysisNewsArticle OpinionNewsArticle BackgroundNewsArticle ReviewNewsArticle
BlogPosting LiveBlogPosting SocialMediaPosting TechArticle ScholarlyArticle AdvertiserContentArticle SatiricalArticle
Report Review CriticReview
"""
ARTICLE_TYPES = frozenset(_ARTICLES.split())
_WORKS = """
VideoObject AudioObject PodcastEpisode Recipe DiscussionForumPosting Question QAPage Event Product Course HowTo
CreativeWork Book Movie TVEpisode MediaObject ImageObject Photograph JobPosting SoftwareApplication
"""
REVIEW_TYPES = frozenset(("Review", "CriticReview", "UserReview"))
_REVIEWED = frozenset(("Product", "ProductGroup", "LocalBusiness", "Hotel", "Restaurant", "SoftwareApplication"))
WORK_TYPES = ARTICLE_TYPES | frozenset(_WORKS.split())
PAGE_TYPES = frozenset(
    {"WebPage", "ItemPage", "AboutPage", "ContactPage", "FAQPage", "ProfilePage", "CollectionPage", "MedicalWebPage"}
)


class Head(NamedTuple):
    """Declarations of a page: `metas` by lower-case key in page order; headings and times ride along."""

    metas: Mapping[str, Sequence[str]]
    title: str | None
    lang: str | None
    base: str | None
    h1s: tuple[str, ...]
    times: tuple[str, ...]  # `datetime` of the first `time` elements
    published: tuple[str, ...]  # of elements marked datePublished or dateCreated, whatever scope they are in

    def first(self, *keys: str) -> str | None:
        """The first non-empty value of the first key that has one."""
        for key in keys:
            for value in self.metas.get(key, ()):
                return value
        return None

    def all(self, *keys: str) -> Iterator[str]:
        for key in keys:
            yield from self.metas.get(key, ())


def read_head(document: Document, url: str | None) -> Head:
    has_replies = _has_replies(document)
    base = next((href for _, _, attributes in document.tagged("base") if (href := attributes.get("href"))), None)
    roots = document.tagged("html")
    attributes = roots[0][2] if roots else {}
    return Head(
        metas=_declared(document, has_replies=has_replies),
        title=next((title for node, _, _ in document.tagged("title")[:_MOST_SHOWN] if (title := clean(node.text()))), None),
        lang=attributes.get("lang") or attributes.get("xml:lang"),
        base=join(url, base) if base else url,
        h1s=tuple(text for node, _, _ in document.tagged("h1")[:_MOST_SHOWN] if (text := clean(node.text(separator=" ")))),
        times=tuple(stamp for _, _, attributes in document.tagged("time")[:_MOST_SHOWN] if (stamp := attributes.get("datetime"))),
        published=tuple(_published(document, has_replies=has_replies)),
    )


def _declared(document: Document, *, has_replies: bool) -> dict[str, list[str]]:
    """What the `meta` elements declare by lower-case key, those left out that tell of what a reader wrote."""
    metas = document.metas[:MOST_NODES]
    if has_replies:
        nodes = (node for node, _, _ in document.tagged("meta"))
        metas = [meta for meta, node in zip(metas, nodes, strict=False) if meta[2] is None or not _is_of_a_reply(node)]
    found: dict[str, list[str]] = {}
    for declared, name, itemprop, http_equiv, content, value in metas:
        text = clean(content or value)  # some templates write value
        if not text:
            continue
        for key in (declared, name, itemprop, http_equiv):
            if key:
                found.setdefault(key.strip().lower(), []).append(text)
    return found


def linked(document: Document, rel: str) -> Iterator[str | None]:
    """The addresses of the `link` elements of a relation."""
    for _, tag, attributes in document.valued("rel", rel)[:MOST_NODES]:
        if tag == "link" and rel in (attributes["rel"] or "").lower().split():
            yield attributes.get("href")


def _has_replies(document: Document) -> bool:
    """Whether microdata tells readers' reviews, comments or answers from the page itself."""
    return bool(document.valued("itemtype", *_REPLY_WORDS) or document.valued("itemprop", *_REPLY_WORDS))


def _is_reply(names: str) -> bool:
    lower = names.lower()
    return any(word in lower for word in _REPLY_WORDS)


def _is_of_a_reply(node: LexborNode) -> bool:
    """Whether a property belongs to what a reader wrote; a page that is a review itself is a thing of its own."""
    scope = scope_around(node)
    kind = (scope.get("itemtype") or "").rpartition("/")[2]
    return kind in _REPLIES or _is_reply(scope.get("itemprop") or "")


def scope_around(node: LexborNode) -> Attributes:
    """The attributes of the element whose microdata item an element belongs to; empty for none."""
    parent = node.parent
    while parent is not None:
        attributes = attributes_of(parent)
        if "itemscope" in attributes:
            return attributes
        parent = parent.parent
    return {}


def _published(document: Document, *, has_replies: bool) -> Iterator[str]:
    left = _MOST_SHOWN
    for node, tag, attributes in document.valued("itemprop", *_DATES):
        if tag == "meta" or _DATES.isdisjoint((attributes["itemprop"] or "").lower().split()):
            continue
        if not (has_replies and _is_of_a_reply(node)):
            yield attributes.get("datetime") or attributes.get("content") or clean(node.text(separator=" "))[:100]
        left -= 1
        if not left:
            return


def clean(text: object) -> str:
    """One line without doubled spaces; entities that were escaped twice are read."""
    if not isinstance(text, str):
        return ""
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    if not text.isprintable():
        for mark in _ZERO_WIDTH:
            if mark in text:
                text = text.replace(mark, "")
    elif "  " not in text:  # the white space that is printable is a space
        return text.strip(" ")
    return " ".join(text.split())


def short_text(node: LexborNode, most: int) -> str:
    """The visible text of a node; empty when it has more than `most` characters, found out without reading them all."""
    parts: list[str] = []
    size = 0
    for raw in texts(node, _SILENT, most, 10 * most) or ():
        if raw.isspace() or not (piece := clean(raw)):
            continue
        parts.append(piece)
        size += len(piece)
        if size > most:
            return ""
    return " ".join(parts)


def join(base: str | None, href: str | None) -> str | None:
    """An address made absolute; None when it is no http address or cannot be parsed."""
    if not href or len(href) > 4_000:
        return None
    if _ABSOLUTE.fullmatch(href):
        return href
    try:
        joined = urljoin(base or "", href.strip())
    except ValueError:
        return None
    return joined if joined.startswith(("http://", "https://")) else None


def values(item: Item, *names: str) -> Iterator[Any]:
    """The values of properties, lists opened."""
    for name in names:
        value = item.properties.get(name)
        if value is None:
            continue
        if isinstance(value, (list, tuple)):
            yield from value
        else:
            yield value


def text_of(value: Any) -> str:
    """A property value as text: itself, or the name of the thing it is."""
    if isinstance(value, Item):
        return next((found for name in ("name", "@value", "url", "@id") if (found := clean(_first(value, name)))), "")
    return clean(value)


def _first(item: Item, name: str) -> Any:
    return next(values(item, name), None)


def first_text(item: Item, *names: str) -> str:
    return next((found for value in values(item, *names) if (found := text_of(value))), "")


def main_items(items: Sequence[Item], addresses: frozenset[str], title: str) -> list[Item]:
    """The items that speak of the page itself, best first: articles, then other works, then the page."""
    found: list[tuple[int, Item]] = []
    is_review = sum(item.type in REVIEW_TYPES for item in items) == 1 and not any(item.type in _REVIEWED for item in items)
    for item in _own(items):
        kind = item.type
        if kind in REVIEW_TYPES and not is_review:
            continue  # one of the readers' reviews of what the page is about
        if kind in ARTICLE_TYPES or kind.endswith("NewsArticle"):
            rank = 0
        elif kind in WORK_TYPES:
            rank = 1
        elif kind in PAGE_TYPES or kind.endswith("Page"):
            rank = 2
        else:
            continue
        found.append((rank + (item.origin in ("microdata", "rdfa")), item))
    if len(found) > 1:
        found = [(rank - 2 * _is_of_page(item, addresses, title), item) for rank, item in found]
        found.sort(key=lambda entry: entry[0])
    return [item for _, item in found]


def _is_of_page(item: Item, addresses: frozenset[str], title: str) -> bool:
    """Whether an item has the page's own address or title."""
    headline = first_text(item, "headline", "name").casefold()
    if headline and (headline in title or (title and title in headline)):
        return True
    return any(address_key(text_of(value)) in addresses for value in values(item, "url", "@id", "mainEntityOfPage"))


def _own(items: Sequence[Item]) -> Iterator[Item]:
    for item in items[:500]:
        yield item
        for value in values(item, "mainEntity", "mainEntityOfPage"):
            if isinstance(value, Item):
                yield value


def address_key(url: str | None) -> str:
    """What two spellings of one page's address share."""
    if not url:
        return ""
    return _BEFORE_HOST.sub("", url.split("#", 1)[0].split("?", 1)[0], count=1).rstrip("/").casefold()
