import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.reading.authors import split_names
from collectors.reading.document import read_document
from collectors.reading.head import MOST_NODES, clean, read_head
from collectors.reading.metadata import Metadata, read_metadata
from collectors.reading.model import Item

URL = "https://vestnik.example/news/10421?utm_source=x"


def metadata(html: str, *items: Item, url: str | None = URL) -> Metadata:
    return read_metadata(read_document(html), items, url, None)


def test_the_site_name_is_cut_from_the_title():
    head = '<title>Чайник «Ромашка» купить | Вестник Примера</title><meta property="og:site_name" content="Вестник Примера">'

    assert metadata(head).title == "Чайник «Ромашка» купить"


@pytest.mark.parametrize("title", ["Итоги года | vestnik.example", "Вестник — Итоги года", "Итоги года — Вестник"])
def test_the_site_name_is_cut_at_either_end(title):
    assert metadata(f'<title>{title}</title><meta property="og:site_name" content="Вестник">').title == "Итоги года"


def test_a_headline_that_begins_with_the_sites_name_keeps_its_beginning():
    html = '<title>Metro fares rise again - what to know</title><meta property="og:site_name" content="Metro">'

    assert metadata(html).title == "Metro fares rise again - what to know"


def test_a_dash_inside_the_title_stays():
    assert metadata("<title>Цены — что дальше?</title>").title == "Цены — что дальше?"


def test_the_headline_goes_before_the_title_written_for_search():
    html = '<title>Склад Тула открытие адрес</title><meta property="og:title" content="«Ромашка» открыла склад">'

    assert (
        metadata(html, Item("NewsArticle", {"headline": "Склад Тула открытие адрес"}, "json-ld")).title
        == "«Ромашка» открыла склад"
    )


def test_a_section_behind_the_headline_is_cut_where_the_page_shows_it_without():
    html = '<meta property="og:title" content="Открыт новый склад в Туле - Экономика"><h1>Открыт новый склад в Туле</h1>'

    assert metadata(html).title == "Открыт новый склад в Туле"


def test_without_declarations_the_heading_is_the_title():
    page = metadata("<h1>Доставка и оплата</h1>")

    assert (page.title, page.h1) == ("Доставка и оплата", "Доставка и оплата")


@pytest.mark.parametrize(
    ("title", "heading", "wanted"),
    [
        ("这个新茶壶值得买吗_家居_茶日报", "茶日报", "这个新茶壶值得买吗"),
        ("Ten teapots for a small kitchen - Leaf Daily", "Leaf Daily", "Ten teapots for a small kitchen"),
        ("Teapots - Leaf Kitchen and Garden", "Leaf Kitchen and Garden", "Leaf Kitchen and Garden"),
    ],
)
def test_a_heading_with_which_the_title_ends_is_the_sites_name_if_more_stands_before_it(title, heading, wanted):
    assert metadata(f"<title>{title}</title><h1>{heading}</h1>").title == wanted


def test_the_initials_of_the_site_are_its_name_too():
    head = '<title>Twelve teapots of the year | WTA</title><meta property="og:site_name" content="World Teapot Awards">'

    assert metadata(head).title == "Twelve teapots of the year"


def test_an_ornament_behind_the_title_is_cut():
    assert metadata("<title>Twelve teapots of the year ⋆</title>").title == "Twelve teapots of the year"


def test_the_page_spells_its_title_best_though_other_headings_stand_on_it():
    html = "<meta property='og:title' content=\"'Tea Land': how a teapot won\"><h1>Leaf</h1><h1>‘Tea Land’: how a teapot won</h1>"

    assert metadata(html).title == "‘Tea Land’: how a teapot won"


@pytest.mark.parametrize(
    ("type_name", "wanted"), [("VideoObject", "How to keep teapots clean"), ("NewsArticle", "The teapot film")]
)
def test_a_structured_name_that_the_page_does_not_show_is_that_of_something_on_it(type_name, wanted):
    title = "How to keep teapots clean"
    html = f'<title>{title}</title><meta property="og:title" content="{title}"><h1>{title}</h1>'

    assert metadata(html, Item(type_name, {"name": "The teapot film"}, "json-ld")).title == wanted


def test_a_title_inside_a_picture_is_not_the_pages():
    assert metadata("<body><svg><title>стрелка</title></svg><h1>Тарифы</h1>").title == "Тарифы"


def test_the_person_of_the_byline_goes_before_the_site_that_claims_to_write():
    html = '<meta property="og:site_name" content="Вестник"><h1>Склад</h1><p class="byline">Автор: Иван Тестов</p>'

    assert metadata(
        html, Item("NewsArticle", {"author": Item("Organization", {"name": "Вестник"}, "json-ld")}, "json-ld")
    ).authors == ("Иван Тестов",)


def test_the_site_is_the_author_where_nobody_else_is():
    html = '<meta property="og:site_name" content="Вестник"><meta name="author" content="Вестник">'

    assert metadata(html).authors == ("Вестник",)


def test_authors_of_structured_data_keep_their_order():
    people = [Item("Person", {"name": "Анна Первая"}, "json-ld"), Item("Person", {"name": "Борис Второй"}, "json-ld")]

    assert metadata("", Item("NewsArticle", {"author": people}, "json-ld")).authors == ("Анна Первая", "Борис Второй")


@pytest.mark.parametrize(
    "aside",
    [
        '<p class="comment-form-author"><label>Name *</label></p>',
        '<cite class="comment-author">Berta Beispiel</cite>',
        '<p class="author-box-title">About the Author</p>',
        '<p class="author-role">Senior Tea Reporter</p>',
    ],
)
def test_forms_comments_and_headings_that_are_named_for_authors_are_no_bylines(aside):
    assert metadata(f'<h1>Tea</h1>{aside}<p class="author-name">Ann Smith</p>').authors == ("Ann Smith",)


@pytest.mark.parametrize("line", ["Auteur : Anne Exemple", "Autorin/Autor Anne Exemple", "Автор статьи: Anne Exemple"])
def test_a_line_of_its_own_names_the_author(line):
    assert metadata(f"<h1>Tea</h1><p>{line}</p>").authors == ("Anne Exemple",)


def test_a_pen_name_counts_where_a_link_says_that_it_is_the_authors():
    assert metadata('<h1>Tea</h1><p>von <a rel="author" href="/u/leaf">teeblatt</a></p>').authors == ("teeblatt",)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("By Ann Smith and Bob Jones", ["Ann Smith", "Bob Jones"]),
        ("Автор: Иван Тестов, Пётр Пробный", ["Иван Тестов", "Пётр Пробный"]),
        ("Von Max Muster", ["Max Muster"]),
        ("https://vestnik.example/author/ivan", []),
        ("admin", []),
        ("Eingestellt von Max Muster", ["Max Muster"]),
        ("Alles von Max Muster", ["Max Muster"]),
        ("Ann Smith Alle Artikel", ["Ann Smith"]),
        ("Ann Smith Thursday, November 9, 2023", ["Ann Smith"]),
        ("Ann Smith Nov 02", ["Ann Smith"]),
        ("Ann Smith @annsmith", ["Ann Smith"]),
        ("Ann Smith Marketing Manager", ["Ann Smith"]),
        ("Ann Smith Ann Smith", ["Ann Smith"]),
        ("July 22", []),
        ("Name *", []),
        ("Posted on", []),
    ],
)
def test_bylines_are_split_into_names(text, names):
    assert split_names(text) == names


def test_addresses_are_absolute_and_the_base_counts():
    html = '<base href="/ru/"><link rel="canonical" href="news/10421"><meta property="og:image" content="//cdn.example/i.jpg">'

    page = metadata(html)

    assert page.canonical_url == "https://vestnik.example/ru/news/10421"
    assert page.image_url == "https://cdn.example/i.jpg"


def test_the_sites_root_is_no_canonical_address_of_an_inner_page():
    assert metadata('<meta property="og:url" content="https://vestnik.example/">').canonical_url is None


def test_facts_of_the_head_are_read():
    page = metadata(
        '<html lang="ru-RU"><meta name="description" content="Коротко"><meta property="article:section" content="Бизнес">'
        '<meta property="article:tag" content="склад"><meta property="article:tag" content="Тула">'
        '<meta name="robots" content="noindex, NoArchive">'
    )

    assert (page.description, page.section, page.tags) == ("Коротко", "Бизнес", ("склад", "Тула"))
    assert (page.lang_hint, page.robots_directives) == ("ru", ("noindex", "noarchive"))


def test_of_several_articles_the_one_of_this_address_speaks():
    other = Item("NewsArticle", {"headline": "Другая новость дня", "url": "https://vestnik.example/news/1"}, "json-ld")
    own = Item("NewsArticle", {"headline": "Открыт новый склад", "url": "https://vestnik.example/news/10421"}, "json-ld")

    assert metadata("", other, own).title == "Открыт новый склад"


def test_a_page_that_says_nothing_gives_nothing():
    page = metadata("", url=None)

    assert (page.title, page.authors, page.published_at, page.canonical_url) == (None, (), None, None)


def test_a_million_metas_are_not_all_read():
    head = read_head(read_document('<meta name="a" content="b">' * 200_000), URL)

    assert len(head.metas["a"]) == MOST_NODES


@pytest.mark.parametrize(
    "html",
    [
        '<div class="author date">' * 40 + "word " * 200_000,
        "<time class=date>" * 200 + "12.12.2012 " * 15_000,
        '<meta name=author content="' + "a, " * 1_000_000 + '">',
        "<title>" + "a | " * 1_000_000,
        '<p class=date>1<div class="date">1</div>' * 9_000,
    ],
    ids=["nested bylines", "nested times", "long author", "long title", "many dates"],
)
def test_a_hostile_page_takes_bounded_time(html):
    document = read_document(html)
    start = time.process_time()
    read_metadata(document, (), URL, None)

    assert time.process_time() - start < 3


@settings(max_examples=60)
@given(st.text(alphabet="<>/=\"' abtitleh1m\n|-–:", max_size=300))
def test_any_markup_gives_metadata(html):
    assert metadata(html).robots_directives == ()


@given(st.text(alphabet="ab é\t\n\x1f\xa0\u2003\u200b\ufeff\u2060", max_size=30))
def test_a_text_in_one_line_has_single_spaces_and_no_marks_without_width(text):
    shown = text.translate(dict.fromkeys(map(ord, "\u200b\ufeff\u2060")))

    assert clean(text) == " ".join(shown.split())
