"""Facts of a product in the data that a page carries for its own scripts: brand and trade number.

Only what the whole page agrees on is taken: a page that lists other products names their brands and numbers too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from html import unescape

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
# Without the quotation mark before them: markup is full of these, and the search would stop at each.
_GTIN_NAMES = (b"gtin", b"GTIN", b"ean", b"EAN", b"isbn", b"ISBN", b"upc", b"UPC", b"barcode")
_BRAND_NAME = (b"rand",)  # one word is found much faster than its spellings
_AFTER_BRAND = b"\"'Nn_"


def read_embedded_brand(raw: bytes, near: str) -> str | None:
    """The brand that scripts' data names: the only one, or the one in the words `near` (titles)."""
    brands: Counter[str] = Counter()
    done = 0  # what lies before was part of a match
    for _, start, end in _search(_BRAND_NAME).find_matches_as_indexes(raw)[:MAX_PLACES]:
        if start < done or raw[end : end + 1] not in _AFTER_BRAND:
            continue
        first = max(done, start - REACH_BACK)
        quote = max(raw.rfind(b'"', first, start), raw.rfind(b"'", first, start))
        match = _BRAND.match(raw, quote, end + REACH) if quote >= 0 else None
        if match is None:
            continue
        done = match.end()
        brand = _decoded(match.group(1))
        if brand is not None and not brand:
            brands[""] += 1
        elif brand and len(brand) <= MAX_BRAND and not NO_BRAND.search(brand) and any(char.isalpha() for char in brand):
            brands[brand] += 1
    return _chosen(brands, near, raw)


def read_embedded_gtin(raw: bytes) -> str | None:
    """The one trade number that scripts' data holds."""
    numbers: set[str] = set()
    places = _search(_GTIN_NAMES).find_matches_as_indexes(raw)
    quoted = [(start - 1, end) for _, start, end in places if raw[start - 1 : start] in (b'"', b"'")]
    for start, end in quoted[:MAX_PLACES]:
        if (match := _GTIN.match(raw, start, end + REACH)) and (gtin := read_gtin(match.group(1).decode("ascii"))):
            numbers.add(gtin.lstrip("0"))
    return read_gtin(numbers.pop()) if len(numbers) == 1 else None


def _chosen(brands: Counter[str], near: str, raw: bytes) -> str | None:
    """The longest that the words hold, as they spell it; else the only one, unless more are left empty or it is a category."""
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
def _search(names: tuple[bytes, ...]) -> BytesAhoCorasick:
    return BytesAhoCorasick(names, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)


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
