"""Refuses, before parsing, what no parser reads in bounded time.

Lexbor is quadratic in the depth of nesting, and in the attributes of one tag.
"""

from __future__ import annotations

from typing import Final

from collectors.reading.model import PageError
from collectors.reading.native.bounding import count_tags, nesting

MAX_SIZE: Final = 12 << 20  # the archive keeps bodies of 10 MiB; the largest page of the corpora has 3.5 MB
MAX_NESTING: Final = 10_000  # lexbor takes 0.2 s for that many levels, 16 s for ten times as many
MAX_TAGS: Final = 500_000  # opening ones and comments; the largest page of the corpora has under 60 000
MAX_ATTRIBUTES: Final = 300_000
MAX_OF_ONE_TAG: Final = 1_500  # attributes: lexbor takes 0.03 s for 5 000, 14 s for 40 000
SHORT: Final = 2 * MAX_OF_ONE_TAG  # characters: too few for any of these


def check_size(page: bytes | str) -> None:
    """Raises PageError for a page that is larger than any page is."""
    if len(page) > MAX_SIZE:
        raise PageError(f"too large ({len(page):,} bytes or characters; the limit is {MAX_SIZE:,})")


def check_bounds(page: str | bytes) -> None:
    """Raises PageError for a page that is too large, nested too deeply or has too many attributes to be parsed.

    Bytes are those of UTF-8.
    """
    check_size(page)
    if len(page) <= SHORT:
        return
    markup = page if isinstance(page, bytes) else page.encode("utf-8", "replace")
    counted = count_tags(markup)
    if counted.most > MAX_OF_ONE_TAG:
        raise PageError(f"too many attributes in one tag (more than {MAX_OF_ONE_TAG:,})")
    if counted.attributes > MAX_ATTRIBUTES:
        raise PageError(f"too many attributes (more than {MAX_ATTRIBUTES:,})")
    if counted.opened > MAX_TAGS:
        raise PageError(f"too many elements (about {counted.opened:,}; the limit is {MAX_TAGS:,})")
    # As deep as there are opening tags: that settles all but the largest pages without a look at their order.
    if counted.opened > MAX_NESTING and nesting(markup, MAX_NESTING) > MAX_NESTING:
        raise PageError(f"nested too deeply (more than {MAX_NESTING:,} levels)")
