"""Links are absolute, once each, named; feeds and the next page are found where pages announce or show them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.reading.document import read_document
from collectors.reading.links import read_feeds, read_links, read_next
from collectors.reading.model import Link
from collectors.urls import resolve

URL = "https://shop.example/cat/list?page=2"


def urls(html: str, url: str | None = URL) -> list[str]:
    return [link.url for link in read_links(read_document(html), url)]


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/a", "https://shop.example/a"),
        ("b?x=1", "https://shop.example/cat/b?x=1"),
        ("../c", "https://shop.example/c"),
        ("//cdn.example/d", "https://cdn.example/d"),
        ("?page=3", "https://shop.example/cat/list?page=3"),
        (" https://other.example/e#part ", "https://other.example/e"),
    ],
)
def test_a_link_is_made_absolute_without_its_fragment(href, url):
    assert urls(f'<a href="{href}">x</a>') == [url]


@pytest.mark.parametrize(
    "href", ["#top", "", "javascript:void(0)", "mailto:a@b.example", "tel:+70000000000", "data:text/html,x", "http://[bad"]
)
def test_what_leads_to_no_page_is_no_link(href):
    assert urls(f'<a href="{href}">x</a>') == []


PIECES = (
    "https://", "http://", "HTTP://", "b.example", "B.example", "1.2", "b.example.", "b-1.example", "xn--a.example", "[::1]",
    "xn--80ak.example", "user@", ":80", ":443", ":8080", "/", "//", "a", "я", "~", "'", "%2e", "%2E", "%41", "%", ".", "..", "?",
    "&q=1", "#", "\\", " ", "\t", "{", "^", "|", ";", ":", "mailto:",
)  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join),
    st.sampled_from([URL, "http://b.example:80/x", "file:///x"]),
)
def test_plain_addresses_are_joined_as_all_are(href, url):
    expected = resolve(url, bare) if (bare := href.partition("#")[0].strip()) else None

    assert urls(f'<a href="{href}">x</a>', url) == ([] if expected is None else [expected])


def test_the_base_element_is_obeyed():
    assert urls('<head><base href="/b/"></head><a href="c">x</a>') == ["https://shop.example/b/c"]


def test_an_address_stands_once_with_its_first_text_and_its_rel():
    links = read_links(read_document('<a href="/a" rel="nofollow UGC"></a><a href="/a#x">Первый</a><a href="/a">Второй</a>'), URL)

    assert links == (Link("https://shop.example/a", "Первый", ("nofollow", "ugc")),)


def test_a_link_around_a_picture_is_called_as_the_picture():
    assert read_links(read_document('<a href="/a"><img src="x" alt=" Чайник "></a>'), URL)[0].text == "Чайник"


def test_without_an_address_of_the_page_only_absolute_links_are_read():
    assert urls('<a href="/a">x</a><a href="https://b.example/">y</a>', None) == ["https://b.example/"]


def test_announced_feeds():
    html = """<head><link rel="alternate" type="application/rss+xml" title="Новости" href="/feed">
      <link rel="alternate" hreflang="en" href="/en">
      <link rel=alternate type="application/atom+xml" href="/atom.xml"></head>"""

    assert [(feed.url, feed.text) for feed in read_feeds(read_document(html), URL)] == [
        ("https://shop.example/feed", "Новости"),
        ("https://shop.example/atom.xml", ""),
    ]


def test_a_page_that_announces_no_feed_may_link_to_one():
    html = '<a href="/rss.xml">RSS</a><a href="/feedback">Отзывы</a><a href="/blog/index.xml">Подписка</a>'

    assert [feed.url for feed in read_feeds(read_document(html), URL)] == [
        "https://shop.example/rss.xml",
        "https://shop.example/blog/index.xml",
    ]


@pytest.mark.parametrize(
    "html",
    [
        pytest.param('<head><link rel="next" href="?page=3"></head>', id="head"),
        pytest.param('<a rel="next" href="?page=3">»</a>', id="rel"),
        pytest.param(
            '<div class="pagination"><a href="?page=1">1</a><a href="?page=3">3</a><a href="?page=4">4</a></div>', id="numbers"
        ),
        pytest.param('<div class="pager"><a href="?page=1">Назад</a><a href="?page=3">Следующая</a></div>', id="russian"),
        pytest.param('<nav aria-label="Pagination"><a href="?page=3">Next ›</a></nav>', id="english"),
        pytest.param('<ul class="Pages"><li><a class="pages__next" href="?page=3"><svg></svg></a></li></ul>', id="class"),
    ],
)
def test_the_next_page(html):
    document = read_document(html)

    assert read_next(document, URL) == "https://shop.example/cat/list?page=3"
    assert read_next(document, URL, read_links(document, URL)) == "https://shop.example/cat/list?page=3"


@pytest.mark.parametrize(
    "html", ['<a href="/next-generation">Next generation</a>', '<div class="pagination"><a href="?page=1">1</a></div>', ""]
)
def test_no_next_page(html):
    assert read_next(read_document(html), URL) is None


def test_thousands_of_links_take_little_time():
    document = read_document("".join(f'<a href="/p/{number}">товар {number}</a>' for number in range(100_000)))
    began = time.process_time()

    assert len(read_links(document, URL)) == 5_000
    assert time.process_time() - began < 2


def test_links_beyond_the_bound_still_name_those_before_it() -> None:
    links = "".join(f'<a href="/{number}"></a>' for number in range(5_001))

    found = read_links(read_document(f'{links}<a href="/0">Late</a>'), URL)
    named = read_links(read_document(f'{links.replace("/5000", "/0#x")}<a href="/0">In time</a>'), URL)

    assert (len(found), found[0].text) == (5_000, "")
    assert (len(named), named[0].text) == (5_000, "In time")
