"""A price string says what is to be paid now, in what currency; a counter says how many and how exactly."""

import gzip
import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.reading.prices import Count, currency_code, read_amount, read_count, read_price
from tests.corpora import corpus


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1 299,90 ₽", "1299.90", "RUB"),
        ("1\u00a0299,90\u00a0руб.", "1299.90", "RUB"),
        ("1\u2009299\u202f₽", "1299", "RUB"),
        ("1.299,90 €", "1299.90", "EUR"),
        ("$1,299.90", "1299.90", "USD"),
        ("US$ 12", "12", "USD"),
        ("12 CHF", "12", "CHF"),
        ("RUR 100", "100", "RUB"),
        ("249 грн", "249", "UAH"),
        ("15 000 ₸", "15000", "KZT"),
        ("990", "990", None),
        ("0 ₽", "0", "RUB"),
        ("Бесплатно", "0", None),
        ("Free", "0", None),
        ("по запросу", None, None),
        ("цена по запросу: звоните", None, None),
        ("-500 ₽", None, "RUB"),
        ("1e309", None, None),
        ("9" * 30, None, None),
        ("١٢٣", "123", None),
        ("１２３円", "123", "JPY"),
        ("50 %", None, None),
        ("", None, None),
    ],
)
def test_amount_and_currency(text, amount, currency):
    price = read_price(text)

    assert (price.amount, price.currency) == (None if amount is None else Decimal(amount), currency)


@pytest.mark.parametrize("text", ["от 990 ₽", "from $990", "ab 990 €"])
def test_a_least_price_is_marked(text):
    assert (read_price(text).amount, read_price(text).is_from) == (Decimal(990), True)


@pytest.mark.parametrize("text", ["100–200 ₽", "100 - 200 ₽", "100 ₽ – 200 ₽", "от 100 до 200 ₽", "$100 to $200"])
def test_a_range_has_two_ends(text):
    assert (read_price(text).amount, read_price(text).high_amount) == (Decimal(100), Decimal(200))


@pytest.mark.parametrize(
    "text",
    [
        "Было 1 590 ₽ сейчас 1 290 ₽",
        "Старая цена: 1590 ₽ 1290 ₽",
        "was $1590 now $1290",
        "statt 1.590 € 1.290 €",
        "1 590 ₽ теперь 1 290 ₽",
    ],
)
def test_of_an_old_and_a_new_price_the_new_one_is_paid(text):
    assert (read_price(text).amount, read_price(text).old_amount) == (Decimal(1290), Decimal(1590))


def test_a_new_price_that_was_never_filled_in_is_no_gift():
    assert read_price("Was: $124.95 Now: $0.00").amount == Decimal("124.95")


@pytest.mark.parametrize(
    "text", ["5 990 ₽ или 499 ₽/мес", "5 990 ₽ или 12 × 499 ₽", "499 ₽/мес. 5 990 ₽", "5990 ₽, 499 ₽ в месяц"]
)
def test_an_instalment_is_not_the_price(text):
    assert (read_price(text).amount, read_price(text).is_monthly) == (Decimal(5990), False)


def test_an_instalment_alone_is_marked():
    assert (read_price("12 × 499 ₽/мес").amount, read_price("12 × 499 ₽/мес").is_monthly) == (Decimal(499), True)


def test_three_digits_after_one_separator_are_thousands_and_marked():
    assert (read_price("1.290").amount, read_price("1.290").is_ambiguous) == (Decimal(1290), True)
    assert read_price("1.290", decimal_separator=".").amount == Decimal("1.290")


@pytest.mark.parametrize(
    ("sign", "lang", "code"),
    [
        ("$", None, "USD"),
        ("$", "en-AU", "AUD"),
        ("kr", "sv", "SEK"),
        ("kr.", "da", "DKK"),
        ("kr", None, None),
        ("¥", "zh", "CNY"),
        ("¥", "ja", "JPY"),
        ("usd", None, "USD"),
        ("lei", None, "RON"),
        ("шт", None, None),
    ],
)
def test_one_sign_may_mean_several_currencies(sign, lang, code):
    assert currency_code(sign, lang) == code


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (1290, "1290"),
        (1290.5, "1290.5"),
        ("1290.00", "1290.00"),
        ("1 290,00", "1290.00"),
        ("{{price}}", None),
        ("", None),
        (None, None),
        (True, None),
        (float("inf"), None),
        ("-5", None),
        (1e20, None),
    ],
)
def test_a_price_given_as_data(value, amount):
    assert read_amount(value) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1,2 тыс.", (1200, 100)),
        ("12k", (12_000, 1000)),
        ("1.2M", (1_200_000, 100_000)),
        ("5.46K", (5460, 10)),
        ("1 204", (1204, 1)),
        ("1,234", (1234, 1)),
        ("(1\u202f204)", (1204, 1)),
        ("83 отзыва", (83, 1)),
        ("12 комментариев", (12, 1)),
        ("3,4 млрд просмотров", (3_400_000_000, 100_000_000)),
        ("1,2К", (1200, 100)),
        ("2 млн", (2_000_000, 1_000_000)),
        ("0", (0, 1)),
    ],
)
def test_a_counter_and_its_granularity(text, count):
    assert read_count(text) == Count(*count)


@pytest.mark.parametrize("text", ["", "нет", "9" * 40])
def test_no_counter(text):
    assert read_count(text) is None


@pytest.mark.parametrize("text", ["1 ", "1.", "1 1.", "от 1 ", "1-", "1 ₽ - ", "12 × 1 ", "было 1 ", "1' "])
def test_a_repeated_piece_takes_little_time(text):
    began = time.process_time()
    read_price(text * 200)
    read_count(text * 200)

    assert time.process_time() - began < 0.2


@given(st.text(max_size=400))
def test_any_text_gives_a_bounded_price(text):
    price = read_price(text)
    assert price.amount is None or 0 <= price.amount < Decimal(10) ** 15
    assert price.currency is None or (len(price.currency) == 3 and price.currency.isupper())
    read_count(text)


def test_price_strings_of_real_shops_are_read_as_by_the_library_below():
    lines = gzip.decompress((corpus("price-parser-cases") / "prices.jsonl.gz").read_bytes()).decode().splitlines()
    cases = [json.loads(line) for line in lines]
    cases = [case for case in cases if "XFAIL" not in case["set"]]
    amounts = currencies = 0
    for case in cases:
        price = read_price(case["price_raw"] or "", case["currency_raw"], decimal_separator=case.get("decimal_separator"))
        amounts += price.amount == (Decimal(case["amount"]) if case["amount"] is not None else None)
        currencies += price.currency == currency_code(case["currency"])

    assert amounts == len(cases)
    assert currencies >= 0.98 * len(cases)
