"""The title of a page without the site's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from collectors.reading.head import Head, clean, first_text
from collectors.reading.model import Item

_SEPARATOR = re.compile(r"\s+(?:[|\-–—·•:/>~]+\s+|[|｜ㅣ•]\s*|[»«]\s+)|[|｜ㅣ•]\s*|：")
_SEPARATORS = frozenset("|｜ㅣ•-–—·:/>~»«：")  # one of them is in every match of the pattern above
_CUT = re.compile(r"\s*[|｜ㅣ\-–—·•»:：/>~]")
_WORD = re.compile(r"\w+")
_LEAST_SHOWN = 20  # characters: a shorter only heading is often the site's name or a section
_LEAST_SHARED = 8  # letters: shorter common beginnings are chance


def read_title(head: Head, own: Sequence[Item], names: Sequence[str], host: str) -> str | None:
    """The page's own title.

    The `title` element is written for search results and often differs from the headline. So the structured headline and the
    social title go first; where these two differ, the one that is not a copy of the `title` element.
    """
    h1s = head.h1s[:10]
    names = [name for name in names if name]
    bare = host.removeprefix("www.")
    site = {_key(name) for name in (*names, host, bare, bare.split(".")[0])} - {""}
    headline = next((text for item in own[:3] if (text := first_text(item, "headline", "name"))), "")
    if headline.startswith(("…", "...")):
        headline = ""
    given = (head.title or "", headline, head.first("og:title", "twitter:title") or "", head.first("twitter:title") or "")
    stripped = {text: strip_site_name(text, site) for text in set(given)}  # two of them are often the same
    page, claimed, social, twitter = (stripped[text] for text in given)
    pool = [text for text in (page, claimed, social, twitter, *h1s) if text]
    pool.sort(key=len)
    page, claimed, social = (_shortened(text, pool) for text in (page, claimed, social))
    if claimed and social and (claimed_key := _key(claimed)) != (social_key := _key(social)):
        page_key = _key(page)
        if (claimed_key == page_key) != (social_key == page_key):
            return social if claimed_key == page_key else claimed
        return social if social_key in map(_key, h1s) else claimed
    if declared := social or claimed:
        if len(h1s) == 1 and len(h1s[0]) >= _LEAST_SHOWN:
            declared_key, h1_key = _key(declared), _key(h1s[0])
            if h1_key == declared_key:
                return (
                    declared if h1s[0].isupper() or len(h1s[0]) != len(declared) else h1s[0]
                )  # the page's own quotes and dashes
            if not claimed and not _is_name(h1s[0], {_key(name) for name in names}) and declared_key not in h1_key:
                return h1s[0]
        return declared
    if len(h1s) == 1 and (not page or _key(h1s[0]) in _key(page)):
        return h1s[0]
    return page or (h1s[0] if h1s else None)


def _shortened(text: str, pool: Sequence[str]) -> str:
    """A title that another declaration (the shortest first) gives without what follows a separator: section, site, date."""
    for other in pool:
        if (
            len(other) < len(text)
            and text.startswith(other)
            and len(_key(other)) >= _LEAST_SHARED
            and _CUT.match(text, len(other))
        ):
            return other
    return text


def strip_site_name(title: str, keys: set[str]) -> str:
    """Cuts parts at either end that are the site's name or its address, whose keys these are."""
    title = clean(title)[:2_000]
    while True:
        cuts = [] if _SEPARATORS.isdisjoint(title) else list(_SEPARATOR.finditer(title))
        if not cuts:
            return title
        last, first = cuts[-1], cuts[0]
        if last.start() and _is_name(title[last.end() :], keys):
            title = title[: last.start()].strip()
        elif first.end() < len(title) and _is_name(title[: first.start()], keys):
            title = title[first.end() :].strip()
        else:
            return title


def _is_name(part: str, keys: set[str]) -> bool:
    """Whether a part of a title is the site's name, one with an addition ("Vestnik Online"), or most of it."""
    key = _key(part)
    if key in keys:
        return True
    for name in keys:
        if len(name) > 3 and key.startswith(name) and len(key) <= 2 * len(name) + 2:
            return True
        if len(key) > 3 and name.startswith(key) and 2 * len(key) >= len(name):
            return True
    return False


def _key(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))
