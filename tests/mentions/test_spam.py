from datetime import UTC, datetime, timedelta

import pytest

from transforms.mentions.spam import Post, copying_authors, is_copied, stuffing

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def post(number, *, author=None, day=0.0, is_repost=False):
    return Post(
        record_id=f"r{number}",
        cluster_id="c1",
        author=author or f"author {number}",
        published_at=START + timedelta(days=day),
        is_repost=is_repost,
    )


def test_one_text_by_five_authors_in_a_week_is_copied():
    authors = copying_authors([post(number, day=number) for number in range(5)])

    assert set(authors.values()) == {5}
    assert is_copied(5, is_repost=False)
    assert not is_copied(4, is_repost=False)


def test_an_author_who_repeats_himself_is_not_copied():
    assert set(copying_authors([post(number, author="one") for number in range(20)]).values()) == {1}


def test_copies_months_apart_do_not_add_up():
    assert set(copying_authors([post(number, day=40 * number) for number in range(10)]).values()) == {1}


def test_a_repost_the_source_tells_of_is_no_copy():
    assert copying_authors([post(0), *(post(number, is_repost=True) for number in range(1, 30))]) == {"r0": 1}
    assert not is_copied(30, is_repost=True)


def test_a_post_without_an_author_counts_for_nobody():
    unsigned = Post(record_id="r9", cluster_id="c1", author=None, published_at=START)

    assert copying_authors([*(post(number) for number in range(4)), unsigned])["r0"] == 4


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        pytest.param(
            "Смотри https://a.example https://b.example https://c.example https://d.example", ("link_stuffed",), id="links"
        ),
        pytest.param("Обзор: https://a.example", (), id="one link"),
        pytest.param("чай " + " ".join(f"#чай{number}" for number in range(12)), ("tag_stuffed",), id="tags"),
        pytest.param("Гуляли у реки и пили чай до самого вечера #чай #осень", (), id="two tags"),
        pytest.param("", (), id="empty"),
    ],
)
def test_a_text_of_links_or_tags_is_marked(text, marks):
    assert stuffing(text)[2] == marks
