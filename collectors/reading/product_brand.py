"""The brand of a product whose page does not label it: elements and links beside its title, and the product's name.

And the other way round: whether a brand that is declared is only the shop's own name, as shop software fills it in by itself.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import cached_property
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from collectors.reading import product_words as words
from collectors.reading.document import Document
from collectors.reading.model import Item
from collectors.reading.node_text import text_of
from collectors.reading.product_walk import Walk

MAX_BRAND = 50
MAX_SURE = 35  # characters of a brand that no label names
MAX_URL = 2_000
MAX_LINKS = 4_000
BESIDE = 3  # pieces of text from the title, before and behind, in which an element named for a brand shows it
LEAST_OTHERS = 4  # letters of another script in a name that is written in it
LEAST_CAPITALS = 4  # letters of a maker's first word in capitals: shorter ones are abbreviations of everything
LINKED = (6, 12)  # the same of a link to the page of a brand

_SITE_TYPES = frozenset(("WebSite", "Organization", "OnlineStore", "Store"))
_NO_LABELS = frozenset(("www", "shop", "store", "online", "m", "mobile", "co", "com", "org", "net"))
_COMPANY = re.compile(
    r"(?i)[\s,]+(?:company|co|inc|ltd|llc|gmbh|ag|sa|srl|us|usa|uk|eu|de|fr|official|store|shop|online[\s-]?shop)\.?$"
)
_BRANDS = (
    r"brands?|brand_?name|manufacturers?|designers?|vendors?|marques?|marcas?|marche|marki|marka|marken?|hersteller|producers?|"
    r"producent|producenci|vyrobc[ei]|znack[ay]|proizvajalec|proizvodjac|fabricantes?|fabrikant|merk(?:en)?|brend|proizvoditel"
)
_STEMS = (
    "brand", "manufactur", "designer", "vendor", "marque", "marca", "marche", "marki", "marka", "marke", "hersteller",
    "produce", "vyrobc", "znack", "proizv", "fabrica", "fabrik", "merk", "brend",
)  # fmt: skip
NAMED = re.compile(rf"(?:^|[\s_-])(?:{_BRANDS}|byline)(?:[_-]*(?:name|link|title|logo|label|value|text|visible))?(?:$|\s)")
_LINK = re.compile(rf"(?i)(?:^|[/?&=_-])(?:{_BRANDS})(?:_?id)?[/=:][^/?&#]+")
_FOR = re.compile(r"(?i)(?:\b(?:for|fits|für|pour|per|para|voor|dla|pro|compatible(?: with)?)|для|под)[\s:]*$")
_MAKER = re.compile(
    r"(?:\W*[\d.,]+\W*·\s*)?([A-Z][A-Za-z]{2,})\s+"  # a price before it is no part of the name
    r"(?=[A-Za-z0-9/.-]*\d{2})(?=[a-z0-9/.-]*[A-Z])[A-Za-z0-9][A-Za-z0-9/.-]{3,}(?!\S)"
)
# Where ranges of other scripts begin and end, in turn: a pattern of so many letters takes as long to make as reading two pages.
_OTHER_SCRIPTS = "\u0370\u0700\u0e00\u0e80\u3040\u3100\u3400\ua000\uac00\ud7b0"
_CAPITALS = re.compile(r"(?<![A-Za-z0-9-])[A-Z][A-Z'’&.]+(?:\s[A-Z][A-Z'’&.]+){0,2}(?![A-Za-z0-9-])")
# Words in capitals that name no maker: abbreviations of technology, sizes, colours, advertising.
_NO_MAKERS = (
    "HDMI WIFI WLAN OLED QLED NVME SATA BLUETOOTH ANDROID WINDOWS GAMING TOWER FULL ULTRA SMART LIVE SALE BLACK WHITE GOLD "
    "SILVER MINI PLUS PREMIUM XXXL UNISEX KIDS BABY WOMEN ORIGINAL TYPE CLASSIC SPORT HOME BEST STEREO LIGHT LINE STYLE COMBO "
    "RESERVED"
)
_NO_MAKER = frozenset(_NO_MAKERS.split())


class Shop:
    """The shop whose page it is, as far as it takes to tell its own name from a brand."""

    def __init__(self, document: Document, items: Sequence[Item], url: str | None) -> None:
        self._document = document
        self._items = items
        self._url = url

    @cached_property
    def names(self) -> frozenset[str]:
        """What it calls itself, as compared: the parts of its addresses, in other countries too, and its declared name."""
        addresses = [self._url]
        for _, _, attributes in self._document.tagged("link"):
            if "hreflang" in attributes or attributes.get("rel") == "canonical":
                addresses.append(attributes.get("href"))
        names = {_compared(label) for address in addresses for label in _labels(address)}
        for item in self._items:
            declared = item.properties.get("name" if item.type in _SITE_TYPES else "og:site_name")
            if isinstance(declared, str):
                names.add(_compared(declared))
        return frozenset(names - {""})

    def is_called(self, brand: str) -> bool:
        """Whether a brand is the shop's own name."""
        return _compared(brand) in self.names

    def seems_called(self, brand: str) -> bool:
        """The same of a brand that scripts name, who often mean the shop: part of its address is enough."""
        host = _host(self._url)
        is_part = bool(host) and re.sub(r"\W", "", brand.lower()) in re.sub(r"[^\w.]", "", host)
        return is_part or self.is_called(brand)


def _host(address: str | None) -> str:
    try:
        return urlsplit((address or "")[:MAX_URL]).hostname or ""
    except ValueError:
        return ""


def _labels(address: str | None) -> list[str]:
    return [label for label in _host(address).split(".")[:-1] if label not in _NO_LABELS]


def _compared(name: str) -> str:
    return re.sub(r"[\W_]", "", _COMPANY.sub("", _COMPANY.sub("", name)).lower())


def is_name(value: str) -> bool:
    """Whether a value can be the name of a brand."""
    has_letters = value[0].isalnum() and any(char.isalpha() for char in value)
    return has_letters and len(value) <= MAX_BRAND and not words.NO_BRAND.search(value)


def bare_brand(shown: str) -> str:
    """A brand without the words around it: "by X", "Brand: X", "Visit the X Store"."""
    bare = words.BRAND_PREFIX.sub("", shown)
    ending = words.BRAND_SUFFIX if bare == shown else words.BRAND_LIST_SUFFIX
    return ending.sub("", bare).strip(" :")


def is_sure_name(value: str) -> bool:
    """The same of what no label calls a brand: short, and no label itself."""
    key = words.key_of(value)
    return len(value) <= MAX_SURE and is_name(value) and key not in words.BRAND and key not in words.BUY


def beside_title(walk: Walk) -> frozenset[int]:
    """The small elements right before and behind the title."""
    at = walk.title_at
    if at is None:
        return frozenset()
    places = [walk.place(piece) for piece in range(max(0, at - BESIDE), min(len(walk.chunks), at + BESIDE + 1))]
    return frozenset(above.mark for place in places for above in place.chain(4)) - walk.around_title


def linked_brand(document: Document, walk: Walk, title: str) -> str | None:
    """The brand whose page is linked right beside the title; else one with such a link that the title names."""
    at = walk.title_at
    if at is not None:
        before, behind = LINKED
        beside = {_linked(walk, piece) for piece in range(max(0, at - before), min(len(walk.chunks), at + behind + 1))} - {None}
        if len(beside) == 1:
            return beside.pop()
    named: dict[str, int] = {}
    for node in _brand_links(document):
        brand = bare_brand(text_of(node))
        match = re.search(rf"(?i)(?<!\w){re.escape(brand)}(?!\w)", title) if brand and is_sure_name(brand) else None
        if match is not None and not _FOR.search(title[: match.start()]):
            named[title[match.start() : match.end()]] = match.start()
    return min(named, key=lambda brand: (named[brand], -len(brand))) if named else None


def _brand_links(document: Document) -> Iterator[LexborNode]:
    """Links to pages of brands."""
    for node, tag, attributes in document.valued("href", *_STEMS)[:MAX_LINKS]:
        if tag == "a" and _LINK.search((attributes["href"] or "")[:MAX_URL]):
            yield node


def _linked(walk: Walk, at: int) -> str | None:
    for above in walk.place(at).chain(3):
        if above.tag == "a":
            if not _LINK.search((above.node.attributes.get("href") or "")[:MAX_URL]):
                return None
            brand = bare_brand(text_of(above.node))
            return brand if brand and is_sure_name(brand) else None
    return None


def maker_in_name(name: str, chunks: Sequence[str]) -> str | None:
    """The maker with whom a name begins, before the number of a model: "Casio FX-991ES PLUS".

    A word that the page writes in small letters too is a common one: "Router AC1200".
    """
    match = _MAKER.match(name)
    if match is None:
        return None
    maker = match.group(1)
    common = re.compile(rf"(?<!\w){maker.lower()}s?(?!\w)")
    return None if any(common.search(chunk) for chunk in chunks) else maker


def maker_in_capitals(name: str) -> str | None:
    """The maker in a name of another script: "Чайник ROMASHKA 1,7 л". The only words in Latin capitals that may be one."""
    others = sum(bisect(_OTHER_SCRIPTS, letter) % 2 for letter in name)
    if others < LEAST_OTHERS or 4 * others < sum(char.isalpha() for char in name):
        return None
    found = {match[0] for match in _CAPITALS.finditer(name) if len(match[0].split()[0]) >= LEAST_CAPITALS}
    makers = {maker for maker in found if _NO_MAKER.isdisjoint(maker.split())}
    return makers.pop() if len(makers) == 1 and len(found) == 1 else None
