"""What tags, roles and properties of containers say of the blocks in them, as numbers and bits."""

from __future__ import annotations

from typing import Final

import numpy as np

from collectors.reading.blocks import OUTSIDE
from collectors.reading.document import TAG_IDS

FLAGS: Final = (
    "nav", "header", "footer", "aside", "main", "article", "form", "table", "list", "figure", "dialog", "section", "blockquote",
    "details", "pre", "body_prop", "description_prop", "comment_name", "alert", "heading", "noscript",
)  # fmt: skip
TAGS: Final = (
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "div", "pre", "figcaption", "button", "label", "described", "abstract",
)  # fmt: skip
TAG_CODES: Final = {tag: code for code, tag in enumerate(dict.fromkeys((*TAG_IDS, *TAGS)))}
# By Lexbor's number of a tag: elements that a site names itself count as the plainest of containers.
CODE_OF_ID: Final = np.full(256 + len(OUTSIDE), TAG_CODES["div"], np.int32)
for _tag, _number in (TAG_IDS | OUTSIDE).items():
    CODE_OF_ID[_number] = TAG_CODES[_tag]
TAG_NUMBERS: Final = {tag: number for number, tag in enumerate(TAGS)}
_BIT: Final = {name: 1 << number for number, name in enumerate(FLAGS)}
TAG_BITS: Final = {
    "nav": _BIT["nav"], "header": _BIT["header"], "footer": _BIT["footer"], "aside": _BIT["aside"], "main": _BIT["main"],
    "article": _BIT["article"], "form": _BIT["form"], "table": _BIT["table"], "ul": _BIT["list"], "ol": _BIT["list"],
    "menu": _BIT["list"], "figure": _BIT["figure"], "dialog": _BIT["dialog"], "section": _BIT["section"],
    "blockquote": _BIT["blockquote"], "details": _BIT["details"], "pre": _BIT["pre"], "noscript": _BIT["noscript"],
    **{f"h{level}": _BIT["heading"] for level in range(1, 7)},
}  # fmt: skip
ROLE_BITS: Final = {
    "navigation": _BIT["nav"], "banner": _BIT["header"], "contentinfo": _BIT["footer"], "complementary": _BIT["aside"],
    "main": _BIT["main"], "article": _BIT["article"], "search": _BIT["form"], "dialog": _BIT["dialog"],
    "alertdialog": _BIT["dialog"], "menu": _BIT["nav"], "menubar": _BIT["nav"], "alert": _BIT["alert"],
}  # fmt: skip
PROP_BITS: Final = {  # in lower case
    "articlebody": _BIT["body_prop"], "text": _BIT["body_prop"], "description": _BIT["description_prop"],
    "reviewbody": _BIT["comment_name"],
}  # fmt: skip
