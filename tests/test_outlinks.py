"""Where a page leads, as a crawl sees it."""

from __future__ import annotations

import pytest

from collectors.outlinks import outlinks
from collectors.reading.model import PageError
from tests.source_fixtures import capture

HOME = "https://shop.example/tea/"


def leads_to(markup: str, **changes: str) -> list[str]:
    return list(outlinks(capture("site", url=HOME, body=markup.encode(), **changes)))


@pytest.mark.parametrize(
    ("markup", "addresses"),
    [
        pytest.param('<a href="/a">A</a><p><a href="b?x=1#top">B</a>', ["https://shop.example/a", f"{HOME}b?x=1"], id="relative"),
        pytest.param('<a href="/a">A</a><a href="/a#end"></a><a href=" /a ">', ["https://shop.example/a"], id="each once"),
        pytest.param('<base href="https://www.shop.example/x/"><a href="a">', ["https://www.shop.example/x/a"], id="base"),
        pytest.param('<a href="/a" rel="nofollow ugc"><a href="/b" rel="next">', ["https://shop.example/b"], id="nofollow"),
        pytest.param('<a href="mailto:a@b.example"><a href="javascript:go()"><a href="#"><a>', [], id="no pages"),
        pytest.param('<!-- <a href="/a"> --><script>"<a href=/b>"</script>', [], id="no elements"),
    ],
)
def test_a_page_leads_to_what_its_elements_link_to(markup: str, addresses: list[str]) -> None:
    assert leads_to(markup) == addresses


def test_a_page_out_of_bounds_is_not_parsed() -> None:
    with pytest.raises(PageError, match="nested too deeply"):
        leads_to("<div>" * 20_000)
