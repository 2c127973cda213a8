"""Spellings that are proposed, never added."""

import pytest

from transforms.mentions.suggest import suggestions


def proposed(query):
    return {one.term: one.why for one in suggestions(query)}


@pytest.mark.parametrize(
    ("query", "term"),
    [
        ("Тинькофф", "tinkoff"),
        ("Тинькофф", "тинькоф"),
        ("Яндекс", "yandex"),
        ("ВкусВилл", "vkusvill"),
        ("Ozon", "озон"),
        ("Ozon", "щящт"),
        ("озончик", "jpjyxbr"),
        ("Shopper", "шопер"),
        ("Сорока Хвост", "сорокахвост"),
        ("Сорока Хвост", "#сорокахвост"),
    ],
)
def test_a_spelling_people_use_is_proposed(query, term):
    assert term in proposed(f'"{query}"')


def test_what_the_query_finds_is_not_proposed():
    assert not {"ozon", "озон"} & proposed("Ozon OR озон").keys()


def test_excluded_words_and_field_values_get_no_spellings():
    assert proposed("чай -Яндекс lang:ru author:Озон") == {}


def test_ordinary_words_get_no_spellings():
    assert proposed("чай OR доставка") == {}


def test_the_number_of_proposals_is_bounded():
    assert len(suggestions("Вэчэщэкшэс" * 4)) < 20
