"""RDFa Lite of a page to items: vocab, typeof, property, resource, prefix; `rel` and `about` of the full language besides.

Rules: https://www.w3.org/TR/rdfa-lite/. OpenGraph and its kin, formally RDFa too, are read by `metatags`.
"""

from __future__ import annotations

import re
from typing import Any

from selectolax.lexbor import LexborNode

from collectors.reading.document import Attributes, Document
from collectors.reading.model import Item
from collectors.reading.node_text import text_of
from collectors.reading.vocabulary import bare_property, bare_type
from collectors.urls import join

MAX_ELEMENTS = 20_000
MAX_DEPTH = 64

_META = re.compile(r"(?i)^(?:og|fb|article|product|twitter|al|vk|ya|music|video|book|profile|place|business|mediator)[:_]")
_PREFIX = re.compile(r"([\w.-]+):\s+(\S+)")
_WELL_KNOWN = {
    "schema": "http://schema.org/",
    "s": "http://schema.org/",
    "v": "http://rdf.data-vocabulary.org/#",
    "dc": "http://purl.org/dc/terms/",
    "dcterms": "http://purl.org/dc/terms/",
    "dc11": "http://purl.org/dc/elements/1.1/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "gr": "http://purl.org/goodrelations/v1#",
    "sioc": "http://rdfs.org/sioc/ns#",
    "cc": "http://creativecommons.org/ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
}
_NAMES = ("typeof", "property", "vocab", "prefix", "about", "resource")


class _Thing:
    """An element that opens a new subject: by typeof, or by about or resource without a property."""

    __slots__ = ("address", "is_value", "mark", "properties", "types")

    def __init__(self, mark: int, types: list[str], address: str | None) -> None:
        self.mark = mark
        self.types = types
        self.address = address
        self.properties: dict[str, list[Any]] = {}
        self.is_value = False


class _Terms:
    """What short names mean at an element: the vocabulary in force and the prefixes declared so far."""

    __slots__ = ("prefixes", "vocab")

    def __init__(self, vocab: str, prefixes: dict[str, str]) -> None:
        self.vocab = vocab
        self.prefixes = prefixes

    def at(self, attributes: Attributes) -> _Terms:
        vocab, prefix = attributes.get("vocab"), attributes.get("prefix")
        if vocab is None and not prefix:
            return self
        prefixes = self.prefixes
        if prefix:
            prefixes = {**prefixes, **{name.lower(): address for name, address in _PREFIX.findall(prefix[:4000])}}
        if vocab is None:
            return _Terms(self.vocab, prefixes)
        vocab = vocab.strip()
        return _Terms(vocab if not vocab or vocab.endswith(("/", "#", ":")) else vocab + "/", prefixes)

    def full(self, name: str) -> str:
        head, colon, tail = name.partition(":")
        if colon and not tail.startswith("//"):
            address = self.prefixes.get(head.lower()) or _WELL_KNOWN.get(head.lower())
            return address + tail if address else name
        return name if colon else self.vocab + name


def read_rdfa(document: Document, url: str | None) -> list[Item]:
    """The top-level items in document order; addresses are resolved against `url` when it is given."""
    things: dict[int, _Thing] = {}
    terms: dict[int, _Terms] = {}
    root_terms = _Terms("", {})
    order: list[_Thing] = []
    by_address: dict[str, _Thing] = {}
    elements = document.in_order(*[document.with_attribute(name) for name in _NAMES])
    for node, _, attributes in elements[:MAX_ELEMENTS]:
        mark = node.mem_id
        owner, outer = _around(node, things, terms, root_terms)
        inner = outer.at(attributes)
        terms[mark] = inner
        names = [
            bare_property(inner.full(name))
            for name in (
                attributes.get("property")
                or attributes.get("rel" if "typeof" in attributes or "resource" in attributes else "property")
                or ""
            ).split()
            if not _META.match(name)
        ]
        types = [bare_type(inner.full(name)) for name in (attributes.get("typeof") or "").split()]
        address = attributes.get("about") or (attributes.get("resource") if "typeof" in attributes or not names else None)
        is_own_text = bool(types and names) and "datatype" in attributes  # a typed link whose own words are the property
        if "typeof" in attributes or (address and not names):
            address = address or (attributes.get("href") or attributes.get("src") if types else None)
            full = _resolve(address, url) if address else None
            thing = by_address.get(full) if full else None
            if thing is None:
                thing = _Thing(mark, types, full)
                order.append(thing)
                if full:
                    by_address[full] = thing
            else:
                thing.types += [name for name in types if name not in thing.types]
            things[mark] = thing
            if is_own_text:
                _add(thing, names, text_of(node))
            elif owner is not None and names and thing is not owner:
                _add(owner, names, thing)
        elif names:
            if attributes.get("about"):
                owner = by_address.setdefault(
                    _resolve(attributes["about"] or "", url), _Thing(mark, [], _resolve(attributes["about"] or "", url))
                )
                if owner.mark == mark:
                    order.append(owner)
            if owner is not None:
                _add(owner, names, _value(node, attributes, url))
    return [
        item
        for thing in order
        if not thing.is_value and (item := _item(thing, frozenset())).properties and (item.type or thing.properties)
    ]


def _around(
    node: LexborNode, things: dict[int, _Thing], terms: dict[int, _Terms], root_terms: _Terms
) -> tuple[_Thing | None, _Terms]:
    owner: _Thing | None = None
    found: _Terms | None = None
    parent = node.parent
    while parent is not None and (owner is None or found is None):
        mark = parent.mem_id
        if owner is None:
            owner = things.get(mark)
        if found is None:
            found = terms.get(mark)
        parent = parent.parent
    return owner, found or root_terms


def _add(owner: _Thing, names: list[str], value: _Thing | str) -> None:
    if isinstance(value, _Thing) and names:
        value.is_value = True
    for name in names:
        owner.properties.setdefault(name, []).append(value)


def _value(node: LexborNode, attributes: Attributes, url: str | None) -> str:
    content = attributes.get("content")
    if content is not None:
        return content.strip()
    for name in ("resource", "href", "src"):
        address = attributes.get(name)
        if address:
            return _resolve(address, url)
    return (attributes.get("datetime") or "").strip() or text_of(node)


def _resolve(address: str, url: str | None) -> str:
    address = address.strip()
    if not url or address.startswith("_:"):
        return address
    try:
        return join(url, address)
    except ValueError:
        return address


def _item(thing: _Thing, above: frozenset[int]) -> Item:
    above = above | {thing.mark}
    properties: dict[str, Any] = {}
    for name, values in thing.properties.items():
        built = [
            _item(value, above) if isinstance(value, _Thing) else value
            for value in values
            if not isinstance(value, _Thing) or (value.mark not in above and len(above) < MAX_DEPTH)
        ]
        if built:
            properties[name] = built[0] if len(built) == 1 else built
    if len(thing.types) > 1:
        properties["@type"] = thing.types
    if thing.address:
        properties["@id"] = thing.address
    return Item(thing.types[0] if thing.types else "", properties, "rdfa")
