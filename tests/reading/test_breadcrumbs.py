"""The trail from the home page to this one, without separators, menus and ways back."""

import gzip
import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from collectors.reading.breadcrumbs import crumbs_of, read_breadcrumbs
from collectors.reading.document import read_document
from collectors.reading.product_html import brand_of
from collectors.reading.structured import read_items
from tests.corpora import corpus

TRAIL = ("Главная", "Посуда", "Чайник")


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(
            '<script type="application/ld+json">{"@type":"BreadcrumbList","itemListElement":['
            '{"@type":"ListItem","position":2,"item":{"@id":"/b","name":"Посуда"}},'
            '{"@type":"ListItem","position":1,"name":"Главная","item":"/"},{"@type":"ListItem","position":3,"name":"Чайник"}]}</script>',
            id="json-ld, out of order",
        ),
        pytest.param(
            '<div class="breadcrumbs"><a href="/">Главная</a> / <a href="/b">Посуда</a> / <span>Чайник</span></div>', id="slashes"
        ),
        pytest.param(
            '<nav aria-label="Breadcrumb"><ol><li><a href="/">Главная</a></li>'
            '<li><a href="/b">Посуда</a></li><li>Чайник</li></ol></nav>',
            id="list",
        ),
        pytest.param(
            '<p id="breadcrumb">Вы здесь: <a href="/">Главная</a> » <a href="/b">Посуда</a> » Чайник</p>', id="text at the end"
        ),
        pytest.param(
            '<ul class="Breadcrumb"><li><a href="/">Главная</a></li><li><a href="/b">Посуда</a>'
            "<ul><li>Ложки</li><li>Вилки</li></ul></li><li>Чайник</li></ul>",
            id="menu",
        ),
    ],
)
def test_a_trail(html):
    document = read_document(html)

    assert read_breadcrumbs(document, read_items(document, "https://shop.example/c")) == TRAIL


def test_steps_have_addresses():
    node = LexborHTMLParser('<div><a href="/">Главная</a> &gt; <a href="#">Чайник</a></div>').css_first("div")

    assert node is not None
    assert crumbs_of(node, "https://shop.example/c") == (("Главная", "https://shop.example/"), ("Чайник", None))


def test_a_page_without_a_trail():
    assert read_breadcrumbs(read_document("<p>Чайник</p>"), []) == ()


def lines(name: str) -> list[dict]:
    packed = (corpus("zyte-parsers-values") / name).read_bytes()
    return [json.loads(line) for line in gzip.decompress(packed).decode().splitlines()]


def test_trails_of_real_pages():
    right = 0
    cases = lines("breadcrumbs.jsonl.gz")
    for case in cases:
        node = LexborHTMLParser(f"<div>{case['html']}</div>").css_first("body > *")
        expected = [(step.get("name"), step.get("url")) for step in case["expected"]]
        right += [tuple(crumb) for crumb in crumbs_of(node, case["base_url"])] == expected

    assert right >= 0.97 * len(cases)


def test_brands_of_real_pages():
    cases = lines("brand_values.jsonl.gz")
    right = sum(brand_of(LexborHTMLParser(case["html"]).body) == case["value"] for case in cases)

    assert right >= 0.99 * len(cases)
