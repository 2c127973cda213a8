import io
import json
import math
import re
from importlib.resources import files
from itertools import accumulate
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dozor.json_lines
from dozor.sentiment import judge_lines
from transforms.mentions.lexicon import LONGEST_BEGINNING, Forms, effects, fold, word_table
from transforms.mentions.sentiment import Asked, Sentiment, weights
from transforms.mentions.sentiment_features import NO_TARGET, TEXT_TOKENS, WINDOW_TOKENS, segments
from transforms.mentions.sentiment_network import (
    EXACT_DOUBLE,
    EXACT_SINGLE,
    MEAN_STEP,
    MOST_HIDDEN,
    MOST_INPUT,
    MOST_LAST,
)
from transforms.mentions.sentiment_rules import rule_scores

ENGINE = Sentiment()


def about(text, *names):
    """The tone towards each name in the text."""
    spans = [(text.index(name), text.index(name) + len(name)) for name in names]
    return ENGINE.of(text, spans)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param("Очень понравился этот чай, спасибо!", "Ужасный чай, больше никогда не куплю.", id="Russian"),
        pytest.param("I love this kettle, it works perfectly!", "This kettle is awful and it broke at once.", id="English"),
        pytest.param("The tea is good :)", "The tea is good :(", id="emoticon"),
        pytest.param("The tea is good.", "The tea is not good.", id="negation"),
        pytest.param("The tea is great!!!", "The tea is fine.", id="strength"),
    ],
)
def test_a_kinder_text_scores_higher(better, worse):
    assert ENGINE.of(better)[0].score > ENGINE.of(worse)[0].score


@pytest.mark.parametrize(
    "text",
    [
        "Деньги не вернули",
        "Курьер опоздал, поддержка молчит",
        "Ужасный сервис, больше не закажу",
        "Товар бракованный, в обмене отказали",
        "Заказ потеряли, на звонки не отвечают",
        "Приложение постоянно вылетает, исправлять не собираются",
        "Посылку так и не доставили",
        "Никому не советую этот банк",
    ],
)
def test_a_plain_complaint_is_negative(text):
    assert ENGINE.of(text)[0].label == "negative"


@pytest.mark.parametrize(
    "text",
    [
        "Всё отлично, рекомендую",
        "Спасибо, доставили быстро и вежливо",
        "Очень вкусно, придём ещё",
        "Деньги вернули в тот же день, молодцы",
        "Мастер починил за час, очень доволен",
        "Приветливый персонал и чистый зал",
    ],
)
def test_plain_praise_is_positive(text):
    assert ENGINE.of(text)[0].label == "positive"


@pytest.mark.parametrize(
    "text", ["Магазин открыт до восьми", "Где находится ваш офис?", "Заказ оформлен на среду", "Вышла новая версия приложения"]
)
def test_a_plain_fact_or_question_is_neutral(text):
    assert ENGINE.of(text)[0].label == "neutral"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        pytest.param("[Чай] отличный, но доставка ужасная", "positive", id="before a but"),
        pytest.param("Чай отличный, но [доставка] ужасная", "negative", id="after a but"),
        pytest.param("[МТС] лучше Билайна", "positive", id="better"),
        pytest.param("МТС лучше [Билайна]", "negative", id="better than"),
        pytest.param("Отвратительный сервис в [Билайне], никому не советую", "negative", id="negated praise"),
        pytest.param("[Волна] не подвела: упал в воду и работает", "positive", id="negated blame"),
        pytest.param("[Сбербанк] снова подвёл: приложение не работает, ужас", "negative", id="the clause after"),
        pytest.param("Купил чайник [Север], доволен", "positive", id="an aside"),
        pytest.param("Связь у [МТС] неплохая", "positive", id="not bad in one word"),
        pytest.param("Кто знает, до скольки работает [Пятёрочка]?", "neutral", id="what everybody expects"),
        pytest.param("[Озон] открыл новый склад в Казани", "neutral", id="a fact"),
        pytest.param("Люблю Вкусвилл, а [Перекрёсток] вечно грязный", "negative", id="two names"),
        pytest.param("[Hotel Aurora] was lovely, but Skyways lost our bags", "positive", id="English"),
        pytest.param("[Sony] broke after two days, never again", "negative", id="English complaint"),
    ],
)
def test_what_customers_say_of_a_name_is_heard(text, label):
    before, name, after = re.split(r"[\[\]]", text)

    assert ENGINE.of(before + name + after, [(len(before), len(before + name))])[0].label == label


@pytest.mark.parametrize(
    ("word", "like"),
    [
        pytest.param("обвинила", "обвин", id="any ending"),
        pytest.param("долгосрочный", "долгосроч", id="the longest beginning counts"),
        pytest.param("хамы", "хам", id="a short beginning with a short ending"),
    ],
)
def test_an_effect_is_found_by_how_a_word_begins(word, like):
    assert effects().kind(word) == effects().kinds[like]


@pytest.mark.parametrize("word", ["ракурс", "стол", "я", ""])
def test_other_words_have_no_effect(word):
    assert effects().values[effects().kind(word)].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("name", "numbers"), [("effects.txt", 3), ("evaluations.txt", 1)])
def test_each_beginning_of_a_word_is_listed_once(name, numbers):
    lines = files("transforms.mentions").joinpath("weights", name).read_text(encoding="utf-8").splitlines()
    beginnings = [word for line in lines if not line.startswith("#") for word in line.split()[numbers:]]

    assert len(beginnings) == len(set(beginnings))
    assert all(word == fold(word) and 1 < len(word) <= LONGEST_BEGINNING for word in beginnings)


def test_a_name_that_looks_like_a_word_with_an_effect_has_none():
    name, word = (segments([(text, [(0, 5)])], Forms(word_table())).kinds[1] for text in ("Герой пришёл", "герой пришёл"))

    assert (name, word) == (0, effects().kind("герой"))


@pytest.mark.parametrize(
    ("text", "better", "worse"),
    [
        pytest.param(
            "Полиция обвинила Морошкина в краже, а Лисицына получила награду за спасение детей.", "Лисицына", "Морошкина", id="ru"
        ),
        pytest.param(
            "The jury praised Foxglove for its honesty and fined Larchbank for fraud.", "Foxglove", "Larchbank", id="en"
        ),
    ],
)
def test_two_targets_of_one_text_come_off_differently(text, better, worse):
    tones = dict(zip((better, worse), about(text, better, worse), strict=True))

    assert tones[better].score > tones[worse].score


def test_what_a_target_is_called_has_no_tone_of_its_own():
    plain, telling = (about(f"Вчера открылся магазин «{name}» на Садовой улице.", name) for name in ("Полынья", "Восторг"))

    assert plain[0].score == pytest.approx(telling[0].score, abs=0.15)


def test_a_name_is_masked_and_a_common_noun_in_the_target_is_not():
    words = segments([("Задержан мошенник Лисицын", [(9, 25)])], Forms(word_table()))

    assert [row == word_table().unknown for row in words.rows[1:4]] == [False, False, True]


def test_one_tone_for_each_target_and_one_for_a_text_without():
    text = "Foxglove, Larchbank and Moorhen opened shops."

    assert len(ENGINE.of(text)) == 1
    assert len(about(text, "Foxglove", "Larchbank", "Moorhen")) == 3


WORDS = (
    *("не", "но", "очень", "чай", "сервис", "обвинил", "наградил", "ужасный", "хороший", "Морошкин", "суд", ",", "!", ":)"),
    *(
        "not",
        "but",
        "very",
        "tea",
        "service",
        "blamed",
        "praised",
        "awful",
        "good",
        "Foxglove",
        "court",
        "500",
        "https://a.example",
    ),
)


def some_texts(count, random):
    """Texts of any length, with none or several targets, some of these at the very end."""
    for _ in range(count):
        words = random.choices(WORDS, k=random.choice([1, 5, 20, 80, 300]))
        text = " ".join(words)
        ends = list(accumulate((len(word) + 1 for word in words), initial=0))
        targets = random.sample(range(len(words)), min(len(words), random.randint(0, 2)))
        targets += [len(words) - 1] * (random.random() < 0.2)
        yield Asked(text, [(ends[place], ends[place] + len(words[place])) for place in targets])


def test_what_stands_beside_a_text_does_not_change_a_figure():
    asked = list(some_texts(700, Random(5)))
    alone = [ENGINE.of(one.text, one.targets) for one in asked]
    order = list(range(len(asked)))
    Random(6).shuffle(order)
    shuffled = list(ENGINE.of_all(asked[place] for place in order))

    assert list(ENGINE.of_all(asked)) == alone
    assert shuffled == [alone[place] for place in order]


def test_the_network_counts_in_numbers_that_floats_hold_exactly():
    """Whatever the input, within its bounds."""
    for network in weights().networks:
        for matrix, most, exact in (
            (network._conv.values, MOST_INPUT, EXACT_SINGLE),
            (network._attention.values, MOST_HIDDEN, EXACT_SINGLE),
            (network._last.values, MEAN_STEP * MOST_HIDDEN, EXACT_DOUBLE),
            (network._answers.values, MOST_LAST, EXACT_DOUBLE),
        ):
            assert (matrix == np.rint(matrix)).all()
            assert np.abs(matrix.astype(np.float64)).sum(axis=0).max() * most <= exact


def test_a_target_outside_the_text_is_refused():
    with pytest.raises(ValueError, match="target 3:9 is not a place in a text of 5 characters"):
        ENGINE.of("текст", [(3, 9)])


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=120), st.data())
def test_any_text_gets_a_label_a_score_and_a_confidence(text, data):
    places = st.integers(0, len(text))
    spans = (
        data.draw(st.lists(st.tuples(places, places).map(sorted).filter(lambda span: span[0] < span[1]), max_size=3))
        if text
        else []
    )
    tones = ENGINE.of(text, spans)

    assert len(tones) == max(1, len(spans))
    for tone in tones:
        assert -1 <= tone.score <= 1
        assert 1 / 3 - 1e-3 <= tone.confidence <= 1
        assert not math.isnan(tone.score)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param("good", "good but useless", id="contrast"),
        pytest.param("VERY GOOD tea, isn't it", "very good tea, isn't it", id="capitals"),
        pytest.param("extremely good", "slightly good", id="intensifiers"),
        pytest.param("отлично", "не отлично", id="negation in Russian"),
    ],
)
def test_the_rules_turn_a_rating_by_its_neighbours(better, worse):
    kinder, harsher = rule_scores(segments([(better, []), (worse, [])], Forms(word_table())), word_table())

    assert kinder > harsher


def test_the_rules_say_nothing_of_a_text_without_tone():
    assert rule_scores(segments([("The table", []), ("", [])], Forms(word_table())), word_table()).tolist() == [0, 0]


def test_neighbours_in_another_text_do_not_turn_a_rating():
    alone, after = (segments(texts, Forms(word_table())) for texts in ([("good", [])], [("he did not", []), ("good", [])]))

    assert rule_scores(alone, word_table())[0] == rule_scores(after, word_table())[1]


def test_a_text_of_a_million_words_costs_no_more_than_what_is_read_of_it():
    text = "чай " * 1_000_000
    batch = segments([(text, [(2_000_000, 2_000_003)]), (text, [])], Forms(word_table()))

    assert len(batch.rows) == WINDOW_TOKENS + TEXT_TOKENS + 3


def test_tokens_know_their_side_of_the_target():
    batch = segments([("Хвалят чай Полынья за вкус", [(11, 18)]), ("Вкусно", [])], Forms(word_table()))

    assert batch.sides[batch.owner >= 0].tolist() == [2, 1, 0, 9, 10, NO_TARGET]
    assert batch.rows[3] == word_table().unknown


def test_a_word_is_found_by_stem_spelling_and_repeated_letters():
    rows = Forms(word_table()).numbers(["прекрасная", "ПРЕКРАСНОГО", "прекраааасный", "ёлка", "елки", "qwrtzx"])[:, 0].tolist()

    assert rows[0] == rows[1] == rows[2] != word_table().unknown
    assert rows[3] == rows[4]
    assert rows[5] == word_table().unknown


def answers(*rows, **kwargs):
    out = io.StringIO()
    judge_lines([json.dumps(row, ensure_ascii=False) for row in rows], out, **kwargs)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_lines_are_answered_in_order_with_a_tone_per_target():
    found = answers({"id": "a", "text": "Foxglove and Moorhen", "targets": [[0, 8], [13, 20]]}, {"id": 2, "text": "Great tea!"})

    assert [(row["id"], len(row["sentiments"])) for row in found] == [("a", 2), (2, 1)]
    assert set(found[0]["sentiments"][0]) == {"label", "score", "confidence"}


def test_processes_answer_what_one_process_answers(monkeypatch):
    rows = [{"id": number, "text": f"Чай номер {number} очень хорош"} for number in range(40)]
    alone = answers(*rows)
    monkeypatch.setattr(dozor.json_lines, "FEW_TASKS", 1)
    monkeypatch.setattr(dozor.json_lines, "LINES_PER_TASK", 15)

    together = answers(*rows)

    assert [row["id"] for row in together] == list(range(40))
    assert [row["sentiments"][0]["label"] for row in together] == [row["sentiments"][0]["label"] for row in alone]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param("{", "line 2: not JSON", id="not JSON"),
        pytest.param('{"id": 1}', "line 2: expected", id="no text"),
        pytest.param('{"text": "чай", "targets": [1]}', 'line 2: "targets" are not places', id="a target that is no pair"),
        pytest.param('{"text": "чай", "targets": [[2, 9]]}', "line 2: target [2, 9] is not a place in a text of 3", id="outside"),
    ],
)
def test_a_line_that_cannot_be_read_is_answered_with_its_error(line, problem):
    out = io.StringIO()
    failed = judge_lines(['{"text": "ok"}', line, '{"text": "good"}'], out)

    first, second, third = map(json.loads, out.getvalue().splitlines())
    assert (failed, len(first["sentiments"]), len(third["sentiments"])) == (1, 1, 1)
    assert second["error"].startswith(problem)
