"""Mentions in the build: who found what, whose word on the tone holds, which texts are one, and the figures of a day."""

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from collectors.records import Counters, Publication, Record, Review
from tests.warehouse.nights import ask, capture, contents, put, refresh
from transforms.models import models
from warehouse.build import build
from warehouse.checks import check
from warehouse.load import load_pending
from warehouse.publish import publish
from warehouse.reference import FORMULAS, set_reference

MONDAY = datetime(2026, 10, 26, 9, tzinfo=UTC)
TOPICS = {"tea/brew": "самовар OR samovar", "tea/taste": "чай AND вкусный", "bank/loan": "кредит OR loan"}
KINDS = (Publication, Review)


def watchlist(
    store: Path,
    topics: Mapping[str, str] = TOPICS,
    *,
    macros: Mapping[str, str] | None = None,
    watches: Sequence[tuple[str, str]] = (("tea", "w1"), ("bank", "w2"), ("tea", "w3"), ("bank", "w3")),
    labels: Mapping[tuple[str, str], str] | None = None,
    entities: Mapping[str, str] | None = None,
) -> None:
    """Topics by "project/topic", who watches what, what people said of the tone; w1 is tea's, w2 the bank's, w3 both's."""
    rows = []
    for key, query in topics.items():
        project, _, topic = key.partition("/")
        used = {name: text for name, text in (macros or {}).items() if f"${name}" in query}
        entity = (entities or {}).get(key)
        rows.append(
            {
                "project_id": project,
                "topic_id": topic,
                "title": topic,
                "query": query,
                "entity_id": entity,
                "macros": json.dumps(used) if used else None,
            }
        )
    set_reference(
        store,
        {
            "project": [{"project_id": name, "title": name} for name in ("tea", "bank")],
            "topic": rows,
            "watch": [
                {"watch_id": name, "source": "site", "target": name, "options": "{}"} for name in sorted({w for _, w in watches})
            ],
            "watch_entity": [
                {"project_id": project, "entity_id": None, "watch_id": watch, "role": "earned"} for project, watch in watches
            ],
            "label": [
                {"record_id": record_id, "topic_id": topic_id, "sentiment": sentiment, "said_by": "ann"}
                for (record_id, topic_id), sentiment in (labels or {}).items()
            ],
        },
    )


def said(text: str, number: int = 1, *, at: datetime = MONDAY, channel: str = "tea", **fields: Any) -> Publication:
    return Publication(
        **{
            "kind": "post",
            "native_id": f"{channel}/{number}",
            "url": f"https://t.me/{channel}/{number}",
            "published_at": at,
            "text": text,
            "channel": channel,
            **fields,
        }
    )


def review(text: str, number: int = 1, **fields: Any) -> Review:
    return Review(native_id=f"r{number}", subject="app", published_at=MONDAY, text=text, rating_value=2.0, **fields)


def night(
    store: Path, day: int, records: Sequence[Record], *, watch: str = "w1", source: str = "site", version: str = "1"
) -> None:
    captured = capture(f"c{day}-{watch}", day, watch=watch, source=source)
    put(store, day, [(captured, records)], source=source, kinds=KINDS, version=version)


def test_a_mention_tells_where_its_words_stand_in_the_text_as_it_was_published(store: Path) -> None:
    watchlist(store)
    text = "Утром было тихо. Поставили новый самовар, и всё! Разошлись."
    night(store, 0, [said(text, title="О самоваре")])
    refresh(store)

    ((spans, title_spans, terms, sentence, lang, topic),) = ask(
        store, "SELECT spans, title_spans, matched_terms, sentence, lang, topic_id FROM core.mention"
    )
    assert [text[start:end] for start, end in json.loads(spans)] == ["самовар"]
    assert ["О самоваре"[start:end] for start, end in json.loads(title_spans)] == ["самоваре"]
    assert (terms, sentence, lang, topic) == (["самоваре", "самовар"], "Поставили новый самовар, и всё!", "ru", "brew")


def test_reviews_are_matched_as_publications_are(store: Path) -> None:
    watchlist(store, {"tea/brew": "samovar AND type:review AND rating:1..3"})
    night(store, 0, [review("The samovar leaks"), said("The samovar leaks")])
    refresh(store)

    assert ask(store, "SELECT kind, lang, domain FROM core.mention") == [("review", "en", None)]


def test_a_topic_sees_no_text_that_only_another_project_watches(store: Path) -> None:
    watchlist(store, {"tea/any": "самовар", "bank/any": "самовар"})
    night(store, 0, [said("самовар раз", 1)], watch="w1")
    night(store, 1, [said("самовар два", 2)], watch="w2")
    night(store, 2, [said("самовар три", 3)], watch="w3")
    refresh(store)

    found = ask(
        store, "SELECT project_id, p.native_id FROM core.mention JOIN core.publication AS p USING (record_id) ORDER BY ALL"
    )
    assert found == [("bank", "tea/2"), ("bank", "tea/3"), ("tea", "tea/1"), ("tea", "tea/3")]


def test_a_new_watch_shows_a_project_what_was_collected_before(store: Path) -> None:
    watchlist(store, {"bank/any": "самовар"})
    night(store, 0, [said("самовар раз", 1)], watch="w1")
    refresh(store)
    assert ask(store, "SELECT count(*) FROM core.mention") == [(0,)]

    watchlist(store, {"bank/any": "самовар"}, watches=(("tea", "w1"), ("bank", "w1")))
    refresh(store, 1)

    assert ask(store, "SELECT project_id FROM core.mention") == [("bank",)]


def poison(store: Path) -> None:
    """Mark the rows that stand now, so that those made anew can be told from them."""
    with duckdb.connect(str(store / "work" / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE core.mention_found SET sentence = 'kept'")


def test_what_is_only_counted_anew_is_not_matched_again(store: Path) -> None:
    watchlist(store)
    night(store, 0, [said("Новый самовар", counters=Counters(likes=1)), review("The samovar leaks")])
    refresh(store)
    night(store, 1, [said("Новый самовар", counters=Counters(likes=7)), said("Старый самовар", 2), review("The samovar leaks")])
    load_pending(store)
    report = build(store, now=MONDAY)

    assert [report.parts[name] for name in ("core.mention_found", "core.text_cluster", "core.mention")] == [1, 1, 3]
    assert check(store) == []
    publish(store)
    assert ask(store, "SELECT reaction_count, capture_id FROM core.mention WHERE kind = 'post' ORDER BY 1") == [
        (7, "c1-w1"),
        (None, "c1-w1"),
    ]


@pytest.mark.parametrize(("topic", "found"), [("самовар followers:>100", 1), ("самовар followers:<100", 0)])
def test_a_topic_that_asks_for_followers_sees_how_many_there_are_now(store: Path, topic: str, found: int) -> None:
    watchlist(store, {"tea/brew": topic})
    night(store, 0, [said("Новый самовар", follower_count=90, counters=Counters(likes=1))])
    refresh(store)
    night(store, 1, [said("Новый самовар", follower_count=110, counters=Counters(likes=1))])
    refresh(store, 1)

    assert len(ask(store, "FROM core.mention")) == found


def test_a_text_that_another_project_finds_later_is_matched_for_it(store: Path) -> None:
    watchlist(store, {"tea/any": "самовар", "bank/any": "самовар"})
    night(store, 0, [said("Новый самовар")], watch="w1")
    refresh(store)
    night(store, 1, [said("Новый самовар")], watch="w2")
    refresh(store, 1)

    assert ask(store, "SELECT project_id FROM core.mention ORDER BY 1") == [("bank",), ("tea",)]


def test_a_changed_topic_is_run_over_history_and_the_rows_of_others_are_not_touched(store: Path) -> None:
    watchlist(store)
    night(store, 0, [said("самовар и вкусный чай", 1), said("кофе", 2)], watch="w3")
    refresh(store)
    poison(store)

    watchlist(store, {**TOPICS, "tea/taste": "чай OR кофе", "tea/fresh": "вкусный"})
    refresh(store, 1)

    found = ask(store, "SELECT topic_id, sentence = 'kept' FROM core.mention_found ORDER BY ALL")
    assert found == [("brew", True), ("fresh", False), ("taste", False), ("taste", False)]


def test_a_changed_macro_runs_the_topics_that_use_it_and_no_other(store: Path) -> None:
    topics = {"tea/drink": "$drink", "tea/brew": "самовар"}
    watchlist(store, topics, macros={"drink": "чай"})
    night(store, 0, [said("самовар, чай", 1), said("кофе", 2)])
    refresh(store)
    poison(store)

    watchlist(store, topics, macros={"drink": "кофе"})
    refresh(store, 1)

    found = ask(store, "SELECT topic_id, matched_terms, sentence = 'kept' FROM core.mention_found ORDER BY ALL")
    assert found == [("brew", ["самовар"], True), ("drink", ["кофе"], False)]


def test_a_removed_topic_leaves_no_mention(store: Path) -> None:
    watchlist(store)
    night(store, 0, [said("самовар", 1)])
    refresh(store)
    watchlist(store, {"tea/taste": "чай"})
    refresh(store, 1)

    assert ask(store, "SELECT count(*) FROM core.mention") == [(0,)]


def test_a_word_of_a_person_wins_over_the_model_and_measures_it(store: Path) -> None:
    watchlist(store, {"tea/brew": "самовар", "tea/taste": "чай"})
    night(store, 0, [said("Ужасный самовар, отвратительный чай", 1), said("самовар", 2)])
    refresh(store)
    ids = dict(ask(store, "SELECT native_id, record_id FROM core.publication"))
    model = dict(ask(store, "SELECT topic_id, model_sentiment FROM core.mention WHERE record_id = ?", ids["tea/1"]))

    labels = {(ids["tea/1"], ""): "neutral", (ids["tea/1"], "brew"): "positive"}
    watchlist(store, {"tea/brew": "самовар", "tea/taste": "чай"}, labels=labels)
    refresh(store, 1)

    found = ask(
        store, "SELECT topic_id, sentiment, score, confidence, model_sentiment FROM core.mention WHERE is_labelled ORDER BY ALL"
    )
    assert found == [("brew", "positive", 1.0, 1.0, model["brew"]), ("taste", "neutral", 0.0, 1.0, model["taste"])]
    assert sorted(ask(store, "FROM mart.sentiment_confusion")) == sorted(
        [("tea", "neutral", model["taste"], 1), ("tea", "positive", model["brew"], 1)]
    )


COPY = "Новый самовар приехал на склад и ждёт всех любителей чая на большой площади"


def test_a_member_that_precedes_or_links_changes_the_cluster_and_nothing_else_does(store: Path) -> None:
    watchlist(store)
    night(store, 0, [said(COPY, 2, channel="b"), said("Совсем другая новость про самовар и ещё про что-то", 9)])
    refresh(store)
    night(store, 1, [said(COPY + "!", 3, channel="c", at=MONDAY + timedelta(days=1))])
    refresh(store, 1)
    later = ask(
        store, "SELECT m.author, p.native_id FROM core.mention AS m JOIN core.publication AS p ON p.record_id = cluster_id"
    )
    assert sorted(later) == [("b", "b/2"), ("c", "b/2"), ("tea", "tea/9")]

    night(store, 2, [said(COPY.upper(), 1, channel="a", at=MONDAY - timedelta(days=1))])
    refresh(store, 2)
    sooner = ask(
        store,
        "SELECT m.author, p.native_id, m.is_repost, copying_author_count FROM core.mention AS m "
        "JOIN core.publication AS p ON p.record_id = cluster_id ORDER BY ALL",
    )
    assert sooner == [("a", "a/1", False, 3), ("b", "a/1", True, 3), ("c", "a/1", True, 3), ("tea", "tea/9", False, 1)]


def test_a_text_with_an_advertiser_token_is_paid(store: Path) -> None:
    watchlist(store)
    night(store, 0, [said("Наш самовар", ad_erid="2VtzqwXyz12")])
    refresh(store)

    assert "paid" in ask(store, "SELECT categories FROM core.mention")[0][0]
    assert ask(store, "SELECT ad_count FROM mart.mention_day") == [(1,)]


def test_the_figures_of_a_day_are_those_counted_by_hand(store: Path) -> None:
    watchlist(store, {"tea/brew": "самовар"})
    posts = [
        said(COPY, 1, channel="a", counters=Counters(likes=5, comments=1)),
        said(COPY, 2, channel="b", counters=Counters(likes=None)),
        said("самовар", 3, channel="a", counters=Counters(likes=2)),
    ]
    night(store, 0, posts)
    refresh(store)

    (row,) = ask(
        store,
        "SELECT mention_count, unique_mention_count, dup_ratio, author_count, domain_count, passion, reaction_count, "
        "avg_reaction_count, net_sentiment, negative_count + neutral_count + positive_count FROM mart.mention_day",
    )
    assert row == (3, 2, pytest.approx(1 / 3), 2, 1, 1.5, 8, 4.0, None, 3)


def test_sources_are_registrable_domains(store: Path) -> None:
    watchlist(store, {"tea/brew": "самовар"})
    addresses = ["https://msk.news.example.co.uk/1", "https://example.co.uk/2", "https://www.чай.рф/3"]
    night(store, 0, [said("самовар", number, url=url) for number, url in enumerate(addresses)])
    refresh(store)

    assert ask(store, "SELECT domain_count FROM mart.mention_day") == [(2,)]


def test_shares_of_tone_follow_from_what_people_said(store: Path) -> None:
    watchlist(store, {"tea/brew": "самовар"})
    night(store, 0, [said(f"самовар {number}", number) for number in range(4)])
    refresh(store)
    ids = [record_id for (record_id,) in ask(store, "SELECT record_id FROM core.mention ORDER BY record_id")]
    tones = dict(zip(ids, ("positive", "positive", "positive", "negative"), strict=True))
    watchlist(store, {"tea/brew": "самовар"}, labels={(record_id, ""): tone for record_id, tone in tones.items()})
    refresh(store)

    assert ask(store, "SELECT negative_share, mfi, net_sentiment FROM mart.mention_day") == [(0.25, 3.0, None)]
    assert ask(store, "SELECT negative_share, mfi FROM mentions('tea', DATE '2026-10-26', DATE '2026-11-02')") == [(0.25, 3.0)]


def test_a_share_of_nothing_is_unknown(store: Path) -> None:
    watchlist(store, {"tea/brew": "самовар"})
    anonymous = Publication(kind="comment", native_id="1", url="https://forum.example/1", published_at=MONDAY, text="самовар")
    night(store, 0, [anonymous])
    refresh(store)

    assert ask(store, "SELECT passion, reaction_count, avg_reaction_count, net_sentiment FROM mart.mention_day") == [(None,) * 4]


def test_a_period_is_set_beside_the_equal_one_before_and_entities_share_the_voice(store: Path) -> None:
    topics = {"tea/@north": "самовар", "tea/@south": "чайник", "tea/brand": "самовар", "tea/mood": "утро"}
    watchlist(store, topics, entities={"tea/@north": "north", "tea/@south": "south", "tea/brand": "north"})
    before = [said("самовар", 1, at=MONDAY - timedelta(days=7))]
    now = [
        said(COPY, 2, counters=Counters(likes=6)),
        said(COPY, 3, channel="b", at=MONDAY + timedelta(hours=1)),
        said("самовар", 4, channel="c"),
        said("чайник утро", 5, counters=Counters(likes=2)),
    ]
    night(store, 0, before + now)
    refresh(store)

    rows = ask(
        store,
        "SELECT topic_id, mention_count, mention_share, unique_mention_share, reaction_share, change_prev "
        "FROM mentions('tea', DATE '2026-10-26', DATE '2026-11-02') ORDER BY topic_id",
    )
    assert rows == [
        ("@north", 3, 0.75, pytest.approx(2 / 3), 0.75, 2.0),
        ("@south", 1, 0.25, pytest.approx(1 / 3), 0.25, None),
        ("brand", 3, None, None, None, 2.0),  # a topic about an entity says again what its names say
        ("mood", 1, None, None, None, None),
    ]


def test_a_day_far_above_its_weekday_is_a_spike_with_what_drives_it(store: Path) -> None:
    watchlist(store, {"tea/brew": "самовар"})
    usual = [
        said(f"самовар номер {week} {number}", 10 * week + number, at=MONDAY - timedelta(weeks=week))
        for week in range(1, 7)
        for number in range(2 if week % 2 else 4)
    ]
    flood = [said(COPY, 100 + n, channel=f"copy{n}", at=MONDAY + timedelta(minutes=n)) for n in range(12)]
    begun = [said(COPY + "!", 99, channel="first", url="https://news.first.example/99", at=MONDAY - timedelta(days=2))]
    own = [said("самовар сам по себе", 200, at=MONDAY)]
    night(store, 0, usual + flood + own + begun)
    refresh(store)

    rows = ask(
        store,
        "SELECT mention_spike.published_date, mention_count, usual_count, spike_score, driver_count, driver_started_at, "
        "driver_author, driver_domain, driver_sentence, p.native_id "
        "FROM mart.mention_spike JOIN core.publication AS p ON p.record_id = driver_cluster_id",
    )
    # Mondays before: 2, 4, 2, 4, 2, 4; median 3, median absolute deviation 1: (13 - 3) / max(1.4826, sqrt(3), 1)
    score = pytest.approx(10 / 3**0.5)
    began = (MONDAY - timedelta(days=2)).replace(tzinfo=None)
    assert rows == [(MONDAY.date(), 13, 3.0, score, 12, began, "first", "first.example", COPY + "!", "first/99")]


def test_a_text_said_again_shows_who_had_it_first_and_how_it_spread(store: Path) -> None:
    watchlist(store, {"tea/brew": "самовар"})
    said_again = [
        said(
            COPY,
            n,
            channel=channel,
            at=MONDAY + timedelta(hours=hours),
            counters=Counters(likes=n),
            url=f"https://{channel}.example/{n}",
        )
        for n, (channel, hours) in enumerate([("b", 5), ("a", 2), ("b", 9), ("c", 7)])
    ]
    night(store, 0, [*said_again, said("самовар сам по себе", 9)])
    refresh(store)

    columns = (
        "mention_count, author_count, domain_count, reaction_count, first_author, first_domain, last_at - first_at, sentence"
    )
    assert ask(store, f"SELECT {columns} FROM mart.mention_cluster") == [(4, 3, 3, 6, "a", "a.example", timedelta(hours=7), COPY)]
    assert ask(store, "SELECT each.author, each.published_at FROM (SELECT unnest(spread) AS each FROM mart.mention_cluster)") == [
        (channel, (MONDAY + timedelta(hours=hours)).replace(tzinfo=None)) for channel, hours in (("a", 2), ("b", 5), ("c", 7))
    ]


@pytest.mark.parametrize(
    ("until", "width", "counts"),
    [
        pytest.param("2026-10-27", timedelta(hours=1), [0] * 9 + [2, 1] + [0] * 13, id="a day by the hour"),
        pytest.param("2026-10-30", timedelta(days=1), [3, 1, 0, 0], id="four days by the day"),
        pytest.param("2027-02-23", timedelta(days=7), [5] + [0] * 17, id="120 days by the week"),
    ],
)
def test_a_trend_is_told_by_the_hour_day_or_week_with_empty_buckets(
    store: Path, until: str, width: timedelta, counts: list[int]
) -> None:
    watchlist(store, {"tea/brew": "самовар"})
    times = [timedelta(0), timedelta(minutes=59), timedelta(hours=1), timedelta(days=1), timedelta(days=6)]
    night(store, 0, [said(f"самовар {n}", n, at=MONDAY + after) for n, after in enumerate(times)])
    refresh(store)

    rows = ask(
        store, f"SELECT bucket_width, mention_count, net_sentiment FROM mention_trend('tea', DATE '2026-10-26', DATE '{until}')"
    )
    assert {row[0] for row in rows} == {width}
    assert [row[1] for row in rows] == counts
    assert {row[2] for row in rows} == {None}


def test_the_lag_of_discovery_is_first_sight_less_publication(store: Path) -> None:
    watchlist(store, {"tea/brew": "самовар"})
    seen = datetime(2026, 11, 1, 3, tzinfo=UTC)
    posts = [said("самовар", n, at=seen - timedelta(hours=hours)) for n, hours in enumerate((1, 2))]
    night(store, 0, [*posts, Review(native_id="r1", subject="app", published_at=seen - timedelta(hours=48), text="самовар")])
    refresh(store)

    assert ask(store, "SELECT mention_count, median_lag_hours, late_share FROM mart.discovery_lag") == [
        (3, 2.0, pytest.approx(1 / 3))
    ]


@pytest.mark.parametrize(
    ("authors", "copies", "own_words", "is_farm"),
    [
        pytest.param(5, 5, 0, True, id="five authors"),
        pytest.param(4, 8, 0, False, id="four authors"),
        pytest.param(10, 8, 2, True, id="four of five posts are copies"),
        pytest.param(10, 7, 3, False, id="fewer are copies"),
    ],
)
def test_a_site_linked_to_by_many_authors_in_copied_texts_is_a_farm(
    store: Path, authors: int, copies: int, own_words: int, is_farm: bool
) -> None:
    watchlist(store, {"tea/brew": "самовар"})
    posts = [
        said(
            COPY if number < copies else "самовар " + " ".join(f"{word}{number}" for word in "abcdefgh"),
            number,
            channel=f"farm{number % authors}",
            links=["https://www.Chai-Farm.example/buy", "https://chai-farm.example/"],
        )
        for number in range(copies + own_words)
    ]
    night(store, 0, [*posts, said("самовар сам по себе", 200, links=["https://news.example/"])])
    refresh(store)

    farmed = ask(store, "SELECT farm_domains, marks FROM mart.mention_spam WHERE 'link_farm' IN marks")
    assert {tuple(domains) for domains, _ in farmed} == ({("chai-farm.example",)} if is_farm else set())
    assert len(farmed) == (copies + own_words if is_farm else 0)


def test_what_looks_like_spam_is_listed_with_its_marks(store: Path) -> None:
    watchlist(store, {"tea/brew": "самовар"})
    tags = "самовар " + " ".join(f"#чай{number}" for number in range(12))
    night(store, 0, [said(tags, 1), said("самовар сам по себе", 2)])
    refresh(store)

    assert ask(store, "SELECT marks, farm_domains, author FROM mart.mention_spam") == [(["tag_stuffed"], [], "tea")]


def test_every_formula_that_a_column_names_is_listed() -> None:
    known = {row["id"] for row in FORMULAS}
    named = {
        word.strip(")").split(";")[0].split(",")[0]
        for model in models()
        for meaning in model.columns.values()
        for word in meaning.partition("formula ")[2].split()[:1]
    }
    assert named <= known


def test_every_column_of_the_mention_models_says_what_it_means(store: Path) -> None:
    watchlist(store)
    night(store, 0, [said("самовар")])
    refresh(store)

    silent = ask(
        store,
        "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL "
        "AND schema_name IN ('core', 'mart') AND (table_name LIKE '%mention%' "
        "OR table_name IN ('text_cluster', 'discovery_lag', 'link_farm', 'sentiment_confusion'))",
    )
    assert silent == []


WORDS = ("самовар", "чай вкусный", "кредит", "The samovar", "a loan", COPY, COPY + " снова", "ничего")


def some_lists(random: Random, ids: Sequence[str]) -> dict[str, Any]:
    """A watchlist as people change it."""
    topics = {
        key: random.choice([query, "чай OR $words", "самовар -чай", "самовар followers:>100"])
        for key, query in TOPICS.items()
        if random.random() < 0.8
    }
    said_of = random.sample(list(ids), min(len(ids), random.randint(0, 2)))
    watches = [("tea", "w1"), ("bank", "w2"), ("tea", "w3"), ("bank", "w3"), ("bank", "w1")]
    return {
        "topics": topics,
        "macros": {"words": random.choice(["loan", "кредит", "самовар"])},
        "watches": random.sample(watches, random.randint(2, 5)),
        "labels": {(record_id, random.choice(["", "brew"])): random.choice(["negative", "positive"]) for record_id in said_of},
    }


def some_posts(random: Random) -> list[Record]:
    posts: list[Record] = [
        said(
            random.choice(WORDS),
            number,
            channel=f"channel{number}",
            at=MONDAY + timedelta(days=random.randint(-9, 9)),
            counters=Counters(likes=random.choice([None, 3])),
            follower_count=random.choice([None, 50, 500]),
        )
        for number in random.sample(range(8), random.randint(0, 6))
    ]
    return [*posts, review(random.choice(WORDS), random.randint(1, 3))]


@pytest.mark.parametrize("rows_at_once", [1_000_000, 2])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20))])
def test_however_nights_and_lists_came_the_mentions_are_those_of_one_build(
    store: Path, monkeypatch: pytest.MonkeyPatch, seed: int, rows_at_once: int
) -> None:
    monkeypatch.setattr("warehouse.slices.TEXT_SLICE_ROWS", rows_at_once)
    random = Random(seed)
    ids: list[str] = []
    for step, day in enumerate(random.sample(range(5), 4)):
        night(store, day, some_posts(random), watch=random.choice(["w1", "w2", "w3"]), source=random.choice(["site", "feed"]))
        watchlist(store, **some_lists(random, ids))
        if random.random() < 0.9:
            refresh(store, step)
            ids = [record_id for (record_id,) in ask(store, "SELECT record_id FROM core.publication ORDER BY 1")]
    refresh(store, 5)

    fresh = store.with_name("fresh")
    shutil.copytree(store, fresh, ignore=shutil.ignore_patterns("work", "warehouse*"))
    (fresh / "work").mkdir()
    shutil.copy(store / "work" / "reference.json", fresh / "work" / "reference.json")
    refresh(fresh, 5)
    ours, theirs = contents(store / "warehouse.duckdb"), contents(fresh / "warehouse.duckdb")
    assert {name for name in ours if ours[name] != theirs.get(name)} <= {"ops.build"}
