"""However the nights came, the warehouse is the same as if it were built at once."""

import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from collectors.records import Ad, App, Channel, Counters, Job, Offer, Page, Publication, Record, Review
from collectors.source import Capture
from tests.warehouse.nights import START, capture, contents, post, put, refresh
from warehouse.build import build
from warehouse.checks import check
from warehouse.load import load_pending
from warehouse.reference import set_reference

KINDS = (Page, Offer, Publication, Review, Channel, Ad, App, Job)


def night_of(random: Random, day: int, earlier: list[str]) -> list[tuple[Capture, list[Record]]]:
    """A night of a small market, with pages seen again, pages gone, edits, cards and growing counters."""
    captured: list[tuple[Capture, list[Record]]] = []
    for number in range(random.randint(1, 4)):
        name = f"c{day}-{number}"
        watch = random.choice(["w1", "w2", "w3"])
        url = f"https://shop.example/{number}"
        if earlier and random.random() < 0.3:
            captured.append((capture(name, day, watch=watch, url=url, verdict="unchanged", body_of=random.choice(earlier)), []))
        elif random.random() < 0.15:
            captured.append((capture(name, day, watch=watch, url=url, verdict="skip", http_status=404, body_of=""), []))
        else:
            captured.append((capture(name, day, watch=watch, url=url), list(some_records(random, day, number))))
            earlier.append(name)
    return captured


def some_records(random: Random, day: int, number: int) -> list[Record]:
    at = START + timedelta(days=day)
    is_partial = random.random() < 0.2
    records: list[Record] = [
        Page(
            url=f"https://shop.example/{number}",
            title=random.choice(["A", "B"]),
            text=random.choice(["one\ntwo", "one\nthree", "one\ntwo\nViewed 7 times", None]),
            links=tuple(random.sample(["https://a.example", "https://b.example"], random.randint(0, 2))),
            items=tuple({"n": random.randint(0, 1)} for _ in range(random.randint(0, 1))),
            is_partial=is_partial,
        ),
        Offer(
            url=f"https://shop.example/{number}",
            name="Samovar",
            sku=random.choice([None, "1", "1", "2"]),
            price_amount=random.choice([Decimal(100), Decimal(90), None]),
            currency=random.choice(["RUB", "RUB", "USD"]),
            availability=random.choice(["InStock", "OutOfStock"]),
            is_partial=is_partial,
        ),
        post(
            random.randint(1, 4),
            random.choice(["North Tea is fine", "Северный чай и South Tea", "nothing"]),
            counters=Counters(likes=random.choice([None, day, 10 * day]), views=random.choice([None, 100 * day])),
            is_partial=is_partial,
        ),
        Review(
            native_id=f"r{random.randint(1, 3)}",
            subject="app",
            published_at=at,
            rating_value=float(random.randint(1, 5)),
            text=random.choice(["good", "bad"]),
            reply_text=random.choice([None, "Thank you"]),
            reply_at=at,
        ),
        Channel(native_id="tea", url="https://t.me/tea", follower_count=random.choice([None, 100 + day])),
        Ad(native_id=f"ad{random.randint(1, 3)}", title="Buy"),
        App(
            native_id="app",
            store="app_store",
            app_id="app",
            version=f"1.{day // 2}",
            rating_value=4.0 + random.randint(0, 9) / 10,
        ),
        Job(native_id=f"j{random.randint(1, 2)}", url=None, title="Taster"),
    ]
    return random.sample(records, random.randint(0, len(records)))


def sequence(store: Path, random: Random) -> int:
    """Some nights, with reruns, reparses, late nights and changed lists between them; returns the last day."""
    earlier: list[str] = []
    nights: dict[int, list[tuple[Capture, list[Record]]]] = {}
    days = random.sample(range(6), 4)
    for step, day in enumerate(days):
        nights[day] = night_of(random, day, earlier)
        put(store, day, nights[day], kinds=KINDS)
        if random.random() < 0.5:
            other = random.choice(list(nights))
            nights[other] = [
                (c, some_records(random, other, n) if c.verdict == "ok" else []) for n, (c, _) in enumerate(nights[other])
            ]
            put(store, other, nights[other], kinds=KINDS, version="2")
        if random.random() < 0.8:
            refresh(store, step)
    return len(days)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 30))])
def test_incremental_equals_the_build_of_everything_at_once(store: Path, seed: int) -> None:  # R-172, G-2
    steps = sequence(store, Random(seed))
    refresh(store, steps)

    fresh = store.with_name("fresh")
    shutil.copytree(store, fresh, ignore=shutil.ignore_patterns("work", "warehouse*"))
    (fresh / "work").mkdir()
    shutil.copy(store / "work" / "reference.json", fresh / "work" / "reference.json")
    refresh(fresh, steps)

    ours, theirs = contents(store / "warehouse.duckdb"), contents(fresh / "warehouse.duckdb")
    assert {name for name in ours if ours[name] != theirs.get(name)} <= {"ops.build"}
    assert ours.keys() == theirs.keys()


def test_a_full_rebuild_changes_no_row(store: Path) -> None:
    sequence(store, Random(99))
    refresh(store, 7)
    before = contents(store / "work" / "warehouse.duckdb", ("obs", "core", "mart"))

    build(store, now=START, full=True)

    assert contents(store / "work" / "warehouse.duckdb", ("obs", "core", "mart")) == before


#
def test_a_history_too_long_for_memory_is_built_in_slices_to_the_same_rows(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sequence(store, Random(99))
    refresh(store, 7)
    before = contents(store / "work" / "warehouse.duckdb", ("obs", "core", "mart"))

    monkeypatch.setattr("warehouse.slices.SLICE_ROWS", 3)
    monkeypatch.setattr("warehouse.slices.TEXT_SLICE_ROWS", 3)
    build(store, now=START, full=True)

    assert contents(store / "work" / "warehouse.duckdb", ("obs", "core", "mart")) == before
    assert not list((store / "work").rglob("*.parquet"))


def test_a_build_leaves_no_answers_of_python_models_behind(store: Path) -> None:
    sequence(store, Random(99))
    refresh(store, 7)

    assert contents(store / "work" / "warehouse.duckdb", ("core",))["core.text_cluster"]
    assert not list((store / "work").rglob("*.parquet"))


def test_a_second_refresh_without_news_changes_nothing_and_publishes_nothing(store: Path) -> None:  # R-213, G-2
    put(store, 0, [(capture("c1"), [post()])])
    refresh(store, 0)
    before, target = contents(store / "warehouse.duckdb"), (store / "warehouse.duckdb").resolve()

    refresh(store, 5)

    assert (store / "warehouse.duckdb").resolve() == target
    assert contents(store / "warehouse.duckdb") == before


def test_a_changed_watchlist_judges_history_anew(store: Path) -> None:
    put(store, 0, [(capture("c1", watch="w3", source="hacker_news"), [post(text="Южный чай is back")])], source="hacker_news")
    refresh(store, 0)
    set_reference(
        store,
        {
            "entity": [{"project_id": "tea", "entity_id": "south", "name": "South Tea", "aliases": ["Южный чай"]}],
            "watch_entity": [{"project_id": "tea", "entity_id": None, "watch_id": "w3", "role": "earned"}],
        },
    )
    refresh(store, 1)

    assert [row[2] for row in contents(store / "warehouse.duckdb")["core.alias_mention"]] == ["south"]


def test_a_batch_that_is_gone_leaves_the_warehouse(store: Path) -> None:
    put(store, 0, [(capture("c1"), [post(1)])])
    put(store, 1, [(capture("c2", 1), [post(2)])])
    refresh(store, 0)
    (store / "batches/table=publication/source=site/date=2026-11-02.parquet").unlink()
    load_pending(store)
    build(store, now=START)
    assert check(store) == []

    assert len(contents(store / "work/warehouse.duckdb")["core.publication"]) == 1
    assert len(contents(store / "work/warehouse.duckdb")["obs.text"]) == 1
