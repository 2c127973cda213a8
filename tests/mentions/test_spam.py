from datetime import UTC, datetime, timedelta

import pytest

from transforms.mentions.spam import Post, mark

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def post(number, *, cluster="c1", author=None, day=0.0, text="Лучший чай в городе, попробуйте сами", domains=(), is_repost=False):
    return Post(
        record_id=f"r{number}",
        cluster_id=cluster,
        author=author or f"author {number}",
        published_at=START + timedelta(days=day),
        text=text,
        domains=domains,
        is_repost=is_repost,
    )


def test_one_text_by_five_authors_in_a_week_is_marked_as_copied():
    marked = mark([post(number, day=number) for number in range(5)])

    assert {columns.marks for columns in marked.values()} == {("copied",)}
    assert marked["r0"].copying_author_count == 5


def test_an_author_who_repeats_himself_is_not_copied():
    marked = mark([post(number, author="one") for number in range(20)])

    assert marked["r7"].copying_author_count == 1
    assert marked["r7"].marks == ()


def test_copies_months_apart_do_not_add_up():
    marked = mark([post(number, day=40 * number) for number in range(10)])

    assert {columns.copying_author_count for columns in marked.values()} == {1}


def test_a_repost_the_source_tells_of_is_no_copy():
    marked = mark([post(0), *(post(number, is_repost=True) for number in range(1, 30))])

    assert all(columns.marks == () for columns in marked.values())


def test_a_post_without_an_author_counts_for_nobody():
    unsigned = Post(record_id="r9", cluster_id="c1", author=None, published_at=START, text="Лучший чай в городе")

    assert mark([*(post(number) for number in range(4)), unsigned])["r0"].copying_author_count == 4


def test_a_site_praised_only_in_copied_texts_is_a_link_farm():
    praise = [post(number, cluster=f"c{number // 3}", domains=("chai-farm.example",)) for number in range(9)]

    assert all("link_farm" in columns.marks for columns in mark(praise).values())


def test_a_site_that_many_people_link_to_in_their_own_words_is_no_farm():
    own_words = [post(number, cluster=f"c{number}", domains=("news.example",)) for number in range(50)]

    assert all(columns.marks == () for columns in mark(own_words).values())


def farm_posts(authors, copies, own_words):
    """Posts that link to one site: `copies` of one text and `own_words` of others, signed by `authors` in turn."""
    return [
        post(
            number,
            cluster="copied" if number < copies else f"own {number}",
            author=f"author {number % authors}",
            domains=("chai-farm.example",),
        )
        for number in range(copies + own_words)
    ]


@pytest.mark.parametrize(
    ("posts", "is_farm"),
    [
        pytest.param(farm_posts(authors=5, copies=5, own_words=0), True, id="five authors"),
        pytest.param(farm_posts(authors=4, copies=8, own_words=0), False, id="four authors"),
        pytest.param(farm_posts(authors=10, copies=8, own_words=2), True, id="four of five posts are copies"),
        pytest.param(farm_posts(authors=10, copies=7, own_words=3), False, id="fewer are copies"),
    ],
)
def test_a_farm_has_five_authors_and_four_copies_in_five_posts(posts, is_farm):
    assert {"link_farm" in columns.marks for columns in mark(posts).values()} == {is_farm}


def test_only_who_links_to_a_farm_is_marked_for_it():
    bystander = post(99, cluster="c9", domains=("news.example",))

    marked = mark([*farm_posts(authors=5, copies=5, own_words=0), bystander])

    assert marked["r99"].marks == ()
    assert marked["r0"].marks == ("copied", "link_farm")


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
    assert mark([post(1, text=text)])["r1"].marks == marks
