"""Reading queries, writing them back, and what is said of bad ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mentions.test_match import queries
from transforms.mentions.query import parse
from transforms.mentions.query_errors import QueryError
from transforms.mentions.query_warnings import warnings
from transforms.mentions.syntax import And, Field, Group, Near, Not, Or, Phrase, Word, unparse

A, B, C, D = Word("a"), Word("b"), Word("c"), Word("d")


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a И b", And((A, B))),
        ("a OR b c", Or((A, And((B, C))))),
        ("a ИЛИ НЕ b c", Or((A, And((Not(B), C))))),
        ("a -b", And((A, Not(B)))),
        ("a /2 b c", And((Near(A, B, "/", 2), C))),
        ("a /2 b NEAR/3 c", Near(Near(A, B, "/", 2), C, "NEAR", 3)),
        ("a NEAR b", Near(A, B, "NEAR", 4)),
        ("a ONEAR/1 NOT b", Near(A, Not(B), "ONEAR", 1)),
        ("(a OR b) c", And((Group(Or((A, B))), C))),
        ("«a b» =c", And((Phrase("a b"), Word("c", exact=True)))),
        ('="a b"', Phrase("a b", exact=True)),
        ("title:(a b)", Field("title", Group(And((A, B))))),
        ("a\n\tb <<< nothing (of\nthis >>> c", And((A, B, C))),
        ("or and not и или не", And(tuple(map(Word, ["or", "and", "not", "и", "или", "не"])))),
        ("24/7 нью-йорк 1+1", And(tuple(map(Word, ["24/7", "нью-йорк", "1+1"])))),
    ],
)
def test_precedence_and_spelling(query, tree):
    assert parse(query) == tree


@settings(max_examples=300, deadline=None)
@given(queries)
def test_parse_and_unparse_are_a_round_trip(query):
    try:
        tree = parse(query)
    except QueryError:
        return
    assert parse(unparse(tree)) == tree


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet='ab чА"«»()-=*#@$:/<>,\n|ORNOTSEAR12', max_size=30))
def test_any_text_is_a_query_or_an_error_that_points_into_it(text):
    tree, error = _read(text)

    assert (error.position is None or 0 <= error.position <= len(text)) if error else parse(unparse(tree)) == tree


def _read(text):
    try:
        return parse(text), None
    except QueryError as error:
        return None, error


@pytest.mark.parametrize(
    ("query", "place", "said"),
    [
        ("", 0, "empty"),
        ("(чай", 0, "not closed"),
        ("чай)", 3, "never opened"),
        ("чай lang: ru", 8, "lang: has no value"),
        ("чай lang:", 8, "lang: has no value"),
        ("чай OR", 6, "ends where a word is expected"),
        ("OR чай", 0, "a word on each side"),
        ("чай AND OR кофе", 8, "a word on each side"),
        ("()", 1, "empty brackets"),
        ("чай, кофе", 3, "a comma stands only inside SENT"),
        ('чай "зеленый', 4, "a quote is not closed"),
        ("чай*", 0, "at least 4 letters"),
        ("*чай", 0, "a * stands only at the end"),
        ("ча*й", 2, "a * stands only at the end"),
        ("чай /0 кофе", 4, "the distance must be 1 to 100"),
        ("чай /x кофе", 4, "a / and a number"),
        ("(a AND b) /3 c", 10, "AND has no place"),
        ("NOT a /3 b", 6, "an exclusion has no place"),
        ("lang:ru /3 b", 8, "lang: has no place"),
        ("tytle:чай", 0, "unknown field"),
        ("чай rating:good", 4, "takes a number"),
        ("чай after:tomorrow", 4, "takes a date"),
        ("чай lang:(ru -uk)", 4, "takes values"),
        ("чай $brand", 4, "unknown macro"),
        ("чай - кофе", 4, "right before what it excludes"),
        ("NOT чай", 0, "only excludes"),
        ("чай OR NOT кофе", 0, "only excludes"),
        ("чай OR -(кофе)", 0, "only excludes"),
        ("...", 0, "no letter"),
        ("чай <<< кофе", 4, "begins a comment"),
        ("(" * 50, 40, "deeper than"),
    ],
)
def test_an_error_says_what_and_where(query, place, said):
    with pytest.raises(QueryError) as raised:
        parse(query)

    assert said in str(raised.value)
    assert raised.value.position == place


def test_an_error_shows_the_line_with_a_caret_and_a_hint():
    with pytest.raises(QueryError) as raised:
        parse("чай OR\n(кофе tytle:какао)")

    assert str(raised.value) == (
        'line 2, column 7: unknown field "tytle"\n    (кофе tytle:какао)\n          ^\n  Did you mean title:?'
    )


def test_a_macro_stands_for_its_query_and_stays_a_macro():
    tree = parse("$brand -вакансия", {"brand": "сосновка OR $typos", "typos": "сосновк OR соснвка"})

    assert unparse(tree) == "$brand AND NOT вакансия"
    assert parse(unparse(tree), {"brand": "сосновка OR $typos", "typos": "сосновк OR соснвка"}) == tree


@pytest.mark.parametrize(
    ("macros", "said"),
    [({"a": "$b", "b": "$a"}, "uses itself"), ({"a": "("}, "in macro \\$a: .*not closed"), ({"ab": "x"}, "Did you mean \\$ab")],
)
def test_a_bad_macro_is_named(macros, said):
    with pytest.raises(QueryError, match=said):
        parse("чай $a", macros)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("сосновка чай OR берёзовка", "(сосновка AND чай) OR берёзовка"),
        ("цена", "a great many texts"),
        ("сосновка OR цена", "a great many texts"),
        ("вк", "very short"),
    ],
)
def test_a_doubtful_query_is_warned_of(query, said):
    assert said in " ".join(warnings(parse(query)))


@pytest.mark.parametrize(
    "query", ["сосновка AND цена", "(сосновка чай) OR берёзовка", '"цена сосновка"', "цена /3 сосновка", "=вк"]
)
def test_a_careful_query_is_not(query):
    assert warnings(parse(query)) == []
