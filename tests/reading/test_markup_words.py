"""All fixed words are found in one pass, as a search for each of them alone would find them."""

from hypothesis import example, given
from hypothesis import strategies as st

from collectors.reading.markup_words import MarkupWords
from collectors.reading.native.searching import Needles
from collectors.reading.product_words import BUY_MARKS, GTIN_MARKS, OLD_MARKS, PRICE_MARKS

WORDS = (*PRICE_MARKS, *BUY_MARKS, *OLD_MARKS, *GTIN_MARKS, b"UA-", b"_tmr", b"/bitrix/", b"created_at", b"tag.js?id=", b"id=G-")
SOUGHT = [word for word in WORDS if len(word) > 2]
MOST = 3
PART = st.one_of(
    st.sampled_from(WORDS),
    st.tuples(st.sampled_from(WORDS), st.integers(0, 5)).map(lambda cut: cut[0][cut[1] :]),
    st.binary(max_size=3),
)


def places_of(word: bytes, text: bytes) -> list[int]:
    return [place for place in range(len(text)) if text.startswith(word, place)][:MOST]


@given(st.lists(PART, max_size=40).map(b"".join))
@example(b"UA-UA-")
@example(b"x_tmr")
@example(b"/bitrix/bitrix/" * 3)
def test_words_are_found_where_they_stand(text: bytes) -> None:
    expected = {word: places for word in SOUGHT if (places := places_of(word, text))}

    assert Needles(dict.fromkeys(SOUGHT, MOST)).places(text) == expected


@given(st.lists(PART, max_size=10).map(b"".join))
def test_a_page_has_the_words_that_stand_in_it(text: bytes) -> None:
    words = MarkupWords(text)

    for marks in (PRICE_MARKS, BUY_MARKS, OLD_MARKS, GTIN_MARKS):
        assert words.has_any(marks) == any(mark in text for mark in marks)
