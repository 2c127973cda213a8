"""A rating has a value and, where the page says so, a scale."""

import gzip
import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from collectors.reading.ratings import Rating, rating_of_node, read_rating, read_rating_of
from tests.corpora import corpus


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("4,5/5", Rating(4.5, 5.0)),
        ("9/10", Rating(9.0, 10.0)),
        ("8,9/10 (189 оценок)", Rating(8.9, 10.0)),
        ("4.4 out of 5 stars", Rating(4.4, 5.0)),
        ("4,7 из 5", Rating(4.7, 5.0)),
        ("4.90/5.00", Rating(4.9, 5.0)),
        ("92 %", Rating(92.0, None)),
        ("4.6", Rating(4.6, None)),
        ("4.5 stars", Rating(4.5, None)),
        ("7/5", None),
        ("нет оценок", None),
    ],
)
def test_a_rating_in_words(text, rating):
    assert read_rating_of(text) == rating
    assert read_rating(text) == (rating.value if rating else None)


@pytest.mark.parametrize(
    ("html", "rating"),
    [
        ("<b id=r>4.5</b> / 5", Rating(4.5, 5.0)),
        ("<b id=r>4.5</b><i>out of 10</i>", Rating(4.5, 10.0)),
        ("<b id=r>4.5</b><i>83 отзыва</i>", Rating(4.5, None)),
        ('<b id=r title="4.5 of 5"></b>', Rating(4.5, 5.0)),
        ('<b id=r><i class="stars star-45"></i></b>', Rating(4.5, 5.0)),
        ('<b id=r><i style="width: 80%"></i></b>', Rating(4.0, 5.0)),
        ("<b id=r></b>", None),
    ],
)
def test_a_rating_shown_by_an_element(html, rating):
    node = LexborHTMLParser(f"<p>{html}</p>").css_first("#r")

    assert node is not None
    assert rating_of_node(node) == rating


def test_ratings_of_real_pages():
    packed = (corpus("zyte-parsers-values") / "rating_values.jsonl.gz").read_bytes()
    cases = [json.loads(line) for line in gzip.decompress(packed).decode().splitlines()]
    right = 0
    for case in cases:
        tree = LexborHTMLParser(case["parent_html"])
        rating = rating_of_node(tree.css_first("[xd-target-node]") or tree.body)
        right += rating is not None and rating.value == case["ratingValue"]

    assert right >= 0.99 * len(cases)
