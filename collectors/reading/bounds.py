"""Refuses, before parsing, what no parser reads in bounded time.

Lexbor is quadratic in the depth of nesting, and in the attributes of one tag.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import islice
from typing import Final

import numpy as np

from collectors.reading.model import PageError

MAX_SIZE: Final = 12 << 20  # the archive keeps bodies of 10 MiB; the largest page of the corpora has 3.5 MB
MAX_NESTING: Final = 10_000  # lexbor takes 0.2 s for that many levels, 16 s for ten times as many
MAX_TAGS: Final = 500_000  # opening ones; the largest page of the corpora has under 60 000
MAX_ATTRIBUTES: Final = 300_000
MAX_OF_ONE_TAG: Final = 1_500  # attributes: lexbor takes 0.03 s for 5 000, 14 s for 40 000
USUAL_OF_ONE_TAG: Final = 5  # signs of equality for each "<": no page of the corpora has more than 3.4, scripts counted
USUAL_VALUES: Final = 25_000  # signs of equality: beyond, each tag is looked at
LONG_TAG: Final = 3 * MAX_OF_ONE_TAG  # characters: fewer hold fewer attributes of different names
COUNTED_AT_ONCE: Final = 1 << 15

_TAG: Final = re.compile(r"<(?:(!--)|(/?)([a-zA-Z][^\s/>]*+))")
# The rest of a tag, as the HTML standard reads it: a quotation mark opens a value only behind "=", and everywhere else is a
# letter of a name. A value that is not closed is taken for more names: that counts too many tags, never too few.
_REST: Final = re.compile(r"(?:[\s/]++|(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+)?+)*+>")
_ATTRIBUTE: Final = re.compile(r"[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*+\"?|'[^']*+'?|[^\s>]*+))?+")
_TAG_START: Final = re.compile("<[a-zA-Z]")
_TAG_START_BYTES: Final = re.compile(b"<[a-zA-Z]")
_COMMENT_END: Final = re.compile("--!?>")
_RAW: Final = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}
# Elements that hold nothing, and those that stand in each other only with another one between, which is counted.
_FLAT_NAMES: Final = (
    "area base br col embed hr img input link meta param source track wbr p li dt dd option optgroup tr td th thead tbody tfoot "
    "caption colgroup body html head rt rp"
)
_FLAT: Final = frozenset(_FLAT_NAMES.split())
_FORMATTING: Final = frozenset(["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"])
# No end tag reaches out of these.
_BORDERS: Final = frozenset(["table", "template", "object", "applet", "marquee", "svg", "math"])


def check_size(page: bytes | str) -> None:
    """Raises PageError for a page that is larger than any page is."""
    if len(page) > MAX_SIZE:
        raise PageError(f"too large ({len(page):,} bytes or characters; the limit is {MAX_SIZE:,})")


def check_bounds(page: str | bytes) -> None:
    """Raises PageError for a page that is too large, nested too deeply or has too many attributes to be parsed.

    Bytes are those of UTF-8.
    """
    check_size(page)
    tags, values = _count(page, "<"), _count(page, "=")
    if values > MAX_ATTRIBUTES:
        raise PageError(f"too many attributes (more than {MAX_ATTRIBUTES:,})")
    is_suspect = values > USUAL_VALUES or values > MAX_OF_ONE_TAG + USUAL_OF_ONE_TAG * tags or _may_be_crowded(page)
    if is_suspect and _is_crowded(page if isinstance(page, str) else page.decode("utf-8", "replace")):
        raise PageError(f"too many attributes in one tag (more than {MAX_OF_ONE_TAG:,})")
    if tags <= MAX_NESTING:
        return  # end tags among them: there are fewer than may be open at once
    tags -= page.count("</") if isinstance(page, str) else page.count(b"</")
    if tags > MAX_TAGS:
        raise PageError(f"too many elements (about {tags:,}; the limit is {MAX_TAGS:,})")
    # As deep as there are opening tags: that settles all but the largest pages without a look at their order.
    if tags > MAX_NESTING and _is_deep(page if isinstance(page, str) else page.decode("utf-8", "replace")):
        raise PageError(f"nested too deeply (more than {MAX_NESTING:,} levels)")


def _count(page: str | bytes, mark: str) -> int:
    """How often one character stands in a page: `count` stops at each of them, comparing all bytes takes a third of that.

    A part at a time: large pieces of memory come from the system anew, which takes longer than the comparison.
    """
    if isinstance(page, str):
        return page.count(mark)
    codes, wanted = np.frombuffer(page, np.uint8), ord(mark)
    return sum(int(np.count_nonzero(codes[at : at + COUNTED_AT_ONCE] == wanted)) for at in range(0, len(codes), COUNTED_AT_ONCE))


def _may_be_crowded(page: str | bytes) -> bool:
    """Whether a long stretch without ">" holds what looks like a tag with many attributes. It looks at one place in thousands."""
    at, size = 0, len(page)
    while size - at >= LONG_TAG:
        last = page.rfind(">", at, at + LONG_TAG) if isinstance(page, str) else page.rfind(b">", at, at + LONG_TAG)
        if last >= 0:
            at = last + 1
            continue
        end = page.find(">", at + LONG_TAG) if isinstance(page, str) else page.find(b">", at + LONG_TAG)
        stretch = page[at : size if end < 0 else end]
        tag = _TAG_START.search(stretch) if isinstance(stretch, str) else _TAG_START_BYTES.search(stretch)
        is_long = tag is not None and len(stretch) - tag.start() >= LONG_TAG
        if tag is not None and is_long and _separators(stretch[tag.start() :]) > MAX_OF_ONE_TAG:
            return True
        at += len(stretch) + 1
    return False


def _separators(stretch: str | bytes) -> int:
    """At least as many as the attributes that a stretch of markup may hold."""
    slashes = stretch.count("/") if isinstance(stretch, str) else stretch.count(b"/")
    return len(stretch.split()) + slashes


def _is_crowded(text: str) -> bool:
    """Whether a tag has more attributes than any has; the text of scripts and comments is none."""
    at = 0
    while (match := _TAG.search(text, at)) is not None:
        comment, end, name = match.groups()
        rest = _COMMENT_END.search(text, match.start() + 2) if comment else _REST.match(text, match.end())
        attributes = text[match.end() : len(text) if rest is None else rest.end()]
        if not comment and not end and len(attributes) >= LONG_TAG and _has_many(attributes):
            return True
        if rest is None:
            return False
        at = rest.end()
        if not comment and not end and (raw := _RAW.get(name.lower())) is not None:
            if (closing := raw.search(text, at)) is None:
                return False
            at = closing.start()
    return False


def _has_many(attributes: str) -> bool:
    return next(islice(_ATTRIBUTE.finditer(attributes), MAX_OF_ONE_TAG, None), None) is not None


class _Open:
    """The tags that are open. Every step is constant or pays for an earlier one."""

    def __init__(self) -> None:
        self.depth = 0
        self.places: dict[str, list[int]] = defaultdict(list)  # of a name in the stack
        self._stack: list[str] = []  # "" for formatting that was closed under others
        self._borders: list[int] = []

    def add(self, name: str) -> None:
        place = len(self._stack)
        self.places[name].append(place)
        if name in _BORDERS:
            self._borders.append(place)
        self._stack.append(name)
        self.depth += 1

    def close(self, name: str) -> None:
        found = self.places[name]
        if not found or (self._borders and found[-1] < self._borders[-1]):
            return
        place = found[-1]
        if name in _FORMATTING and place < len(self._stack) - 1:
            found.pop()
            self._stack[place] = ""
            self.depth -= 1
            return
        while len(self._stack) > place:
            if closed := self._stack.pop():
                self.places[closed].pop()
                self.depth -= 1
                if closed in _BORDERS:
                    self._borders.pop()


def _is_deep(text: str) -> bool:
    """Whether more than MAX_NESTING tags are open at once, as far as can be told without a parser, in one pass.

    Where a parser's rules are intricate, tags count as open: a page made to look flat is what this is against.
    """
    opened = _Open()
    at = 0
    while opened.depth <= MAX_NESTING:
        if (match := _TAG.search(text, at)) is None:
            return False
        comment, end, name = match.groups()
        rest = _COMMENT_END.search(text, match.start() + 2) if comment else _REST.match(text, match.end())
        if rest is None:
            return False  # a comment or a tag that never ends: nothing follows it
        at = rest.end()
        if comment or (name := name.lower()) in _FLAT:
            continue
        if end:
            opened.close(name)
        elif opened.places["svg"] or opened.places["math"]:
            if text[at - 2] != "/":
                opened.add(name)
        elif name in _RAW:
            if (closing := _RAW[name].search(text, at)) is None:
                return False  # the rest of the page is text
            at = closing.start()
        else:
            opened.add(name)
    return True
