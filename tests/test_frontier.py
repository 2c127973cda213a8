"""Which links a crawl takes."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.frontier import in_scope, is_trap, scope_of

HOME = "https://shop.example/"


@pytest.mark.parametrize(
    ("home", "options", "url", "expected"),
    [
        (HOME, {}, "https://shop.example/p/1", True),
        (HOME, {}, "http://www.shop.example/p/1", True),
        (HOME, {}, "https://blog.shop.example/", False),
        (HOME, {"subdomains": True}, "https://blog.shop.example/", True),
        (HOME, {"subdomains": True}, "https://othershop.example/", False),
        (HOME, {}, "https://shop.example.evil.example/", False),
        (HOME, {}, "https://shop.example:8443/", False),
        (HOME, {}, "mailto:shop@shop.example", False),
        ("https://shop.example/ru", {}, "https://shop.example/ru/p", True),
        ("https://shop.example/ru", {}, "https://shop.example/ru", True),
        ("https://shop.example/ru", {}, "https://shop.example/russia", False),
        (HOME, {"include": ["/p/"]}, "https://shop.example/about", False),
        (HOME, {"include": ["/p/"], "exclude": ["/p/old"]}, "https://shop.example/p/old/1", False),
        ("http://127.0.0.1:8001/", {}, "http://127.0.0.1:8001/p", True),
        ("http://127.0.0.1:8001/", {}, "http://127.0.0.1:8002/p", False),
        ("https://чай.рф/", {}, "https://xn--80as4b.xn--p1ai/p", True),
    ],
)
def test_a_site_is_its_host_below_its_path(home: str, options: dict[str, object], url: str, expected: bool) -> None:
    assert in_scope(url, scope_of(home, options)) is expected


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/a/b/a/b/a/b/",
        "https://shop.example/x/x/x/x",
        "https://shop.example/" + "/".join(f"s{n}" for n in range(20)),
        "https://shop.example/" + "a" * 2000,
        "https://shop.example/calendar/2031-05/",
        "https://shop.example/events/2019/03/",
        "https://shop.example/events?month=5&year=2031",
        "https://shop.example/p?sid=0123456789abcdef0123",
        "https://shop.example/(S(abcdefghijklmnop1234))/p",
        "https://shop.example/list?page=4000",
        "https://shop.example/list?start=40000",
        "https://shop.example/list?page=99999999999999999999999999999",
        "https://shop.example/list?a=1&b=2&c=3&d=4&e=5&f=6&g=7",
        "https://shop.example/list?colour=1&colour=2&colour=3&colour=4",
        "https://shop.example/list?sort=price",
        "https://shop.example/go?to=https://elsewhere.example/",
        "https://shop.example/cart/add?id=3",
        "https://shop.example/post/1?replytocom=55",
        "https://shop.example/search?text=tea",
        "https://shop.example/price.PDF",
        "https://[broken",
    ],
)
def test_addresses_without_end_are_traps(url: str) -> None:
    assert is_trap(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/",
        "https://shop.example/shop/tea/green?page=12",
        "https://shop.example/list?start=4000",
        "https://shop.example/list?offset=4000",
        "https://shop.example/events/2026/11/tea-festival",
        "https://shop.example/news/2026/11/19/new-warehouse.html",
        "https://shop.example/catalog/chay/?PAGEN_1=3",
        "https://shop.example/p/8f14e45fceea167a5a36dedd4bea2543",
        "https://shop.example/product.php?id=1234567890&colour=red",
        "https://shop.example/чай/чёрный/",
        "https://shop.example/researchers/list",
    ],
)
def test_pages_are_no_traps(url: str) -> None:
    assert is_trap(url) is None


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    in_scope("https://shop.example/" + text, scope_of(HOME, {}))
    is_trap("https://shop.example/" + text)


@pytest.mark.parametrize("path", ["/a" * 700, "/" + "a/b" * 400, "/" + "ab" * 740, "/((((" * 280, "/calendar" * 160], ids=len)
def test_judging_takes_no_time(path: str) -> None:
    started = time.process_time()
    is_trap("https://shop.example" + path)

    assert time.process_time() - started < 0.2
