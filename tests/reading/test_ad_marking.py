"""An advertisement is known by its token, by the word with a payer, by a label; a word in prose proves nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.reading.ad_marking import is_inn, read_ad_marking

INN = "7700000009"  # invented, with a right control digit


def test_the_full_mark_names_token_and_payer():
    mark = read_ad_marking(f"Столы из дуба со скидкой. Реклама. ООО «Пример Мебель», ИНН {INN}, erid: 2VexampRe123")

    assert mark is not None
    assert (mark.is_ad, mark.erid, mark.payer_name, mark.payer_inn) == (True, "2VexampRe123", "ООО «Пример Мебель»", INN)


@pytest.mark.parametrize(
    "text",
    [
        "erid: LjN8KTest1",
        "ERID LjN8KTest1",
        "ерид LjN8KTest1",
        "еrid:LjN8KTest1.",
        "(erid - LjN8KTest1)",
        "Токен erid=LjN8KTest1",
    ],
)
def test_a_token_in_a_text(text):
    mark = read_ad_marking(text)

    assert mark is not None
    assert (mark.erid, mark.is_ad) == ("LjN8KTest1", True)


@pytest.mark.parametrize(
    "url",
    [
        "https://mebel.example/dub?erid=LjN8KTest1",
        "https://mebel.example/dub?utm_source=tg&erid=LjN8KTest1#top",
        "https://mebel.example/dub?utm_source=tg&amp;amp;erid=LjN8KTest1",
        "https://go.example/?to=https%3A%2F%2Fmebel.example%2F%3Ferid%3DLjN8KTest1",
        "https://mebel.example/dub?ERID=LjN8KTest1",
    ],
)
def test_a_token_in_a_link(url):
    mark = read_ad_marking("Столы", [url])

    assert mark is not None
    assert (mark.erid, mark.is_ad) == ("LjN8KTest1", True)


def test_the_token_of_the_link_is_preferred():
    mark = read_ad_marking("erid: 2Vtext1234", ["https://a.example/?erid=2Vurm12345"])

    assert mark is not None
    assert mark.erid == "2Vurm12345"
    assert [part["value"] for part in mark.evidence if part["kind"] == "token"] == ["2Vurm12345", "2Vtext1234"]


def test_cyrillic_look_alikes_in_a_token_are_mapped_and_marked():
    mark = read_ad_marking("erid: LjN8КТest1")

    assert mark is not None
    assert mark.erid == "LjN8KTest1"
    assert mark.evidence[0]["is_suspect"] is True


@pytest.mark.parametrize(
    "text",
    [
        "erid токен обязателен",
        "erid marked posts",
        "https://a.example/?erId=123456",
        "period: 2Vtext1234",
        "",
        "Обычный текст о столах",
    ],
)
def test_what_is_no_mark(text):
    assert read_ad_marking(text) is None


def test_the_word_in_prose_is_kept_as_weak_evidence():
    mark = read_ad_marking("Вчерашняя реклама банка была смешной")

    assert mark is not None
    assert (mark.is_ad, mark.evidence[0]["confidence"]) == (False, 0.3)


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("Реклама\nСтолы из дуба", 0.7),
        ("На правах рекламы. Столы из дуба", 0.7),
        (f"Столы. Реклама. ООО «Пример», ИНН {INN}", 0.95),
        ("Рекламодатель: АО «Пример». Реклама", 0.95),
        ("Столы из дуба #реклама", 0.6),
        ("Партнёрский материал о столах", 0.6),
    ],
)
def test_labels_and_how_sure_they_are(text, confidence):
    mark = read_ad_marking(text)

    assert mark is not None
    assert (mark.is_ad, max(part["confidence"] for part in mark.evidence)) == (True, confidence)


def test_a_number_with_a_wrong_control_digit_names_no_payer():
    mark = read_ad_marking("Реклама. ООО «Пример», ИНН 7700000001, erid: LjN8KTest1")

    assert mark is not None
    assert mark.payer_inn is None
    assert {"kind": "inn", "value": "7700000001", "where": "text", "confidence": 0.2, "is_valid": False} in mark.evidence


def test_the_footer_of_a_shop_is_no_payer():
    mark = read_ad_marking("Реклама\n" + "Столы из дуба. " * 40 + f"\nООО «Магазин», ИНН {INN}")

    assert mark is not None
    assert mark.payer_inn is None


@pytest.mark.parametrize(
    ("digits", "is_right"),
    [
        ("7700000009", True),
        ("7700000008", False),
        ("500100732259", True),
        ("500100732258", False),
        ("0000000000", False),
        ("77", False),
        ("77000000o6", False),
    ],
)
def test_control_digits(digits, is_right):
    assert is_inn(digits) is is_right


@given(st.text(max_size=500), st.lists(st.text(max_size=60), max_size=4))
def test_any_input_is_read(text, urls):
    mark = read_ad_marking(text, urls)
    assert mark is None or mark.evidence
