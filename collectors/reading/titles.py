"""The title of a page without the site's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser

from collectors.reading.head import Head, clean, first_text
from collectors.reading.model import Item

_SEPARATOR = re.compile(r"\s+[|\-–—·•»«:/>~]+\s+|\s*\|\s*|\s+::\s+|\s*[»•]\s*")
_WORD = re.compile(r"\w+")


def read_title(head: Head, h1s: Sequence[str], own: Sequence[Item], site_name: str | None, host: str) -> str | None:
    """The page's own title: what several declarations agree on, else the longest claim that the page shows as its heading."""
    social = [strip_site_name(value, site_name, host) for value in head.all("og:title", "twitter:title")]
    page = strip_site_name(head.title, site_name, host) if head.title else ""
    headlines = [text for item in own[:3] if (text := strip_site_name(first_text(item, "headline", "name"), site_name, host))]
    shown = {_key(h1) for h1 in h1s}
    for candidate in (*headlines[:1], *social, page):
        if candidate and _key(candidate) in shown:
            return candidate
    for candidate in (*headlines[:1], *social, page, *h1s):
        if candidate:
            return candidate
    return None


def read_h1s(tree: LexborHTMLParser) -> list[str]:
    return [text for node in tree.css("h1")[:10] if (text := clean(node.text(separator=" ")))]


def strip_site_name(title: str, site_name: str | None, host: str) -> str:
    """Cuts parts at either end that are the site's name or its address."""
    title = clean(title)
    names = {_key(name) for name in (site_name, host, host.removeprefix("www."), host.removeprefix("www.").split(".")[0]) if name}
    names.discard("")
    while True:
        cuts = list(_SEPARATOR.finditer(title))
        if not cuts:
            return title
        last, first = cuts[-1], cuts[0]
        if last.end() < len(title) and last.start() and _is_name(title[last.end() :], names):
            title = title[: last.start()].strip()
        elif first.start() and _is_name(title[: first.start()], names):
            title = title[first.end() :].strip()
        else:
            return title


def _is_name(part: str, names: set[str]) -> bool:
    key = _key(part)
    return key in names or any(len(name) > 3 and (key.startswith(name) or name.startswith(key)) and len(key) > 3 for name in names)


def _key(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))
