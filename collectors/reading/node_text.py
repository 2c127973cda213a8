"""The text of one element: words of neighbouring blocks kept apart, scripts left out, white space collapsed."""

import re

from selectolax.lexbor import LexborNode

from collectors.reading.document import TAG_IDS, TEXT

_SKIPPED = frozenset(TAG_IDS[name] for name in ("script", "style", "noscript", "template"))
_BLOCK_NAMES = (
    "address article aside blockquote br caption dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main "
    "nav ol option p pre section select table tbody td tfoot th thead tr ul"
)
_BLOCKS = frozenset(TAG_IDS[name] for name in _BLOCK_NAMES.split())
_LONG_NUMBER = re.compile(r"\d{3}")
MAX_PIECES = 12
MAX_DEPTH = 200  # elements below this depth give no text


def text_of(node: LexborNode) -> str:
    """The visible words of a node, single spaces between them; empty when there are none."""
    first = node.first_child
    if first is None:
        return ""
    if first.is_text_node and first.next is None:
        return " ".join((first.text_content or "").split())
    parts: list[str] = []
    _collect(node, parts, MAX_DEPTH)
    return " ".join("".join(parts).split())


def _collect(node: LexborNode, parts: list[str], depth: int) -> None:
    for child in node.iter(include_text=True):
        tag = child.tag_id
        if tag == TEXT:
            parts.append(child.text_content or "")
        elif tag in _SKIPPED:
            continue
        elif tag in _BLOCKS:
            parts.append(" ")
            if depth:
                _collect(child, parts, depth - 1)
            parts.append(" ")
        elif depth:
            _collect(child, parts, depth - 1)


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
