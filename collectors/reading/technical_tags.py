"""The tags and platforms that a page's markup names, each with a word that stands wherever it does."""

from __future__ import annotations

import re
from typing import NamedTuple


class Tag(NamedTuple):
    """A system, what must stand in the markup for it to be searched at all, and where its id is."""

    system: str
    needle: bytes
    pattern: re.Pattern[bytes]


def _tag(system: str, needle: str, pattern: str) -> Tag:
    return Tag(system, needle.encode(), re.compile(pattern.encode()))


TAGS = (
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
PLATFORMS = tuple((system, needle.encode()) for system, needle in _HOSTS)
