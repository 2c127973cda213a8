"""Forms of words: which spellings are met, and which are somebody else's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.mentions.fold import fold_word, skeleton
from transforms.mentions.match import compile_queries
from transforms.mentions.tokens import Tokens, fold_token, split_camel
from transforms.mentions.words import forms_of, is_common_word


def found(query, text):
    return bool(compile_queries({"q": query}).match(text))


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("чай", "чаями"),
        ("вкусвилл", "вкусвиллом"),  # no dictionary has it
        ("тинькофф", "тинькоффа"),
        ("зеленый", "зелёному"),
        ("дешевый", "дешевле"),
        ("важнейший", "важнейшими"),
        ("подавляющий", "подавляющего"),
        ("купить", "купили"),
        ("купить", "купленный"),
        ("купил", "купят"),  # an inflected query stands for its word
        ("ребенок", "детей"),
        ("год", "лет"),
        ("рубль", "руб"),
        ("сергеевна", "сергеевны"),
        ("tea", "teas"),
        ("buy", "bought"),
        ("bought", "buying"),
        ("ozon", "ozonом"),
        ("МТС", "мтс"),
    ],
)
def test_a_form_of_a_word_is_met(word, form):
    assert fold_word(form) in forms_of(word)


@pytest.mark.parametrize(
    ("word", "form"),
    [("сергеевна", "сергеевичу"), ("хороший", "лучший"), ("Windows", "window"), ("чай", "чайка"), ("большой", "больше")],
)
def test_another_word_is_not(word, form):
    assert fold_word(form) not in forms_of(word)


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("сталь", "они стали лучше", False),
        ("сталь", "нож из стали", True),
        ("стать", "нож из стали", False),
        ("гора", "живут на горе", True),
        ("банк", "в центре банка", True),
        ("банка", "открыла банку", True),
        ("печь", "стоит у печи", True),
    ],
)
def test_the_neighbours_tell_homonyms_apart(query, text, expected):
    assert found(query, text) is expected


@pytest.mark.parametrize(
    ("spellings", "folded"),
    [
        (("Ёлка", "ЕЛКА", "ёлка", "е\u0308лка"), "елка"),
        (("йод", "и\u0306од"), "йод"),
        (("Nestlé", "NESTLE\u0301", "nestle", "ＮＥＳＴＬＥ", "𝐧𝐞𝐬𝐭𝐥𝐞"), "nestle"),
        (("Сбер", "Cбep", "с\u00adбе\u200bр", "сбе\u0301р"), "сбер"),
        (("Ozon", "Оzоn", "ОZON"), "ozon"),
        (("İstanbul",), "istanbul"),
    ],
)
def test_spellings_of_one_word_fold_together(spellings, folded):
    assert {fold_word(spelling) for spelling in spellings} == {folded}


@pytest.mark.parametrize("pair", [("йод", "иод"), ("ozonом", "ozon"), ("їжак", "іжак")])
def test_different_words_stay_different(pair):
    assert fold_word(pair[0]) != fold_word(pair[1])


@given(st.one_of(st.text(max_size=20), st.text(alphabet="aбcёЁ1 .-#😀é", max_size=20)))
def test_a_text_folds_as_its_words_do(text):
    assert all(unit.form == fold_token(text[unit.start : unit.end]) for unit in Tokens(text).words)


@given(st.one_of(st.text(max_size=20), st.text(alphabet="aбёЇ1❶№’_ .-#@😀👍🏽☀", max_size=20)))
def test_a_word_further_on_that_folds_in_a_way_of_its_own_changes_none_before(text):
    assert Tokens(f"{text} ﬁé").words[: len(Tokens(text))] == Tokens(text).words


@given(st.text(max_size=20))
def test_words_are_offsets_of_the_text_as_given(text):
    tokens = Tokens(text)

    assert all(0 <= unit.start < unit.end <= len(text) for unit in [*tokens.words, *tokens.compounds])
    assert tokens.starts == sorted(tokens.starts)
    assert [position for first, stop in tokens.sentences for position in range(first, stop)] == list(range(len(tokens)))


@given(st.text(st.characters(max_codepoint=0x52F, categories=("L", "N")), min_size=1, max_size=8))
def test_folding_keeps_the_skeleton(word):
    assert skeleton(word) == skeleton(fold_word(word))


@pytest.mark.parametrize(
    ("tag", "parts"),
    [("ЛюблюЧай", ["Люблю", "Чай"]), ("BMWClub", ["BMW", "Club"]), ("чай2026", ["чай", "2026"]), ("чай", ["чай"])],
)
def test_a_camel_case_tag_is_its_words(tag, parts):
    assert split_camel(tag) == parts


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Купил чай. Пил.", ["Купил чай", "Пил"]),
        ("в 2014 г. в Туле", ["в 2014 г. в Туле"]),
        ("А. С. Пушкин пил чай", ["А. С. Пушкин пил чай"]),
        ("Что?! Да\nНет", ["Что", "Да", "Нет"]),
    ],
)
def test_sentences(text, sentences):
    tokens = Tokens(text)

    assert [text[slice(*tokens.sentence_span(first))] for first, _ in tokens.sentences] == sentences


@pytest.mark.parametrize(
    ("word", "expected"), [("Магнит", True), ("магнит", True), ("Газпром", False), ("вкусвилл", False), ("ozon", False)]
)
def test_common_words_are_those_of_a_dictionary_that_are_no_names(word, expected):
    assert is_common_word(word) is expected
