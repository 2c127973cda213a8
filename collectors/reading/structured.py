"""What a page says of itself in structured data, in one form: JSON-LD, microdata, RDFa Lite, OpenGraph, Twitter cards, Dublin Core."""

from __future__ import annotations

from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.jsonld import MAX_BLOCK, items_from_blocks
from collectors.reading.metatags import items_from_metas
from collectors.reading.microdata import read_microdata
from collectors.reading.model import Item
from collectors.reading.rdfa import read_rdfa


def read_items(tree: LexborHTMLParser, url: str | None = None) -> list[Item]:
    """All items of a page, origin by origin, each in document order; an unreadable block costs only itself."""
    raw = tree.raw_html or b""
    items: list[Item] = []
    if b"ld+json" in raw or b"LD+JSON" in raw:
        items += items_from_blocks(json_blocks(tree))
    if b"itemscope" in raw or b"itemScope" in raw or b"ITEMSCOPE" in raw:
        items += read_microdata(tree, url)
    if b"typeof=" in raw or b"vocab=" in raw or b"TYPEOF=" in raw:
        items += read_rdfa(tree, url)
    items += items_from_metas(tree.css("meta"))
    return items


def read_items_from_html(html: str | bytes, url: str | None = None) -> list[Item]:
    """The same for the text of a page that is not parsed yet."""
    return read_items(LexborHTMLParser(html), url)


def json_blocks(tree: LexborHTMLParser) -> list[str]:
    """The texts of the page's JSON-LD blocks."""
    return [text for node in tree.css('script[type*="ld+json" i]') if is_json_ld(node) and len(text := script_text(node)) <= MAX_BLOCK]


def is_json_ld(node: LexborNode) -> bool:
    kind = (node.attributes.get("type") or "").partition(";")[0].strip().lower()
    return kind in ("application/ld+json", "ld+json", "text/ld+json")


def script_text(node: LexborNode) -> str:
    """What stands between the tags of a script, as it is."""
    return node.text(deep=True, separator="", strip=False)


def walk(items: list[Item], max_items: int = 5_000) -> list[Item]:
    """Items with all items inside them, outer before inner."""
    found: list[Item] = []
    stack: list[Any] = list(reversed(items))
    while stack and len(found) < max_items:
        value = stack.pop()
        if isinstance(value, Item):
            found.append(value)
            stack.extend(part for part in reversed(list(value.properties.values())) if isinstance(part, (Item, list)))
        elif isinstance(value, list):
            stack.extend(reversed(value))
    return found
