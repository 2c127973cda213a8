"""Refuses, before parsing, what no parser reads in bounded time: lexbor is quadratic in the depth of nesting."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from collectors.reading.model import PageError

MAX_SIZE: Final = 12 << 20  # the archive keeps bodies of 10 MiB; the largest page of the corpora has 3.5 MB
MAX_NESTING: Final = 10_000  # lexbor takes 0.2 s for that many levels, 16 s for ten times as many
MAX_ATTRIBUTES: Final = 300_000

_MARKUP: Final = re.compile(
    r"<(?:!--(?:-?>|.*?--!?>)"  # comments
    r"|(?:script|style|textarea|title|xmp|iframe|noembed|noframes)\b.*?</(?:script|style|textarea|title|xmp|iframe|noembed|noframes)"
    r"|(/?)([a-zA-Z][^\s/>]*)(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>)",
    re.DOTALL | re.IGNORECASE,
)
_FLAT: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_CLOSED_BY_NEXT: Final = frozenset(
    ["p", "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "body", "html", "head", "rt", "rp"]
)


def check_size(page: bytes | str) -> None:
    """Raises PageError for a page that is larger than any page is."""
    if len(page) > MAX_SIZE:
        raise PageError(f"too large ({len(page):,} bytes or characters; the limit is {MAX_SIZE:,})")


def check_bounds(text: str) -> None:
    """Raises PageError for a page that is too large, nested too deeply or has too many attributes to be parsed."""
    check_size(text)
    if text.count("=") > MAX_ATTRIBUTES:
        raise PageError(f"too many attributes (more than {MAX_ATTRIBUTES:,})")
    # As deep as there are opening tags: that settles all but the largest pages without a look at their order.
    if text.count("<") - text.count("</") > MAX_NESTING and (depth := _deepest(text)) > MAX_NESTING:
        raise PageError(f"nested too deeply (about {depth:,} levels; the limit is {MAX_NESTING:,})")


def _deepest(text: str) -> int:
    """How many tags are open at once at most, by name, as far as can be told without a parser."""
    opened: Counter[str] = Counter()
    depth = deepest = 0
    for match in _MARKUP.finditer(text):
        end, name = match.groups()
        if not name:
            continue
        name = name.lower()
        if name in _FLAT or (name in _CLOSED_BY_NEXT and not end and opened[name] and name not in {"li", "tr", "td", "th"}):
            continue
        if not end:
            opened[name] += 1
            depth += 1
            if depth > deepest:
                deepest = depth
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
    return deepest
