"""What the links of a page are joined with, and how many are looked at.

Apart from `links`: a crawl that only follows links needs none of what reads them with their texts.
"""

from __future__ import annotations

from collections.abc import Iterable

from collectors.urls import resolve

MAX_LINKS = 5_000  # of one page, duplicates not counted
MAX_ANCHORS = 50_000


def base_among(hrefs: Iterable[str | None], url: str | None) -> str | None:
    """The address that relative links of a page are joined with: the first of its `base` elements', else the page's own."""
    href = next(filter(None, hrefs), "").strip()
    return (absolute(url, href) if href else None) or url


def absolute(base: str | None, href: str) -> str | None:
    """The absolute http(s) address without fragment; None for other schemes and for what is no address."""
    if "#" in href:
        href = href.partition("#")[0]
    href = href.strip()
    if not href:
        return None
    return resolve(base, href) if base else resolve(href, "")
