"""Tags are counted before parsing as the parser then reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from collectors.reading.bounds import MAX_OF_ONE_TAG, check_bounds
from collectors.reading.model import PageError
from collectors.reading.native.bounding import count_tags, nesting

BITS = st.sampled_from(
    (
        "<div", "<span", "<x-tag", "<script", "<STYLE", "<textarea", "<title", "<iframe", "<xmp", "</div", "</script", "</Style",
        "</title", "</textarea", "</iframe", "</xmp", "</scriptx>", ">", "/>", "<script>", "</script>", " #", " #=1", ' #="x>"',
        "\n#='>'", "/#/", ' # = "q"', " =#", " #=c\"d'", ' #="x"#="y"', " #=>", "tea", "'", '"', "<", "</>", "</1>", "<?", "<!",
        "<!doctype '>", "<!--", "-->", "--!>", "<!-->", "<!--->", "<![CDATA[", "]]>",
    )
)  # fmt: skip


def with_different_names(bits: list[str]) -> str:
    pieces = "".join(bits).split("#")
    return "".join(f"{piece}a{number}" for number, piece in enumerate(pieces))


@given(st.lists(BITS, max_size=40).map(with_different_names))
def test_attributes_are_counted_as_the_parser_reads_them(markup: str) -> None:
    counted = count_tags(markup.encode())
    closed = f"{markup}\"'>\"'>"  # the parser drops a tag that never ends
    found = [len(node.attributes) for node in LexborHTMLParser(closed).root.traverse()]  # type: ignore[union-attr]

    assert counted.attributes <= count_tags(closed.encode()).attributes
    assert count_tags(closed.encode()).attributes >= sum(found)
    assert count_tags(closed.encode()).most >= max(found)


@pytest.mark.parametrize(
    ("markup", "tags", "attributes"),
    [
        pytest.param("<p a='>' b=\">\" c=>tea</p d>", 1, 3, id="values and an end tag"),
        pytest.param("<p a=b/c/d e\"f g'h=i'>", 1, 3, id="quotes that open no value"),
        pytest.param("<script><p a></scripts><p b></script c><p d>", 2, 1, id="a script"),
        pytest.param("<script><!--<script></script><p a>--></script><p b>", 2, 1, id="a script in a comment of a script"),
        pytest.param("<!--><p a><!-- > <p b> --!><p c><!-- <p d>", 5, 2, id="comments"),
        pytest.param("<svg><title><p a></title><![CDATA[><p b>]]></svg><title><p c></title>", 5, 1, id="a drawing"),
        pytest.param("<p a='<p b c d>", 1, 1, id="a value that never ends"),
    ],
)
def test_what_looks_like_a_tag_is_one_where_the_standard_says_so(markup: str, tags: int, attributes: int) -> None:
    counted = count_tags(markup.encode())

    assert (counted.opened, counted.attributes) == (tags, attributes)


@pytest.mark.parametrize(
    ("markup", "depth"),
    [
        pytest.param("<div><p><section></div><div>", 2, id="closed by what is around it"),
        pytest.param("<div><table></div><div>", 3, id="a table holds end tags back"),
        pytest.param("<b><div></b><div></div></div></b>", 2, id="formatting closed under others"),
        pytest.param("<x1></x2><X1></x1>", 2, id="names of one's own"),
        pytest.param("<svg><g/><g/><title></svg>", 2, id="a drawing"),
        pytest.param("<script><div><div></script><br><br><div>", 1, id="a script"),
        pytest.param("</div>tea", 0, id="no element"),
    ],
)
def test_the_depth_is_that_of_the_elements_open_at_once(markup: str, depth: int) -> None:
    assert nesting(markup.encode(), 100) == depth


@pytest.mark.parametrize("page", [str, str.encode])
def test_one_attribute_too_many_is_refused(page: type) -> None:
    attributes = [f"ж{number}=1" for number in range(MAX_OF_ONE_TAG)]
    check_bounds(page(f"<p {' '.join(attributes)}>"))
    with pytest.raises(PageError, match="in one tag"):
        check_bounds(page(f"<p {' '.join(attributes)} id=tea>"))
