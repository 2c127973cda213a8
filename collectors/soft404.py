"""Sites that answer every address with 200: told by asking each host, once a run, for an address that cannot exist.

What comes back is what the site shows for "not found", often its home page. A page that says the same is not there either.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from collectors.source import digest

PROBE = "probe"  # label of the request for the address that cannot exist
SAME_SHARE = 0.98  # of the words of two pages: scripts included, so that two products in one empty shell stay two pages
LARGEST_COMPARED = 1024 * 1024  # bytes of a page that are looked at

_WORD = re.compile(rb"[A-Za-z\x80-\xff]{2,40}(?![0-9])")


def probe_url(url: str) -> str:
    """An address on the host of `url` that nobody has made; the same every time, so that its answers form one history."""
    return urljoin(url, f"/{digest('dozor asks for what is not there', urljoin(url, '/'))}")


def words_of(body: bytes) -> frozenset[bytes]:
    """The words of a page without numbers and ids, which differ from one answer to the next."""
    return frozenset(_WORD.findall(body[:LARGEST_COMPARED]))


def is_like(body: bytes, not_found: frozenset[bytes]) -> bool:
    """Whether a page says what the site's "not found" says."""
    words = words_of(body)
    both = len(words & not_found)
    return both >= SAME_SHARE * (len(words) + len(not_found) - both)
