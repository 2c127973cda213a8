from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.records import KINDS, App, Counters, Job, Measure, Offer, Publication, Record, Review
from collectors.source import Capture, digest
from transforms.normalise import normalise, pseudonym, record_id
from transforms.tables import ADDED, tables

AT = datetime(2026, 11, 1, 3, tzinfo=UTC)


def capture(name: str = "c1") -> Capture:
    return Capture(
        capture_id=name,
        run_id="r1",
        source="site",
        watch_id="w1",
        fingerprint="f",
        url="https://shop.example/",
        final_url="https://shop.example/",
        fetched_at=AT,
        observed_at=AT,
    )


def offer(**fields: Any) -> Offer:
    return Offer(**{"url": "https://shop.example/1", "name": "Samovar", **fields})


def comment(**fields: Any) -> Publication:
    return Publication(**{"kind": "comment", "native_id": "1", "url": None, "published_at": AT, "author": "Anna", **fields})


def row(record: Record, **options: Any) -> dict[str, Any]:
    """The one row that a record makes."""
    (table,) = normalise([(capture(), [record])], "1", **options).values()
    (found,) = table.to_pylist()
    return dict(found)


@given(st.text(), st.text(), st.lists(st.text()))
def test_a_record_id_is_the_digest_of_table_source_and_identity(table: str, source: str, parts: list[str]) -> None:
    assert record_id(table, source, parts) == digest(table, source, parts)


def test_counters_become_columns_and_unknown_stays_null() -> None:
    found = row(comment(counters=Counters(likes=0, reactions={"b": 1, "a": 2})))

    assert (found["like_count"], found["view_count"], found["reaction_types"]) == (0, None, '{"a":2,"b":1}')


def test_money_keeps_its_four_places() -> None:
    assert row(offer(price_amount=Decimal("1290.10")))["price_amount"] == Decimal("1290.1000")


@pytest.mark.parametrize(
    ("record", "column", "text"),
    [
        pytest.param(offer(price_amount=Decimal("1e30")), "price_amount", "1E+30", id="money out of range"),
        pytest.param(offer(price_amount=Decimal("NaN")), "price_amount", "NaN", id="money that is no number"),
        pytest.param(offer(price_amount=10.5), "price_amount", "10.5", id="money as a float"),
        pytest.param(offer(rating_count=2**70), "rating_count", str(2**70), id="an integer beyond 64 bits"),
        pytest.param(Job(url="https://a.example", title="t", valid_until_date="soon"), "valid_until_date", "soon", id="no date"),
        pytest.param(offer(published_at=datetime(2026, 1, 1)), "published_at", None, id="a time without zone"),
    ],
)
def test_a_value_its_column_cannot_hold_moves_to_extra(record: Record, column: str, text: str | None) -> None:
    found = row(record)

    if text is None:
        assert found[column] in (None, datetime(2026, 1, 1, tzinfo=UTC))
        return
    assert found[column] is None
    assert f'"{column}":"{text}"' in found["extra"]


def test_one_odd_value_costs_its_neighbours_nothing() -> None:
    records = [offer(url=f"https://shop.example/{n}", rating_count=count) for n, count in enumerate([1, 2**70, 3])]
    table = normalise([(capture(), records)], "1")["offer"]

    assert table["rating_count"].to_pylist() == [1, None, 3]


def test_text_that_is_no_unicode_is_kept_as_far_as_it_is() -> None:
    assert row(offer(name="tea \ud800 pot", extra={"a": "\udfff", "b": float("nan")}))["name"] == "tea ? pot"


def test_dates_are_days() -> None:
    assert row(Job(url="https://a.example", title="t", valid_until_date="2026-11-30"))["valid_until_date"] == date(2026, 11, 30)


def test_the_version_of_an_app_is_not_the_version_that_read_it() -> None:
    found = row(App(store="app_store", app_id="1", version="2.0"))

    assert (found["app_version"], found["version"]) == ("2.0", "1")


@pytest.mark.parametrize("partial_first", [True, False], ids=["card first", "page first"])
def test_of_a_key_that_stands_twice_the_whole_record_stays(partial_first: bool) -> None:
    records = [offer(name="card", is_partial=True), offer(name="page")]
    table = normalise([(capture(), records if partial_first else records[::-1])], "1")["offer"]

    assert table["name"].to_pylist() == ["page"]


def test_of_two_alike_the_first_stays() -> None:
    assert normalise([(capture(), [offer(brand="a"), offer(brand="b")])], "1")["offer"]["brand"].to_pylist() == ["a"]


def test_the_same_thing_in_two_captures_is_two_observations_of_one_record() -> None:
    table = normalise([(capture("c1"), [offer()]), (capture("c2"), [offer()])], "1")["offer"]

    assert len(set(table["record_id"].to_pylist())) == 1
    assert table["capture_id"].to_pylist() == ["c1", "c2"]


def test_commenters_are_hashed_with_the_salt_and_channels_are_not() -> None:
    assert row(comment(), salt=b"s")["author"] == pseudonym("Anna", b"s") != pseudonym("Anna", b"t")
    assert row(comment(kind="post"), salt=b"s")["author"] == "Anna"


@pytest.mark.parametrize(("policy", "author"), [("keep", "Anna"), ("drop", None)])
def test_reviewers_are_kept_or_dropped_as_the_policy_says(policy: str, author: str | None) -> None:
    review = Review(native_id="1", subject="app", published_at=AT, author="Anna")

    assert row(review, policy=policy)["author"] == author


def test_kinds_asked_for_get_a_table_without_rows() -> None:
    assert normalise([], "1", kinds=[Offer])["offer"].num_rows == 0


def test_every_kind_has_a_table_whose_columns_differ_and_mean_something() -> None:
    assert len(tables()) == len(KINDS)
    for table in tables().values():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), table.name
        assert names[: len(ADDED)] == [column.name for column in ADDED]
        assert all(column.meaning for column in table.columns), table.name


def test_long_captures_become_chunks_with_all_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.normalise.CHUNK_ROWS", 3)
    captured = [(capture(f"c{n}"), [Measure(metric="m", subject=str(k), value=1.0) for k in range(2)]) for n in range(5)]

    assert normalise(captured, "1")["measure"].num_rows == 10
