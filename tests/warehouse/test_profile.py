from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from collectors.records import Offer
from tests.warehouse.nights import capture, offer
from transforms.normalise import normalise
from transforms.tables import tables
from warehouse.profile import Profiler


def profile(offers: Sequence[Offer], length: int = 1000) -> dict[str, dict[str, Any]]:
    profiler = Profiler(tables()["offer"])
    rows = normalise([(capture("c1"), offers)], "1")["offer"]
    for first in range(0, rows.num_rows, length):
        profiler.add(rows.slice(first, length))
    return profiler.profile()


def offers(count: int) -> list[Offer]:
    return [
        replace(
            offer(),
            name=f"Tea {number // 2}",
            sku=str(number) if number % 2 else None,
            price_amount=Decimal(number),
            currency="RUB" if number % 4 else "EUR",
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("length", [1, 7, 1000], ids=["row by row", "in chunks", "at once"])
def test_the_profile_is_that_of_all_rows_however_they_pass(length: int) -> None:
    found = profile([replace(each, url=f"https://shop.example/{place}") for place, each in enumerate(offers(100))], length)

    assert found["name"] == {"distinct": 0.5}
    assert found["sku"] == {"distinct": 1.0}
    assert found["price_amount"] == {"distinct": 1.0, "median": pytest.approx(49.5, abs=0.5)}
    assert found["currency"] == {"distinct": 0.02, "shares": {"RUB": 0.75, "EUR": 0.25}}


def test_columns_without_a_value_and_those_that_dozor_adds_are_left_out() -> None:
    assert not {"gtin", "record_id", "fetched_at", "extra"} & set(profile(offers(4)))
    assert Profiler(tables()["offer"]).profile() == {}


def test_many_different_values_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.profile.KEPT_HASHES", 2000)
    some = [replace(offer(), url=f"https://shop.example/{n}", name=f"Tea {n % 10_000}") for n in range(20_000)]

    assert profile(some, 3000)["name"]["distinct"] == pytest.approx(0.5, rel=0.06)
