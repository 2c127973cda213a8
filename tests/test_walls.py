"""What stands in front of content is told from content. R-n = the case of the catalogue of faults."""

from __future__ import annotations

import re
import tarfile
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.reading.native.walking import words_shown
from collectors.walls import wall
from tests.corpora import corpus

URL = "https://shop.example/tea"
LONG = "<p>" + "Листовой чай в жестяной банке, собранный вручную. " * 60 + "</p>"


def found(body, status=200, headers=None, media_type="text/html", final_url=URL):
    body = body.encode() if isinstance(body, str) else body
    result = wall(status, headers or {}, media_type, body, URL, final_url)
    return result.kind if result else None


def page(title, text="", extra=""):
    return f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p>{extra}</body></html>"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param(
            "challenge", page("Just a moment...", "Checking", "<script>window._cf_chl_opt={}</script>"), id="r122-cloudflare"
        ),
        pytest.param(
            "challenge",
            page("DDoS-Guard", extra='<script src="/.well-known/ddos-guard/js-challenge/"></script>'),
            id="r122-ddos-guard",
        ),
        pytest.param("challenge", page("Ой!", "Вы не робот?", '<form action="/checkcaptcha?key=1">'), id="r122-smart-captcha"),
        pytest.param("challenge", page("Проверяем браузер", "Подождите"), id="r122-russian"),
        pytest.param("challenge", page("Are you a robot?", "Tick the box"), id="r122-words"),
        pytest.param("challenge", '<html><iframe src="/_Incapsula_Resource?x=1"></iframe></html>', id="r122-imperva"),
        pytest.param("consent", page("Before you continue", "We use cookies"), id="r124-consent"),
        pytest.param("consent", '<form action="https://consent.google.com/save"><button>Принять</button></form>', id="r124-form"),
        pytest.param("login", page("Log in", "to continue"), id="r125-title"),
        pytest.param(
            "login", page("Кабинет", "Логин и пароль от кабинета", '<input type="password" name=p>'), id="r125-password"
        ),
        pytest.param("login", page("Вход в систему"), id="r125-russian"),
        pytest.param("geo", page("Сайт недоступен в вашем регионе"), id="r126-russian"),
        pytest.param("geo", page("This content is not available in your country"), id="r126-english"),
        pytest.param(
            "script_only",
            '<html><body><noscript>You need to enable JavaScript</noscript><div id="root"></div><script src=a.js></script>',
            id="r127-root",
        ),
        pytest.param("script_only", '<meta http-equiv="refresh" content="0; url=/b">', id="r33-refresh"),
        pytest.param("script_only", "<html><script>window.location.href='/b'</script></html>", id="r33-script"),
        pytest.param("denied", page("Access Denied", "You don't have permission"), id="r128-english"),
        pytest.param("denied", page("Доступ запрещён"), id="r128-russian"),
        pytest.param("maintenance", page("Site under maintenance", "Back in an hour"), id="r129-english"),
        pytest.param("maintenance", page("На сайте ведутся технические работы"), id="r129-russian"),
        pytest.param(
            "parked",
            page("tea.example", "This name is for sale", '<script src="https://sedoparking.com/x.js"></script>'),
            id="r130-sedo",
        ),
        pytest.param("parked", page("Домен продаётся"), id="r130-russian"),
        pytest.param("parked", page("Welcome to nginx!"), id="r130-empty-server"),
        pytest.param("soft_404", page("Страница не найдена", "Вернуться на главную"), id="r76-russian"),
        pytest.param("soft_404", page("404 — page not found"), id="r76-english"),
        pytest.param("soft_404", page("Страница не найдена").encode("cp1251"), id="r76-windows-1251"),
        pytest.param("soft_404", page("Товар не найден", "Посмотрите похожие"), id="r76-product"),
    ],
)
def test_walls_are_recognised(kind, body):
    assert found(body) == kind


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        pytest.param("challenge", {"status": 403, "headers": {"cf-mitigated": "challenge"}}, id="r123-cloudflare"),
        pytest.param("challenge", {"status": 405, "headers": {"x-amzn-waf-action": "captcha"}}, id="r123-aws"),
        pytest.param("challenge", {"status": 403, "headers": {"x-datadome": "protected"}}, id="r123-datadome"),
        pytest.param("geo", {"status": 451}, id="r126-451"),
        pytest.param("login", {"final_url": "https://shop.example/login?next=/tea"}, id="r125-redirect"),
        pytest.param("login", {"final_url": "https://accounts.google.com/v3/signin"}, id="r125-redirect-elsewhere"),
        pytest.param("consent", {"final_url": "https://consent.youtube.com/m?continue="}, id="r124-redirect"),
        pytest.param("parked", {"final_url": "https://www.hugedomains.com/domain_profile.cfm?d=shop"}, id="r130-redirect"),
    ],
)
def test_walls_are_recognised_by_headers_and_address(kind, answer):
    assert found(LONG, **answer) == kind


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(page("Чай чёрный, 100 г", "Цена 1 290 ₽. В наличии. Доставка завтра."), id="short-product"),
        pytest.param(page("How a captcha works", LONG), id="article-about-captcha"),
        pytest.param(page("Access denied: a history", LONG), id="article-about-denial"),
        pytest.param(page("404 рецепта чая", LONG), id="long-title-with-404"),
        pytest.param(
            page("Чай", LONG, '<script src="/cdn-cgi/challenge-platform/h/b/x.js"></script>'), id="content-behind-cloudflare"
        ),
        pytest.param(page("Чай", "Купить", '<input type="password">' + "<div class=x></div>" * 5000), id="hidden-login-form"),
        pytest.param(
            '<div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{"price": 1}</script>',
            id="data-for-scripts",
        ),
        pytest.param("<p>hello</p>", id="tiny"),
        pytest.param("", id="empty"),
    ],
)
def test_content_is_not_a_wall(body):
    assert found(body) is None


def test_what_is_not_html_is_judged_by_headers_only():
    assert found('{"title": "Access denied"}', media_type="application/json") is None
    assert found(page("Access denied"), media_type="") == "denied"


def test_real_pages_are_content():
    pages = hits = 0
    with tarfile.open(corpus("wcxb") / "html.tar.xz") as archive:
        for member in archive:
            if member.isfile():
                pages += 1
                hits += found(archive.extractfile(member).read()) is not None
            if pages == 150:
                break

    assert hits / pages <= 0.02  # some pages of the corpus are empty shells


@given(st.binary(max_size=300))
def test_no_body_breaks_the_judge(body):
    found(body)


@pytest.mark.parametrize(
    "piece",
    [b"<", b"<script>", b"<!--", b"<title>", b"</script", b"<a <", b"<input type=", b"<meta http-equiv=", b"<svg><style>"],
)
def test_hostile_pages_cost_little(piece):
    started = time.process_time()
    found(b"<body>" + piece * (250_000 // len(piece)))

    assert time.process_time() - started < 1


HIDDEN = r"(?i:script|style|title|template|svg)\b"
BITS = (
    b"<body>", b"<BODY", b"<script>", b"</script >", b"</SCRIPT\n> ", b"<svg", b"<svgx>", b"a b", b" c", b"<!--", b"-->", b"--",
    b">", b"<", b"<p>", b"\x0b", b"<title>", b"</title>", b"\xc2\xa0x", b"<style", b"</style", b"<template/>", b"</template>",
)  # fmt: skip


def words_slowly(markup: bytes) -> int:
    """Text, tags and what is hidden in turn, by patterns."""
    body = re.search(rb"(?i)<body", markup)
    rest, count = markup[body.start() :] if body else markup, 0
    while rest:
        if hiding := re.match(f"<({HIDDEN})".encode(), rest):
            closing = re.compile(rb"(?i)</" + hiding[1] + rb"\s*>").search(rest, hiding.end())
            rest = rest[closing.end() :] if closing else b""
        elif rest.startswith(b"<!--"):
            end = rest.find(b"-->", 4)
            rest = rest[end + 3 :] if end >= 0 else b""
        elif tag := re.match(rb"<[^>]*>?", rest):
            rest = rest[tag.end() :]
        else:
            text = re.match(rb"[^<]+", rest)
            assert text
            count += len(text[0].split())
            rest = rest[text.end() :]
    return count


@given(st.lists(st.sampled_from(BITS), max_size=14).map(b"".join))
def test_words_that_a_reader_sees_are_counted(markup: bytes) -> None:
    assert words_shown(markup, 10**6) == words_slowly(markup)
    assert words_shown(markup, 2) >= min(2, words_slowly(markup))
