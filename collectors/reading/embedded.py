"""Facts of a product in the data that a page carries for its own scripts: brand and trade number.

Only what the whole page agrees on is taken: a page that lists other products names their brands and numbers too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from collectors.reading.gtin import read_gtin
from collectors.reading.product_words import NO_BRAND

MAX_FOUND = 500

_BRAND = re.compile(
    rb"""["'](?:\w{0,12}_)?(?:b|\w{0,12}B)rand(?:_?[nN]ame)?["']\s*:\s*(?:\{[^{}]{0,200}?["']name["']\s*:\s*)?"((?:[^"\\]|\\.){2,60})\""""
)
_GTIN = re.compile(
    rb"""["'](?:gtin(?:8|12|13|14)?|ean(?:13|s|code)?|isbn(?:13)?|upc|barcode)["']\s*:\s*\[?\s*["']?(\d{8,14})\b""", re.IGNORECASE
)
_GTIN_NAMES = tuple(
    quote + name
    for quote in (b'"', b"'")
    for name in (b"gtin", b"GTIN", b"ean", b"EAN", b"isbn", b"ISBN", b"upc", b"UPC", b"barcode")
)


def embedded_brand(raw: bytes, near: str) -> str | None:
    """The brand of scripts' data: the only one, or the only one that the words `near` (title, description) hold."""
    found: Counter[str] = Counter()
    for match in _matches(raw, b"rand", _BRAND, back=26):
        name = _decoded(match.group(1))
        if name and len(name) <= 50 and not NO_BRAND.search(name) and any(char.isalpha() for char in name):
            found[name] += 1
    lower = near.lower()
    named = [name for name in found if name.lower() in lower]
    if named:
        return max(named, key=len)
    return next(iter(found)) if len(found) == 1 else None


def embedded_gtin(raw: bytes) -> str | None:
    """The one trade number that scripts' data holds; None when there are several."""
    found: set[str] = set()
    for name in _GTIN_NAMES:
        for match in _matches(raw, name, _GTIN, back=0):
            if gtin := read_gtin(match.group(1).decode("ascii")):
                found.add(gtin.lstrip("0"))
            if len(found) > 1:
                return None
    return read_gtin(found.pop()) if len(found) == 1 else None


def _matches(raw: bytes, name: bytes, pattern: re.Pattern[bytes], back: int) -> Iterator[re.Match[bytes]]:
    """Matches of a pattern around a literal, the first 500 places of it; finding the literal first is many times faster."""
    at = raw.find(name)
    for _ in range(MAX_FOUND):
        if at < 0:
            return
        match = pattern.search(raw, max(0, at - back), at + 400) if back else pattern.match(raw, at)
        if match is not None:
            yield match
        at = raw.find(name, max(at + len(name), match.end() if match else 0))


def _decoded(raw: bytes) -> str | None:
    text = raw.decode("utf-8", "replace")
    if "\\" in text:
        try:
            text = str(json.loads(f'"{text}"'))
        except ValueError:
            return None
    return " ".join(text.split())
