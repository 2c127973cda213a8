"""Kinds of pages: what is measured has a name, readers weigh what they know, hostile addresses are no trouble."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.kind_marks import MAX_TEXT, marks
from collectors.reading.content import Prepared, prepare
from collectors.reading.content_features import measure
from collectors.reading.content_model import WEIGHTS, load_scores
from collectors.reading.document import read_document
from collectors.reading.kind import (
    KINDS,
    MEASURES,
    READERS,
    build_readers,
    load_readers,
    measures,
    read_kind,
    softmax,
    write_verdicts,
)
from collectors.reading.native.counting import Measured
from collectors.reading.native.library import END, Doubles

PAGE = (
    "<meta property='og:type' content='article'><title>Spring tea</title><body class='post-page'><h1>Spring tea</h1>"
    "<p>You said the price of our tea was the best, and we thank you.</p><button>Reply</button></body>"
)
FORUM_AND_SHOP = {
    "bias": np.zeros(len(KINDS)),
    "marks": np.frombuffer(b"forum\0shop\0", np.uint8),
    "weights": np.array([[0, 0, 0, 0, 2, 0, 0], [0, 2, 0, 0, 0, 0, 0]], np.float32),
}


def likely(html: str, url: str = "https://a.example/b") -> tuple[Prepared, Measured, Doubles]:
    page = prepare(read_document(html), url, [])
    measured = measure(page.document.blocks, page.title, load_scores())
    return page, measured, np.full(len(page.document.blocks.texts), 0.9)


def verdict(reader: str, known: frozenset[str]) -> Doubles:
    """What a reader concludes, said plainly."""
    bias, marks = stored_reader(reader)
    weights = np.array([marks[mark] for mark in known if mark in marks])
    total = bias + weights.sum(axis=0) / len(weights) ** 0.5 if len(weights) else bias
    return np.log(np.array(softmax(total.tolist())) + 1e-3)


@cache
def stored_reader(name: str) -> tuple[Doubles, dict[str, Doubles]]:
    """Its bias, and the weights of its marks."""
    with np.load(WEIGHTS / "kind_marks.npz") as stored:
        marks = stored[f"{name}_marks"].tobytes().decode().split(END)[:-1]
        return stored[f"{name}_bias"], dict(zip(marks, stored[f"{name}_weights"].astype(np.float64), strict=True))


def conclusions(html: str) -> tuple[list[float], list[float]]:
    """What the readers of a page conclude: from hashes, and from the words themselves."""
    page, measured, first = likely(html)
    row = measures(page.document, page.url, [], measured, first)
    heard = marks(page, first)
    write_verdicts(row, load_readers(), [*heard[0]], measured, first)
    told = [verdict(name, known) for name, known in zip(READERS, heard, strict=True)]
    return row[-len(READERS) * len(KINDS) :].tolist(), np.concatenate(told).tolist()


def test_what_is_measured_has_a_name_each() -> None:
    page, measured, first = likely(PAGE)
    row = measures(page.document, page.url, [], measured, first)
    write_verdicts(row, load_readers(), (), measured, first)

    assert np.isfinite(row).all()
    assert row[MEASURES.index("tag_p")] == np.log1p(1)
    assert row[MEASURES.index("kept_p")] > 0


def test_marks_come_from_the_address_the_names_the_content_and_the_whole_page() -> None:
    page, _, first = likely(PAGE, "https://a.example/forum/12?p=2")
    address, names, content, whole = marks(page, first)

    assert {"first:forum", "leaf:N", "query:yes", "og:article", "title:spring"} <= address
    assert {"post", "body:post", "label:reply"} <= names
    assert {"price", "head:spring", "title:tea"} <= content
    assert {"price", "reply"} <= whole
    assert not whole & {"head:spring", "title:tea"}


@pytest.mark.parametrize(
    "html",
    [
        PAGE,
        PAGE * 40,
        PAGE.replace("tea", "чай Ёж I\u0307ST \U0001f375 x2²"),
        PAGE.replace("tea", "ΣΟΦΟΣ ΤΣΑΪ İzmir çayı"),
        "<p>" + "чай " * 5000,
    ],
)
def test_readers_conclude_from_hashes_what_they_would_from_the_words_themselves(html: str) -> None:
    told, said = conclusions(html)

    assert told == pytest.approx(said)


def test_the_content_reader_stops_after_some_thousand_characters_and_the_page_reader_does_not() -> None:
    words = [mark for mark in stored_reader("content")[1] if mark.isalpha()]
    told, said = conclusions("<p>" + "<p>".join(words))

    assert sum(map(len, words)) > 2 * MAX_TEXT
    assert told == pytest.approx(said)


def test_a_reader_weighs_the_marks_it_knows() -> None:
    _, measured, first = likely("<p>you and tea and cups")
    readers = build_readers({f"{name}_{part}": value for name in READERS for part, value in FORUM_AND_SHOP.items()})
    row = np.zeros(len(MEASURES))

    def told(*address: str) -> list[float]:
        write_verdicts(row, readers, address, measured, first)
        start = MEASURES.index(f"address_{KINDS[0]}")
        return row[start : start + len(KINDS)].tolist()

    assert KINDS[int(np.argmax(told("forum", "unknown", "forum")))] == "forum"
    assert KINDS[int(np.argmax(told("shop")))] == "product"
    assert told("forum") == told("forum", "forum")
    assert len(set(told())) == 1


def test_every_reader_is_there() -> None:
    assert len(load_readers().readers) == len(READERS)


@given(st.text(max_size=80))
def test_any_address_gives_probabilities_of_all_kinds(url: str) -> None:
    page, measured, first = likely("<p>Tea")
    kinds = read_kind(page.document, url, [], "", measured, first)

    assert len(kinds) == len(KINDS)
    assert sum(kinds) == pytest.approx(1)


def test_probabilities_of_large_odds_stay_finite() -> None:
    assert softmax([1e4, 0.0, -1e4]) == [1.0, 0.0, 0.0]
