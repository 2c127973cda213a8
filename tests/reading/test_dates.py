from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.reading.dates import read_date
from collectors.reading.document import read_document
from collectors.reading.head import main_items, read_head
from collectors.reading.model import Item
from collectors.reading.page_dates import read_page_dates

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MOSCOW = timezone(timedelta(hours=3))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-20T09:30:00Z", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        ("2026-11-20T09:30+03:00", datetime(2026, 11, 20, 9, 30, tzinfo=MOSCOW)),
        ("20261120", datetime(2026, 11, 20)),
        ("2026-11-20 09:30:15.250", datetime(2026, 11, 20, 9, 30, 15, 250_000)),
        ("Fri, 20 Nov 2026 09:30:00 +0300", datetime(2026, 11, 20, 9, 30, tzinfo=MOSCOW)),
        ("Fri, 20 Nov 26 09:30:00 MSK", datetime(2026, 11, 20, 9, 30, tzinfo=MOSCOW)),
        ("20 ноября 2026 г. в 09:30", datetime(2026, 11, 20, 9, 30)),
        ("20 нояб. 2026", datetime(2026, 11, 20)),
        ("пятница, 20 ноября 2026", datetime(2026, 11, 20)),
        ("20 листопада 2026", datetime(2026, 11, 20)),
        ("20 лістапада 2026", datetime(2026, 11, 20)),
        ("20. November 2026, 18:05 Uhr", datetime(2026, 11, 20, 18, 5)),
        ("le 20 novembre 2026 à 18h05", datetime(2026, 11, 20, 18, 5)),
        ("20 de noviembre de 2026", datetime(2026, 11, 20)),
        ("November 20th, 2026 at 6:05 p.m.", datetime(2026, 11, 20, 18, 5)),
        ("Nov 20, 2026 12:05 am", datetime(2026, 11, 20, 0, 5)),
        ("20.11.2026 18:05", datetime(2026, 11, 20, 18, 5)),
        ("2026年11月20日", datetime(2026, 11, 20)),
        ("1795426200", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("1795426200000", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
    ],
)
def test_written_dates(text, value):
    moment = read_date(text)

    assert moment is not None
    assert moment.value == value
    assert moment.value.utcoffset() == value.utcoffset()


def test_a_raised_digit_beside_a_date_is_no_part_of_it():
    moment = read_date("20 November ² 2026")

    assert moment is not None
    assert moment.value == datetime(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "lang", "day"),
    [("03/04/2026", "en", (4, 3)), ("03/04/2026", "ru", (3, 4)), ("03.04.2026", "en", (3, 4)), ("25/12/2025", "en", (25, 12))],
)
def test_the_language_orders_day_and_month_where_the_numbers_do_not(text, lang, day):
    moment = read_date(text, lang)

    assert moment is not None
    assert (moment.value.day, moment.value.month) == day


def test_a_given_order_goes_before_the_language():
    moment = read_date("03/04/2026", "en", day_first=True)

    assert moment is not None
    assert moment.value.month == 4


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("вчера", datetime(2026, 11, 19, 12, tzinfo=UTC)),
        ("вчера в 15:10", datetime(2026, 11, 19, 15, 10, tzinfo=UTC)),
        ("5 мин. назад", datetime(2026, 11, 20, 11, 55, tzinfo=UTC)),
        ("2 часа назад", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("3 days ago", datetime(2026, 11, 17, 12, tzinfo=UTC)),
        ("an hour ago", datetime(2026, 11, 20, 11, tzinfo=UTC)),
        ("vor 2 Stunden", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("позавчера", datetime(2026, 11, 18, 12, tzinfo=UTC)),
    ],
)
def test_relative_words_are_read_against_the_base(text, value):
    moment = read_date(text, base=NOW)

    assert moment is not None
    assert moment.value == value


@pytest.mark.parametrize("text", ["вчера", "5 minutes ago", "20 ноября", "May 5"])
def test_without_a_base_what_needs_one_is_none(text):
    assert read_date(text, strict=True) is None


@pytest.mark.parametrize("text", ["", "30.02.2026", "2026-13-45", "iPhone 15", "10:30", "99/99/9999", "1" * 500, "от 1 290 ₽"])
def test_what_is_no_date_is_none(text):
    assert read_date(text, strict=True) is None


def test_the_leap_day_exists_in_leap_years_only():
    assert read_date("29 февраля 2024", strict=True) is not None
    assert read_date("29 февраля 2025", strict=True) is None


@given(st.text(max_size=300), st.sampled_from([None, "ru", "en", "de"]))
def test_any_text_gives_a_moment_or_none(text, lang):
    moment = read_date(text, lang, NOW, strict=True)

    assert moment is None or isinstance(moment.value, datetime)


@given(st.datetimes(min_value=datetime(1995, 1, 1), max_value=datetime(2090, 1, 1)))
def test_iso_times_come_back(value):
    moment = read_date(value.isoformat(timespec="seconds"))

    assert moment is not None
    assert moment.value == value.replace(microsecond=0)


def page_dates(
    html: str, items: tuple[Item, ...] = (), url: str | None = None, fetched_at: datetime | None = NOW, lang: str = "ru"
):
    document = read_document(html)
    return read_page_dates(document, read_head(document, url), items, url, fetched_at, lang)


def article(published: str) -> tuple[Item, ...]:
    return (Item("NewsArticle", {"datePublished": published}, "json-ld"),)


def test_structured_data_says_when_and_is_named_as_evidence():
    published, _ = page_dates("<h1>Склад</h1>", article("2026-11-19T10:00:00+03:00"))

    assert published is not None
    assert published.value == datetime(2026, 11, 19, 10, tzinfo=MOSCOW)
    assert published.evidence == "json-ld NewsArticle.datePublished"


def test_modified_time_is_read_apart():
    published, modified = page_dates(
        '<meta property="article:published_time" content="2026-11-01">'
        '<meta property="article:modified_time" content="2026-11-05">'
    )

    assert published is not None
    assert modified is not None
    assert (published.value.day, modified.value.day) == (1, 5)


@pytest.mark.parametrize(
    "html",
    [
        '<div itemprop="review" itemscope><meta itemprop="datePublished" content="2024-05-03">Хорош</div>',
        '<script type="application/ld+json">{"review":{"@type":"Review","datePublished":"2024-05-03"}}</script>',
    ],
    ids=["microdata", "json-ld"],
)
def test_the_date_of_a_review_is_not_that_of_the_page(html):
    assert page_dates(f"<h1>Чайник</h1>{html}")[0] is None


def test_of_several_reviews_none_is_the_page():
    reviews = tuple(Item("Review", {"datePublished": f"2024-05-0{day}"}, "json-ld") for day in (3, 4))

    assert main_items(reviews, frozenset(), "") == []
    assert main_items(reviews[:1], frozenset(), "") == list(reviews[:1])


def test_nothing_after_the_fetch_is_believed():
    published, _ = page_dates('<p class="date">5 ноября 2026</p>', article("2027-01-01"))

    assert published is not None
    assert published.value == datetime(2026, 11, 5)


def test_the_copyright_of_the_footer_is_no_date():
    assert page_dates("<p>Чайник</p><footer><p>© 01.01.2012 ООО «Ромашка»</p></footer>")[0] is None


def test_the_address_gives_the_day_where_nothing_is_declared():
    published, _ = page_dates("<h1>Склад</h1>", url="https://shop.example/news/2026/10/03/sklad")

    assert published is not None
    assert published.value == datetime(2026, 10, 3)
    assert published.evidence == "url"


def test_a_single_digit_before_a_word_is_no_day_of_an_address():
    assert page_dates("<h1>Советы</h1>", url="https://shop.example/2026/10/3-soveta")[0] is None


def test_the_date_after_the_heading_goes_before_the_dates_of_teasers():
    published, _ = page_dates(
        '<div class="teaser"><span class="date">19.11.2026</span></div><h1>Открытие большого склада</h1>'
        '<span class="date">02.11.2026</span><aside><span class="date">18.11.2026</span></aside>'
    )

    assert published is not None
    assert published.value == datetime(2026, 11, 2)


def test_relative_words_on_a_page_need_the_fetch_time():
    html = '<h1>Открытие склада</h1><span class="date">2 часа назад</span>'

    assert page_dates(html, fetched_at=None)[0] is None
    published, _ = page_dates(html)
    assert published is not None
    assert published.value == NOW - timedelta(hours=2)


def test_other_dates_of_the_page_order_an_ambiguous_one():
    published, _ = page_dates('<meta name="date" content="11/01/2026"><p>Создано: 01.11.2026</p>', lang="de")

    assert published is not None
    assert published.value == datetime(2026, 11, 1)


def test_british_pages_write_the_day_first():
    published, _ = page_dates('<html lang="en-GB"><meta name="date" content="03/04/2026">', lang="en")

    assert published is not None
    assert published.value == datetime(2026, 4, 3)


def test_a_utc_time_is_given_at_the_clock_that_the_page_shows():
    published, _ = page_dates(
        '<h1>Warehouse opens</h1><time datetime="2026-11-08 23:30:59">November 8, 2026</time>',
        article("2026-11-09T05:30:59Z"),
        lang="en",
    )

    assert published is not None
    assert published.value == datetime(2026, 11, 9, 5, 30, 59, tzinfo=UTC)
    assert published.value.day == 8


def test_dates_in_scripts_and_image_addresses_are_the_last_resort():
    published, _ = page_dates('<h1>Склад</h1><script>var a = {"published_at": "2026-09-01T10:00:00"}</script>')

    assert published is not None
    assert published.evidence == "script"


@pytest.mark.parametrize(
    "today",
    [
        "<span id='uhr'>Donnerstag, 16. Februar 2012</span>",
        "<div id='block-date'><p class='todays-date'><b>Thursday</b>, 16 February 2012</p></div>",
        "<p class='header-clock'>16.02.2012</p>",
    ],
)
def test_the_day_of_the_visit_in_the_head_of_a_page_is_no_publication(today):
    published, _ = page_dates(f"{today}<div><span>14. Februar 2012</span></div><h1>Neues Lager</h1><p>Text</p>", lang="de")

    assert published is not None
    assert published.value == datetime(2012, 2, 14)


def test_a_time_in_an_element_named_for_publication_goes_before_those_of_comments():
    html = (
        "<h1>Склад</h1><p class='publication'><time datetime='2019-06-28T13:49:45Z'>28 июня</time></p>"
        "<p class='reply'><time datetime='2019-09-22T07:30:29Z' pubdate>22 сентября</time></p>"
    )

    published, _ = page_dates(html)

    assert published is not None
    assert published.value.date() == date(2019, 6, 28)


def test_when_a_review_is_due_is_no_publication():
    published, _ = page_dates("<h1>Чай и сон</h1><p>Next review due: 11 Jan 2025</p><p>3 May 2024</p>", lang="en")

    assert published is not None
    assert published.value == datetime(2024, 5, 3)


def test_a_publication_that_is_rewritten_at_every_edit_gives_way_to_structured_data():
    html = (
        '<meta property="article:published_time" content="2019-12-12T21:17:43.462Z">'
        '<meta property="article:modified_time" content="2019-12-12T21:17:43.643Z"><h1>Склад</h1>'
    )

    published, modified = page_dates(html, article("2019-12-09T12:25:10Z"))

    assert published is not None
    assert modified is not None
    assert (published.value.date(), modified.value.date()) == (date(2019, 12, 9), date(2019, 12, 12))
