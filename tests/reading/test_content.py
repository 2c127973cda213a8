"""What of a page is its content. Pages are made up; the model was trained on other ones."""

import numpy as np
import pytest

from collectors.reading.blocks import Blocks
from collectors.reading.content import Content, judge, prepare, read_content
from collectors.reading.content_context import SECOND_FEATURES
from collectors.reading.content_features import FEATURES, measure
from collectors.reading.content_model import build_trees, load_scores, load_trees
from collectors.reading.content_scores import name_tokens
from collectors.reading.document import read_document
from collectors.reading.explain import contributions, explain_page
from collectors.reading.kind import KINDS
from collectors.reading.native.counting import expected_best, level_tables
from collectors.reading.page import read_page
from collectors.reading.structured import read_items
from collectors.reading.text import text_from_html

MENU = "".join(f'<li><a href="/{name}">{name.title()}</a></li>' for name in ("teas", "cups", "gifts", "about", "contact"))
PARAGRAPHS = (
    "The harvest began a week early this spring, and growers on the northern slopes say the first leaves are unusually sweet.",
    "Prices at the April auction rose by a tenth, mostly because buyers from the coast came back after two quiet years.",
    "Nobody expects the trend to last: the summer crop is larger, and warehouses near the port are still half full.",
    "For small shops the advice is simple, according to three importers we asked: order the spring leaf, then wait.",
)
ARTICLE = f"""<html><head><title>Spring tea comes early - The Tea Post</title><meta property="og:type"
content="article"></head><body> <header class="site-header"><nav class="main-nav"><ul>{MENU}</ul></nav></header>
<div class="cookie-banner"><p>We use cookies to improve your experience.</p><button>Accept all</button></div>
<main><article class="post"><h1>Spring tea comes early</h1><div class="meta">By <a href="/authors/ann">Ann Leaf</a></div>
<div class="entry-content">{"".join(f"<p>{text}</p>" for text in PARAGRAPHS)}</div>
<div class="share-buttons"><a href="#">Share</a> <a href="#">Tweet</a></div></article>
<section id="comments" class="comments"><h2>2 comments</h2>
<div class="comment" id="c1"><span class="author">Bob</span> <time datetime="2026-04-02T10:00:00Z">2 April</time>
<p>My shop already sold out of the first leaf, what a year.</p><a href="#">Reply</a></div>
<div class="comment" id="c2"><span class="author">Eve</span> <p>The summer crop was better last time, I would
wait.</p></div></section> <aside class="related"><h3>Related articles</h3><ul><li><a href="/a">Ten cups we like</a></li><li><a
href="/b">How to brew oolong</a></li></ul></aside> </main><footer class="site-footer"><p>© 2026 The Tea Post. All rights
reserved.</p><ul>{MENU}</ul></footer></body></html>
"""
TWO_QUESTIONS = {
    "depth": 2,
    "bias": [0.0],
    "features": ["a", "b"],
    "split_feature": [0, 1],
    "split_border": [1.0, 2.0],
    "leaves": [0, 1, 2, 3],
}


def blocks_of(html: str) -> Blocks:
    return read_document(html).blocks


def content_of(html: str, url: str = "https://news.example/2026/spring-tea-comes-early") -> Content:
    document = read_document(html)
    return read_content(document, url, read_items(document, url))


def test_an_article_is_its_paragraphs_without_menus_banners_shares_and_related_links() -> None:
    text = content_of(ARTICLE).text()

    assert all(paragraph in text for paragraph in PARAGRAPHS)
    assert not any(junk in text for junk in ("Gifts", "cookies", "Tweet", "Ten cups", "All rights reserved"))


def test_an_article_is_called_an_article() -> None:
    content = content_of(ARTICLE)

    assert content.kind == "article"
    assert sum(content.kinds) == pytest.approx(1)


@pytest.mark.parametrize(
    ("html", "texts"),
    [
        ("<p>one <b>two</b></p><p>three</p>", ["one two", "three"]),
        ("<div>one<p>two</p>three</div>", ["one", "two", "three"]),
        ("<p>one<br>two</p>", ["one\ntwo"]),
        ("<p>one<br> <br>two</p>", ["one", "two"]),
        ("<ul><li>one<li>two</ul>", ["one", "two"]),
        ("<a>one</a><a>two</a>", ["one two"]),
        ("<pre>a\n  b</pre>", ["a\n  b"]),
        ("<p>one</p><script>x</script><style>y</style><svg><text>z</text></svg>", ["one"]),
        ("<noscript><p>one</p></noscript>", ["one"]),
        ("<p> \n </p><p>&nbsp;</p>", []),
    ],
)
def test_block_level_borders_part_blocks(html: str, texts: list[str]) -> None:
    assert blocks_of(html).texts == texts


def test_containers_cover_runs_of_blocks() -> None:
    blocks = blocks_of('<div class="a"><p>one</p><p>two</p></div><p>three</p>')
    outer = blocks.names.index("a ")

    assert (blocks.start[outer], blocks.end[outer]) == (0, 2)
    assert (blocks.start[0], blocks.end[0]) == (0, 3)


@pytest.mark.parametrize("html", ["<p hidden>x</p>", '<div aria-hidden="true"><p>x</p></div>', '<p style="display: none">x</p>'])
def test_hidden_blocks_are_read_and_marked(html: str) -> None:
    blocks = blocks_of(html)

    assert blocks.hidden[blocks.container[0]]


def test_link_characters_count_only_text_in_links() -> None:
    assert blocks_of('<p>see <a href="x">here</a></p>').link_chars == [4]


def test_a_description_only_structured_data_holds_is_part_of_the_page() -> None:
    html = (
        '<script type="application/ld+json">'
        '{"@type": "Product", "name": "Cup", "description": "<p>Thin walls.</p><p>Fired twice.</p>"}'
        "</script><h1>Cup</h1>"
    )
    document = read_document(html)

    assert prepare(document, None, read_items(document, None)).document.blocks.texts == ["Cup", "Thin walls.", "Fired twice."]


def test_a_description_the_page_shows_is_not_added_again() -> None:
    html = '<script type="application/ld+json">{"@type": "Product", "description": "Thin walls."}</script><p>Thin  walls.</p>'
    document = read_document(html)

    assert prepare(document, None, read_items(document, None)).document.blocks.texts == ["Thin walls."]


def test_a_description_that_differs_in_quotation_marks_and_dashes_is_shown_already() -> None:
    html = (
        '<meta property="og:description" content="RIGA (AP) - It\'s the &quot;first&quot; leaf of the season that all shops...">'
        "<p>RIGA (AP) — It’s the “first” leaf of the season that all shops wait for.</p>"
    )
    document = read_document(html)

    assert len(prepare(document, None, read_items(document, None)).document.blocks.texts) == 1


def test_cells_of_a_row_stand_on_one_line() -> None:
    blocks = blocks_of("<table><tr><td>Leaf</td><td>black</td></tr><tr><td>Year</td><td>2026</td></tr></table>")
    content = Content("product", (), blocks, (1.0,) * 4, (True,) * 4, 0.5)

    assert content.text() == "Leaf black\nYear 2026"


def test_every_feature_has_a_name_and_is_finite() -> None:
    blocks = blocks_of(ARTICLE)
    measured = measure(blocks, "Spring tea", load_scores())

    assert measured.rows.shape == (len(FEATURES), len(blocks.texts))
    assert np.isfinite(measured.rows).all()


def test_a_page_of_one_word_has_features() -> None:
    assert measure(blocks_of("tea"), "", load_scores()).rows.shape == (len(FEATURES), 1)


def test_a_description_with_control_characters_is_measured_as_one_block() -> None:
    html = '<script type="application/ld+json">{"@type": "Product", "description": "Thin\\u0000 walls."}</script><p>Cup</p>'
    document = read_document(html)
    blocks = prepare(document, None, read_items(document, None)).document.blocks

    assert len(blocks.texts) == 2
    assert measure(blocks, "", load_scores()).rows.shape == (len(FEATURES), 2)


def test_blocks_know_their_words_and_lengths() -> None:
    measured = measure(blocks_of("<p>Tea costs $4, <a href=/>see</a><p>42"), "Tea", load_scores())

    row = dict(zip(FEATURES, measured.rows.tolist(), strict=True))
    assert (measured.words.tolist(), measured.chars.tolist()) == ([4, 1], [17, 2])
    assert row["money"] == [1, 0]
    assert row["link_share"] + row["digits"] == pytest.approx([3 / 17, 0, 1 / 17, 1])
    assert row["title_share"] == [0.25, 0]


def test_an_address_alone_can_tell_a_kind() -> None:
    kinds = [
        content_of("<h1>Tea</h1><p>All of it.</p>", url).kinds
        for url in ("https://a.example/docs/api", "https://a.example/forum/thread/4")
    ]

    assert kinds[0][KINDS.index("documentation")] > kinds[1][KINDS.index("documentation")]
    assert kinds[1][KINDS.index("forum")] > kinds[0][KINDS.index("forum")]


def test_what_a_shop_shows_twice_counts_once() -> None:
    offer = "<h2>Why our leaf</h2><p>Picked by hand in the first week of spring, dried the same day in the open air.</p>"
    page = (
        "<html><head><title>Spring leaf - Tea Shop</title><meta property='og:type' content='product'></head><body><main>"
        f"<h1>Spring leaf</h1><p>$14.50</p><button>Add to cart</button><div class='desktop'>{offer}</div>"
        f"<div class='mobile'>{offer}</div></main></body></html>"
    )
    text = content_of(page, "https://tea.example/product/spring-leaf").text()

    assert text.count("Picked by hand") == 1


def test_comments_as_long_as_the_article_are_none_of_its_text() -> None:
    said = "I have bought this leaf for years, and every spring the same story about the early crop is told in the shops."
    page = ARTICLE.replace("My shop already sold out of the first leaf, what a year.", f"</p><p>{said}</p><p>{said}")

    assert said not in content_of(page).text()
    assert said in read_page(page, "https://news.example/2026/spring-tea-comes-early").comments[0].text


def test_names_are_cut_into_words() -> None:
    assert name_tokens("postBody post-1 SITE_nav x") == ["post", "body", "post", "site", "nav"]


@pytest.mark.parametrize(
    ("probability", "weight", "threshold"),
    [
        ([0.9, 0.1], [10, 10], 0.9),
        ([0.9, 0.6], [10, 10], 0.6),
        ([0.2, 0.2], [10, 10], 0.2),
        ([0.5], [0], 1.0),
    ],
)
def test_the_threshold_maximises_expected_f1(probability: list[float], weight: list[float], threshold: float) -> None:
    assert expected_best(np.array(probability), np.array(weight, float)) == threshold


def test_a_table_of_data_is_judged_as_a_whole() -> None:
    rows = "".join(f"<tr><td>{place}</td><td>{name}</td></tr>" for place, name in enumerate(("Ann Leaf", "Bob Cup"), 1))
    document = read_document(f"<p>Results of the tasting</p><table><tbody>{rows}</tbody></table><p>All of them won</p>")
    probability = np.array([0.9, 0.2, 0.8, 0.2, 0.6, 0.1])
    words = np.sqrt([1, 2, 1, 2])
    mean = float((words * [0.2, 0.8, 0.2, 0.6]).sum() / words.sum())

    level = level_tables(measure(document.blocks, "", load_scores()), probability)

    likely = 5 * mean / (1 + 4 * mean)
    assert level.tolist() == pytest.approx([0.9, likely, likely, likely, likely, 0.1])


@pytest.mark.parametrize(
    "html",
    [
        f"<table><tr><td><p>{PARAGRAPHS[0]}</p></td><td><p>{PARAGRAPHS[1]}</p></td><td>Menu</td></tr></table>",  # a layout
        f"<table><tr><td>{PARAGRAPHS[0]}</td><td>{PARAGRAPHS[1]}</td><td>Menu</td></tr></table>",
        "<table><tr><td>one</td><td>two</td></tr></table><p>three</p>",
        "<ul><li>one<li>two<li>three</ul>",
    ],
)
def test_what_is_no_table_of_data_is_judged_block_by_block(html: str) -> None:
    probability = np.array([0.9, 0.2, 0.4])

    level = level_tables(measure(read_document(html).blocks, "", load_scores()), probability)

    assert level.tolist() == [0.9, 0.2, 0.4]


def test_trees_answer_by_the_bits_of_their_questions() -> None:
    stored = TWO_QUESTIONS | {"bias": [0.5], "features": ["b", "a"]}
    rows = np.array([[0, 0, 3, 3], [0, 2, 0, 2]], np.float32)  # a, b

    assert build_trees(stored, ("a", "b")).sums(rows)[:, 0].tolist() == [0.5, 1.5, 2.5, 3.5]


def test_contributions_add_up_to_the_difference_from_the_mean_leaf() -> None:
    trees = build_trees(TWO_QUESTIONS, ("a", "b"))
    rows = np.array([[0, 2, 0, 2], [0, 0, 3, 3]], np.float32)

    assert contributions(trees, rows).sum(axis=0).tolist() == (trees.sums(rows)[:, 0] - 1.5).tolist()


def test_explain_names_a_decision_and_reasons_for_every_block() -> None:
    told = explain_page(ARTICLE, "https://news.example/2026/spring-tea-comes-early")
    content = content_of(ARTICLE)

    assert [block["is_kept"] for block in told["blocks"]] == list(content.kept)
    assert all(reason["feature"] in SECOND_FEATURES for block in told["blocks"] for reason in block["reasons"])


def test_judging_needs_no_address() -> None:
    document = read_document(ARTICLE)
    content, _ = judge(prepare(document, None, []))

    assert PARAGRAPHS[0] in content.text()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("one\n\n  two ", "one\ntwo"),
        ("<p>one</p><p>two &amp; three</p>", "one\ntwo & three"),
        ("one<br/>two", "one\ntwo"),
        ("a &lt; b", "a < b"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("", ""),
        ("<script>x</script>", ""),
    ],
)
def test_text_of_a_fragment_keeps_lines_and_drops_markup(html: str, text: str) -> None:
    assert text_from_html(html) == text


def test_probabilities_lie_between_none_and_all() -> None:
    document = read_document(ARTICLE)
    _, rows = judge(prepare(document, None, []))
    found = load_trees("content_second", SECOND_FEATURES).probabilities(rows)
    assert ((found >= 0) & (found <= 1)).all()
