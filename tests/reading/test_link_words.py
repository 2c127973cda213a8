"""One look at the addresses of all links for the words that readers seek in them."""

from collectors.reading.link_words import AD_WORDS, FEED_WORDS, MARK_WORDS, LinkWords
from collectors.reading.model import Link

LINKS = [
    Link(url, "") for url in ("https://a.example/", "https://a.example/RSS?UTM_source=a", "https://a.example/?erid=1&utm_a=feed")
]


def test_links_are_found_by_words_in_letters_of_any_size_in_their_order():
    words = LinkWords(LINKS)

    assert [words.holding(group) for group in (FEED_WORDS, MARK_WORDS, AD_WORDS)] == [LINKS[1:], LINKS[1:], LINKS[2:]]


def test_a_page_without_links_holds_no_words():
    assert LinkWords([]).holding(FEED_WORDS) == []


def test_no_word_hides_one_of_another_reader():
    groups = (FEED_WORDS, MARK_WORDS, AD_WORDS)
    pairs = [(one, other) for group in groups for one in group for others in groups if others is not group for other in others]

    assert not [pair for pair in pairs if _overlap(*pair)]


def _overlap(one: str, other: str) -> bool:
    return other in one or any(one.endswith(other[:size]) for size in range(1, len(other)))
