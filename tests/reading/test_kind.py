"""Kinds of pages: what is measured has a name, readers weigh what they know, hostile addresses are no trouble."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.reading.content_features import Measured, measure
from collectors.reading.content_model import load_scores
from collectors.reading.content_scores import END, Doubles
from collectors.reading.document import Document, read_document
from collectors.reading.kind import (
    KINDS,
    MEASURES,
    READERS,
    build_reader,
    content_words,
    load_readers,
    marks,
    measures,
    read_kind,
    softmax,
    verdict,
)

PAGE = (
    "<meta property='og:type' content='article'><title>Spring tea</title><body class='post-page'><h1>Spring tea</h1>"
    "<p>You said the price of our tea was the best, and we thank you.</p><button>Reply</button></body>"
)
STORED = {"bias": [0.0] * len(KINDS), "marks": {"forum": [0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0], "shop": [0.0, 2.0] + [0.0] * 5}}


def likely(html: str) -> tuple[Document, Measured, Doubles]:
    document = read_document(html)
    measured = measure(document.blocks, "Spring tea", load_scores())
    return document, measured, np.full(len(document.blocks.texts), 0.9)


def test_what_is_measured_has_a_name_each() -> None:
    document, measured, first = likely(PAGE)
    counted = measures(document, "https://a.example/b", [], measured, first, content_words(document.blocks, first))

    assert len(counted) == len(MEASURES) - len(READERS) * len(KINDS)
    assert np.isfinite(counted).all()
    assert counted[MEASURES.index("tag_p")] == np.log1p(1)
    assert counted[MEASURES.index("content_you")] > 0


def test_marks_come_from_the_address_the_names_and_the_words() -> None:
    document, measured, _ = likely(PAGE)
    address, names, words = marks(document, "https://a.example/forum/12?p=2", [], "Spring tea", measured, ["price"])

    assert {"first:forum", "leaf:N", "query:yes", "og:article", "title:spring"} <= address
    assert {"post", "body:post", "label:reply"} <= names
    assert {"price", "head:spring", "title:tea"} <= words
    assert END not in names | words


def test_a_reader_weighs_the_marks_it_knows() -> None:
    reader = build_reader(STORED)

    assert KINDS[int(np.argmax(verdict(reader, frozenset({"forum", "unknown"}))))] == "forum"
    assert KINDS[int(np.argmax(verdict(reader, frozenset({"shop"}))))] == "product"
    assert len(set(verdict(reader, frozenset()).round(9))) == 1


def test_every_reader_is_there() -> None:
    assert len(load_readers()) == len(READERS)


@given(st.text(max_size=80))
def test_any_address_gives_probabilities_of_all_kinds(url: str) -> None:
    document, measured, first = likely("<p>Tea")
    kinds = read_kind(document, url, [], "", measured, first)

    assert len(kinds) == len(KINDS)
    assert sum(kinds) == pytest.approx(1)


def test_probabilities_of_large_odds_stay_finite() -> None:
    assert softmax(np.array([1e4, 0.0, -1e4])).tolist() == [1.0, 0.0, 0.0]
