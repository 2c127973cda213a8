"""What `dozor topics` says of a query."""

from datetime import date

from dozor.topics import Row, check, preview, suggest
from transforms.mentions.evaluate import Document


def rows(*texts):
    return [Row(day, Document(text=text, url=f"https://example.com/{number}")) for number, (day, text) in enumerate(texts)]


def test_check_names_every_problem_of_every_topic():
    found = check({"good": "Сосновка", "broken": "(чай", "mixed": "сосновка чай OR Берёзовка", "common": "цена"})

    assert [(finding.topic, finding.level) for finding in found] == [
        ("broken", "error"),
        ("mixed", "warning"),
        ("common", "warning"),
    ]
    assert "^" in found[0].message
    assert "(сосновка AND чай) OR Берёзовка" in found[1].message


def test_suggestions_leave_out_what_the_query_finds_already():
    assert "ozon" not in {one.term for one in suggest("Озон OR ozon")}


def test_a_preview_counts_by_week_and_shows_weeks_without_mentions():
    seen = preview(
        "чай",
        rows(
            (date(2026, 3, 2), "чай"),
            (date(2026, 3, 8), "чая"),
            (date(2026, 3, 16), "чаем"),
            (date(2026, 3, 9), "кофе"),
            (None, "чай"),
        ),
    )

    assert (seen.text_count, seen.mention_count, seen.undated_count) == (5, 4, 1)
    assert seen.per_week == {date(2026, 3, 2): 2, date(2026, 3, 9): 0, date(2026, 3, 16): 1}


def test_examples_show_where_the_mention_is():
    (example,) = preview("чай", rows((None, "слово " * 100 + "вкусный чай" + " слово" * 100))).examples

    assert [example.snippet[start:end] for start, end in example.spans] == ["чай"]
    assert len(example.snippet) < 300


def test_the_sample_is_even_small_and_the_same_every_time():
    many = rows(*((None, f"чай номер {number}") for number in range(5000)))

    first, second = preview("чай", many), preview("чай", many)

    assert [example.url for example in first.examples] == [example.url for example in second.examples]
    assert len(first.examples) == 20
    assert len({example.url for example in first.examples}) == 20


def test_neighbours_are_the_words_that_set_mentions_apart():
    noise = [(None, f"сегодня погода слово{number}") for number in range(300)]
    seen = preview("магнит", rows(*noise, *[(None, f"магнит неодимовый сегодня {number}") for number in range(20)]))

    assert seen.neighbours[0].word == "неодимовый"
