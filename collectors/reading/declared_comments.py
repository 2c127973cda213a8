"""Comments and answers that a page gives in structured data and does not show: scripts fetch what readers see of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from collectors.reading.dates import read_date
from collectors.reading.fragments import text_from_html
from collectors.reading.head import first_text, join, values
from collectors.reading.model import Comment, Item, Moment, walk

MAX_COMMENTS: Final = 500
MAX_TEXT: Final = 20_000  # characters of one comment
_TYPES: Final = frozenset(("Comment", "UserComments", "Answer"))
_COMPARED: Final = 60  # characters at the beginning of a comment that tell whether the page's text holds it


def read_declared_comments(items: Sequence[Item], text: str, url: str | None, lang: str | None) -> tuple[Comment, ...]:
    """Comments of the JSON-LD `items`, without those that `text`, the page's own, holds already."""
    found: list[Comment] = []
    for item in walk([item for item in items if item.origin == "json-ld"]):
        if item.type not in _TYPES:
            continue
        author = first_text(item, "author", "creator") or None
        if item.type == "Answer" and author is None:
            continue  # the site's own, to a question it asks itself
        said = next((value for value in values(item, "text", "commentText") if isinstance(value, str)), "")
        lines = text_from_html(said[:MAX_TEXT])
        if not lines or lines[:_COMPARED].partition("\n")[0] in text:
            continue
        found.append(Comment(lines, author, _moment(item, lang), join(url, first_text(item, "url"))))
        if len(found) >= MAX_COMMENTS:
            break
    return tuple(found)


def _moment(item: Item, lang: str | None) -> Moment | None:
    for name in ("datePublished", "dateCreated"):
        if (said := first_text(item, name)) and (moment := read_date(said, lang, strict=True)) is not None:
            return Moment(moment.value, moment.has_time, f"json-ld {item.type}.{name}")
    return None
