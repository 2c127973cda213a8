"""The title of a page without the site's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from collectors.reading.head import Head, clean, first_text
from collectors.reading.model import Item

# Each begins with a character it is found by; what must stand before that is asked then.
_SEPARATOR = re.compile(r"\s\s*(?:[|\-–—·•:/>~]+\s+|[|｜ㅣ•]\s*|[»«]\s+)|[|｜ㅣ•]\s*|：")
# Sites in Chinese part titles with low lines too, which are letters of names elsewhere. Made when asked: it takes long.
_SEPARATOR_IN_CHINESE = _SEPARATOR.pattern + r"|_(?<=[\u3000-\u9fff\uff00-\uffef]_)|_(?=[\u4e00-\u9fff])"
_SEPARATORS = frozenset("|｜ㅣ•-–—·:/>~»«：_")  # one of them is in every match of the patterns above
_ORNAMENTS = "⋆★☆✦✓➤►•·|"
_ORNAMENT = re.compile(rf"\s+[{_ORNAMENTS}]+$")
_CUT = re.compile(r"\s*[|｜ㅣ\-–—·•»:：/>~]")
_NEWS = frozenset(("NewsArticle", "ReportageNewsArticle", "AnalysisNewsArticle", "OpinionNewsArticle", "LiveBlogPosting"))
_WORD = re.compile(r"\w+")
_NO_WORD = bytes(code for code in range(128) if not _WORD.match(chr(code)))
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
    site = {_key(name) for name in {*names, host, bare, bare.split(".")[0], *map(_initials, names)}} - {""}
    headline = next((text for item in own[:3] if (text := first_text(item, "headline", "name"))), "")
    if headline.startswith(("…", "...")):
        headline = ""
    given = (head.title or "", headline, head.first("og:title", "twitter:title") or "", head.first("twitter:title") or "")
    stripped = {text: strip_site_name(text, site) for text in set(given)}  # two of them are often the same
    page, claimed, social, twitter = (stripped[text] for text in given)
    pool = [text for text in (page, claimed, social, twitter, *h1s) if text]
    pool.sort(key=len)
    page, claimed, social = (_shortened(text, pool) for text in (page, claimed, social))
    if claimed and social and _key(claimed) != _key(social):
        return _chosen(claimed, social, page, h1s, is_news=any(item.type in _NEWS for item in own[:3]))
    if declared := social or claimed:
        return _as_shown(declared, h1s, names, is_claimed=bool(claimed))
    if len(h1s) == 1 and (not page or _key(h1s[0]) in _key(page)):
        return _before_site(page, h1s[0]) or h1s[0]
    return page or (h1s[0] if h1s else None)


def _chosen(claimed: str, social: str, page: str, h1s: Sequence[str], *, is_news: bool) -> str:
    """The structured headline or the social title, where they differ.

    The one that is not a copy of the `title` element. But a structured name that the page shows nowhere is often that of
    something else on it, such as a video, or of the kind of page; the headlines of news are trusted.
    """
    claimed_key, social_key, page_key = _key(claimed), _key(social), _key(page)
    shown = [_key(h1) for h1 in h1s]
    if (claimed_key == page_key) == (social_key == page_key):
        return social if social_key in shown else claimed
    if claimed_key == page_key:
        return social
    is_elsewhere = social_key in shown and claimed_key not in shown and claimed_key not in social_key
    return social if is_elsewhere and not is_news else claimed


def _as_shown(declared: str, h1s: Sequence[str], names: Sequence[str], *, is_claimed: bool) -> str:
    """A declared title as the page itself spells it, with its own quotes and dashes; else a long only heading that differs."""
    key = _key(declared)
    for h1 in h1s:
        if _key(h1) == key and len(h1) == len(declared) >= _LEAST_SHOWN and not h1.isupper():
            return h1
    if is_claimed or len(h1s) != 1 or len(h1s[0]) < _LEAST_SHOWN or key in _key(h1s[0]):
        return declared
    return declared if _is_name(h1s[0], {_key(name) for name in names}) else h1s[0]


def _before_site(page: str, h1: str) -> str | None:
    """The first part of a `title` element that ends with the only heading, then the site's name: "Tea for all - Leaf"."""
    cuts = _cuts(page)
    if not cuts or _key(page[cuts[-1].end() :]) != _key(h1):
        return None
    first = page[: cuts[0].start()].strip()
    return first if len(_key(first)) > len(_key(h1)) else None


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
    if title[-1:] in _ORNAMENTS:
        title = _ORNAMENT.sub("", title)
    while True:
        cuts = _cuts(title)
        if not cuts:
            return title
        last, first = cuts[-1], cuts[0]
        if last.start() and _is_name(title[last.end() :], keys):
            title = title[: last.start()].strip()
        elif first.end() < len(title) and _is_name(title[: first.start()], keys):
            title = title[first.end() :].strip()
        else:
            return title


def _cuts(title: str) -> list[re.Match[str]]:
    """Its separators."""
    if _SEPARATORS.isdisjoint(title):
        return []
    return list(re.finditer(_SEPARATOR_IN_CHINESE, title) if "_" in title else _SEPARATOR.finditer(title))


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


def _initials(name: str) -> str:
    """The first letters of a name of several words."""
    words = _WORD.findall(name)
    return "".join(word[0] for word in words) if 3 <= len(words) <= 6 else ""


def _key(text: str) -> str:
    folded = text.casefold()
    if folded.isascii():
        return folded.encode().translate(None, _NO_WORD).decode()
    return "".join(_WORD.findall(folded))
