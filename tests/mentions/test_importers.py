"""Queries of other systems, read as those systems mean them."""

import pytest

from transforms.mentions.importers import IMPORTERS, from_meltwater, from_tgstat, from_youscan
from transforms.mentions.match import compile_queries
from transforms.mentions.query_errors import QueryError


@pytest.mark.parametrize(
    ("imported", "query"),
    [
        (from_youscan("hand /2 cream"), "hand /2 cream"),
        (from_youscan('"hand cream" -вакансия comp*'), '="hand cream" AND NOT вакансия AND comp*'),
        (from_youscan("чай AND NOT кофе <<< заметка >>>"), "чай AND NOT кофе"),
        (from_youscan("C++ -$100"), '="C++" AND NOT ="$100"'),
        (from_meltwater("tesla near/10 battery"), "tesla NEAR/10 battery"),
        (from_meltwater("tesla NEAR battery"), "tesla NEAR/4 battery"),
        (from_meltwater("tesla onear/2 battery"), "tesla ONEAR/2 battery"),
        (from_meltwater("tesla and (battery or range) not jobs"), "tesla AND (battery OR range) AND NOT jobs"),
        (from_meltwater("(recall)^9 tesla"), "(recall) AND tesla"),
        (from_meltwater('title:"model y"'), 'title:="model y"'),
        (from_tgstat("чай|кофе -(вода|сок)"), "чай OR кофе AND NOT (вода OR сок)"),
        (from_tgstat('"зеленый чай" =матча'), '"зеленый чай" AND =матча'),
    ],
)
def test_a_query_comes_over_in_our_spelling(imported, query):
    assert imported.query == query


@pytest.mark.parametrize(
    ("system", "query", "text", "expected"),
    [
        # YouScan: /2 lets one word between, quotes fix the form
        ("youscan", "крем /2 рука", "крем для рук", True),
        ("youscan", "крем /1 рука", "крем для рук", False),
        ("youscan", '"крем для рук"', "кремы для рук", False),
        # Meltwater: NEAR/1 lets one word between
        ("meltwater", "hand NEAR/1 cream", "hand and cream", True),
        ("meltwater", "hand NEAR/0 cream", "hand and cream", False),
        # TGStat: quotes fix the order, not the form
        ("tgstat", '"зеленый чай"', "зелёного чая", True),
        ("tgstat", '"зеленый чай"', "чай зелёный", False),
    ],
)
def test_the_same_proximity_means_the_same_texts(system, query, text, expected):
    assert bool(compile_queries({"q": IMPORTERS[system](query).query}).match(text)) is expected


def test_what_differs_is_said():
    imported = from_meltwater("(tesla)^9 AND ja*")

    assert [note.split()[0] for note in imported.notes] == ["Meltwater", "^9", "ja*"]
    assert from_youscan("C++ -$100").notes == (
        "+ of C++ is not looked for: signs are no part of a word here",
        "$ of -$100 is not looked for: signs are no part of a word here",
    )
    assert from_tgstat("чай|кофе вода").notes == ("чай OR кофе AND вода: a space binds first here; put brackets where | should",)
    assert from_tgstat("(чай|кофе) вода").notes == ()


@pytest.mark.parametrize("query", ['"чай', "чай /x кофе", "(чай", "<<< чай"])
@pytest.mark.parametrize("system", IMPORTERS)
def test_what_cannot_be_read_is_refused(system, query):
    with pytest.raises(QueryError):
        IMPORTERS[system](query)
