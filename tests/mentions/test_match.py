"""The fast path equals the definition; what is found where."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.mentions.reference import holds
from transforms.mentions.evaluate import Document
from transforms.mentions.match import BadQueriesError, compile_queries, dump, load, set_version
from transforms.mentions.query import parse
from transforms.mentions.query_errors import QueryError
from transforms.mentions.tokens import Tokens

# Small vocabularies, so that random queries meet random texts; with homonyms, compounds, tags, disguises and odd characters.
RUSSIAN = [
    "чай",
    "чая",
    "чаем",
    "Чай",
    "вкусный",
    "вкусного",
    "сталь",
    "стали",
    "банк",
    "банка",
    "Банка",
    "дом",
    "дома",
    "доме",
    "в",
    "из",
    "на",
    "нью-йорк",
    "НьюЙорк",
    "северный",
    "северного",
    "Cеверный",
    "чёрный",
    "черного",
    "#ЛюблюЧай",
    "#чай_мир",
    "@my_brand",
    "ча́й",
    "се\u200bверный",
    "13-й",
    "13ая",
    "500",
    "р",
    "🔥",
    "мак-дональдс",
    "макдональдсе",
    "не",
    "лучше",
]
ENGLISH = [
    "tea",
    "teas",
    "Tea",
    "buy",
    "bought",
    "buying",
    "McDonald's",
    "mcdonalds",
    "Apple",
    "apple",
    "apples",
    "nestlé",
    "Nestle",
    "the",
    "of",
    "#BlackTea",
    "@tea.house",
    "ice-cream",
    "icecream",
    "🔥",
    "24/7",
]
BETWEEN = (" ", " ", " ", ", ", ". ", "! ", "\n", "-", "'", "_", " — ", "#", "@")

texts = st.lists(st.tuples(st.sampled_from(RUSSIAN + ENGLISH), st.sampled_from(BETWEEN)), max_size=14).map(
    lambda pieces: "".join(word + gap for word, gap in pieces)
)
words = st.sampled_from(
    [
        "13-я",
        "рубль",
        "чай",
        "вкусный",
        "сталь",
        "банк",
        "дом",
        "нью-йорк",
        "северный",
        "черный",
        "макдональдс",
        "Чай",
        "хороший",
        "tea",
        "buy",
        "mcdonald's",
        "apple",
        "Apple",
        "nestle",
        "ice-cream",
        "🔥",
    ]
)
phrases = st.lists(words, min_size=1, max_size=3).map(lambda row: '"' + " ".join(row) + '"')
terms = st.one_of(
    words,
    words,
    phrases,
    words.map(lambda word: f"={word}"),
    phrases.map(lambda phrase: f"={phrase}"),
    st.sampled_from(("севе*", "макд*", "нестле*", "appl*", "люблюч*", "#люблючай", "#чай_мир", "#blacktea", "@my_brand", "#чай")),
)
near = st.tuples(
    st.one_of(terms, st.tuples(terms, terms).map(lambda pair: f"({pair[0]} OR {pair[1]})")),
    st.sampled_from(("/1", "/2", "/4", "NEAR/0", "NEAR/2", "ONEAR/0", "ONEAR/3", "NEAR")),
    st.one_of(terms, terms.map(lambda term: f"NOT {term}")),
).map(" ".join)
queries = st.recursive(
    st.one_of(terms, near),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda row: f"({' AND '.join(row)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda row: f"({' OR '.join(row)})"),
        inner.map(lambda part: f"NOT ({part})"),
        inner.map(lambda part: f"title:({part})"),
        inner.map(lambda part: f"text:({part})"),
        st.lists(inner, min_size=1, max_size=2).map(lambda row: f"SENT({', '.join(row)})"),
        inner.map(lambda part: f"({part}) lang:ru"),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(queries, min_size=1, max_size=5),
    st.lists(st.tuples(texts, st.one_of(st.none(), texts), st.sampled_from(("ru", None))), min_size=1, max_size=4),
)
@example(["мак-дональдс"], [("купил в макдональдсе", None, None)])
@example(["чай"], [("𝐭𝐞𝐚 и ч\u0430\u0301й", "#ЛюблюЧай_мир-чай", None)])
@example(["комп'ютер", '="компʼютер"'], [("купив компʼютер", None, None), ("купив комп'ютер", "комп’ютер", None)])
def test_the_fast_path_equals_the_definition(asked, rows):
    readable = {str(number): query for number, query in enumerate(asked) if _reads(query)}
    documents = [Document(text=text, title=title, lang=lang) for text, title, lang in rows]

    hits = compile_queries(readable).match_batch(documents)

    for document, found in zip(documents, hits, strict=True):
        assert {hit.query_id for hit in found} == {number for number, query in readable.items() if holds(parse(query), document)}


def _reads(query):
    try:
        parse(query)
    except QueryError:
        return False
    return True


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(texts, st.text(max_size=40)), min_size=1, max_size=5), st.data())
def test_the_scan_misses_no_word(rows, data):
    forms = sorted({form for text in rows for form in Tokens(text).all_forms})
    if not forms:
        return
    form = data.draw(st.sampled_from(forms))
    found = compile_queries({"q": f'="{form}"'}).match_batch([Document(text=text) for text in rows])

    assert [bool(hits) for hits in found] == [form in Tokens(text).all_forms for text in rows]


def found(query, text, **known):
    return bool(compile_queries({"q": query}).match(text, **known))


def spans(query, text):
    hits = compile_queries({"q": query}).match(text)
    return [text[start:end] for hit in hits for start, end in hit.spans]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        # distance: /N counts steps, NEAR/N the words between
        ("крем /1 рука", "крем рук", True),
        ("крем /1 рука", "крем для рук", False),
        ("крем /2 рука", "крем для рук", True),
        ("крем NEAR/0 рука", "крем для рук", False),
        ("крем NEAR/1 рука", "крем для рук", True),
        ("hand /2 cream", "hand and cream", True),
        ("hand NEAR cream", "hand one two three four cream", True),
        ("hand NEAR cream", "hand one two three four five cream", False),
        # order
        ("крем /2 рука", "руки мажет кремом", True),
        ("крем NEAR/1 рука", "руки мажет кремом", True),
        ("крем ONEAR/1 рука", "руки мажет кремом", False),
        ("рука ONEAR/1 крем", "руки мажет кремом", True),
        ("13-ая экспедиция", "13-й экспедиции", True),
        ("13-ая экспедиция", "13й экспедиции", True),
        ("13-ая экспедиция", "13 экспедиции", False),
        ("рубль", "всего 500 р", True),
        ("рубль", "гостиница р", False),
        ("год", "в 2014 г.", True),
        ("год", "весом 14 г.", False),
        ("крем /3 NOT рука", "крем для рук", False),
        ("крем /3 NOT рука", "крем для лица и тела, рук", True),
        # AND is the whole document, SENT one sentence
        ("чай AND кофе", "Люблю чай. Кофе тоже.", True),
        ("SENT(чай, кофе)", "Люблю чай. Кофе тоже.", False),
        ("SENT(чай, кофе)", "Люблю чай и кофе.", True),
        ("SENT(чай, -кофе)", "Люблю чай. Кофе тоже.", True),
        # quotes: order and lemma; with = exact forms
        ('"зелёный чай"', "зеленого чая", True),
        ('"зелёный чай"', "чай зелёный", False),
        ('="зелёный чай"', "зеленого чая", False),
        ('="зелёный чай"', "ЗЕЛЕНЫЙ ЧАЙ", True),
        ("=чай", "чая", False),
        ('"зеленый чай"', "зелёный и чай", False),
        # precedence: NOT, proximity, AND, OR
        ("чай кофе OR сок", "сок", True),
        ("чай (кофе OR сок)", "сок", False),
        ("чай OR кофе сок", "чай", True),
        ("чай -кофе OR сок", "сок и кофе", True),
        ("НЕ чай сок", "сок", True),
        ("чай И сок ИЛИ кофе", "кофе", True),
        ("чай и сок", "чай, сок", False),  # in small letters an operator is a word
        # wildcards
        ("банк*", "банкомат", True),
        ("банк*", "сбербанк", False),
        # case, ё, compounds, disguises
        ("ЧЁРНЫЙ", "черного", True),
        ("нью-йорк", "в Нью-Йорке", True),
        ("нью-йорк", "нью йорка", True),
        ("нью-йорк", "НьюЙорк", True),
        ("макдональдс", "в Мак-Дональдсе", True),
        ("McDonald's", "mcdonalds", True),
        ("McDonald’s", "McDonald's", True),
        ("Nestlé", "NESTLE", True),
        ("сбербанк", "Cбepбaнк", True),
        ("сбербанк", "с\u200bбер\u00adбанк", True),
        ("сбербанк", "сбе\u0301рбанка", True),
        ("ozon", "заказала на Ozonе", True),
        ("ozon", "на Ozon'е", True),
        # tags and accounts
        ("#чай", "люблю #чай", True),
        ("#чай", "люблю чай", False),
        ("чай", "люблю #чай", True),
        ("чай", "#ЛюблюЧай", True),
        ("#люблючай", "#ЛюблюЧай", True),
        ("#люблю_чай", "#люблю_чай", True),
        ("@tea_house", "спасибо @tea_house!", True),
        ("@tea_house", "tea_house", False),
        ("@mail", "info@mail.ru", False),
        ("🔥", "огонь 🔥🔥", True),
        ("👍", "спасибо 👍🏽", True),
    ],
)
def test_what_a_query_means(query, text, expected):
    assert found(query, text) is expected


@pytest.mark.parametrize(
    ("query", "known", "expected"),
    [
        ("чай lang:ru", {"lang": "ru"}, True),
        ("чай lang:ru", {}, False),
        ("чай -lang:ru", {}, True),
        ("чай lang:(ru OR uk)", {"lang": "uk"}, True),
        ("чай author:@Anna", {"author": "anna"}, True),
        ('чай author:"Анна Ли"', {"author": "анна ли"}, True),
        ("чай source:news*", {"source": "telegram_channel"}, False),
        ("чай source:teleg*", {"source": "telegram_channel"}, True),
        ("чай url:example.com/tea", {"url": "https://example.com/tea/1"}, True),
        ("чай type:review rating:<3", {"kind": "review", "rating": 2}, True),
        ("чай rating:<3", {"rating": 3}, False),
        ("чай rating:2..4", {"rating": 4}, True),
        ("чай followers:>=1000", {"followers": 1000}, True),
        ("чай country:ru", {"country": "RU"}, True),
        ("title:кофе", {"title": "Кофе"}, True),
        ("title:чай", {"title": "Кофе"}, False),
        ("text:кофе", {"title": "Кофе"}, False),
        ("кофе", {"title": "Кофе"}, True),
        ("кофе /3 чай", {"title": "Кофе"}, False),  # a title and a text are never near each other
        ("author:anna", {"author": "anna"}, True),
    ],
)
def test_what_a_field_means(query, known, expected):
    assert found(query, "чай", **known) is expected


@pytest.mark.parametrize(
    ("query", "day", "expected"),
    [
        ("after:2026-03-05", 5, True),
        ("after:2026-03-06", 5, False),
        ("before:2026-03-05", 5, False),
        ("before:2026-03-06", 5, True),
    ],
)
def test_dates_are_days_in_utc(query, day, expected):
    assert found(f"чай {query}", "чай", published_at=datetime(2026, 3, day, 23, 59, tzinfo=UTC)) is expected


def test_spans_are_offsets_in_the_text_as_given():
    assert spans('"северный чай"', "Пью се\u200bверный  чай, северным чаем доволен 🔥") == [
        "се\u200bверный  чай",
        "северным чаем",
    ]
    assert spans("чай /3 вкусный", "🔥 Чай был вкусный") == ["Чай", "вкусный"]


def test_a_hit_in_the_title_has_offsets_there():
    (hit,) = compile_queries({"q": "чай"}).match("Вкусный чай", title="Чай дня")

    assert (hit.title_spans, hit.spans, hit.matched_terms) == (((0, 3),), ((8, 11),), ("чай",))


def test_a_quoted_name_that_is_a_common_word_asks_for_a_capital_where_the_text_has_capitals():
    assert found('"Магнит"', "Вчера Анна и Иван купили магнит") is False
    assert found('"Магнит"', "Вчера Анна и Иван ходили в Магнит") is True
    assert found('"Магнит"', "вчера ходили в магнит") is True
    assert found("Магнит", "Вчера Анна и Иван купили магнит") is True


def test_a_version_changes_with_the_query_and_its_macros_only():
    def version(query, **macros):
        return compile_queries({"q": query}, macros).version["q"]

    assert version("чай   AND кофе") == version("чай кофе")
    assert version("чай кофе") != version("чай OR кофе")
    assert version("$b", b="чай") != version("$b", b="кофе")


def test_a_kept_set_finds_what_the_compiled_one_does():
    queries = {"a": "чай /3 вкусный", "b": "банк* OR 🔥 OR #люблючай", "c": 'SENT("северный чай", -кофе)'}
    compiled = compile_queries(queries)
    kept = load(dump(compiled))

    for text in ("вкусный северный чай", "#ЛюблюЧай 🔥 банкомат", "кофе"):
        assert kept.match(text) == compiled.match(text)


def test_the_name_of_a_set_changes_with_its_queries_and_macros():
    assert set_version({"a": "чай"}) == set_version({"a": "чай"}, {})
    assert len({set_version({"a": "чай"}), set_version({"a": "кофе"}), set_version({"a": "чай"}, {"b": "кофе"})}) == 3


def test_every_query_that_cannot_be_read_is_named():
    with pytest.raises(BadQueriesError) as raised:
        compile_queries({"good": "чай", "first": "(чай", "second": "*чай"})

    assert list(raised.value.errors) == ["first", "second"]


def test_a_query_without_words_is_looked_at_in_every_text():
    query_set = compile_queries({"q": "rating:<3"})

    assert [len(query_set.match("", rating=rating)) for rating in (1, 4, None)] == [1, 0, 0]


@pytest.mark.parametrize(
    "text", ["чай " * 60_000, "чай" * 60_000, "а-" * 50_000, "#" * 50_000, "\u0301" * 50_000, "#АбВг" * 20_000]
)
def test_a_hostile_text_costs_seconds_at_most(text):
    began = time.process_time()
    compile_queries({"q": "чай /5 кофе OR =нет OR (чай /100 чай)"}).match(text)

    assert time.process_time() - began < 8
