import gzip
import json
import time
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.reading.language import detect
from tests.corpora import corpus
from tests.reading import language_reference


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Заказывал чайник в прошлом месяце, доставили быстро", "ru"),
        ("Замовляв чайник минулого місяця, доставили швидко", "uk"),
        ("Замаўляў чайнік у мінулым месяцы, даставілі хутка", "be"),
        ("Поръчах чайник миналия месец и го доставиха бързо", "bg"),
        ("Наручио сам чајник прошлог месеца, стигао је брзо", "sr"),
        ("Нарачав чајник минатиот месец, стигна брзо", "mk"),
        ("Өткен айда шәйнек тапсырыс бердім, тез жеткізді", "kk"),
        ("Өнгөрсөн сард данх захиалсан, хурдан хүргэсэн", "mn"),
        ("I ordered the kettle last month and it came quickly", "en"),
        ("Ich habe den Wasserkocher letzten Monat bestellt", "de"),
        ("J'ai commandé la bouilloire le mois dernier", "fr"),
        ("Pedí la tetera el mes pasado y llegó muy rápido", "es"),
        ("Zamówiłem czajnik w zeszłym miesiącu", "pl"),
        ("Geçen ay su ısıtıcısı sipariş ettim, hızlı geldi", "tr"),
        ("طلبت غلاية الشهر الماضي ووصلت بسرعة", "ar"),
        ("كتری را ماه گذشته سفارش دادم، چه زود رسید", "fa"),
        ("我上个月订购了水壶", "zh"),
        ("先月やかんを注文しました", "ja"),
        ("지난달에 주전자를 주문했어요", "ko"),
        ("Παρήγγειλα τον βραστήρα τον περασμένο μήνα", "el"),
        ("הזמנתי קומקום בחודש שעבר", "he"),
    ],
)
def test_a_sentence_is_told_by_its_letters_and_words(text, lang):
    assert detect(text) == lang


@pytest.mark.parametrize("text", ["", "   ", "12 345,00", "👍👍👍", "!!!", "https://shop.example/p/17", "@shop #12"])
def test_what_has_no_words_has_no_language(text):
    assert detect(text) is None


def test_names_in_latin_letters_do_not_make_a_russian_text_english():
    assert detect("Купил iPhone Pro Max вчера") == "ru"


def test_addresses_tags_and_mentions_say_nothing():
    assert detect("Доставка хорошая https://shop.example/very/long/english/path @beautiful_shop #wonderful") == "ru"


LETTERS = (
    "abdenorst", "äéñøşžİ", "авеинорст", "іїґўєёәө", "ابتةأپچگٹے", "漢字", "かな", "カナ", "한글", "αβΣς", "אב", "աբ", "ქა", "กข",
    "हि", "বা", "தம", "తె", "’'ʼ", "ɐʘ²Ⅷ0_", "\u0000\ud800\U00020000",
)  # fmt: skip


@st.composite
def mixed_texts(draw):
    """Words in a few scripts, of letters that tell languages apart."""
    letters = "".join(draw(st.lists(st.sampled_from(LETTERS), min_size=1, max_size=4)))
    word = st.text(letters, min_size=1, max_size=draw(st.sampled_from([3, 8, 40])))
    return " ".join(draw(st.lists(word, max_size=draw(st.sampled_from([3, 12, 140])))))[:1500]


@given(mixed_texts())
def test_a_text_is_in_the_language_that_a_slow_look_finds(text):
    assert detect(text) == language_reference.detect(text)


def test_among_many_words_the_short_ones_tell():
    text = " ".join(["и", "не", "что"] * 11 + ["chairman"] * 90)

    assert detect(text) == language_reference.detect(text) == "ru"


@given(st.text(max_size=400))
def test_any_text_gives_a_code_or_none(text):
    found = detect(text)

    assert found is None or 2 <= len(found) <= 3


def test_the_answer_does_not_depend_on_what_was_asked_before():
    texts = ["слово", "word", "слово word", "wort"]

    assert [detect(text) for text in texts] == [detect(text) for text in reversed(texts)][::-1]


def test_a_long_text_costs_no_more_than_its_beginning():
    detect("разогрев")
    start = time.process_time()
    detect("а" * 5_000_000)

    assert time.process_time() - start < 1


def test_real_sentences():
    hits = defaultdict(list)
    with gzip.open(corpus("language-id") / "texts.jsonl.gz", "rt", encoding="utf-8") as file:
        for entry in map(json.loads, file):
            if entry["kind"] == "sentences":
                right = detect(entry["text"]) == entry["lang"]
                hits["all"].append(right)
                if entry["lang"] in {"ru", "uk", "be", "bg", "en"}:
                    hits["near"].append(right)

    assert sum(hits["all"]) / len(hits["all"]) >= 0.985
    assert sum(hits["near"]) / len(hits["near"]) >= 0.98
