"""What a page says of itself in structured data, in one form.

Syntaxes: JSON-LD, microdata, RDFa Lite, OpenGraph, Twitter cards, Dublin Core.
"""

from __future__ import annotations

from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.jsonld import items_from_blocks
from collectors.reading.metatags import items_from_metas
from collectors.reading.microdata import items_from_nodes
from collectors.reading.model import Item
from collectors.reading.rdfa import read_rdfa

_SELECTOR = "meta, script[type], [itemscope], [itemprop], [typeof]"


def read_items(tree: LexborHTMLParser, url: str | None = None) -> list[Item]:
    """All items of a page, origin by origin, each in document order; an unreadable block costs only itself."""
    blocks: list[str] = []
    metas: list[LexborNode] = []
    marked: list[LexborNode] = []
    has_rdfa = False
    last = 0
    for node in tree.css(_SELECTOR):
        mark = node.mem_id
        if mark == last:
            continue  # found by two selectors
        last = mark
        tag = node.tag
        if tag == "script":
            if is_json_ld(node):
                blocks.append(script_text(node))
            continue
        attributes = node.attributes
        if tag == "meta" and "itemprop" not in attributes:
            metas.append(node)
            continue
        if "itemscope" in attributes or "itemprop" in attributes:
            marked.append(node)
        has_rdfa = has_rdfa or "typeof" in attributes
    items = items_from_blocks(blocks)
    if marked:
        items += items_from_nodes(tree, marked, url)
    if has_rdfa:
        items += read_rdfa(tree, url)
    return items + items_from_metas(metas)


def read_items_from_html(html: str | bytes, url: str | None = None) -> list[Item]:
    """The same for the text of a page that is not parsed yet."""
    return read_items(LexborHTMLParser(html), url)


def is_json_ld(node: LexborNode) -> bool:
    """Whether a script is a JSON-LD block; parameters and case of its type do not matter."""
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
