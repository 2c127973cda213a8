"""XML of feeds and sitemaps to a small tree: strict parsing by expat, and a tolerant reading of what expat refuses.

Hostile input: a document type is dropped unread, so no entity is ever expanded and no file or address opened; one that
declares entities made of entities, or entities from outside, is refused. Depth and the number of elements are bounded.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from html.entities import html5
from itertools import islice
from xml.parsers import expat

MAX_DEPTH = 200
MAX_ATTRIBUTES = 100  # of one element; the rest is dropped
MAX_ELEMENTS = 300_000
_PREFIXES = {
    "http://www.w3.org/2005/atom": "atom",
    "http://purl.org/atom/ns": "atom",
    "http://purl.org/net/rss1.1": "rss",
    "http://purl.org/rss/1.0": "rss",
    "http://my.netscape.com/rdf/simple/0.9": "rss",
    "http://channel.netscape.com/rdf/simple/0.9": "rss",
    "http://backend.userland.com/rss": "rss",
    "http://blogs.law.harvard.edu/tech/rss": "rss",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns": "rdf",
    "http://purl.org/dc/elements/1.1": "dc",
    "http://purl.org/dc/elements/1.0": "dc",
    "http://purl.org/dc/terms": "dcterms",
    "http://purl.org/rss/1.0/modules/content": "content",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://www.itunes.com/dtds/podcast-1.0": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://search.yahoo.com/mrss": "media",
    "http://video.search.yahoo.com/mrss": "media",
    "http://tools.search.yahoo.com/mrss": "media",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://purl.org/rss/1.0/modules/slash": "slash",
    "http://wellformedweb.org/commentapi": "wfw",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://news.yandex.ru": "yandex",
    "http://purl.org/syndication/thread/1.0": "thr",
    "http://www.sitemaps.org/schemas/sitemap/0.9": "sitemap",
    "http://www.google.com/schemas/sitemap": "sitemap",
    "http://www.google.com/schemas/sitemap-news/0.9": "news",
    "http://www.google.com/schemas/sitemap-image/1.1": "image",
    "http://www.google.com/schemas/sitemap-video/1.1": "video",
}
# A prefix that nobody declared means what it means everywhere: itself, but for a few.
_SPACE_OF_PREFIX = {"atom10": "atom", "atom03": "atom", "a10": "atom", "sm": "sitemap"}
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_PROLOG = re.compile(r"\A[^<]{0,4000}")
_DECLARATION = re.compile(r"<\?xml[^>]{0,500}\?>", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[(?P<subset>(?:[^\]\"']|\"[^\"]*\"|'[^']*')*)\]\s*)?>", re.IGNORECASE)
_ENTITY_DECLARATION = re.compile(
    r"<!ENTITY\s+(?P<parameter>%\s+)?(?P<name>[\w.:-]+)\s+(?:(?P<outside>SYSTEM|PUBLIC)\b|(?P<quote>[\"'])(?P<value>.*?)(?P=quote))",
    re.IGNORECASE | re.DOTALL,
)
_NAMED = re.compile(r"&([A-Za-z_][\w.-]{0,40});")
_BARE = re.compile(r"&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_TOKEN = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)|<!--(?:.*?-->|.*\Z)|<[?!][^>]*>"
    r"|<(?P<slash>/?)(?P<name>[A-Za-z_][\w:.-]*)(?P<rest>[^<>]*?)(?P<closed>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([A-Za-z_][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")


class FeedError(Exception):
    """Bytes that are no feed or sitemap, or one that no one should read; the message names which."""


def local_name(raw: str) -> str:
    """The name of an element without its prefix, in lower case."""
    return raw.rpartition(":")[2].lower()


class Node:
    """An element: lower-case local name, short name of its namespace, attributes as written, children in order."""

    __slots__ = ("attributes", "base", "children", "lang", "name", "nodes", "raw", "space")

    def __init__(self, raw: str, space: str, attributes: Mapping[str, str], base: str, lang: str) -> None:
        self.raw = raw
        self.name = local_name(raw)
        self.space = space
        self.attributes = attributes
        self.base = base  # xml:base in force, joined by the reader
        self.lang = lang  # xml:lang in force
        self.children: list[Node | str] = []
        self.nodes: list[Node] = []  # the elements among the children

    def get(self, name: str) -> str:
        """An attribute by its local name, empty when absent."""
        found = self.attributes.get(name)
        if found is None:
            found = next((value for key, value in self.attributes.items() if key.rpartition(":")[2].lower() == name), "")
        return found.strip()

    def elements(self) -> list[Node]:
        return self.nodes

    def own_text(self) -> str:
        return "".join(child for child in self.children if isinstance(child, str))

    def text(self) -> str:
        """All text below."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def markup(self) -> str:
        """The children written out again, as inline XHTML is kept."""
        parts: list[str] = []
        for child in self.children:
            if isinstance(child, str):
                parts.append(html.escape(child, quote=False))
            else:
                name = child.raw.rpartition(":")[2]
                attributes = "".join(
                    f' {key}="{html.escape(value)}"' for key, value in child.attributes.items() if key[:5] != "xmlns"
                )
                inner = child.markup()
                parts.append(f"<{name}{attributes}>{inner}</{name}>" if inner or name not in _VOID else f"<{name}{attributes} />")
        return "".join(parts)


_VOID = frozenset({"br", "img", "hr", "input", "area", "col", "meta", "link", "wbr"})


def parse_xml(text: str) -> tuple[Node, bool]:
    """The root element and whether the text was well formed. FeedError when there is no element, or it is an XML bomb."""
    text = _prepared(text)
    try:
        return _strict(text), True
    except expat.ExpatError:
        return _tolerant(text), False


def _prepared(text: str) -> str:
    """The document without declaration and document type; named entities of HTML are characters."""
    text = _PROLOG.sub("", text.replace("\ufeff", ""), count=1)
    text = _CONTROL.sub("", text)
    text = _DECLARATION.sub("", text, count=1)
    own: dict[str, str] = {}
    head = text[:200_000]
    if match := _DOCTYPE.search(head):
        own = _own_entities(match["subset"] or "")
        text = text[: match.start()] + text[match.end() :]
    elif "<!ENTITY" in head.upper() and re.search(r"<!DOCTYPE", head[:4000], re.IGNORECASE):
        raise FeedError("a document type with entities that does not end")
    budget = len(text) + 1_000_000

    def resolve(match: re.Match[str]) -> str:
        nonlocal budget
        name = match[1]
        if name in _XML_ENTITIES:
            return match[0]
        value = own.get(name)
        if value is None:
            value = html5.get(name + ";")
            if value is None:
                return match[0]
        budget -= len(value)
        if budget < 0:
            raise FeedError("entities that expand without bound")
        return value.replace("&", "&amp;").replace("<", "&lt;")

    if "&" in text:
        parts = re.split(r"(<!\[CDATA\[.*?(?:\]\]>|\Z))", text, flags=re.DOTALL) if "<![CDATA[" in text else [text]
        text = "".join(part if part.startswith("<![CDATA[") else _NAMED.sub(resolve, part) for part in parts)
    return text


def _own_entities(subset: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ENTITY_DECLARATION.finditer(subset):
        if match["parameter"]:
            continue  # declared sets of named characters: known without them
        if match["outside"]:
            raise FeedError(f"entity {match['name']} comes from outside")
        value = match["value"]
        if re.search(r"[&%](?!#)", value):
            raise FeedError(f"entity {match['name']} is made of entities")
        found[match["name"]] = html.unescape(value)
    return found


class _Builder:
    """Makes the tree from start, end and text events; both parsers feed it."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.stack: list[Node] = []
        self.spaces: list[dict[str, str]] = [{}]
        self.count = 0

    def start(self, raw: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.stack) >= MAX_DEPTH:
            raise FeedError(f"elements nested deeper than {MAX_DEPTH}")
        if self.count > MAX_ELEMENTS:
            raise FeedError(f"more than {MAX_ELEMENTS} elements")
        if len(attributes) > MAX_ATTRIBUTES:
            attributes = dict(islice(attributes.items(), MAX_ATTRIBUTES))
        spaces = self.spaces[-1]
        for key, value in attributes.items():
            if key == "xmlns" or key.startswith("xmlns:"):
                if spaces is self.spaces[-1]:
                    spaces = dict(spaces)
                spaces[key[6:].lower()] = _space(value)
        prefix = raw.rpartition(":")[0].lower()
        space = spaces.get(prefix)
        if space is None:
            space = _SPACE_OF_PREFIX.get(prefix, prefix)
        parent = self.stack[-1] if self.stack else None
        base = attributes.get("xml:base", "")
        outer = parent.base if parent else ""
        node = Node(
            raw,
            space,
            attributes,
            f"{outer}\n{base}" if base else outer,
            attributes.get("xml:lang", parent.lang if parent else ""),
        )
        if parent is not None:
            parent.children.append(node)
            parent.nodes.append(node)
        elif self.root is None:
            self.root = node
        self.stack.append(node)
        self.spaces.append(spaces)

    def end(self, raw: str) -> None:
        for back in range(len(self.stack) - 1, -1, -1):
            if self.stack[back].raw == raw:
                del self.stack[back:]
                del self.spaces[back + 1 :]
                return

    def data(self, text: str) -> None:
        if self.stack:
            self.stack[-1].children.append(text)


def _space(address: str) -> str:
    key = address.strip().lower().rstrip("/#")
    known = _PREFIXES.get(key) or _PREFIXES.get(key.replace("https://", "http://"))
    if known:
        return known
    if "podcast-1.0" in key:
        return "itunes"
    if "sitemap-" in key:
        return key.partition("sitemap-")[2].partition("/")[0]
    if "schemas/sitemap" in key:
        return "sitemap"
    return "rss" if key.rpartition("/")[2].startswith("rss") else key


def _strict(text: str) -> Node:
    builder = _Builder()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.Parse(text.encode("utf-8", "replace"), True)
    if builder.root is None:
        raise FeedError("no element")
    return builder.root


def _tolerant(text: str) -> Node:
    """Reads on over unclosed, crossed and misspelt tags; a cut document keeps what was there before the cut."""
    builder = _Builder()
    place = 0
    for match in _TOKEN.finditer(text):
        if match.start() > place:
            builder.data(html.unescape(text[place : match.start()]))
        place = match.end()
        name = match["name"]
        if name is None:
            if match["cdata"] is not None:
                builder.data(match["cdata"])
            continue
        if match["slash"]:
            builder.end(name)
            continue
        attributes = {key: html.unescape(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(match["rest"])}
        builder.start(name, attributes)
        if match["closed"]:
            builder.end(name)
    if place < len(text) and builder.stack:
        builder.data(html.unescape(text[place:]))
    if builder.root is None:
        raise FeedError("no element")
    return builder.root
