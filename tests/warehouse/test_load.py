from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from collectors.records import Offer, Publication
from collectors.source import Expect
from tests.warehouse.nights import START, archive, ask, capture, day_of, offer, page, post, put, refresh
from warehouse.batches import rewrite_batch
from warehouse.build import build
from warehouse.expect import Day, judge_batch
from warehouse.files import batch_path
from warehouse.load import LoadReport, accept, load_pending
from warehouse.writer import WriterBusy, open_build

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def test_a_parser_that_now_emits_fewer_rows_leaves_no_ghosts(store: Path) -> None:
    put(store, 0, [(capture("c1"), [offer("A"), offer("B"), offer("Banner")])])
    refresh(store)
    put(store, 0, [(capture("c1"), [offer("A"), offer("B")])], version="2")
    refresh(store)

    assert ask(store, "SELECT name FROM obs.offer ORDER BY 1") == [("A",), ("B",)]
    assert ask(store, "SELECT name FROM core.offer ORDER BY 1") == [("A",), ("B",)]


def test_a_source_that_returned_nothing_is_held_and_named_while_the_others_go_on(store: Path) -> None:  # R-132, G-20
    put(store, 0, [(capture("c1"), [])], kinds=[Offer])
    put(store, 0, [(capture("c2", source="hacker_news", watch="w3"), [post()])], source="hacker_news")
    report = load_pending(store)

    assert report.held == {"offer/site/2026-11-01": "0 records, at least 1 expected"}
    assert report.loaded == ["publication/hacker_news/2026-11-01"]


def test_a_kind_that_a_source_rarely_yields_is_not_held_for_being_empty(store: Path) -> None:
    put(store, 0, [(capture("c1"), [page()])], kinds=[Offer])

    assert load_pending(store).held == {}


def test_a_held_batch_leaves_what_stood_there_and_a_good_one_releases_it(store: Path) -> None:
    put(store, 0, [(capture("c1"), [offer("A")])])
    refresh(store)
    put(store, 0, [(capture("c1"), [])], kinds=[Offer], version="2")
    refresh(store)
    assert ask(store, "SELECT o.name, b.status FROM obs.offer o, ops.batch b") == [("A", "held")]

    put(store, 0, [(capture("c1"), [offer("B")])], version="3")
    refresh(store)
    assert ask(store, "SELECT o.name, b.status FROM obs.offer o, ops.batch b") == [("B", "loaded")]


def test_a_person_may_accept_a_held_batch_and_is_named(store: Path) -> None:
    put(store, 0, [(capture("c1"), [])], kinds=[Publication])
    load_pending(store)
    accept(store, "site", day_of(0), "publication", by="anna", reason="the channel is closed", now=NOW)
    refresh(store)

    assert ask(store, "SELECT status, reason FROM ops.batch") == [("accepted", "anna: the channel is closed")]


def test_a_word_for_a_batch_that_is_not_held_is_refused_and_the_one_given_stays(store: Path) -> None:
    def say(reason: str, by: str = "anna") -> str:
        return accept(store, "site", day_of(0), "publication", by=by, reason=reason, now=NOW)

    put(store, 0, [(capture("c1"), [])], kinds=[Publication])
    with pytest.raises(ValueError, match="publication/site/2026-11-01 is not held: it waits for `dozor refresh`"):
        say("early")
    load_pending(store)
    assert say("the channel is closed") == "anna: the channel is closed"
    assert say("again", by="root") == "anna: the channel is closed"
    refresh(store)
    with pytest.raises(ValueError, match=r"is not held: it is accepted \(anna: the channel is closed\)"):
        say("again", by="root")

    refresh(store)
    assert ask(store, "SELECT reason FROM ops.batch WHERE status = 'accepted'") == [("anna: the channel is closed",)]


def test_accepting_what_does_not_exist_says_so(store: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no batch of offer from site"):
        accept(store, "site", day_of(0), "offer", by="anna", reason="", now=NOW)


def test_a_file_that_is_no_batch_is_held_and_the_others_are_loaded(store: Path) -> None:
    put(store, 0, [(capture("c1"), [offer(), post()])])
    batch_path(store, "offer", "site", day_of(0)).write_bytes(b"broken")
    report = load_pending(store)

    assert report.loaded == ["publication/site/2026-11-01"]
    assert "is not a batch" in report.held["offer/site/2026-11-01"]


def rewritten(store: Path, change: Callable[[pa.Table], pa.Table]) -> LoadReport:
    """Load a night in which somebody else's hand was at the batch of offers."""
    put(store, 0, [(capture("c1"), [offer(brand="Rus")]), (capture("c2"), [post()])])
    path = batch_path(store, "offer", "site", day_of(0))
    rows, footer = pq.read_table(path, partitioning=None), pq.read_metadata(path).metadata[b"dozor"].decode()
    changed = change(rows)
    with pq.ParquetWriter(path, changed.schema) as writer:
        writer.write_table(changed)
        writer.add_key_value_metadata({"dozor": footer})
    return load_pending(store)


def with_column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), name, values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            lambda rows: with_column(rows, "price_amount", pa.array(["12"])),
            "the column price_amount is string, not decimal128(18, 4)",
            id="R-174 another type",
        ),
        pytest.param(
            lambda rows: rows.rename_columns(["cost" if name == "brand" else name for name in rows.column_names]),
            "has the column cost, which obs.offer has not",
            id="R-174 renamed",
        ),
        pytest.param(
            lambda rows: with_column(rows, "record_id", pa.array([None], pa.string())), "has rows without record_id", id="R-171"
        ),
        pytest.param(lambda rows: rows.drop(["capture_id"]), "has no column capture_id", id="R-171 no key"),
        pytest.param(lambda rows: rows.slice(0, 0), "has 0 rows, its footer says 1", id="R-179"),
    ],
)
def test_a_batch_whose_columns_or_rows_are_not_as_they_should_is_held_with_the_reason(
    change: Callable[[pa.Table], pa.Table], said: str, store: Path
) -> None:
    report = rewritten(store, change)

    assert said in report.held["offer/site/2026-11-01"]
    assert report.loaded == ["publication/site/2026-11-01"]


def test_a_batch_that_an_older_dozor_wrote_lacks_what_came_later(store: Path) -> None:
    report = rewritten(store, lambda rows: rows.drop(["brand"]))
    refresh(store)

    assert report.held == {}
    assert ask(store, "SELECT name, brand FROM obs.offer") == [("Samovar", None)]


def test_of_keys_that_stand_twice_in_a_foreign_file_the_latest_fetch_is_loaded_and_the_rest_counted(store: Path) -> None:
    put(store, 0, [(capture("c1"), [offer("A", brand="old")])])
    path = batch_path(store, "offer", "site", day_of(0))
    rows, metadata = pq.read_table(path, partitioning=None), pq.read_metadata(path).metadata
    place = rows.schema.get_field_index("fetched_at")
    later = pa.array([START + timedelta(hours=1)], rows.schema.field(place).type)
    newer = rows.set_column(place, rows.schema.field(place), later)
    brand = rows.schema.get_field_index("brand")
    newer = newer.set_column(brand, rows.schema.field(brand), pa.array(["new"]))
    with pq.ParquetWriter(path, rows.schema) as writer:
        writer.write_table(pa.concat_tables([rows, newer]))
        writer.add_key_value_metadata({"dozor": metadata[b"dozor"].decode().replace('"rows": 1', '"rows": 2')})
    refresh(store)

    assert ask(store, "SELECT o.brand, b.twin_count FROM obs.offer AS o, ops.batch AS b") == [("new", 1)]


def test_late_nights_land_in_their_own_day(store: Path) -> None:
    put(store, 3, [(capture("c3", 3), [offer(price="90")])])
    refresh(store)
    put(store, 1, [(capture("c1", 1), [offer(price="100")])])
    refresh(store)

    assert ask(store, "SELECT price_amount::INT, interval_number FROM core.price_interval ORDER BY 2") == [(100, 1), (90, 2)]


def test_texts_stand_once_and_go_with_their_last_row(store: Path) -> None:
    put(store, 0, [(capture("c1"), [post(1, "same"), post(2, "same"), post(3, "other")])])
    refresh(store)
    assert ask(store, "SELECT text FROM obs.text ORDER BY 1") == [("other",), ("same",)]

    put(store, 0, [(capture("c1"), [post(1, "same")])], version="2")
    refresh(store)
    assert ask(store, "SELECT text FROM obs.text") == [("same",)]


def test_captures_are_listed_without_bodies_and_replaced_with_their_partition(store: Path) -> None:
    archive(store, 0, [capture("c1"), capture("c2", verdict="blocked", http_status=403)])
    put(store, 1, [(capture("c3", 1), [post()])])
    refresh(store)
    archive(store, 0, [capture("c1")])
    refresh(store)

    assert ask(store, "SELECT capture_id FROM ops.capture ORDER BY 1") == [("c1",), ("c3",)]


def test_a_second_writer_is_told_who_holds_the_warehouse(store: Path) -> None:  # R-162, G-5
    with open_build(store, "build"), pytest.raises(WriterBusy, match=r"process \d+ \(build, since") as caught:
        load_pending(store)
    assert caught.value.exit_code == 75


def test_a_build_without_batches_is_whole_and_empty(store: Path) -> None:
    assert build(store, now=START).build_id == 1


def sizes(*rows: int, fill: float = 1.0) -> list[Day]:
    return [Day(count, {"price_amount": fill}) for count in rows]


@pytest.mark.parametrize(
    ("rows", "fill", "history", "said"),
    [
        pytest.param(0, 1.0, [], "at least 1", id="nothing at all"),
        pytest.param(5, 1.0, sizes(100, 100, 100), None, id="a fall, but too little history"),
        pytest.param(30, 1.0, sizes(100, 100, 100, 100), "fall of more than 60%", id="a fall"),
        pytest.param(45, 1.0, sizes(100, 100, 100, 100), None, id="a smaller fall"),
        pytest.param(1, 1.0, sizes(3, 4, 3, 3), None, id="small numbers move by chance"),
        pytest.param(600, 1.0, sizes(100, 100, 100, 100), "more than 5 times", id="a rise"),
        pytest.param(
            100, 0.5, sizes(100, 100, 100, 100), "price_amount is filled in 50% of rows, 100% usual", id="a column emptied"
        ),
        pytest.param(10, 0.5, sizes(100, 100, 100, 100), "fall", id="few rows"),
        pytest.param(100, 1.0, sizes(*[100] * 30), None, id="a normal day"),
    ],
)
#
def test_a_batch_is_judged_by_the_days_before(rows: int, fill: float, history: list[Day], said: str | None) -> None:
    verdict = judge_batch(Day(rows, {"price_amount": fill}), rows, history, Expect())

    assert (verdict is None) if said is None else (said in (verdict or ""))


def test_while_the_day_goes_on_few_rows_are_no_fall() -> None:
    assert judge_batch(Day(5, {}), 5, sizes(100, 100, 100, 100), Expect(), is_day_over=False) is None


def test_a_fixed_share_applies_from_the_first_batch() -> None:
    verdict = judge_batch(Day(50, {"price_amount": 0.2}), 50, [], Expect(fill={"price_amount": 0.8}))
    assert verdict == "price_amount is filled in 20% of rows, at least 80% expected"


def drifted(**column: object) -> list[Day]:
    return [Day(100, {}, profile={"x": column}) for _ in range(5)]


@pytest.mark.parametrize(
    ("now", "usual", "said"),
    [
        pytest.param({"median": 129_000.0}, {"median": 1_290.0}, "median of x is 129000, 1290 usual", id="R-138 kopecks"),
        pytest.param({"median": 13.5}, {"median": 1_290.0}, "median of x is 13.5", id="R-119 another unit"),
        pytest.param({"median": 600.0}, {"median": 1_290.0}, None, id="R-142 a sale"),
        pytest.param(
            {"shares": {"USD": 1.0}}, {"shares": {"RUB": 1.0}}, "x is USD in 100% of rows, 0% usual", id="R-119 a currency"
        ),
        pytest.param({"shares": {"en": 0.9, "ru": 0.1}}, {"shares": {"ru": 1.0}}, "x is en in 90%", id="R-120 a language"),
        pytest.param({"shares": {"en": 0.4, "ru": 0.6}}, {"shares": {"ru": 1.0}}, None, id="R-120 some guests"),
        pytest.param(
            {"distinct": 0.01}, {"distinct": 0.9}, "x has 1 different values per 100 rows, 90 usual", id="R-136 all equal"
        ),
        pytest.param({"distinct": 0.05}, {"distinct": 0.9}, "x has 5 different values", id="R-137 a collapse"),
        pytest.param({"distinct": 0.01}, {"distinct": 0.02}, None, id="R-137 few values are usual"),
    ],
)
def test_values_are_compared_with_those_of_the_days_before(
    now: dict[str, object], usual: dict[str, object], said: str | None
) -> None:
    verdict = judge_batch(Day(100, {}, profile={"x": now}), 100, drifted(**usual), Expect())

    assert (verdict is None) if said is None else (said in (verdict or ""))
    assert judge_batch(Day(19, {}, profile={"x": now}), 19, drifted(**usual), Expect(max_fall=1)) is None  # too few to say


def test_prices_in_another_unit_are_held_and_the_old_ones_stay(store: Path) -> None:
    def shop(day: int, unit: int) -> None:
        offers = [offer(f"Pot {number}", str((100 + number + day) * unit)) for number in range(30)]
        put(store, day, [(capture(f"c{day}", day), offers)])

    for day in range(5):
        shop(day, 1)
    shop(5, 100)
    report = load_pending(store)

    assert report.held == {
        "offer/site/2026-11-06": "median of price_amount is 11950, 116.5 usual: other units, or another currency?"
    }


def test_what_was_let_in_stays_in_when_the_warehouse_is_made_anew(store: Path) -> None:
    put(store, 0, [(capture("c1"), [offer("A")])])
    load_pending(store)
    put(store, 0, [(capture("c1"), [])], kinds=[Offer], version="2")
    load_pending(store)
    (store / "work" / "warehouse.duckdb").unlink()
    refresh(store)

    assert ask(store, "SELECT o.name, b.status FROM obs.offer o, ops.batch b") == [("A", "held")]


def test_a_held_batch_is_judged_anew_when_an_earlier_day_arrives(store: Path) -> None:
    for day in (0, 1, 2, 3):
        put(store, day, [(capture(f"c{day}", day), [offer(f"A{n}") for n in range(100)])])
    put(store, 9, [(capture("c9", 9), [offer(f"A{n}") for n in range(35)])])
    assert list(load_pending(store).held) == ["offer/site/2026-11-10"]

    for day in (4, 5, 6, 7, 8):
        put(store, day, [(capture(f"c{day}", day), [offer(f"A{n}") for n in range(50)])])
    assert load_pending(store).held == {}


def test_what_is_taken_out_for_cause_leaves_the_batch_that_stands_before_a_held_one_too(store: Path) -> None:
    put(store, 0, [(capture("c1"), [offer("A"), offer("B")])])
    load_pending(store)
    put(store, 0, [(capture("c1"), [])], kinds=[Offer], version="2")
    load_pending(store)
    rewrite_batch(store, "offer", "site", day_of(0), lambda rows: pc.equal(rows["name"], "A"))
    refresh(store)

    assert ask(store, "SELECT name FROM obs.offer") == [("B",)]
