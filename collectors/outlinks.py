"""Where a page leads: the addresses it links to, found without reading the rest of it.

A crawl asks this of every page on its way, before anything is read from it: parsing and one selector, a third of the work that
`reading.links` takes for links with their texts.
"""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

from collectors.reading.bases import MAX_ANCHORS, MAX_LINKS, base_among
from collectors.reading.bounds import check_bounds
from collectors.reading.encoding import utf8
from collectors.source import Capture
from collectors.urls import resolve


def outlinks(capture: Capture) -> Iterator[str]:
    """The http(s) addresses in document order, each once and without fragment; those marked nofollow are left out.

    Raises PageError for a page that cannot be parsed within bounds.
    """
    markup, _ = utf8(capture.body or b"", capture.media_type or None, capture.charset or None)
    check_bounds(markup)
    tree = LexborHTMLParser(markup, options=LexborDocumentOptions.WO_EVENTS)
    base = base_among((node.attributes.get("href") for node in tree.css("base[href]")), capture.final_url) or ""
    asked: set[str] = set()  # as they are written
    found: set[str] = set()
    for anchor in tree.css("a[href]")[:MAX_ANCHORS]:
        attributes = anchor.attributes
        href = (attributes.get("href") or "").partition("#")[0].strip()
        if not href or href in asked:
            continue
        asked.add(href)
        target = resolve(base, href)
        if target is None or target in found:
            continue
        if len(found) == MAX_LINKS:
            return
        found.add(target)
        if "nofollow" not in (attributes.get("rel") or "").lower().split():
            yield target
