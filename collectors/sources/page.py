"""One watched page, whole or limited to what a CSS selector finds.

The selector travels in the request's context, so a stored page is read the same way again. What changes do not count (dates,
counters of visitors) is said by the watch's `ignore` rules, which are judged when changes are computed, never here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from collectors.page_records import offer_records, page_record, reading_of
from collectors.reading.encoding import decode
from collectors.reading.fragments import text_from_html
from collectors.records import Offer, Page
from collectors.source import TARGET, Capture, Expect, Known, ParseError, Request, Source, Watch, Window
from collectors.targets import web_address

MOST_SELECTOR = 500  # characters: a selector of thousands of steps would cost a page its time

SOURCE = Source(
    name="page",
    kinds=(Page, Offer),
    mode="snapshot",
    cadence="nightly",
    hosts=(TARGET,),
    target="the address of a page",
    target_pattern=r"https?://.+",
    options={"selector": "CSS selector of the part to watch; the whole main text without it"},
    pace_seconds=2.0,
    terms_url="",
    expect=Expect(max_silence_days=365),
    version=1,
)


canonical_target = web_address


def canonical_options(options: Mapping[str, Any]) -> dict[str, Any]:
    if (selector := options.get("selector")) is not None:
        if len(str(selector)) > MOST_SELECTOR:
            raise ValueError(f"selector of {len(str(selector))} characters: at most {MOST_SELECTOR}")
        try:
            LexborHTMLParser("<p></p>").css(str(selector))
        except SelectolaxError as error:
            raise ValueError(f"selector {selector!r} is not a CSS selector") from error
    return dict(options)


def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
    selector = watch.options.get("selector")
    yield Request(url=watch.target, context={"selector": selector} if selector else {})


def parse(capture: Capture) -> Iterator[Page | Offer]:
    reading = reading_of(capture)
    selector = capture.context.get("selector")
    yield page_record(reading, capture, text=_selected(capture, selector) if selector else None, selector=selector)
    yield from offer_records(reading, capture)


def _selected(capture: Capture, selector: str) -> str:
    text, _ = decode(capture.body or b"", capture.media_type or None, capture.charset or None)
    nodes = LexborHTMLParser(text).css(selector)
    if not nodes:
        raise ParseError(
            f"{capture.url} has nothing that matches the selector {selector!r}: the page was rebuilt, or the selector is wrong"
        )
    return "\n".join(text_from_html(node.html or "") for node in nodes)
