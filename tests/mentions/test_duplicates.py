from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.mentions.duplicates import ASSIGNED, cluster
from transforms.mentions.signatures import LEAST_WORDS, MOST_WORDS, SIGNATURE_BYTES, likeness, sign, words

START = datetime(2026, 3, 2, tzinfo=UTC)
LONG = "Чайная на Садовой открыла летнюю веранду и угощает первых гостей смородиновым пирогом до конца недели"
EDITED = "Чайная на Садовой открыла летнюю веранду и угощает первых гостей вишнёвым пирогом до конца недели!"
OTHER = "Завод в Клину остановил линию розлива из-за нехватки стеклянной тары и обещает вернуться к маю"


def signed(*posts):
    """(record id, day, text) -> a table as `cluster` wants it."""
    ids, days, texts = zip(*posts, strict=True) if posts else ((), (), ())
    times = pa.array([START + timedelta(days=day) for day in days], pa.timestamp("us", "UTC"))
    made = sign(pa.array(texts, pa.string()))
    return pa.table(
        {"record_id": pa.array(ids, pa.string()), "published_at": times, **{name: made[name] for name in made.column_names}}
    )


def clusters(table):
    return dict(zip(table["record_id"].to_pylist(), table["cluster_id"].to_pylist(), strict=True))


def nothing_known():
    empty = signed()
    for field in (ASSIGNED.field("cluster_id"), ASSIGNED.field("cluster_started_at")):
        empty = empty.append_column(field, pa.array([], field.type))
    return empty


class Store:
    """What a build keeps between nights."""

    def __init__(self):
        self.known = nothing_known()

    def night(self, *posts):
        new = signed(*posts)
        result = cluster(new, self.known)
        assert result.assigned["record_id"].to_pylist() is not None
        order = {record_id: row for row, record_id in enumerate(result.assigned["record_id"].to_pylist())}
        rows = pa.array([order[record_id] for record_id in new["record_id"].to_pylist()], pa.int64())
        assigned = result.assigned.take(rows)
        for name in ("cluster_id", "cluster_started_at"):
            new = new.append_column(ASSIGNED.field(name), assigned[name])
        moved = {
            old: (cluster_id, started)
            for old, cluster_id, started in zip(*(column.to_pylist() for column in result.moved), strict=True)
        }
        self.known = pa.concat_tables([self.known, new])
        found = [
            moved.get(cluster_id, (cluster_id, started))
            for cluster_id, started in zip(
                *(self.known[name].to_pylist() for name in ("cluster_id", "cluster_started_at")), strict=True
            )
        ]
        for place, name in enumerate(("cluster_id", "cluster_started_at")):
            field = ASSIGNED.field(name)
            values = pa.array([pair[place] for pair in found], field.type)
            self.known = self.known.set_column(self.known.schema.get_field_index(name), field, values)
        return self

    @property
    def clusters(self):
        return clusters(self.known)


def test_a_repost_with_a_word_changed_is_the_same_text():
    assert Store().night(("a", 0, LONG), ("b", 1, EDITED), ("c", 2, OTHER)).clusters == {"a": "a", "b": "a", "c": "c"}


def test_a_cluster_goes_by_its_earliest_member_whatever_the_order_of_arrival():
    late_news = Store().night(("b", 1, EDITED)).night(("a", 0, LONG))

    assert late_news.clusters == {"a": "a", "b": "a"}


def test_copies_further_apart_than_the_window_are_two_stories():
    assert Store().night(("a", 0, LONG), ("b", 30, LONG)).clusters == {"a": "a", "b": "b"}


def test_a_member_in_between_links_two_clusters():
    store = Store().night(("a", 0, LONG), ("c", 10, LONG))
    assert store.clusters == {"a": "a", "c": "c"}

    assert store.night(("b", 5, EDITED)).clusters == {"a": "a", "b": "a", "c": "a"}


def test_a_night_that_touches_no_known_cluster_moves_none():
    known = Store().night(("a", 0, LONG)).known

    result = cluster(signed(("b", 1, OTHER)), known)

    assert clusters(result.assigned) == {"b": "b"}
    assert result.moved.num_rows == 0


def test_case_punctuation_links_and_invisible_letters_do_not_tell_texts_apart():
    assert words("Ёлка\u200b — НАША! https://a.example/1?x=2") == words("елка, наша")


@pytest.mark.parametrize("text", ["Спасибо большое!", "+1", "так и есть"])
def test_a_text_too_short_to_be_anyones_is_compared_by_hash_only(text):
    assert sign(pa.array([text]))["signature"].to_pylist() == [None]
    assert Store().night(("a", 0, text), ("b", 1, text), ("c", 1, text + " да")).clusters == {"a": "a", "b": "a", "c": "c"}


def test_texts_without_words_are_nobodys_copies():
    assert Store().night(("a", 0, "😀😀"), ("b", 0, "😀😀"), ("c", 0, "")).clusters == {"a": "a", "b": "b", "c": "c"}


def test_signatures_are_of_one_size_and_the_same_in_every_process():
    (signature,) = sign(pa.array([LONG]))["signature"].to_pylist()

    assert len(signature) == SIGNATURE_BYTES
    assert signature[:8].hex() == "ee00ec8d1f93e9a9"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=40), st.sampled_from([LONG, EDITED, "слово " * 3000])), max_size=300))
def test_a_text_is_signed_the_same_whatever_stands_beside_it(texts):
    together = sign(pa.array(texts, pa.string()))

    alone = [sign(pa.array([text], pa.string())).to_pylist()[0] for text in texts]
    assert together.to_pylist() == alone


def test_what_follows_the_first_words_does_not_change_the_signature():
    numbered = [" ".join(f"слово{number}" for number in range(count)) for count in (MOST_WORDS, MOST_WORDS + 50)]
    one, other = sign(pa.array(numbered))["signature"].to_pylist()

    assert one == other


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't, C++ и my_brand!", ["don", "t", "c", "и", "my_brand"]),
        ("за\u0301мок Нью-Йорк 24/7", ["замок", "нью", "йорк", "24", "7"]),
        ("😀 www.a.example/x чай😀чай", ["чай", "чай"]),
        ("\ud800 чай", ["чай"]),
        ("", []),
    ],
)
def test_words_are_letters_digits_and_underscores_between_anything_else(text, found):
    assert words(text) == found


def test_likeness_is_the_share_of_word_pairs_in_common():
    one, other, far = sign(pa.array([LONG, EDITED, OTHER]))["signature"].to_pylist()

    assert likeness(one, one) == 1
    assert likeness(one, other) == pytest.approx(12 / 16, abs=0.1)
    assert likeness(one, far) < 0.05


def test_a_record_without_a_time_is_refused():
    untimed = signed(("a", 0, LONG)).set_column(1, "published_at", pa.array([None], pa.timestamp("us", "UTC")))

    with pytest.raises(ValueError, match="no time"):
        cluster(untimed, nothing_known())


STEMS = [LONG.split()[:n] + OTHER.split()[n : n + k] for n in (0, 6, 9, 12, 15) for k in (0, 2, 6) if n + k >= LEAST_WORDS]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 25), st.sampled_from([" ".join(stem) for stem in STEMS] + ["Спасибо!", ""])), max_size=14),
    st.lists(st.integers(1, 4), min_size=14, max_size=14),
)
def test_night_by_night_gives_what_one_build_of_everything_gives(posts, nights):
    rows = [(f"r{number}", day, text) for number, (day, text) in enumerate(posts)]
    store = Store()
    for night in range(1, 5):
        store.night(*(row for row, when in zip(rows, nights, strict=False) if when == night))

    assert store.clusters == Store().night(*rows).clusters


def test_a_flood_of_variants_of_one_text_stays_quick():
    variants = [(f"{number:05}", 0, f"{LONG} {number}") for number in range(3000)]

    assert set(Store().night(*variants).clusters.values()) == {"00000"}
