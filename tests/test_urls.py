"""One identity per page, one parser for all."""

from __future__ import annotations

import gzip
import json
from urllib.parse import urljoin

import can_ada
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.urls import host_of, join, normalise_url, registrable_domain, resolve
from tests.corpora import corpus


def cases(name):
    with gzip.open(corpus("urls") / f"{name}.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTPS://Shop.Example:443/a", "https://shop.example/a"),
        ("https://shop.example", "https://shop.example/"),
        ("https://shop.example./a#part", "https://shop.example/a"),
        ("https://user:pass@shop.example/a", "https://shop.example/a"),
        ("https://shop.example/a/../b/./c//d", "https://shop.example/b/c/d"),
        ("https://shop.example//../a", "https://shop.example/a"),
        ("https://shop.example/%7Euser/%d1%87", "https://shop.example/~user/%D1%87"),
        (
            "https://shop.example/чай?сорт=чёрный",
            "https://shop.example/%D1%87%D0%B0%D0%B9?%D1%81%D0%BE%D1%80%D1%82=%D1%87%D1%91%D1%80%D0%BD%D1%8B%D0%B9",
        ),
        ("https://магазин.рф/", "https://xn--80aairftm.xn--p1ai/"),
        ("https://shop.example/?b=2&a=1&utm_source=x&UTM_Medium=y", "https://shop.example/?a=1&b=2"),
        ("https://shop.example/?yclid=1&gclid=2&fbclid=3&_openstat=4", "https://shop.example/"),
        ("https://shop.example/?a=2&b=1&a=1", "https://shop.example/?a=2&a=1&b=1"),
        ("https://shop.example/?PHPSESSID=ab12&page=2", "https://shop.example/?page=2"),
        ("https://shop.example/a;jsessionid=AB12?x=1", "https://shop.example/a?x=1"),
        ("  https://shop.example/a\n", "https://shop.example/a"),
        ("http://shop.example/a", "http://shop.example/a"),
        ("https://www.shop.example/A/", "https://www.shop.example/A/"),
    ],
)
def test_r83_a_page_has_one_normal_url(url, normal):
    assert normalise_url(url) == normal


def test_the_corpus_of_normal_urls_is_met():
    wrong = [case for case in cases("normalized") if normalise_url(case["url"]) != case["normalized"]]

    # One case lost a quotation mark when the corpus was made: its normal form ends in %22, its URL in nothing.
    assert [case["normalized"] for case in wrong] in ([], ["http://www.example.com/a/b/search?q=foobar%22"])


def test_the_corpus_of_registrable_domains_is_met():
    wrong = [case for case in cases("registrable-domains") if registrable_domain(case["domain"]) != case["registrable"]]

    assert wrong == []


def test_the_browsers_url_corpus_is_met_but_for_later_changes_of_the_standard():
    def parsed(case):
        try:
            return (can_ada.parse(case["base"]) + case["input"] if case["base"] else can_ada.parse(case["input"])).href
        except ValueError:
            return None

    all_cases = cases("whatwg-url")
    right = sum(parsed(case) == case.get("href") for case in all_cases)

    assert right / len(all_cases) >= 0.98


def test_links_of_the_browsers_corpus_resolve_as_in_browsers():
    web = [case for case in cases("whatwg-url") if case["base"] and case.get("protocol") in ("http:", "https:")]

    assert [case for case in web if resolve(case["base"], case["input"]) != case["href"]] == []


@given(st.text(max_size=80).map(lambda tail: "https://shop.example/" + tail))
def test_normal_urls_are_normal(url):
    once = normalise_url(url)

    assert normalise_url(once) == once
    assert once.isascii()


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_breaks_the_parser(one, other):
    normalise_url(one)
    host_of(one)
    registrable_domain(one)
    found = resolve("https://shop.example/", other)
    assert found is None or found.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("../b?x=1", "https://shop.example/b?x=1"),
        ("//cdn.example/c", "https://cdn.example/c"),
        ("", "https://shop.example/a/"),
        ("mailto:a@b.example", None),
        ("javascript:void(0)", None),
        ("tel:+7", None),
        ("data:text/html,x", None),
        ("http://[::1", None),
        ("x" * 9000, None),
    ],
)
def test_links_lead_to_pages_or_nowhere(href, url):
    assert resolve("https://shop.example/a/", href) == url


_PLAIN_PIECES = ["/", "a", "b.c", "~x", "-", "?q=1", "#f", ","]
_PIECES = [*_PLAIN_PIECES, "//", ".", "..", "%2e", ";p", "?", "#", "'", " ", "\t", "é", "[", ":", "@"]
_ORIGINS = ["", "https://a.example", "http://B.example:80", "https://c-d.example", "HTTPS://a.example", "mailto:", "//a.example"]
_BASES = [
    *("https://a.example/b/c?d#e", "http://a.example", "https://u:p@a.example:8080/x/", "https://a.example;p/x;q?r", "http://"),
    *("file:///a/b", "mailto:x@y", "data:text/html,x", "a/b", "/a", "//a.example/x", "http://[bad", ""),
]


@given(
    st.sampled_from(_BASES) | st.text(max_size=20),
    st.builds(
        str.__add__,
        st.sampled_from(_ORIGINS),
        st.lists(st.sampled_from(_PLAIN_PIECES) | st.sampled_from(_PIECES), max_size=7).map("".join)
        | st.lists(st.sampled_from(_PLAIN_PIECES), max_size=7).map(lambda pieces: "/" + "".join(pieces)),
    ),
)
def test_joining_is_that_of_the_standard_library(base, address):
    def joined(function):
        try:
            return function(base, address)
        except ValueError:
            return ValueError

    assert joined(join) == joined(urljoin)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.магазин.рф", "магазин.рф"),
        ("www.xn--80aairftm.xn--p1ai", "xn--80aairftm.xn--p1ai"),
        ("spb.shop.msk.ru", "shop.msk.ru"),
        ("a.b.co.uk", "b.co.uk"),
        ("127.0.0.1", None),
        ("[::1]", None),
        ("localhost", None),
        ("shop.example.", "shop.example"),
        ("", None),
        (None, None),
    ],
)
def test_what_was_registered_is_found_in_any_script(host, domain):
    assert registrable_domain(host) == domain
