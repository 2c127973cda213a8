"""Analytics, advertising and platform tags in a page's markup, and campaign marks on its links.

An id that stands on two sites names one owner, so ids are kept exactly. Patterns search the raw markup, scripts included; what is
only an example (`UA-XXXXX-Y`, one digit over and over) and what is commented out is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from collectors.reading.document import Document
from collectors.reading.model import Link, TechnicalId

MAX_MARKUP = 5_000_000  # bytes that are searched
MAX_PER_SYSTEM = 50
NEEDLES_AT_ONCE = 16
MAX_PLACES = 200  # of one needle
REACH_BACK, REACH = 30, 300  # bytes around a needle in which its id stands
MAX_METAS = 2_000
MAX_VALUE = 200  # characters
MAX_QUERY = 2_000


class _Tag(NamedTuple):
    """A system, what must stand in the markup for it to be searched at all, and where its id is."""

    system: str
    needle: bytes
    pattern: re.Pattern[bytes]


def _tag(system: str, needle: str, pattern: str) -> _Tag:
    return _Tag(system, needle.encode(), re.compile(pattern.encode()))


_TAGS = (
    *(_tag("google_analytics", f"{sign}G-", r"""(?:\?id=|&id=|['"])(G-[A-Z0-9]{6,12})\b""") for sign in ("id=", "'", '"')),
    _tag("google_ads", "AW-", r"\b(AW-\d{6,12})\b"),
    _tag("google_ads", "google_conversion_id", r"google_conversion_id\s*=\s*(\d{6,12})"),
    _tag("floodlight", "DC-", r"\b(DC-\d{5,12})\b"),
    _tag("universal_analytics", "UA-", r"\b(UA-\d{4,10}-\d{1,4})\b"),
    _tag("google_tag_manager", "GTM-", r"\b(GTM-[A-Z0-9]{4,9})\b"),
    _tag("adsense", "ca-pub-", r"\b(ca-pub-\d{10,20})\b"),
    _tag("yandex_metrika", "ym(", r"""\bym\(\s*['"]?(\d{5,10})['"]?\s*,\s*['"]init['"]"""),
    _tag("yandex_metrika", "mc.yandex.", r"mc\.yandex\.(?:ru|com|[a-z]{2})/watch/(\d{5,10})"),
    _tag("yandex_metrika", "tag.js?id=", r"metrika/tag\.js\?id=(\d{5,10})"),
    _tag("yandex_metrika", "yaCounter", r"\byaCounter(\d{5,10})\b"),
    _tag("yandex_metrika", "Ya.Metrika", r"Ya\.Metrika2?\(\s*\{\s*['\"]?id['\"]?\s*:\s*['\"]?(\d{5,10})"),
    _tag("meta_pixel", "fbq(", r"""fbq\(\s*['"]init['"]\s*,\s*['"](\d{10,20})['"]"""),
    _tag("meta_pixel", "facebook.com/tr", r"facebook\.com/tr/?\?id=(\d{10,20})"),
    _tag("vk_retargeting", "VK-RTRG-", r"\b(VK-RTRG-\d+-[0-9A-Za-z]{5})\b"),
    _tag("vk_pixel", "_tmr", r"""_tmr\.push\(\s*\{[^}]{0,200}?['"]?\bid['"]?\s*:\s*["']?(\d{4,12})"""),
    _tag("vk_pixel", "top-fwz1.mail.ru", r"top-fwz1\.mail\.ru/counter\?id=(\d{4,12})"),
    _tag("tiktok_pixel", "ttq.load", r"""ttq\.load\(\s*['"]([A-Z0-9]{18,22})['"]"""),
    _tag("linkedin_insight", "_linkedin_partner_id", r"""_linkedin_partner_id\s*=\s*["']?(\d{4,12})"""),
    _tag("microsoft_uet", "UET", r"""\bti["']?\s*:\s*["']?(\d{6,12})\b"""),
    _tag("yandex_ad_network", "blockId", r"\b(R-A-\d{4,12}-\d{1,5})\b"),
    _tag("adfox", "adfoxCode", r"ownerId['\"]?\s*:\s*['\"]?(\d{4,10})"),
    _tag("hotjar", "hjid", r"hjid\s*:\s*(\d{5,9})"),
    _tag("clarity", "clarity.ms", r"clarity\.ms/tag/([a-z0-9]{8,12})\b"),
    _tag("liveinternet", "counter.yadro.ru", r"counter\.yadro\.ru/hit;([A-Za-z0-9_\-]{2,40})"),
)  # fmt: skip
# Present or not: systems whose markup names no id that tells owners apart.
_HOSTS = (
    ("jivo", "code.jivo"), ("carrotquest", "carrotquest"), ("intercom", "widget.intercom.io"), ("zendesk", "static.zdassets.com"),
    ("bitrix24", "cdn.bitrix24"), ("calltouch", "mod.calltouch.ru"), ("roistat", "cloud.roistat.com"),
    ("comagic", "app.comagic.ru"),
    ("callibri", "cdn.callibri.ru"), ("mango_office", "mango-office.ru"), ("criteo", "criteo.net"), ("admitad", "artfut.com"),
    ("adriver", "ad.adriver.ru"), ("buzzoola", "exchange.buzzoola.com"), ("soloway", "soloway.ru"),
    ("shopify", "cdn.shopify.com"),
    ("wordpress", "/wp-content/"), ("woocommerce", "plugins/woocommerce"), ("bitrix", "/bitrix/"), ("tilda", "tildacdn"),
    ("insales", "insales"), ("opencart", "catalog/view/theme"), ("prestashop", "prestashop"), ("magento", "Magento_"),
    ("wix", "static.wixstatic.com"), ("squarespace", "squarespace.com"), ("webflow", "data-wf-site"),
    ("next_js", "__NEXT_DATA__"),
    ("nuxt", "__NUXT__"), ("gatsby", "___gatsby"), ("angular", "ng-version="), ("ecwid", "app.ecwid.com"), ("cs_cart", "cs-cart"),
    ("yookassa", "yookassa"), ("cloudpayments", "cloudpayments"), ("tinkoff_pay", "securepay.tinkoff"),
    ("stripe", "js.stripe.com"),
    ("paypal", "paypal.com/sdk"), ("greenhouse", "boards.greenhouse.io"), ("lever", "jobs.lever.co"),
    ("ashby", "jobs.ashbyhq.com"),
    ("workable", "apply.workable.com"), ("huntflow", "huntflow"),
)  # fmt: skip
_PLATFORMS = tuple((system, needle.encode()) for system, needle in _HOSTS)
_APPS = (
    ("app_store", re.compile(r"^https?://(?:apps|itunes)\.apple\.com/.*?/?id(\d{6,12})\b")),
    ("google_play", re.compile(r"^https?://play\.google\.com/store/apps/details\?(?:[^#]*&)?id=([\w.]{3,150})")),
    ("rustore", re.compile(r"^https?://(?:www\.|apps\.)?rustore\.ru/(?:catalog/)?app/([\w.]{3,150})")),
    ("appgallery", re.compile(r"^https?://appgallery\.(?:huawei|cloud\.huawei)\.com/(?:#/)?app/(C\d{5,12})")),
)
_APP_HOSTS = ("apple.com/", "play.google.com/", "rustore.ru/", "appgallery.")
_LINK_MARKS = ("utm_", "UTM_", *_APP_HOSTS)
_NEEDLES = tuple(dict.fromkeys((*(tag.needle for tag in _TAGS), *(needle for _, needle in _PLATFORMS))))
_BY_NEEDLE: dict[bytes, list[tuple[str, re.Pattern[bytes]]]] = {}
for _system, _needle, _pattern in _TAGS:
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


@cache
def _searches() -> list[tuple[list[bytes], BytesAhoCorasick]]:
    """All needles in a few passes over the markup: of so few at once the search looks at 16 bytes in one step, of all at one."""
    ordered = sorted(_NEEDLES, key=len)
    groups = [ordered[start : start + NEEDLES_AT_ONCE] for start in range(0, len(ordered), NEEDLES_AT_ONCE)]
    return [(group, BytesAhoCorasick(group, matchkind=MatchKind.LeftmostLongest)) for group in groups]


def _places(raw: bytes) -> list[tuple[int, int, bytes]]:
    """Where needles stand in the markup, in order."""
    found = [
        (start, end, group[number]) for group, search in _searches() for number, start, end in search.find_matches_as_indexes(raw)
    ]
    found.sort()
    return found


def read_technical_ids(document: Document, links: Iterable[Link] = ()) -> tuple[TechnicalId, ...]:
    """Tags, platforms, verification marks and apps of a page; UTM values of its links. Each once, in a fixed order."""
    raw = (document.tree.raw_html or b"")[:MAX_MARKUP]
    found = _Found()
    present: dict[bytes, int] = {}
    for start, end, needle in _places(raw):
        seen = present[needle] = present.get(needle, 0) + 1
        if seen > MAX_PLACES:
            continue
        for system, pattern in _BY_NEEDLE.get(needle, ()):
            match = pattern.search(raw, max(0, start - REACH_BACK), end + REACH)
            if match is None:
                continue
            value = match.group(1).decode("ascii", "replace")
            if not found.has(system, value) and not _is_commented(raw, match.start()):
                found.add(system, value)
    for system, needle in _PLATFORMS:
        if needle in present:
            found.add(system, "")
    for _, _, attributes in document.tagged("meta")[:MAX_METAS]:
        name = (attributes.get("name") or attributes.get("property") or "").strip().lower()
        if name in _METAS:
            content = (attributes.get("content") or "").strip()
            app = _APP_ID.search(content) if name in _APP_METAS else None
            found.add(_METAS[name], app.group(1) if app else content[:MAX_VALUE])
    for url in _marked([link.url for link in links]):
        _read_link(url, found)
    return tuple(found.ids)


def _marked(urls: Sequence[str]) -> list[str]:
    """Those of the addresses that hold a mark, in their order; most pages have none, as one look at all shows."""
    joined = "\n".join(urls)
    marked = {number for mark in _LINK_MARKS if mark in joined for number, url in enumerate(urls) if mark in url}
    return [urls[number] for number in sorted(marked)]


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
    return opened >= 0 and raw.find(b"-->", opened, at) < 0 and b"<script" not in raw[opened:at].lower()[:200]
