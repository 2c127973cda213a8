"""What the models say about small, made-up histories."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.records import Ad, App, Channel, Counters, Record, Review
from tests.warehouse.nights import START, archive, ask, capture, day_of, offer, page, post, put, refresh
from transforms.models import models
from warehouse.build import build
from warehouse.checks import check
from warehouse.load import load_pending
from warehouse.publish import publish
from warehouse.reference import set_reference


def look(day: int, **facts: object) -> object:
    return capture(f"c{day}", day, url="https://shop.example/samovar", **facts)


def test_an_unchanged_page_is_seen_again_without_being_read_again(store: Path) -> None:
    put(store, 0, [(look(0), [page(), offer()])])
    put(store, 2, [(look(2, body_of="c0", verdict="unchanged"), [])])
    refresh(store)

    seen = ask(store, "SELECT last_seen_at, day_seen_count, observation_count FROM core.page")
    assert seen == [((START + timedelta(days=2)).replace(tzinfo=None), 2, 1)]
    assert ask(store, "SELECT look_count FROM core.price_interval") == [(2,)]


def test_a_price_cut_is_an_interval_a_page_change_and_a_row_of_the_mart(store: Path) -> None:
    put(store, 0, [(look(0), [page(), offer(price="200")])])
    put(store, 1, [(look(1), [page(), offer(price="150", availability="OutOfStock")])])
    refresh(store)

    assert ask(store, "SELECT price_amount, valid_to IS NULL FROM core.price_interval ORDER BY interval_number") == [
        (Decimal("200.0000"), False),
        (Decimal("150.0000"), True),
    ]
    assert ask(store, "SELECT change, price_change FROM core.page_change ORDER BY 1") == [
        ("availability", None),
        ("price", -0.25),
    ]
    assert ask(store, "SELECT entity_id, previous_price_amount::INT, price_amount::INT, price_change FROM mart.price_change") == [
        ("south", 200, 150, -0.25)
    ]


def test_a_changed_currency_is_no_price_cut(store: Path) -> None:
    put(store, 0, [(look(0), [page(), offer(price="9000")])])
    put(store, 1, [(look(1), [page(), offer(price="100", currency="USD")])])
    refresh(store)

    assert ask(store, "SELECT change_size, price_change FROM core.page_change WHERE change = 'price'") == [(None, None)]


def test_a_change_names_the_lines_that_went_and_came_and_its_size(store: Path) -> None:
    put(store, 0, [(look(0), [page(text="tea and pots\nopen daily", links=("https://a.example",))])])
    put(store, 1, [(look(1), [page(text="tea and cups\nopen daily", links=("https://b.example",), description="new")])])
    refresh(store)

    rows = ask(store, "SELECT change, old_value, new_value, round(change_size, 2) FROM core.page_change ORDER BY 1")
    assert rows == [
        ("links", "https://a.example", "https://b.example", 1.0),
        ("meta", None, "new", 1.0),
        ("text", "tea and pots", "tea and cups", 0.33),
    ]


def test_a_heading_that_comes_into_the_text_or_leaves_it_is_no_change_of_the_text(store: Path) -> None:
    put(store, 0, [(look(0), [page(text="Brass Samovar\ntea and pots", h1="Brass Samovar")])])
    put(store, 1, [(look(1), [page(text="tea and pots", h1="Brass Samovar")])])
    put(store, 2, [(look(2), [page(text="Steel Samovar\ntea and cups", h1="Steel Samovar")])])
    refresh(store)

    assert ask(store, "SELECT change, old_value, new_value FROM core.page_change ORDER BY changed_at, change") == [
        ("text", "tea and pots", "Steel Samovar\ntea and cups"),
        ("title", "Samovar · Brass Samovar", "Samovar · Steel Samovar"),
    ]


def test_text_that_an_ignore_rule_matches_does_not_count(store: Path) -> None:
    put(store, 0, [(look(0), [page(text="tea\nViewed 7 times")])])
    put(store, 1, [(look(1), [page(text="tea\nViewed 8 times")])])
    refresh(store)

    assert ask(store, "SELECT * FROM core.page_change") == []
    assert len(ask(store, "SELECT * FROM core.page_version")) == 2


def test_an_ignore_rule_that_cannot_be_used_is_noted_and_stops_nothing(store: Path) -> None:
    rule = {"project_id": "tea", "watch_id": "w1", "pattern": "(?=Viewed).*"}
    set_reference(store, {"project": [{"project_id": "tea", "title": "Tea"}], "ignore_rule": [rule]})
    put(store, 0, [(look(0), [page()])])
    refresh(store)

    assert ask(store, "SELECT problem FROM ref.ignore_rule") == [("invalid perl operator: (?=",)]


def test_pages_appear_and_vanish_but_the_first_day_is_no_news(store: Path) -> None:
    put(store, 0, [(look(0), [page()])])
    put(store, 1, [(capture("n", 1), [page("new")]), (look(1, http_status=404, verdict="skip", body_of=""), [])])
    refresh(store)

    assert ask(store, "SELECT event, title, entity_id FROM mart.new_page ORDER BY 1") == [
        ("new", "New", "south"),
        ("vanished", "Samovar", "south"),
    ]


def test_a_card_fills_only_what_was_never_seen_whole(store: Path) -> None:
    put(store, 0, [(look(0), [offer(price="100", brand="B")])])
    put(store, 1, [(look(1), [offer(price="90", is_partial=True)])])
    refresh(store)

    assert ask(store, "SELECT brand, price_amount::INT FROM core.offer") == [("B", 100)]
    assert len(ask(store, "SELECT * FROM core.price_interval")) == 1


def test_counters_grow_into_a_curve_and_are_known_as_last_shown(store: Path) -> None:
    put(store, 0, [(look(0, watch="w2"), [post(counters=Counters(likes=1, views=10))])])
    put(store, 1, [(look(1, watch="w2"), [post(counters=Counters(likes=5))])])
    refresh(store)

    assert ask(store, "SELECT like_count, view_count FROM core.counter ORDER BY observed_at") == [(1, 10), (5, None)]
    assert ask(store, "SELECT like_count, view_count, reaction_count, reaction_parts FROM core.publication") == [
        (5, 10, 5, ["likes"])
    ]
    assert ask(store, "SELECT like_count FROM core.counter_latest") == [(5,)]
    assert ask(store, "SELECT entity_id, role, publication_count, reaction_count FROM mart.publication_day") == [
        ("north", "owned", 1, 5)
    ]


def test_unknown_counters_are_null_and_never_zero(store: Path) -> None:
    put(store, 0, [(look(0, watch="w2"), [post()])])
    refresh(store)

    assert ask(store, "SELECT reaction_count, view_count, er_view FROM mart.publication_day") == [(None, None, None)]


def test_a_publication_found_through_two_watches_of_an_entity_counts_once(store: Path) -> None:
    put(store, 0, [(look(0, watch="w1"), [post()]), (capture("x", watch="w2"), [post()])])
    refresh(store)

    assert sorted(ask(store, "SELECT entity_id, publication_count FROM mart.publication_day")) == [("north", 1), ("south", 1)]
    assert len(ask(store, "SELECT * FROM core.publication")) == 1


def test_share_of_voice_counts_whole_words_of_names_and_aliases(store: Path) -> None:
    texts = ["Северный чай, опять", "north tea and South Tea", "Northtea is no name", "South tea!"]
    put(store, 0, [(look(0, watch="w3"), [post(number, text) for number, text in enumerate(texts)])])
    refresh(store)

    sql = "SELECT entity_id, mention_count, mention_share FROM share_of_voice('tea', DATE '2026-11-01', DATE '2026-12-01')"
    assert sorted(ask(store, sql)) == [("north", 2, 0.5), ("south", 2, 0.5)]


def test_what_is_only_counted_anew_is_not_searched_for_names_again(store: Path) -> None:
    put(store, 0, [(look(0, watch="w3"), [post(1, "North Tea", counters=Counters(likes=1))])])
    refresh(store)
    put(store, 1, [(look(1, watch="w3"), [post(1, "North Tea", counters=Counters(likes=7)), post(2, "South Tea")])])
    load_pending(store)
    report = build(store, now=START)

    assert [report.parts[name] for name in ("core.publication", "core.alias_mention")] == [2, 1]
    assert check(store) == []
    publish(store)
    assert sorted(ask(store, "SELECT entity_id FROM core.alias_mention")) == [("north",), ("south",)]


def test_what_a_model_sees_beside_its_keys_is_led_to_by_their_rows() -> None:
    for model in models():
        told = {*model.drivers, *model.also_drivers}
        assert set(model.beside) <= set(model.needs) - told, model.name
        assert all(set(relations) <= set(model.drivers) for _, relations in model.beside.values()), model.name


def test_an_edited_review_keeps_its_history_and_its_answer(store: Path) -> None:
    def review(stars: float, reply: str | None = None) -> Review:
        at = START + timedelta(hours=6) if reply else None
        return Review(native_id="1", subject="app", published_at=START, rating_value=stars, reply_text=reply, reply_at=at)

    put(store, 0, [(look(0), [review(1)])])
    put(store, 1, [(look(1), [review(4, "Sorry")])])
    refresh(store)

    assert ask(store, "SELECT rating_value, first_rating_value, rating_change, edit_count, reply_hours FROM core.review") == [
        (4.0, 1.0, 3.0, 1, 6.0)
    ]
    assert ask(store, "SELECT review_count, reply_rate, edit_count FROM mart.rating_trend") == [(1, 1.0, 1)]


def starred(number: int, rating_value: float | None) -> Review:
    return Review(native_id=f"r{number}", subject="1700000001:ru", published_at=START, rating_value=rating_value)


def test_reviews_stand_beside_the_rating_that_their_store_shows_that_day(store: Path) -> None:
    shown = App(
        native_id="1700000001:ru", store="app_store", app_id="1700000001", country="RU", rating_value=4.5, rating_count=90
    )
    elsewhere = App(native_id="1700000001:ru", store="rustore", app_id="1700000001", country="RU", rating_value=3.0)
    for source, records in (("app_store_reviews", [starred(1, 2.0)]), ("app_store_app", [shown]), ("rustore_app", [elsewhere])):
        put(store, 0, [(capture(source, source=source), records)], source=source)
    refresh(store)

    columns = "store, subject, review_count, rating_value, store_rating_value, store_rating_count"
    assert ask(store, f"SELECT {columns} FROM mart.rating_trend ORDER BY store") == [
        ("app_store", "1700000001:ru", 1, 2.0, 4.5, 90),
        ("rustore", "1700000001:ru", 0, None, 3.0, None),
    ]
    weeks = "SELECT store, review_count, rating_value, store_rating_value FROM rating_trend('tea', DATE '2026-11-01', ?)"
    assert ask(store, weeks, day_of(7)) == [("app_store", 1, 2.0, 4.5), ("rustore", 0, None, 3.0)]


def test_reviews_of_what_no_store_was_looked_at_for_stand_under_their_source(store: Path) -> None:
    put(store, 0, [(look(0), [starred(1, 5.0)])])
    refresh(store)

    assert ask(store, "SELECT store, review_count, store_rating_value FROM mart.rating_trend") == [("site", 1, None)]


def test_reviews_without_stars_do_not_weigh_in_the_mean_of_a_week(store: Path) -> None:
    monday, tuesday = START + timedelta(days=1), START + timedelta(days=2)
    stars = [(monday, 1.0), (monday, None), (monday, None), (tuesday, 5.0)]
    reviews = [replace(starred(number, rating), published_at=at) for number, (at, rating) in enumerate(stars)]
    put(store, 2, [(look(2), reviews)])
    refresh(store)

    weeks = "SELECT review_count, rated_count, rating_value FROM rating_trend('tea', DATE '2026-11-01', DATE '2026-12-01')"
    assert ask(store, weeks) == [(4, 2, 3.0)]


def test_an_ad_has_days_seen_and_days_from_first_to_last(store: Path) -> None:
    for day in (0, 1, 4):
        put(store, day, [(look(day), [Ad(native_id="1", title="Buy")])])
    refresh(store)

    assert ask(store, "SELECT day_seen_count, display_days FROM core.ad") == [(3, 5)]
    assert ask(store, "SELECT ad_count, new_ad_count FROM mart.ad_activity ORDER BY seen_date") == [(1, 1), (1, 0), (1, 0)]


def test_app_versions_and_the_growth_of_a_channel(store: Path) -> None:
    for day, (version, followers) in enumerate([("1.0", 100), ("1.0", 110), ("1.1", None)]):
        app = App(native_id="a", store="app_store", app_id="a", version=version)
        put(store, day, [(look(day), [app, Channel(native_id="t", url=None, follower_count=followers)])])
    refresh(store)

    assert ask(store, "SELECT app_version FROM core.app_version ORDER BY 1") == [("1.0",), ("1.1",)]
    assert ask(store, "SELECT follower_delta, growth_rate FROM core.channel_day ORDER BY seen_date") == [
        (None, None),
        (10, 0.1),
        (None, None),
    ]


def test_source_health_says_who_was_blocked_and_who_is_silent(store: Path) -> None:
    put(store, 0, [(look(0), [page()])])
    put(store, 3, [(look(3, verdict="blocked", http_status=403), [])], kinds=[type(page())])
    refresh(store)

    assert ask(
        store, "SELECT blocked_count, block_rate, held_count, silent_days FROM mart.source_health ORDER BY batch_date"
    ) == [
        (0, 0.0, 0, 3),
        (1, 1.0, 1, 3),
    ]


def test_every_macro_answers(store: Path) -> None:
    put(store, 0, [(look(0), [page(), offer(), post(), Ad(native_id="1", title="Buy")])])
    put(store, 1, [(look(1), [page(text="new"), offer(price="90"), post(), Ad(native_id="1", title="Buy")])])
    refresh(store)
    period = "'tea', DATE '2026-11-01', DATE '2026-12-01'"

    assert len(ask(store, f"FROM what_changed({period})")) == 2
    assert len(ask(store, "FROM price_history('SAMOVAR')")) == 2
    assert [row[0] for row in ask(store, f"FROM ad_calendar({period})")] == ["south"]
    assert [row[0] for row in ask(store, f"FROM top_publications({period})")] == ["south"]
    assert ask(store, f"FROM rating_trend({period})") == []
    assert ask(store, "FROM growth_curve('https://t.me/tea/1')") == []


def product(day: int, price: str, sku: str | None = "1", **fields: object) -> tuple[object, list[object]]:
    return capture(f"p{day}-{sku}", day, url="https://shop.example/samovar"), [offer(price=price, sku=sku, **fields)]


def card(day: int, price: str, url: str = "https://shop.example/samovar?utm_source=list") -> tuple[object, list[object]]:
    return capture(f"l{day}", day, url="https://shop.example/list"), [offer(price=price, url=url, is_partial=True)]


def offers(store: Path) -> list[tuple[object, ...]]:
    return ask(store, "SELECT sku, price_amount::INT, observation_count FROM core.offer ORDER BY ALL")


def test_the_card_of_a_listing_and_the_page_of_its_product_are_one_offer(store: Path) -> None:
    put(store, 0, [card(0, "100")])
    refresh(store)
    assert offers(store) == [(None, 100, 1)]

    put(store, 1, [product(1, "100"), card(1, "90")])
    refresh(store, 1)
    put(store, 2, [product(2, "80"), card(2, "80")])
    refresh(store, 2)

    assert offers(store) == [("1", 80, 5)]
    assert ask(store, "SELECT price_amount::INT, capture_id FROM core.price_interval ORDER BY 1") == [(80, "p2-1"), (100, "l0")]
    assert ask(store, "SELECT count(*) FROM mart.price_change") == [(1,)]
    assert len(ask(store, "SELECT DISTINCT record_id FROM obs.offer")) == 2


def test_what_a_listing_said_of_a_price_before_its_page_was_read_is_history(store: Path) -> None:
    put(store, 0, [card(0, "100")])
    put(store, 1, [card(1, "80")])
    put(store, 2, [(look(2), [page(), offer(price="80", sku="1", availability="InStock")])])
    refresh(store, 2)

    assert ask(store, "SELECT previous_price_amount::INT, price_amount::INT, price_change FROM mart.price_change") == [
        (100, 80, -0.2)
    ]
    assert ask(store, "SELECT change FROM core.page_change") == []  # availability was learned, not changed


def test_a_card_of_an_address_with_several_products_stays_an_offer_of_its_own(store: Path) -> None:
    put(store, 0, [product(0, "100"), card(0, "90")])
    refresh(store)
    assert len(offers(store)) == 1

    put(store, 1, [product(1, "120", "2")])
    refresh(store, 1)
    assert offers(store) == [("1", 100, 1), ("2", 120, 1), (None, 90, 1)]

    put(store, 1, [product(1, "120", "1")], version="2", erased=["p1-2"])
    refresh(store, 2)
    assert offers(store) == [("1", 120, 3)]


def test_a_card_of_its_own_product_on_one_page_is_not_a_second_look(store: Path) -> None:
    put(store, 0, [(look(0), [offer(price="100", sku="1"), offer(price="90", is_partial=True)])])
    refresh(store)

    assert offers(store) == [("1", 100, 1)]


def silence_after(store: Path, record: Record, source: str, verdict: str = "unchanged") -> list[tuple[object, ...]]:
    """What is said of a source that shows a record once and then answers eight nights so."""
    put(store, 0, [(look(0, source=source), [record])], source=source)
    for day in range(1, 9):
        facts = {"body_of": "c0"} if verdict == "unchanged" else {"body_of": "", "http_status": 403}
        put(store, day, [(look(day, source=source, verdict=verdict, **facts), [])], source=source)
    reference = json.loads((store / "work" / "reference.json").read_text())
    set_reference(store, {**reference, "formula": [], "source": [{"source": source, "max_silence_days": 7}]})
    refresh(store, 8)
    return ask(store, "SELECT silent_days, is_silent FROM mart.source_health WHERE batch_date = ?", day_of(8))


def test_a_source_that_says_nothing_new_for_more_days_than_it_may_is_named(store: Path) -> None:
    assert silence_after(store, post(), "feed") == [(8, True)]


@pytest.mark.parametrize(
    "record",
    [page(), offer(), App(native_id="a", store="app_store", app_id="a"), Ad(native_id="1")],
    ids=lambda r: type(r).__name__,
)
def test_what_stands_as_it_stood_was_seen(store: Path, record: Record) -> None:
    assert silence_after(store, record, "site") == [(0, False)]


def test_a_site_that_lets_nobody_in_is_silent(store: Path) -> None:
    assert silence_after(store, page(), "site", "blocked") == [(8, True)]


def test_a_source_that_never_answered_is_silent_since_it_was_first_asked(store: Path) -> None:
    put(store, 0, [(look(0), [page()])])
    for day in (0, 3):
        archive(store, day, [capture(f"f{day}", day, source="feed", verdict="failed", http_status=500)], "feed")
    refresh(store, 3)

    assert ask(store, "SELECT silent_days FROM mart.source_health WHERE source = 'feed'") == [(3,), (3,)]
