"""The text of one element: words of neighbouring blocks kept apart, scripts left out, white space collapsed."""

import re

from selectolax.lexbor import LexborNode

from collectors.reading.document import TAG_IDS
from collectors.reading.native.walking import visible_text

_SKIPPED = ("script", "style", "noscript", "template")
_BLOCK_NAMES = (
    "address article aside blockquote br caption dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main "
    "nav ol option p pre section select table tbody td tfoot th thead tr ul"
)
_PART_OF = {TAG_IDS[name]: 1 for name in _SKIPPED} | {TAG_IDS[name]: 2 for name in _BLOCK_NAMES.split()}
_PARTS = bytes(_PART_OF.get(tag, 0) for tag in range(256))  # as visible_text takes them
_LONG_NUMBER = re.compile(r"\d{3}")
MAX_PIECES = 12
MAX_DEPTH = 200  # elements below this depth give no text


def text_of(node: LexborNode) -> str:
    """The visible words of a node, single spaces between them; empty when there are none."""
    return visible_text(node, _PARTS, MAX_DEPTH)


def price_text_of(node: LexborNode) -> str:
    """The words of a small element that shows a price; hundredths in an element of their own get their separator back.

    `<b>$</b><b>148</b><sup>02</sup>` is "$148.02": groups of thousands have three digits, so two digits alone are hundredths.
    """
    words = text_of(node)
    if _LONG_NUMBER.search(words) is None:
        return words
    pieces = [
        text for part in node.traverse(include_text=True) if part.is_text_node and (text := (part.text_content or "").strip())
    ]
    for at in range(1, min(len(pieces), MAX_PIECES)):
        if len(pieces[at]) == 2 and pieces[at].isdigit() and pieces[at - 1][-1:].isdigit():
            return " ".join("".join([*pieces[:at], ".", *pieces[at:]]).split())
    return words
