"""What a page's elements are asked for: by tag, attribute and name, always in the order of the page."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.reading.document import TAG_IDS, Document, Element, read_document
from collectors.reading.model import PageError

PAGE = """
<html lang="ru"><head><title>Чайники</title><meta name="a" content="b"></head>
<body><h1 id="Top">Чайники</h1>
<div class="Card price-old" id="one"><a href="/1" rel="next">Первый</a></div>
<div class="card meta" id="two"><span class="price-now">990 ₽</span></div>
<svg><title>Значок</title></svg>
<video itemscope><meta itemprop="name" content="Обзор"><a href="/player">Скачать</a></video>
</body></html>
"""


def words(elements: tuple[Element, ...] | list[Element]) -> list[str]:
    return [f"{tag} {attributes.get('class') or attributes.get('id') or ''}".strip() for _, tag, attributes in elements]


@pytest.fixture
def page() -> Document:
    return read_document(PAGE)


def test_elements_of_a_tag_come_in_order(page: Document) -> None:
    assert [attributes.get("href") for _, _, attributes in page.tagged("a")] == ["/1"]
    assert words(list(page.tagged("div"))) == ["div Card price-old", "div card meta"]
    assert list(page.tagged("table")) == []


def test_what_a_drawing_holds_is_left_out(page: Document) -> None:
    assert [node.text() for node, _, _ in page.tagged("title")] == ["Чайники"]


def test_of_a_player_only_structured_data_is_listed(page: Document) -> None:
    assert [attributes["content"] for _, _, attributes in page.with_attribute("itemprop")] == ["Обзор"]


def test_of_a_meta_each_attribute_is_told_from_a_missing_one(page: Document) -> None:
    assert page.metas == [(None, "a", None, None, "b", None), (None, None, "name", None, "Обзор", None)]
    assert read_document('<meta itemprop PROPERTY="og:a" content="">').metas == [("og:a", None, "", None, "", None)]
    assert read_document("<p>").metas == []


def test_names_are_found_by_their_parts_in_any_case(page: Document) -> None:
    assert words(list(page.called("card"))) == ["div Card price-old", "div card meta"]
    assert words(list(page.called("price"))) == ["div Card price-old", "span price-now"]
    assert words(list(page.identified("top"))) == ["h1 Top"]
    assert list(page.called("basket")) == []


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.text("abAB -éЖ", max_size=9), st.text("abAB -éЖ", max_size=9)), max_size=12),
    st.lists(st.text("ab -éж", min_size=2, max_size=4), min_size=1, max_size=4),
)
def test_any_parts_are_found_where_a_slow_look_finds_them(names: list[tuple[str, str]], parts: list[str]) -> None:
    page = read_document("".join(f'<p class="{name}" id="{other}">' for name, other in names))
    lower = str.maketrans("AB", "ab")

    def holding(attribute: str, around: str) -> list[Element]:
        values = [(element, element[2].get(attribute)) for element in page.elements]
        return [
            element
            for element, value in values
            if value and any(part in around + value.translate(lower) + around for part in parts)
        ]

    assert list(page.called(*parts)) == holding("class", " ")
    assert list(page.identified(*parts)) == holding("id", " ")
    assert list(page.valued("class", *parts)) == holding("class", "")


def test_a_part_between_spaces_is_a_whole_word(page: Document) -> None:
    assert words(list(page.called(" meta "))) == ["div card meta"]
    assert list(page.called(" price ")) == []


def test_groups_are_joined_in_the_order_of_the_page_each_element_once(page: Document) -> None:
    found = page.in_order(page.called("price"), page.tagged("h1"), page.called("card"))

    assert words(list(found)) == ["h1 Top", "div Card price-old", "div card meta", "span price-now"]


def test_an_attribute_that_no_element_has_is_not_sought(page: Document) -> None:
    assert "data-brand" not in page.attribute_names
    assert list(page.with_attribute("data-brand")) == []


@settings(max_examples=80)
@given(st.text(alphabet="<>/=\"' abdivspanclmet1\n", max_size=300))
def test_any_markup_has_its_elements_in_order_or_is_refused(html: str) -> None:
    try:
        page = read_document(html)
    except PageError:
        return
    known = [element for element in page.elements if element[1] in TAG_IDS]
    everything = page.in_order(*[page.tagged(tag) for tag in {tag for _, tag, _ in known}])

    assert [node.mem_id for node, _, _ in everything] == [node.mem_id for node, _, _ in known]
