"""OpenGraph, Twitter cards and Dublin Core of a page's meta tags to items.

One item each at most. Property names keep their namespace in lower case ("og:title", "product:price:amount", "twitter:data1");
those of Dublin Core lose it ("creator", "date.issued"). A repeated tag gives a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collectors.reading.document import Meta
from collectors.reading.model import Item, Origin

MAX_TAGS = 2_000
_GRAPH = frozenset(("og", "article", "product", "book", "profile", "video", "music", "fb", "al", "vk", "place", "business"))


def items_from_metas(metas: Sequence[Meta]) -> list[Item]:
    """Items of the `meta` elements of a page, in the order OpenGraph, Twitter, Dublin Core."""
    graph: dict[str, Any] = {}
    card: dict[str, Any] = {}
    core: dict[str, Any] = {}
    of_page = [meta for meta in metas if meta[2] is None]  # those with `itemprop` speak of an item
    for declared, its_name, _, _, content, _ in of_page[:MAX_TAGS]:
        name = declared or its_name
        if not content or not name or (":" not in name and "." not in name):  # each name we know has a namespace
            continue
        name = name.strip().lower()
        space, colon, _ = name.partition(":")
        if colon and space in _GRAPH:
            _put(graph, name, content)
        elif colon and space == "twitter":
            _put(card, name, content)
        elif name.startswith(("dc.", "dcterms.", "dc:", "dcterms:")):
            _put(core, name[name.index(".") + 1 if "." in name else len(space) + 1 :], content)
    found: list[tuple[dict[str, Any], str, Origin]] = [
        (graph, _first(graph.get("og:type")), "opengraph"),
        (card, _first(card.get("twitter:card")), "twitter"),
        (core, "", "dublin-core"),
    ]
    return [Item(kind, properties, origin) for properties, kind, origin in found if properties]


def _put(properties: dict[str, Any], name: str, content: str) -> None:
    content = content.strip()
    if not content:
        return
    known = properties.get(name)
    if known is None:
        properties[name] = content
    elif isinstance(known, list):
        known.append(content)
    elif known != content:
        properties[name] = [known, content]


def _first(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value or "")
