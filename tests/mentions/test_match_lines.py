"""`dozor match`: lines in, lines out, in order."""

import io
import json

import pytest

from dozor.match import FEW_LINES, InputError, match_lines, read_queries
from transforms.mentions.match import BadQueriesError


def answers(queries, *rows):
    out = io.StringIO()
    match_lines(queries, [json.dumps(row, ensure_ascii=False) + "\n" for row in rows], out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_line_is_answered_with_its_language_its_spans_and_its_tone():
    first, second = answers(
        {"tea": "чай"}, {"id": 7, "text": "🔥 Чай просто отличный"}, {"id": "x", "text": "Nothing to see here today"}
    )

    assert (first["id"], first["lang"]) == (7, "ru")
    (mention,) = first["mentions"]
    assert (mention["query"], mention["spans"]) == ("tea", [[2, 5]])
    assert mention["sentiment"] in ("negative", "neutral", "positive")
    assert -1 <= mention["score"] <= 1
    assert 0 <= mention["confidence"] <= 1
    assert second == {"id": "x", "lang": "en", "mentions": []}


def test_what_is_known_of_a_text_is_used():
    row = {
        "id": 1,
        "text": "чай",
        "title": "Кофе",
        "lang": "uk",
        "rating": 2,
        "type": "review",
        "published_at": "2026-03-01T10:00:00",
    }
    (answer,) = answers({"q": "title:кофе lang:uk rating:<3 type:review after:2026-03-01"}, row)

    assert answer["mentions"][0]["title_spans"] == [[0, 4]]


def test_the_language_is_told_when_it_is_not_given():
    (answer,) = answers({"q": "чай lang:ru"}, {"id": 1, "text": "Сегодня мы пили чай и говорили о погоде"})

    assert answer["mentions"]


def test_a_bad_query_keeps_no_other_from_running():
    out = io.StringIO()
    with pytest.raises(BadQueriesError, match="not closed"):
        match_lines({"good": "чай", "bad": "(чай"}, ['{"id":1,"text":"чай"}\n'], out)

    assert [mention["query"] for mention in json.loads(out.getvalue())["mentions"]] == ["good"]


@pytest.mark.parametrize("line", ["not json", "[1]", '{"id":1,"text":5}', '{"id":1,"text":"чай","rating":"good"}'])
def test_a_line_that_cannot_be_read_is_named(line):
    with pytest.raises(InputError, match="line 2"):
        match_lines({"q": "чай"}, ['{"id":1,"text":"чай"}\n', line + "\n"], io.StringIO())


def test_many_lines_keep_their_order_across_processes():
    rows = [{"id": number, "text": "чай" if number % 3 else "кофе"} for number in range(FEW_LINES + 10)]
    found = answers({"q": "чай"}, *rows)

    assert [answer["id"] for answer in found] == list(range(len(rows)))
    assert [bool(answer["mentions"]) for answer in found] == [bool(number % 3) for number in range(len(rows))]


@pytest.mark.parametrize("lines", [['{"id":"a"}'], ['{"id":"a","query":"x"}', '{"id":"a","query":"y"}']])
def test_bad_lines_of_queries_are_refused(lines):
    with pytest.raises(InputError):
        read_queries(lines)
