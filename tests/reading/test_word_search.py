"""Fixed words sought in many strings at once."""

from collectors.reading.word_search import WordSearch


def test_words_are_found_with_the_numbers_of_the_strings_that_hold_them():
    strings = ["Reply", "", "ÄÖ comment-REVIEW", "plain", "review"]

    assert [*WordSearch(("reply", "comment", "review")).places(strings)] == [
        ("reply", 0),
        ("comment", 2),
        ("review", 2),
        ("review", 4),
    ]


def test_no_word_reaches_from_one_string_into_the_next():
    assert [*WordSearch(("reply",)).places(["rep", "ly"])] == []
