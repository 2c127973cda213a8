"""Documents to mentions: what is asked for, in which language, how several places of one query add up."""

from transforms.mentions.evaluate import Document
from transforms.mentions.match import compile_queries
from transforms.mentions.sentiment import Tone
from transforms.mentions.toned import in_language, mentions_in, mentions_of, overall

TEXTS = ["ничего такого", "новый самовар", "совсем ничего"]


def test_only_documents_that_may_hold_a_mention_are_asked_for() -> None:
    asked: list[int] = []

    def document(number: int) -> Document:
        asked.append(number)
        return Document(text=TEXTS[number])

    found = list(mentions_in(TEXTS, document, compile_queries({"brew": "самовар"})))
    assert [(number, [mention.lang for mention in mentions]) for number, mentions in found] == [(1, ["ru"])]
    assert asked == [1]


def test_a_condition_on_the_language_holds_where_the_source_says_none() -> None:
    query_set = compile_queries({"brew": "lang:ru AND самовар"})
    found = list(mentions_of(query_set, [Document(text=text) for text in TEXTS]))
    assert [[mention.hit.query_id for mention in mentions] for mentions in found] == [[], ["brew"], []]


def test_the_language_a_source_gives_is_kept() -> None:
    assert in_language(Document(text="новый самовар", lang="bg")).lang == "bg"


def test_the_tone_of_several_places_is_that_with_most_confidence_behind_it() -> None:
    tones = [Tone("positive", 0.5, 0.6), Tone("negative", -0.25, 0.9), Tone("positive", 0.5, 0.5)]
    assert overall(tones) == Tone("positive", 0.25, 0.55)
