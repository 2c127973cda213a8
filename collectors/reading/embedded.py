"""Facts of a product in the data that a page carries for its own scripts: brand and trade number.

Only what the whole page agrees on is taken: a page that lists other products names their brands and numbers too.
"""

from __future__ import annotations

import json
import re
from collections import Counter

from collectors.reading.gtin import read_gtin
from collectors.reading.product_words import NO_BRAND

MAX_FOUND = 500

_BRAND = re.compile(
    rb"""["'](?:brand|brandName|brand_name|item_brand|product_brand|productBrand)["']\s*:\s*(?:\{[^{}]{0,200}?["']name["']\s*:\s*)?"((?:[^"\\]|\\.){2,60})\""""
)
_GTIN = re.compile(rb"""["'](?:gtin(?:8|12|13|14)?|ean(?:13|s|code)?|isbn(?:13)?|upc|barcode)["']\s*:\s*\[?\s*["']?(\d{8,14})\b""", re.IGNORECASE)
_NAMES = (b"rand", b"RAND")
_NUMBERS = (b"gtin", b"ean", b"EAN", b"isbn", b"upc", b"barcode", b"GTIN", b"Ean")


def embedded_brand(raw: bytes, near: str) -> str | None:
    """The brand of scripts' data: the only one, or the only one that the words `near` (title, description) hold."""
    if not any(name in raw for name in _NAMES):
        return None
    found: Counter[str] = Counter()
    for match in _BRAND.finditer(raw):
        name = _decoded(match.group(1))
        if name and len(name) <= 50 and not NO_BRAND.search(name) and any(char.isalpha() for char in name):
            found[name] += 1
        if found.total() >= MAX_FOUND:
            break
    lower = near.lower()
    named = [name for name in found if name.lower() in lower]
    if named:
        return max(named, key=len)
    return next(iter(found)) if len(found) == 1 else None


def embedded_gtin(raw: bytes) -> str | None:
    """The one trade number that scripts' data holds; None when there are several."""
    if not any(name in raw for name in _NUMBERS):
        return None
    found: set[str] = set()
    for number, match in enumerate(_GTIN.finditer(raw)):
        if gtin := read_gtin(match.group(1).decode("ascii")):
            found.add(gtin.lstrip("0"))
        if number >= MAX_FOUND or len(found) > 1:
            break
    return read_gtin(found.pop()) if len(found) == 1 else None


def _decoded(raw: bytes) -> str | None:
    text = raw.decode("utf-8", "replace")
    if "\\" in text:
        try:
            text = str(json.loads(f'"{text}"'))
        except ValueError:
            return None
    return " ".join(text.split())
