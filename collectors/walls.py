"""Pages that stand in front of content: challenges, consent and login walls, soft 404s, parked names, empty shells of scripts.

Recognised by what such pages have and content has not: telling headers, the markup of the makers of such walls, or words in the
title of a page that says next to nothing else. A word in a long text proves nothing. Nothing is ever done to get around a wall.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation

from collectors.reading.native.walking import words_shown
from collectors.urls import host_of, registrable_domain

WallKind = Literal["challenge", "consent", "login", "geo", "denied", "maintenance", "parked", "script_only", "soft_404"]

LARGEST_WALL = 256 * 1024  # bytes; a larger page is content
SHORT_WORDS = 220  # a page with more words than this is content, whatever its title says
SHELL_WORDS = 25
LARGEST_LOGIN = 64 * 1024  # bytes


class Wall(NamedTuple):
    """What stands in front of the content, and how it was recognised."""

    kind: WallKind
    sign: str

    @property
    def reason(self) -> str:
        return f"{_MEANING[self.kind]} ({self.sign})"


_MEANING: dict[WallKind, str] = {
    "challenge": "a challenge page",
    "consent": "a consent page",
    "login": "a login page",
    "geo": "not served to this country",
    "denied": "access denied",
    "maintenance": "closed for maintenance",
    "parked": "a parked domain",
    "script_only": "an empty page that only a script would fill",
    "soft_404": "a page that says it was not found",
}

# Markup of the makers of walls, proof on a short page: (kind, bytes in lower case, name for people).
_MARKUP: tuple[tuple[WallKind, bytes, str], ...] = (
    ("challenge", b"/cdn-cgi/challenge-platform/h/", "Cloudflare"),
    ("challenge", b"cf-browser-verification", "Cloudflare"),
    ("challenge", b"cf_chl_opt", "Cloudflare"),
    ("challenge", b"ddos-guard.net/check.js", "DDoS-Guard"),
    ("challenge", b"/.well-known/ddos-guard/", "DDoS-Guard"),
    ("challenge", b"_incapsula_resource", "Imperva"),
    ("challenge", b"geo.captcha-delivery.com", "DataDome"),
    ("challenge", b"px-captcha", "PerimeterX"),
    ("challenge", b"awswafcookiedomainlist", "AWS WAF"),
    ("challenge", b"sucuri_cloudproxy_js", "Sucuri"),
    ("challenge", b'action="/checkcaptcha', "SmartCaptcha"),
    ("challenge", b"/showcaptcha", "SmartCaptcha"),
    ("challenge", b"__qrator", "Qrator"),
    ("challenge", b"servicepipe.ru/", "ServicePipe"),
    ("challenge", b"/_sec/cp_challenge/", "Akamai"),
    ("consent", b'action="https://consent.google.', "Google consent"),
    ("consent", b'action="https://consent.youtube.', "YouTube consent"),
    ("parked", b"sedoparking.com", "Sedo"),
    ("parked", b"parkingcrew.net", "ParkingCrew"),
    ("parked", b"d38psrni17bvxu.cloudfront.net", "ParkingCrew"),
    ("parked", b"parking.reg.ru", "Reg.ru"),
    ("parked", b"parklogic.com", "ParkLogic"),
    ("parked", b"/bodis/", "Bodis"),
)
_HOSTS: dict[str, WallKind] = {
    "consent.google.com": "consent",
    "consent.youtube.com": "consent",
    "consent.yahoo.com": "consent",
    "accounts.google.com": "login",
    "login.microsoftonline.com": "login",
    "passport.yandex.ru": "login",
    "id.vk.com": "login",
    "login.vk.com": "login",
}
_LOGIN_PATH = re.compile(r"(?i)/(?:log-?in|sign-?in|auth(?:orize)?|accounts/login|sso|vhod|avtorizaciya)(?:[/.?]|$)")
_CONSENT_PATH = re.compile(r"(?i)/(?:consent|cookie-consent|privacy-gate|gdpr)(?:[/.?]|$)")

# Words in the title or first heading of a short page.
_WORDS: tuple[tuple[WallKind, re.Pattern[str]], ...] = (
    (
        "challenge",
        re.compile(
            r"just a moment|attention required|checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human"
            r"|are you (?:a )?(?:human|robot)"
            r"|(?:you are|not) a robot|captcha|security check|bot (?:check|verification)"
            r"|ddos[ -](?:guard|protection)|one more step|robot check"
            r"|pardon our interruption|проверка браузера|проверяем (?:ваш )?браузер"
            r"|вы (?:не )?робот|не робот|докажите, что вы|подтвердите, что вы"
            r"|доступ временно ограничен|ой, капча|антибот|защита от (?:ботов|роботов)"
        ),
    ),
    (
        "geo",
        re.compile(
            r"not available in your (?:country|region|location)|unavailable in your (?:country|region)"
            r"|(?:country|region) is not supported"
            r"|недоступ(?:ен|на|но) в (?:вашей стране|вашем регионе)|legal reasons|из вашей страны"
        ),
    ),
    (
        "denied",
        re.compile(
            r"access (?:to this page has been |is |has been )?(?:denied|blocked|restricted)"
            r"|403 forbidden|^forbidden|request blocked|you have been blocked"
            r"|unusual traffic|доступ (?:к (?:сайту|ресурсу|странице) )?(?:запрещ|заблокирован|ограничен)"
            r"|вы (?:были )?заблокированы"
        ),
    ),
    (
        "maintenance",
        re.compile(
            r"(?:down|closed|under|undergoing|scheduled) (?:for )?maintenance"
            r"|maintenance mode|be right back|be back soon|temporarily unavailable"
            r"|техническ(?:ие|их) работ|сайт (?:временно )?(?:закрыт|недоступен|на обслуживании)"
            r"|ведутся работы|скоро вернемся|скоро вернёмся|профилактическ"
        ),
    ),
    (
        "login",
        re.compile(
            r"^(?:please )?(?:log ?in|sign ?in)\b|(?:log ?in|sign ?in) (?:to (?:continue|view|see)|required)"
            r"|you must (?:log|sign) ?in"
            r"|^вход\b|^войти\b|^авторизация|^войдите|необходима авторизация|требуется (?:вход|авторизация)"
        ),
    ),
    (
        "consent",
        re.compile(
            r"before you continue|we value your privacy|cookie consent|your privacy choices"
            r"|прежде чем (?:продолжить|перейти)|согласие на (?:обработку|использование)"
        ),
    ),
    (
        "parked",
        re.compile(
            r"domain (?:is |name is |may be )?(?:for sale|parked|available)"
            r"|(?:buy|purchase) this domain|this domain (?:is|has)|parked (?:domain|free)"
            r"|домен (?:продается|продаётся|припаркован|не прилинкован|зарегистрирован)"
            r"|купить (?:этот )?домен|welcome to nginx|apache2 .*default page"
            r"|it works!"
        ),
    ),
    (
        "soft_404",
        re.compile(
            r"\b404\b|(?:page|product|item|document) (?:was |is |could |cannot |can't )?(?:not |be )*found"
            r"|not found|no longer (?:available|exists)|does ?n[o']t exist"
            r"|страниц[аы] не (?:найден|существует)|не найден[аоы]?\b|такой страницы (?:нет|не существует)"
            r"|товар не найден|страница удалена|ничего не нашл"
        ),
    ),
)

# Data for scripts, in lower case: a page that has it can be read without them.
_EMBEDDED = (
    b"application/json",
    b"application/ld+json",
    b"__next_data__",
    b"__nuxt__",
    b"__initial_state__",
    b"__apollo_state__",
    b"__preloaded_state__",
)
_TAG = re.compile(rb"<[^<>]{0,2000}>")
# Of pages in lower case: a search that minds no case has to try every place.
_TITLE = re.compile(rb"(?s)<title[^<>]{0,200}>(.{0,500}?)</title")
_HEADING = re.compile(rb"(?s)<h1[^<>]{0,500}>(.{0,800}?)</h1")
_PASSWORD = re.compile(rb"<input[^<>]{0,500}type\s*=\s*[\"']?password")
_SCRIPT_ROOT = re.compile(
    rb"<div[^<>]{0,200}id\s*=\s*[\"']?(?:root|app|__next|__nuxt|app-root|application|react-app|main-app)[\"'\s>]|<app-root"
)
_REFRESH = re.compile(rb"<meta[^<>]{0,200}http-equiv\s*=\s*[\"']?refresh")


def wall(
    http_status: int | None,
    headers: Mapping[str, str],
    media_type: str,
    body: bytes | None,
    url: str,
    final_url: str,
    least_words: int = 0,
) -> Wall | None:
    """The wall that an answer is; None for content. `headers` have lower-case names; so many words the page is known to have.

    Judges any status: a 403 may be a challenge, a 200 may say that nothing was found. What is not HTML is judged by headers only.
    """
    if (found := _by_headers(http_status, headers)) is not None:
        return found
    if (found := _by_address(url, final_url)) is not None:
        return found
    if not body or (media_type and "html" not in media_type) or least_words > SHORT_WORDS:
        return None
    if len(body) > LARGEST_WALL or (words := words_shown(body, SHORT_WORDS + 1)) > SHORT_WORDS:
        return None
    lower = body.lower()
    # Marks of makers, then those of data: by number, all that the page has.
    found_marks = [number for number, _, _ in _marks().find_matches_as_indexes(lower, overlapping=True)]
    if (first := min(found_marks, default=len(_MARKUP))) < len(_MARKUP):
        kind, _, name = _MARKUP[first]
        return Wall(kind, name)
    if (found := _by_words(body, lower, words)) is not None:
        return found
    return None if found_marks else _by_emptiness(lower, words)


@cache
def _marks() -> BytesAhoCorasick:
    return BytesAhoCorasick([mark for _, mark, _ in _MARKUP] + [*_EMBEDDED], implementation=Implementation.DFA)


def _by_headers(http_status: int | None, headers: Mapping[str, str]) -> Wall | None:
    if headers.get("cf-mitigated", "").lower() == "challenge":
        return Wall("challenge", "header cf-mitigated")
    if headers.get("x-amzn-waf-action", "").lower() in ("challenge", "captcha"):
        return Wall("challenge", "header x-amzn-waf-action")
    if "x-datadome" in headers and http_status in (401, 403, 429):
        return Wall("challenge", "header x-datadome")
    if http_status == 451:
        return Wall("geo", "status 451")
    return None


def _by_address(url: str, final_url: str) -> Wall | None:
    """Redirected from a page to where people log in or consent."""
    if not final_url or final_url == url:
        return None
    host = host_of(final_url)
    if host in _HOSTS:
        return Wall(_HOSTS[host], f"redirected to {host}")
    path = final_url.partition("://")[2].partition("/")[2]
    asked = url.partition("://")[2].partition("/")[2]
    for kind, pattern in (("login", _LOGIN_PATH), ("consent", _CONSENT_PATH)):
        if pattern.search("/" + path.partition("?")[0]) and not pattern.search("/" + asked.partition("?")[0]):
            return Wall("login" if kind == "login" else "consent", f"redirected to /{path.partition('?')[0][:80]}")
    if registrable_domain(host) != registrable_domain(host_of(url)) and any(
        name in host for name in ("sedo", "hugedomains", "afternic", "dan.com", "parking")
    ):
        return Wall("parked", f"redirected to {host}")
    return None


def _by_words(body: bytes, lower: bytes, words: int) -> Wall | None:
    """The title or the first heading says it, and the page says little else."""
    said = [_plain(body[slice(*match.span(1))]) for pattern in (_TITLE, _HEADING) if (match := pattern.search(lower))]
    for kind, pattern in _WORDS:
        for text in said:
            if found := pattern.search(text):
                return Wall(kind, f"“{found.group().strip()}” in the title of a page of {words} words")
    return None


def _by_emptiness(lower: bytes, words: int) -> Wall | None:
    # A large page with a password field and few words is a shop that a script fills, its login form hidden.
    if len(lower) <= LARGEST_LOGIN and 3 <= words <= SHORT_WORDS // 2 and _PASSWORD.search(lower):
        return Wall("login", f"a password field on a page of {words} words")
    if (
        words <= SHELL_WORDS
        and b"<script" in lower
        and (_SCRIPT_ROOT.search(lower) or b"enable javascript" in lower or "включите javascript".encode() in lower)
    ):
        return Wall("script_only", f"{words} words and an empty root element")
    if words <= SHELL_WORDS and (_REFRESH.search(lower) or b"location.href" in lower or b"location.replace(" in lower):
        return Wall("script_only", f"{words} words and a redirect by markup or script, which is not followed")
    return None


def _plain(markup: bytes) -> str:
    bare = _TAG.sub(b" ", markup)
    try:
        text = bare.decode()
    except UnicodeDecodeError:
        text = bare.decode("cp1251", "replace")  # of the encodings that are not UTF-8, the one our words may stand in
    return " ".join(html.unescape(text).lower().split())
