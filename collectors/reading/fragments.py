"""Plain text of HTML fragments, as APIs hand out the text of posts and comments.

A fragment has no head, menus or scripts to tell apart, so no tree is built: one pass over the tags, linear in the input
whatever it is. Whole pages are read by `reading.page`.
"""

import html
import re

MAX_CHARACTERS = 2_000_000

_DROPPED = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(
    r"<(?:/?p|br|div|li|/?ul|/?ol|tr|/?table|/?h[1-6]|/?blockquote|/?pre|section|article|hr)\b[^<>]*>", re.IGNORECASE
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<![^<>]*>")
_HREF = re.compile(r"<a\b[^<>]{0,4000}?\bhref\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)')", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")  # NBSP and its kin included
_BLANK_LINES = re.compile(r"\n{3,}")


def text_from_html(fragment: str) -> str:
    """The text of a fragment; block elements and `<br>` become line breaks, entities are resolved once."""
    text = _DROPPED.sub("", fragment[:MAX_CHARACTERS])
    text = _SPACES.sub(" ", text.replace("\n", " "))
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    return _BLANK_LINES.sub("\n\n", "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n"))).strip()


def links_from_html(fragment: str) -> list[str]:
    """The http(s) addresses a fragment links to, in order, unique; entities are resolved once."""
    found = (html.unescape(match[1] or match[2] or "").strip() for match in _HREF.finditer(fragment[:MAX_CHARACTERS]))
    return list(dict.fromkeys(url for url in found if url.lower().startswith(("http://", "https://"))))
