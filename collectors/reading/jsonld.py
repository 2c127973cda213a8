"""JSON-LD blocks of a page to items: repair, references, one normal form.

Blocks are tried strictly first, then without their wrappers (comments, CDATA), then unescaped, then by the tolerant parser of
`loose_json`. Nothing is ever evaluated as a script. Formats: https://www.w3.org/TR/json-ld11/ and what pages do to it.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from collectors.reading.loose_json import LooseJsonError, parse_loosely
from collectors.reading.model import Item
from collectors.reading.vocabulary import bare_property, bare_type

MAX_BLOCK = 2 * 1024 * 1024  # characters of one block; longer ones are left out
MAX_TOTAL = 2 * MAX_BLOCK  # characters of all blocks
MAX_BLOCKS = 200
MAX_DEPTH = 64
MAX_NODES = 20_000  # items of one page, copies made for references included
MAX_REFERENCE_DEPTH = 2  # a reference in what a reference brought is followed once more, then kept as it is
MAX_DIGITS = 40  # a longer number is kept as text

_UNITED = frozenset(("offers", "image", "sameAs"))  # keys that pages repeat to mean a list
_TEXTS = frozenset(
    ("name", "headline", "description", "reviewBody", "articleBody", "alternativeHeadline", "caption", "text", "title")
)
_EDGES = " \t\r\n\f\u00a0\ufeff;"
_OPENERS = ("<!--", "//<![CDATA[", "// <![CDATA[", "/*<![CDATA[*/", "/* <![CDATA[ */", "<![CDATA[")
_CLOSERS = ("//-->", "// -->", "-->", "//]]>", "// ]]>", "/*]]>*/", "/* ]]> */", "]]>")
_COMMENT = re.compile(r"^\s*<!--[^{}\[\]]{0,2000}?-->")  # a remark before the data, not a wrapper around it
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{2,6}|#x[0-9a-fA-F]{2,5});")


def items_from_blocks(blocks: Iterable[str]) -> list[Item]:
    """The items of all blocks of one page, in order; references by `@id` are resolved across blocks."""
    roots: list[dict[str, Any]] = []
    left = MAX_TOTAL
    for number, block in enumerate(blocks):
        if number >= MAX_BLOCKS:
            break
        left -= len(block)
        if len(block) <= MAX_BLOCK and left >= 0:
            for document in read_block(block):
                _flatten(document, roots, MAX_DEPTH)
    if not roots:
        return []
    return _Builder(roots).items()


def read_block(text: str) -> list[Any]:
    """The JSON documents of one block (more than one where they are glued together); empty when it cannot be read."""
    if not text or text.isspace():
        return []
    try:
        return [_DECODER.decode(text)]
    except (ValueError, RecursionError):
        pass  # the repairs below
    text = _unwrapped(_COMMENT.sub("", text))
    if not text:
        return []
    try:
        return [_DECODER.decode(text)]
    except (ValueError, RecursionError):
        pass
    if "&quot;" in text and text.count('"') < 2:
        text = html.unescape(text)
    try:
        return parse_loosely(text, MAX_DEPTH)
    except LooseJsonError:
        return []


def _unwrapped(text: str) -> str:
    """The text without the comment and CDATA marks around it; a few layers at most."""
    text = text.strip(_EDGES)
    for _ in range(4):
        before = len(text)
        text = _without(text, _OPENERS, _CLOSERS).strip(_EDGES)
        if len(text) == before:
            break
    return text


def _without(text: str, openers: tuple[str, ...], closers: tuple[str, ...]) -> str:
    for mark in openers:
        if text.startswith(mark):
            text = text[len(mark) :]
            break
    for mark in closers:
        if text.endswith(mark):
            return text[: -len(mark)]
    return text


def _float(literal: str) -> float | str | None:
    if len(literal) > MAX_DIGITS:
        return literal[:MAX_DIGITS]
    value = float(literal)
    return value if math.isfinite(value) else None


def _int(literal: str) -> int | str:
    return int(literal) if len(literal) <= MAX_DIGITS else literal[:MAX_DIGITS]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        for key in _UNITED & result.keys():
            values = [value for name, value in pairs if name == key]
            if len(values) > 1:
                result[key] = [part for value in values for part in (value if isinstance(value, list) else [value])]
    return result


_DECODER = json.JSONDecoder(
    strict=False, parse_constant=lambda _: None, parse_float=_float, parse_int=_int, object_pairs_hook=_object
)


def _flatten(value: Any, roots: list[dict[str, Any]], depth: int) -> None:
    """Adds the nodes of a document: lists are opened, `@graph` too, and what stands beside a `@graph` is a node of its own."""
    if depth <= 0 or len(roots) >= MAX_NODES:
        return
    if isinstance(value, list):
        for part in value:
            _flatten(part, roots, depth - 1)
    elif isinstance(value, dict):
        graph = value.get("@graph")
        if isinstance(graph, (list, dict)):
            rest = {key: part for key, part in value.items() if key not in ("@graph", "@context")}
            if len(rest) > ("@id" in rest):
                roots.append(rest)
            _flatten(graph, roots, depth - 1)
        elif value:
            roots.append(value)


class _Builder:
    """Turns raw nodes into items. Holds what one page needs: nodes by `@id` and the budget of items."""

    def __init__(self, roots: list[dict[str, Any]]) -> None:
        self._roots = roots
        self._left = MAX_NODES
        self._by_id: dict[str, dict[str, Any]] = {}
        for root in roots:
            self._index(root, MAX_DEPTH)

    def items(self) -> list[Item]:
        seen: set[str] = set()
        items = []
        for root in self._roots:
            key = root.get("@id")
            if isinstance(key, str) and key in self._by_id and len(root) > 1:
                if key in seen:
                    continue  # merged into the first node of that id
                seen.add(key)
                root = self._by_id[key]
            item = self._item(root, MAX_DEPTH, 0, frozenset())
            if item is not None and item.properties:
                items.append(item)
        return items

    def _index(self, value: Any, depth: int) -> None:
        if depth <= 0:
            return
        if isinstance(value, dict):
            key = value.get("@id")
            if isinstance(key, str) and key and len(value) > 1:
                known = self._by_id.get(key)
                self._by_id[key] = value if known is None else _merged(known, value)
            for part in value.values():
                if isinstance(part, (dict, list)):
                    self._index(part, depth - 1)
        elif isinstance(value, list):
            for part in value:
                if isinstance(part, (dict, list)):
                    self._index(part, depth - 1)

    def _item(self, node: Mapping[str, Any], depth: int, references: int, above: frozenset[str]) -> Item | None:
        if depth <= 0 or self._left <= 0:
            return None
        self._left -= 1
        key = node.get("@id")
        if isinstance(key, str) and key and key not in above:
            above = above | {key}
        types = _types(node)
        properties: dict[str, Any] = {}
        for name, value in node.items():
            if name in {"@context", "@type"} or (name == "type" and "@type" not in node):
                continue
            name = bare_property(name)
            built = self._value(name, value, depth - 1, references, above)
            if built is not None:
                properties[name] = built
        if len(types) > 1:
            properties["@type"] = types
        return Item(types[0] if types else "", properties, "json-ld")

    def _value(self, name: str, value: Any, depth: int, references: int, above: frozenset[str]) -> Any:
        if isinstance(value, str):
            return _unescaped(value) if name in _TEXTS and "&" in value else value
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if depth <= 0:
            return None
        if isinstance(value, list):
            return self._list(name, value, depth, references, above)
        if "@value" in value:
            return self._value(name, value["@value"], depth - 1, references, above)
        if "@list" in value or "@set" in value:
            return self._value(name, value.get("@list", value.get("@set")), depth - 1, references, above)
        key = value.get("@id")
        if len(value) == 1 and isinstance(key, str):
            target = self._by_id.get(key)
            if target is None or key in above or references >= MAX_REFERENCE_DEPTH:
                return key
            return self._item(target, depth, references + 1, above) or key
        return self._item(value, depth, references, above)

    def _list(self, name: str, values: list[Any], depth: int, references: int, above: frozenset[str]) -> list[Any]:
        """Apart from `_value`: what a comprehension takes from around it costs there with every call."""
        built = [self._value(name, value, depth - 1, references, above) for value in values]
        return [value for value in built if value is not None]


def _types(node: Mapping[str, Any]) -> list[str]:
    raw = node["@type"] if "@type" in node else node.get("type")
    if isinstance(raw, str):
        return [bare_type(raw)] if raw.strip() else []
    if not isinstance(raw, list) or "@type" not in node:
        return []
    return [bare_type(part) for part in raw if isinstance(part, str) and part.strip()]


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """One node from two of the same id: the first value that says something wins, lists are united."""
    result = dict(first)
    for key, value in second.items():
        known = result.get(key)
        if known in (None, "", []):
            result[key] = value
        elif isinstance(known, list) and isinstance(value, list):
            result[key] = known + [part for part in value[:MAX_BLOCKS] if part not in known[:MAX_BLOCKS]]
    return result


def _unescaped(text: str) -> str:
    text = html.unescape(text)
    return html.unescape(text) if _ENTITY.search(text) else text
