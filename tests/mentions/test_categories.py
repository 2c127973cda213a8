import json
from collections import Counter
from pathlib import Path

import pytest

from transforms.mentions.categories import Categories, Facts, builtin, categorise, read_definitions

SAMPLE = Path(__file__).parents[1] / "fixtures" / "mentions" / "categories.jsonl"


@pytest.fixture(scope="module")
def judged():
    """(expected, found) sets of categories for each text of the labelled sample (all invented)."""
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    return [(set(row["categories"]), set(categorise(row["text"], Facts(**row.get("facts", {}))))) for row in rows]


@pytest.mark.parametrize("category", [category.name for category in builtin().categories])
def test_what_is_filed_belongs_there(judged, category):
    found = Counter(category in expected for expected, found in judged if category in found)

    assert found[True] >= 8, "the sample says too little of this category"
    assert found[True] / found.total() >= 0.9


@pytest.mark.parametrize("category", [category.name for category in builtin().categories])
def test_most_of_what_belongs_there_is_filed(judged, category):
    found = Counter(category in found for expected, found in judged if category in expected)

    assert found[True] / found.total() >= 0.8


def test_a_category_says_what_put_a_text_there():
    (reason,) = builtin().reasons("Третью неделю жду. Деньги так и не возвращают деньги, а поддержка молчит")

    assert (reason.category, reason.because) == ("complaint", "не возвращают деньги")


def test_a_token_of_ad_marking_is_paid_placement_whatever_the_words():
    assert categorise("Чашка улуна с утра", Facts(erid="2VtzqDozor01")) == ("paid",)


def test_a_veto_wins_over_the_words():
    assert categorise("Рекомендую этот чай") == ("recommendation",)
    assert "recommendation" not in categorise("Никому не рекомендую этот чай")


def test_words_are_found_whatever_the_case_and_the_letter_yo():
    assert categorise("ПРОДАЁТСЯ ЧАЙНИК") == categorise("продается чайник") == ("commerce",)


def test_a_star_stands_for_any_ending_and_two_dots_for_up_to_three_words():
    own = Categories(read_definitions("brew: {words: ['завар* .. минут*|час']}"))

    assert [
        bool(own.reasons(text))
        for text in ("заварить на пять минут", "заварка час", "заваривать в воде не слишком горячей минуту")
    ] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        pytest.param("tea: {wrods: [чай]}", "unknown field wrods", id="misspelt field"),
        pytest.param("tea: {facts: [{colour: red}]}", "unknown fact colour", id="unknown fact"),
        pytest.param("tea: {forms: ['(']}", "is not a regular expression", id="broken form"),
        pytest.param("tea: {meaning: nothing}", "nothing can be in it", id="no rules"),
    ],
)
def test_a_broken_definition_names_the_category_and_the_problem(document, problem):
    with pytest.raises(ValueError, match=f"category tea: .*{problem}"):
        read_definitions(document)


def test_a_long_hostile_text_costs_little():
    assert categorise("как не was " * 200_000) == ()
