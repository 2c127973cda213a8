"""Facts of a product in the data that a page carries for its own scripts: brand and trade number.

Only what the whole page agrees on is taken: a page that lists other products names their brands and numbers too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from html import unescape
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from collectors.reading.gtin import read_gtin
from collectors.reading.product_words import NO_BRAND

MAX_PLACES = 2_000  # of names of brands and numbers in the markup
MAX_BRAND = 50  # characters
REACH_BACK, REACH = 26, 400  # bytes around a name in which its value stands

_BRAND = re.compile(
    rb"""["'](?:\w{0,12}_)?(?:b|\w{0,12}B)rand(?:_?[nN]ame)?["']\s*:\s*(?:\{[^{}]{0,200}?["']name["']\s*:\s*)?"((?:[^"\\]|\\.){0,60})\""""
)
_GTIN = re.compile(
    rb"""["'](?:gtin(?:8|12|13|14)?|ean(?:13|s|code)?|isbn(?:13)?|upc|barcode)["']\s*:\s*\[?\s*["']?(\d{8,14})\b""", re.IGNORECASE
)
_GTIN_NAMES = tuple(
    quote + name
    for quote in (b'"', b"'")
    for name in (b"gtin", b"GTIN", b"ean", b"EAN", b"isbn", b"ISBN", b"upc", b"UPC", b"barcode")
)


class Embedded(NamedTuple):
    """What scripts' data says of the page's product."""

    brand: str | None
    gtin: str | None


def read_embedded(raw: bytes, near: str) -> Embedded:
    """The one trade number that scripts' data holds, and its brand: the only one, or the one in the words `near` (titles)."""
    brands: Counter[str] = Counter()
    numbers: set[str] = set()
    done = 0  # what lies before was part of a match
    for seen, (name, start, end) in enumerate(_search().find_matches_as_indexes(raw)):
        if seen >= MAX_PLACES:
            break
        if name and (match := _GTIN.match(raw, start, end + REACH)):
            if gtin := read_gtin(match.group(1).decode("ascii")):
                numbers.add(gtin.lstrip("0"))
        elif not name and start >= done and (match := _BRAND.search(raw, max(done, start - REACH_BACK), end + REACH)):
            done = match.end()
            brand = _decoded(match.group(1))
            if brand is not None and not brand.strip():
                brands[""] += 1
            elif brand and len(brand) <= MAX_BRAND and not NO_BRAND.search(brand) and any(char.isalpha() for char in brand):
                brands[brand] += 1
    return Embedded(_chosen(brands, near, raw), read_gtin(numbers.pop()) if len(numbers) == 1 else None)


def _chosen(brands: Counter[str], near: str, raw: bytes) -> str | None:
    """The longest that the words hold, as they spell it; else the only one, unless most things are without or it is a category."""
    unnamed = brands.pop("", 0)
    found = [match.group() for brand in brands if (match := re.search(_spelling(brand), near, re.IGNORECASE))]
    if found:
        return max(found, key=len)
    if len(brands) != 1:
        return None
    ((only, count),) = brands.items()
    is_category = re.search(rb"""ategor\w{0,8}["']?\s*:\s*["']""" + re.escape(only.encode()) + rb"""["']""", raw)
    return only if count >= unnamed and not is_category else None


def _spelling(brand: str) -> str:
    """A pattern for a brand with whatever stands between its words: TP Link is TP-Link."""
    return r"(?<!\w)" + r"[\W_]{0,3}".join(map(re.escape, re.findall(r"\w+", brand))) + r"(?!\w)"


@cache
def _search() -> BytesAhoCorasick:
    return BytesAhoCorasick([b"rand", *_GTIN_NAMES], matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)


def _decoded(raw: bytes) -> str | None:
    text = raw.decode("utf-8", "replace")
    if "\\" in text:
        try:
            text = str(json.loads(f'"{text}"'))
        except ValueError:
            return None
    if "&" in text:
        text = unescape(unescape(text))  # escaped for the page, and again for an attribute in it
    return " ".join(text.split())
