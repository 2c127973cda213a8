"""`dozor match`: lines in, lines out, in order."""

import io
import json

import pytest

from dozor.json_lines import FEW_TASKS, LINES_PER_TASK, LineError
from dozor.match import match_lines, read_queries
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


@pytest.mark.parametrize(
    ("line", "row_id"),
    [
        (b"not json", 2),
        (b"[1]", 2),
        (b'{"id":"a","text":5}', "a"),
        (b'{"id":"a","text":"tea","rating":"good"}', "a"),
        (b'{"id":"a","text":"tea","followers":1e999}', "a"),
        ('{"id":"a","text":"чай"}'.encode("cp1251"), 2),
    ],
)
def test_a_line_that_cannot_be_read_is_answered_with_its_error(line, row_id):
    out = io.StringIO()
    failed = match_lines({"q": "чай"}, [b'{"id":1}', line, '{"id":3,"text":"чай"}'.encode()], out)

    first, second, third = map(json.loads, out.getvalue().splitlines())
    assert (failed, first["mentions"], bool(third["mentions"])) == (1, [], True)
    assert second["id"] == row_id
    assert second["error"].startswith("line 2: ")


@pytest.mark.parametrize(
    ("key", "value"), [("rating", "good"), ("followers", [1]), ("published_at", "yesterday"), ("title", ["a"]), ("type", {})]
)
def test_an_error_names_the_key_that_cannot_be_read(key, value):
    out = io.StringIO()
    match_lines({"q": "чай"}, [json.dumps({"id": 1, "text": "чай", key: value})], out)

    assert f'"{key}" cannot be read' in json.loads(out.getvalue())["error"]


def test_half_a_character_is_no_obstacle():
    out = io.StringIO()
    match_lines({"q": "чай"}, [b'{"id": 1, "text": "\\ud800 \\u0447\\u0430\\u0439"}'], out)

    assert json.loads(out.getvalue())["mentions"][0]["spans"] == [[2, 5]]


def test_many_lines_keep_their_order_across_processes():
    rows = [{"id": number, "text": "чай" if number % 3 else "кофе"} for number in range(FEW_TASKS * LINES_PER_TASK + 10)]
    found = answers({"q": "чай"}, *rows)

    assert [answer["id"] for answer in found] == list(range(len(rows)))
    assert [bool(answer["mentions"]) for answer in found] == [bool(number % 3) for number in range(len(rows))]


@pytest.mark.parametrize("lines", [['{"id":"a"}'], ['{"id":"a","query":"x"}', '{"id":"a","query":"y"}']])
def test_bad_lines_of_queries_are_refused(lines):
    with pytest.raises(LineError, match=f"line {len(lines)} of the queries"):
        read_queries(lines)
