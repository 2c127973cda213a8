"""Microdata of a page to items. Rules: https://html.spec.whatwg.org/multipage/microdata.html, with what shops add to them."""

from __future__ import annotations

from typing import Any

from selectolax.lexbor import LexborNode

from collectors.reading.document import Attributes, Document
from collectors.reading.model import Item
from collectors.reading.node_text import text_of
from collectors.reading.vocabulary import bare_property, bare_type
from collectors.urls import join

MAX_ELEMENTS = 50_000  # elements with itemprop or itemscope that are read of one page
MAX_DEPTH = 64  # of nested items; deeper ones are left out
MAX_TEXT_ELEMENTS = 20_000  # properties read through their text
MAX_REFERRED = 5_000  # properties reached through itemref

_SRC = frozenset(("audio", "embed", "iframe", "img", "source", "track", "video"))
_LINKS = frozenset(("a", "area", "link"))
_TEXTS = frozenset(("name", "headline", "author", "brand", "title", "itemreviewed"))  # never an address, whatever the element is


class _Scope:
    """An element with itemscope while the page is read."""

    __slots__ = ("attributes", "is_value", "mark", "node", "properties")

    def __init__(self, node: LexborNode, attributes: Attributes) -> None:
        self.node = node
        self.mark = node.mem_id
        self.attributes = attributes
        self.properties: list[tuple[str, _Scope | str]] = []
        self.is_value = False


def read_microdata(document: Document, url: str | None) -> list[Item]:
    """The top-level items in document order; addresses are resolved against `url` when it is given."""
    scopes = {
        node.mem_id: _Scope(node, attributes) for node, _, attributes in document.with_attribute("itemscope")[:MAX_ELEMENTS]
    }
    named = [
        (node, attributes) for node, _, attributes in document.with_attribute("itemprop")[:MAX_ELEMENTS] if attributes["itemprop"]
    ]
    owners: dict[int, _Scope | None] = {}
    loose: dict[int, _Scope | str | None] = {}
    for node, attributes in named:
        owner = _owner(node, scopes, owners)
        value: _Scope | str | None = scopes.get(node.mem_id)
        if owner is None:
            loose[node.mem_id] = value  # read only if an itemref asks for it
            continue
        _add(owner, attributes, value if value is not None else _value(node, attributes, url))
    if loose and any(scope.attributes.get("itemref") for scope in scopes.values()):
        _follow_references(document, scopes, named, loose, url)
    budget = [MAX_ELEMENTS]
    return [_item(scope, frozenset(), budget) for scope in scopes.values() if not scope.is_value]


def _owner(node: LexborNode, scopes: dict[int, _Scope], owners: dict[int, _Scope | None]) -> _Scope | None:
    """The nearest item around an element; what was found on the way up is remembered, so all climbs together are linear."""
    path = []
    found: _Scope | None = None
    parent = node.parent
    while parent is not None:
        mark = parent.mem_id
        if mark in scopes:
            found = scopes[mark]
            break
        if mark in owners:
            found = owners[mark]
            break
        path.append(mark)
        parent = parent.parent
    for mark in path:
        owners[mark] = found
    return found


def _add(owner: _Scope, attributes: Attributes, value: _Scope | str) -> None:
    if isinstance(value, _Scope):
        value.is_value = True
    owner.properties += [(bare_property(name), value) for name in (attributes.get("itemprop") or "").split()]


def _value(node: LexborNode, attributes: Attributes, url: str | None) -> str:
    tag = node.tag or ""
    content = attributes.get("content")
    if tag == "meta":
        return (content or "").strip()
    if tag in _LINKS:
        href = attributes.get("href")
        if href and not (tag == "a" and _is_text(attributes)):
            return _resolve(href, url)
    elif tag in _SRC:
        source = attributes.get("src") or attributes.get("data-src") or (attributes.get("srcset") or "").strip().partition(" ")[0]
        if content and not source:
            return content.strip()
        return _resolve(source, url)
    elif tag == "object" and attributes.get("data"):
        return _resolve(attributes["data"] or "", url)
    elif tag in ("data", "meter") and attributes.get("value") is not None:
        return (attributes["value"] or "").strip()
    elif tag == "time" and attributes.get("datetime"):
        return (attributes["datetime"] or "").strip()
    return content.strip() if content is not None else text_of(node)


def _is_text(attributes: Attributes) -> bool:
    return bool(_TEXTS & set((attributes.get("itemprop") or "").split()))


def _resolve(address: str, url: str | None) -> str:
    address = address.strip()
    if not url or not address:
        return address
    try:
        return join(url, address)
    except ValueError:
        return address


def _follow_references(
    document: Document,
    scopes: dict[int, _Scope],
    named: list[tuple[LexborNode, Attributes]],
    loose: dict[int, _Scope | str | None],
    url: str | None,
) -> None:
    """Gives items the properties that stand elsewhere, under the elements their itemref names."""
    wanted = {name for scope in scopes.values() for name in (scope.attributes.get("itemref") or "").split()}
    elements: dict[str, int] = {}
    for node, _, attributes in document.with_attribute("id"):
        name = attributes["id"]
        if name in wanted:
            elements.setdefault(name, node.mem_id)
    # an element may be reached through every ancestor with an id that is asked for
    by_name: dict[int, list[tuple[LexborNode, Attributes]]] = {}
    marks = set(elements.values())
    for node, attributes in named:
        if node.mem_id not in loose:
            continue
        above: LexborNode | None = node
        while above is not None:
            if above.mem_id in marks:
                by_name.setdefault(above.mem_id, []).append((node, attributes))
            above = above.parent
    left = MAX_REFERRED
    for scope in scopes.values():
        for name in dict.fromkeys((scope.attributes.get("itemref") or "").split()):
            for node, attributes in by_name.get(elements.get(name, 0), ()):
                if left <= 0:
                    return
                left -= 1
                value = loose[node.mem_id]
                _add(scope, attributes, value if value is not None else _value(node, attributes, url))


def _item(scope: _Scope, above: frozenset[int], budget: list[int]) -> Item:
    budget[0] -= 1
    above = above | {scope.mark}
    properties: dict[str, Any] = {}
    for name, value in scope.properties:
        built: Item | str
        if isinstance(value, _Scope):
            if value.mark in above or len(above) >= MAX_DEPTH or budget[0] <= 0:
                continue  # a loop through itemref, or beyond the bounds
            built = _item(value, above, budget)
        else:
            built = value
        known = properties.get(name)
        if known is None:
            properties[name] = built
        elif isinstance(known, list):
            known.append(built)
        else:
            properties[name] = [known, built]
    types = [bare_type(part) for part in (scope.attributes.get("itemtype") or "").split()]
    if len(types) > 1:
        properties["@type"] = types
    if scope.attributes.get("itemid"):
        properties["@id"] = scope.attributes["itemid"]
    return Item(types[0] if types else "", properties, "microdata")
