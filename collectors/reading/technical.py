"""Analytics, advertising and platform tags in a page's markup, and campaign marks on its links.

An id that stands on two sites names one owner, so ids are kept exactly. Patterns search the raw markup, scripts included; what is
only an example (`UA-XXXXX-Y`, one digit over and over) and what is commented out is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from collectors.reading.document import Document
from collectors.reading.model import Link, TechnicalId
from collectors.reading.technical_tags import PLATFORMS, TAGS

MAX_MARKUP = 5_000_000  # bytes that are searched
MAX_PER_SYSTEM = 50
REACH_BACK, REACH = 30, 300  # bytes around a needle in which its id stands
MAX_METAS = 2_000
MAX_VALUE = 200  # characters
MAX_QUERY = 2_000


_APPS = (
    ("app_store", re.compile(r"^https?://(?:apps|itunes)\.apple\.com/.*?/?id(\d{6,12})\b")),
    ("google_play", re.compile(r"^https?://play\.google\.com/store/apps/details\?(?:[^#]*&)?id=([\w.]{3,150})")),
    ("rustore", re.compile(r"^https?://(?:www\.|apps\.)?rustore\.ru/(?:catalog/)?app/([\w.]{3,150})")),
    ("appgallery", re.compile(r"^https?://appgallery\.(?:huawei|cloud\.huawei)\.com/(?:#/)?app/(C\d{5,12})")),
)
_APP_HOSTS = ("apple.com/", "play.google.com/", "rustore.ru/", "appgallery.")
_BY_NEEDLE: dict[bytes, list[tuple[str, re.Pattern[bytes]]]] = {}
for _system, _needle, _pattern in TAGS:
    _BY_NEEDLE.setdefault(_needle, []).append((_system, _pattern))
_METAS = {
    "google-site-verification": "google_site", "yandex-verification": "yandex_webmaster",
    "facebook-domain-verification": "meta_domain",
    "mailru-domain": "mailru_domain", "p:domain_verify": "pinterest_domain", "msvalidate.01": "bing_webmaster",
    "fb:app_id": "facebook_app",
    "fb:pages": "facebook_page", "generator": "generator", "apple-itunes-app": "app_store", "google-play-app": "google_play",
    "al:ios:app_store_id": "app_store", "al:android:package": "google_play", "twitter:site": "x_account",
}  # fmt: skip
_APP_ID = re.compile(r"app-id=([\w.]{3,150})")
_UTM = frozenset(
    (
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_content",
        "utm_term",
        "utm_id",
        "utm_referrer",
        "utm_source_platform",
        "utm_creative_format",
        "utm_marketing_tactic",
    )
)
_APP_METAS = frozenset(("apple-itunes-app", "google-play-app"))
_MACRO = re.compile(r"^\{+[^}]*\}+$|^__\w+__$|^%%.*%%$")
_SAMPLE = re.compile(r"X{4}|^(?:[A-Z]+-)?(\d)\1{4,}(?:-\d)?$|(?:^|-)12345(?:6(?:7(?:8(?:90?)?)?)?)?(?:-|$)")


def _places(words: Mapping[bytes, Sequence[int]], size: int) -> list[tuple[int, int, bytes]]:
    """Where the words of tags stand in the first bytes of the markup, in order: beginning, end and word."""
    tags = [needle for needle in words if needle in _BY_NEEDLE]
    places = [(start, start + len(needle), needle) for needle in tags for start in words[needle]]
    return sorted(place for place in places if place[1] <= size)


def read_technical_ids(document: Document, links: Iterable[Link] = ()) -> tuple[TechnicalId, ...]:
    """Tags, platforms, verification marks and apps of a page; UTM values of its links. Each once, in a fixed order.

    Of `links` those do that hold one of link_words.MARK_WORDS.
    """
    raw = (document.tree.raw_html or b"")[:MAX_MARKUP]
    found = _Found()
    words = document.words.found
    for start, end, needle in _places(words, len(raw)):
        for system, pattern in _BY_NEEDLE[needle]:
            match = pattern.search(raw, max(0, start - REACH_BACK), end + REACH)
            if match is None:
                continue
            value = match.group(1).decode("ascii", "replace")
            if not found.has(system, value) and not _is_commented(raw, match.start()):
                found.add(system, value)
    for system, needle in PLATFORMS:
        if needle in words and words[needle][0] + len(needle) <= len(raw):
            found.add(system, "")
    for declared, its_name, _, _, said, _ in document.metas[:MAX_METAS]:
        name = (its_name or declared or "").strip().lower()
        if name in _METAS:
            content = (said or "").strip()
            app = _APP_ID.search(content) if name in _APP_METAS else None
            found.add(_METAS[name], app.group(1) if app else content[:MAX_VALUE])
    for link in links:
        _read_link(link.url, found)
    return tuple(found.ids)


class _Found:
    """Ids so far, each once, a bounded number of each system."""

    def __init__(self) -> None:
        self.ids: dict[TechnicalId, None] = {}
        self._counts: dict[str, int] = {}

    def has(self, system: str, value: str) -> bool:
        return TechnicalId(system, value) in self.ids

    def add(self, system: str, value: str) -> None:
        tag = TechnicalId(system, value)
        if tag in self.ids or self._counts.get(system, 0) >= MAX_PER_SYSTEM or _SAMPLE.search(value):
            return
        self._counts[system] = self._counts.get(system, 0) + 1
        self.ids[tag] = None


def _read_link(url: str, found: _Found) -> None:
    if "utm_" in url or "UTM_" in url:
        query = url.partition("?")[2] + "&" + url.partition("#")[2]
        for name, value in parse_qsl(query[:MAX_QUERY], max_num_fields=None):
            if name.lower() in _UTM and value and not _MACRO.search(value):
                found.add(name.lower(), value[:MAX_VALUE])
    if any(host in url for host in _APP_HOSTS):
        for system, pattern in _APPS:
            if match := pattern.match(url):
                found.add(system, match.group(1))


def _is_commented(raw: bytes, at: int) -> bool:
    """Whether an HTML comment is open at the offset; comments are looked for 20 000 bytes back at most."""
    opened = raw.rfind(b"<!--", max(0, at - 20_000), at)
    return opened >= 0 and raw.find(b"-->", opened, at) < 0 and b"<script" not in raw[opened : min(at, opened + 200)].lower()
