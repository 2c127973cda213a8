"""The breadcrumb trail of a page: from structured data, else from the element that shows it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from collectors.reading.document import Attributes, Document
from collectors.reading.model import Item
from collectors.reading.native.walking import attributes as attributes_of
from collectors.reading.node_text import text_of

MAX_CRUMBS = 20
MAX_DEPTH = 10
MAX_NAME = 150

_SIGNS = (
    "ᐊᐅ<>ᐸᐳ‹›≺≻≪≫«»⋘⋙❬❭❮❯❰❱⟨⟩⟪⟫⫷⫸〈〉《》⦉⦊⭅⭆⭠⭢←→↤↦⇐⇒⇠⇢⇦⇨⇽⇾⟵⟶⟸⟹⟻⟼⟽⟾⮘⮚⮜⮞⯇⯈⊲⊳◀▶◁▷◂▸◃▹◄►◅▻➜➝➞➟➠➡➢➣➤➧➨➩➪➫➬➭➮➯➱➲"
    "/⁄\\\\⟋⟍⫻⫼⫽|¦‖∣⎪⎟⎸⎹│┃┆┇┊┋❘❙❚.,+:-"
)
_SIGN = rf"(?:[{_SIGNS}]+|->)"
_ONLY_SIGN = re.compile(rf"{_SIGN}\Z")
_ARROWS = "→»›❯>➔►▸"
_LEFT = re.compile(rf"{_SIGN}\s+|[{_ARROWS}]+")
_RIGHT = re.compile(rf"\s+({_SIGN})\Z")
_SPLIT = re.compile(rf"(?:^|\s+)[{_SIGNS}]+(?:$|\s+)")
_EDGES = frozenset(_SIGNS + _ARROWS)
_PUNCTUATION = re.compile(r"[^\w\s]|_")
_LABELLED = ("nav", "ol", "ul", "div", "section")  # what may be labelled as a trail
_LEAF_SKIPPED = frozenset(("button", "script", "style", "noscript", "template"))


class Crumb(NamedTuple):
    """One step of a trail."""

    name: str | None
    url: str | None


class _Found(NamedTuple):
    crumb: Crumb
    is_marked: bool  # inside an element that markup calls a step


def read_breadcrumbs(document: Document, items: Sequence[Item]) -> tuple[str, ...]:
    """The names of the trail's steps, from the home page down; empty when the page shows none."""
    names = _from_items(items)
    if names:
        return names
    labelled = [
        element
        for element in document.valued("aria-label", "readcrumb")
        if element[1] in _LABELLED and "readcrumb" in (element[2]["aria-label"] or "")
    ]
    named = (document.called("breadcrumb", "bread-crumb"), document.identified("breadcrumb"))
    for node, _, _ in document.in_order(*named, document.valued("itemtype", "breadcrumb"), labelled)[:10]:
        names = tuple(crumb.name for crumb in crumbs_of(node, None) if crumb.name)
        if len(names) > 1 and all(len(name) <= MAX_NAME for name in names):
            return names[:MAX_CRUMBS]
    return ()


def _from_items(items: Sequence[Item]) -> tuple[str, ...]:
    found: list[Item] = []
    for item in items:
        if item.type == "BreadcrumbList":
            found.append(item)
            continue
        inner = item.properties.get("breadcrumb")
        if inner is not None:
            found.extend(part for part in (inner if isinstance(inner, list) else [inner]) if isinstance(part, Item))
    best: tuple[str, ...] = ()
    for trail in found:
        steps = trail.properties.get("itemListElement")
        named = []
        for number, step in enumerate(steps if isinstance(steps, list) else [steps]):
            if isinstance(step, Item) and (name := _name(step)):
                named.append((_position(step, number), number, name))
        names = tuple(name for _, _, name in sorted(named))[:MAX_CRUMBS]
        if len(names) > len(best):
            best = names
    if best:
        return best
    legacy = [name for item in items if item.type == "Breadcrumb" and (name := _name(item))]
    return tuple(legacy[:MAX_CRUMBS])


def _name(step: Item) -> str | None:
    for value in (step.properties.get("name"), step.properties.get("item"), step.properties.get("title")):
        if isinstance(value, Item):
            value = value.properties.get("name")
        if isinstance(value, list):
            value = next((part for part in value if isinstance(part, str)), None)
        if isinstance(value, str) and value.strip() and not value.startswith(("http://", "https://")):
            return " ".join(value.split())
    return None


def _position(step: Item, default: int) -> float:
    try:
        return float(str(step.properties.get("position")))
    except ValueError:
        return default


def crumbs_of(node: LexborNode, base_url: str | None) -> tuple[Crumb, ...]:
    """The steps that an element shows: links and texts in order, separators cut off, menus left out.

    Where markup calls some of them steps, what stands further away than next to these is no step; else only what has the usual
    separator beside it is. A link back to a page of the trail at either end is dropped.
    """
    found: list[_Found] = []
    signs: list[str | None] = []
    _collect(node, base_url, found, signs, MAX_DEPTH, in_list=False, is_marked=False)
    if not found:
        return ()
    if len(found) == 1 and found[0].crumb.name and not found[0].crumb.url:
        parts = (part.strip() for part in _SPLIT.split(found[0].crumb.name))
        return tuple(Crumb(part, None) for part in parts if part)
    marked = [number for number, one in enumerate(found) if one.is_marked]
    if marked:
        kept = [one.crumb for number, one in enumerate(found) if one.is_marked or number in (marked[0] - 1, marked[-1] + 1)]
    else:
        kept = _beside_signs([one.crumb for one in found], signs)
    return tuple(_without_way_back(kept))


def _collect(
    node: LexborNode,
    base_url: str | None,
    found: list[_Found],
    signs: list[str | None],
    depth: int,
    *,
    in_list: bool,
    is_marked: bool,
) -> None:
    tag = node.tag
    if tag in _LEAF_SKIPPED or len(found) > 100:
        return
    attributes = attributes_of(node)
    children = list(node.iter(include_text=True))
    if tag == "a" or not any(child.is_element_node for child in children):
        name = text_of(node) or (attributes.get("title") or "").strip() or None
        _take(name, _address(attributes, base_url), found, signs, is_marked)
        return
    is_list = tag in ("ul", "ol")
    if depth <= 0 or (is_list and (_is_menu_called(attributes) or (in_list and _is_menu(children)))):
        return
    marked = is_marked or _is_step(attributes)
    texts: list[str] = []
    is_first = True
    for child in children:
        if child.is_text_node:
            texts.append(child.text_content or "")
            continue
        if not child.is_element_node:
            continue
        _take_text(texts, found, signs, marked, skip=is_first)
        is_first = False
        _collect(child, base_url, found, signs, depth - 1, in_list=in_list or is_list, is_marked=marked)
    _take_text(texts, found, signs, marked, skip=False)


def _is_menu_called(attributes: Attributes) -> bool:
    classes = _PUNCTUATION.sub("", (attributes.get("class") or "").lower())
    return "dropdown" in classes or "actions" in classes


def _is_step(attributes: Attributes) -> bool:
    kind = f"{attributes.get('itemtype') or ''} {attributes.get('typeof') or ''}".lower()
    return "data-vocabulary.org/breadcrumb" in kind or "listitem" in kind


def _is_menu(children: list[LexborNode]) -> bool:
    """A list inside a list is a menu of choices, unless its single element leads one step down."""
    return sum(child.is_element_node for child in children) != 1


def _take_text(texts: list[str], found: list[_Found], signs: list[str | None], is_marked: bool, *, skip: bool) -> None:
    """Text between elements is a step too, except before the first of them ("You are here:")."""
    if texts and not skip:
        _take(" ".join("".join(texts).split()) or None, None, found, signs, is_marked)
    texts.clear()


def _take(name: str | None, url: str | None, found: list[_Found], signs: list[str | None], is_marked: bool) -> None:
    left, clean, right = _cut(name)
    if left and signs and not signs[-1]:
        signs[-1] = left
    if clean or url:
        found.append(_Found(Crumb(clean, url), is_marked))
        signs.append(right)


def _cut(name: str | None) -> tuple[str | None, str | None, str | None]:
    """Separator before, name, separator after."""
    if not name:
        return None, None, None
    name = name.strip()
    if name and name[0] not in _EDGES and name[-1] not in _EDGES:
        return None, name, None
    if _ONLY_SIGN.match(name):
        return name, None, None
    left = None
    if match := _LEFT.match(name):
        left, name = match.group().strip(), name[match.end() :]
    if _ONLY_SIGN.match(name):
        return left, None, name
    if match := _RIGHT.search(name):
        return left, name[: match.start()] or None, match.group(1)
    return left, name or None, None


def _address(attributes: Attributes, base_url: str | None) -> str | None:
    href = (attributes.get("href") or "").strip()
    if not href or href.lower().startswith(("#", "javascript:")):
        return None
    try:
        return urljoin(base_url or "", href)
    except ValueError:
        return None


def _beside_signs(crumbs: list[Crumb], signs: list[str | None]) -> list[Crumb]:
    usual = Counter(sign for sign in signs if sign).most_common(1)
    if not usual:
        return crumbs
    main = usual[0][0]
    return [crumb for number, crumb in enumerate(crumbs) if signs[number] == main or (number and signs[number - 1] == main)]


def _without_way_back(crumbs: list[Crumb]) -> list[Crumb]:
    if not crumbs:
        return crumbs
    if crumbs[0].url is not None and crumbs[0].url in _urls(crumbs[1:]):
        return crumbs[1:]
    if crumbs[-1].url is not None and crumbs[-1].url in _urls(crumbs[1:-1]):
        return crumbs[:-1]
    return crumbs


def _urls(crumbs: Iterable[Crumb]) -> set[str | None]:
    return {crumb.url for crumb in crumbs}
