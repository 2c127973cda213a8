"""The date that a page shows to its readers, or leaves in its scripts, where it declares none.

What it shows after its heading goes before what stands elsewhere, since teasers of other pages have dates too; the footer's year
is never a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from ahocorasick_rs import BytesAhoCorasick, MatchKind
from selectolax.lexbor import LexborNode

from collectors.reading.dates import read_date
from collectors.reading.document import Attributes, Document
from collectors.reading.head import scope_around, short_text
from collectors.reading.model import Moment

EARLIEST_YEAR = 1994  # before it there was no web page to publish
_MOST_NODES = 150
_LONGEST_TEXT = 150_000
_LONGEST_SHOWN = 250  # characters of an element that shows a date; a longer one is a piece of the page
_LONGEST_RAW = 5_000  # the same with all its white space
_LONGEST_TAG = 300
_MOST_READ = 2_000_000  # characters of all elements that are looked at
_MOST_PLACES = 500
# in the class of what shows a date
_NAMES = ("date", "datum", "publish", "time", "posted", "byline", " meta ", "-meta", "_meta", "info", "submitted")
_OTHER_PAGES = re.compile(
    r"teaser|related|sidebar|widget|footer|\bcomment|recommend|calendar|footnote|most-read|newsticker", re.IGNORECASE
)
_DATE_IN_TEXT = re.compile(
    r"(?<![\d/])(?:\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}[./-]\s?\d{1,2}[./-]\s?(?:19|20)\d{2}|\d{1,2}\.\d{1,2}\.\d{2}(?!\d)"
    r"|(?:19|20)\d{2}[./]\d{1,2}[./]\d{1,2}"
    r"|\d{1,2}(?:st|nd|rd|th|er|º)?\.?\s+(?:de\s+|of\s+)?[^\W\d_]{3,12}\.?,?\s+(?:de\s+|del\s+)?(?:19|20)\d{2}"
    r"|(?:19|20)\d{2}[年년]\s?\d{1,2}[月월]\s?\d{1,2}[日일])(?!\d)"
    r"|\b[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d{2}\b"
)
# What every date of the pattern above holds, found many times faster: the pattern is tried only around such places.
_YEAR_IN_TEXT = re.compile(r"19\d\d|20\d\d|\.\d\d?\.\d\d")
_BEFORE_YEAR, _AFTER_YEAR = 40, 45  # characters of a date around its year
_LABELLED = re.compile(
    r"\b(?:publi(?:shed|cado|é|cato|kowano)|posted|опубликован|дата публикации|создан|veröffentlicht|erschienen|erstellt|datum|"
    r"stand|geplaatst|dodano|yayın\w*|first published|date)\w*[^\d\w]{0,4}(?:(?:am|on|le|el|il|op|at|by)\s)?[^\d\n]{0,14}\Z",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"(?:updat|modif|обновл|измен|aktualis|geändert|bearbeitet|edited|mis à jour|actualiz|letzte)\w*[^\d]{0,24}$", re.IGNORECASE
)
# One of these is in every label of the two patterns above: asked first.
_LABEL_STEMS = (
    *(
        "publi",
        "posted",
        "опубликован",
        "дата публикации",
        "создан",
        "veröffentlicht",
        "erschienen",
        "erstellt",
        "datum",
        "stand",
    ),
    *(
        "geplaatst",
        "dodano",
        "yayın",
        "date",
        "updat",
        "modif",
        "обновл",
        "измен",
        "aktualis",
        "geändert",
        "bearbeitet",
        "edited",
    ),
    *("mis à jour", "actualiz", "letzte"),
)
_COPYRIGHT = re.compile(
    r"©|copyright|\(c\)|all rights reserved|все права|valid|gültig|expires|regist|joined|member since|mitglied seit|на сайте с|"
    r"geboren|born",
    re.IGNORECASE,
)
_SCRIPT_DATE = re.compile(
    rb"""(?:datePublished|date_published|published_at|publishedAt|publish(?:ed)?_?[dD]ate|publication_?[dD]ate|pub_?[dD]ate|"""
    rb"""first_?[pP]ublished\w{0,20}|created_at|createdAt)\\?["']?\s{0,9}[:=]\s{0,9}\\?["']([^"'\\]{8,40})\\?["']"""
)
# One of them is in every name above, at most _BEFORE_NAME characters after its beginning.
_SCRIPT_NAMES = (b"ublish", b"ublication", b"ub_date", b"ubdate", b"ub_Date", b"ubDate", b"created_at", b"createdAt")
_BEFORE_NAME, _AFTER_NAME = 12, 110


def is_possible(moment: Moment, limit: datetime | None) -> bool:
    value = moment.value
    if value.year < EARLIEST_YEAR:
        return False
    if limit is None:
        return value.year < 2100
    try:
        return (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value) <= limit
    except OverflowError:
        return False


def shown_date(
    document: Document, limit: datetime | None, fetched_at: datetime | None, lang: str | None, order: bool | None
) -> Moment | None:
    """The date that the page shows: after its heading, else labelled as publication, else the first anywhere."""
    before: list[Moment] = []
    after: list[Moment] = []
    marked = [
        element
        for element in document.with_attribute("itemprop")
        if "date" in (element[2]["itemprop"] or "").lower() and "review" not in (scope_around(element[0]).get("itemprop") or "")
    ]
    named = (document.called(*_NAMES), document.identified("date"))
    is_after = False
    left = _MOST_READ
    for node, tag, attributes in document.in_order(document.tagged("h1"), document.tagged("time"), *named, marked)[:_MOST_NODES]:
        if tag == "h1":
            is_after = True
            continue
        raw = node.text()
        left -= len(raw)
        if left < 0:
            break
        moment = _of_element(node, tag, attributes, raw, limit, fetched_at, lang, order)
        if moment is None or _is_beside(node, attributes):
            continue
        if _says_published(attributes):
            return moment
        (after if is_after else before).append(moment)
    if after:
        return after[0]
    plain, labelled, changed = _in_text(visible_text(document), limit, lang, order)
    return labelled or (before[0] if before else None) or plain or changed


def visible_text(document: Document) -> str:
    """The beginning of the page's text."""
    return "\n".join(document.blocks.texts)[:_LONGEST_TEXT]


def _says_published(attributes: Attributes) -> bool:
    marks = f"{attributes.get('itemprop') or ''} {attributes.get('class') or ''}".lower()
    return "publish" in marks or "pubdate" in attributes


def _of_element(
    node: LexborNode,
    tag: str,
    attributes: Attributes,
    raw: str,
    limit: datetime | None,
    fetched_at: datetime | None,
    lang: str | None,
    order: bool | None,
) -> Moment | None:
    for stamp in (attributes.get("datetime"), attributes.get("content")):
        if stamp and (moment := read_date(stamp, lang, day_first=order, strict=True)) and is_possible(moment, limit):
            return replace(moment, evidence=f"shown {tag}")
    if not 6 <= len(raw) <= _LONGEST_RAW or (fetched_at is None and _YEAR_IN_TEXT.search(raw) is None):
        return None
    text = short_text(node, _LONGEST_SHOWN)
    if len(text) < 6 or _COPYRIGHT.search(text):
        return None
    plain, labelled, changed = _in_text(text, limit, lang, order)
    if moment := labelled or plain or changed:
        return moment
    if fetched_at is not None and len(text) < 60:
        moment = read_date(text, lang, fetched_at, order, strict=True)
        if moment is not None and is_possible(moment, limit):
            return moment
    return None


def _is_beside(node: LexborNode, attributes: Attributes) -> bool:
    """Whether an element is one of a footer, a side column or a list of other pages, or stands in one."""
    if _names_other_pages(attributes):
        return True
    parent = node.parent
    for _ in range(6):
        if parent is None or parent.tag in ("body", "main"):
            return False
        if parent.tag in ("footer", "aside", "nav", "blockquote") or _names_other_pages(parent.attributes):
            return True
        parent = parent.parent
    return False


def _names_other_pages(attributes: Attributes) -> bool:
    return _OTHER_PAGES.search(f"{attributes.get('class') or ''} {attributes.get('id') or ''}") is not None


def _in_text(
    text: str, limit: datetime | None, lang: str | None, order: bool | None
) -> tuple[Moment | None, Moment | None, Moment | None]:
    """The first date of a text that has no label, one labelled as publication, one labelled as change."""
    plain = labelled = changed = None
    for place, match in enumerate(_dates_in(text)):
        if place > 200:
            break
        leading = text[max(0, match.start() - 40) : match.start()]
        if _COPYRIGHT.search(leading[-20:]):
            continue
        kind = _kind_of(leading)
        if (kind == 0 and plain) or (kind == 2 and changed):
            continue
        moment = read_date(match[0], lang, day_first=order, strict=True)
        if moment is None or not is_possible(moment, limit):
            continue
        if kind == 1:
            labelled = replace(moment, evidence="text, labelled as published")
            break
        if kind == 2:
            changed = replace(moment, evidence="text, labelled as changed")
        else:
            plain = replace(moment, evidence="text")
    return plain, labelled, changed


def _kind_of(leading: str) -> int:
    """2 where the words before a date call it one of change, 1 of publication, else 0."""
    lower = leading.lower()
    if not any(stem in lower for stem in _LABEL_STEMS):
        return 0
    return 2 if _CHANGED.search(leading) else 1 if _LABELLED.search(leading) else 0


def _dates_in(text: str) -> Iterator[re.Match[str]]:
    """What looks like a date, in order."""
    start = end = 0
    for place in _YEAR_IN_TEXT.finditer(text):
        if end and place.start() - _BEFORE_YEAR > end:
            yield from _DATE_IN_TEXT.finditer(text, start, end)
            start = end = 0
        start = start if end else max(0, place.start() - _BEFORE_YEAR)
        end = place.end() + _AFTER_YEAR
    if end:
        yield from _DATE_IN_TEXT.finditer(text, start, end)


def hidden_date(document: Document, limit: datetime | None, lang: str | None) -> Moment | None:
    """The first date that a script's data calls one of publication."""
    raw = document.tree.raw_html or b""
    done = 0
    for _, start, end in _script_names().find_matches_as_indexes(raw)[:_MOST_PLACES]:
        if start < done:
            continue
        match = _SCRIPT_DATE.search(raw, max(done, start - _BEFORE_NAME), end + _AFTER_NAME)
        if match is None:
            continue
        done = match.end()
        script = raw.rfind(b"<script", 0, match.start())
        if script <= raw.rfind(b"</script", 0, match.start()) or _is_of_replies(raw, script):
            continue
        moment = read_date(match[1].decode("utf-8", "replace"), lang, strict=True)
        if moment is not None and is_possible(moment, limit):
            return replace(moment, evidence="script")
    return None


def _is_of_replies(raw: bytes, script: int) -> bool:
    """Whether a script is structured data that holds reviews or comments: their dates are not the page's."""
    if b"ld+json" not in raw[script : script + _LONGEST_TAG]:
        return False
    text = raw[script : raw.find(b"</script", script)]
    return any(name in text for name in (b'"Review"', b'"Comment"', b'"Answer"'))


@cache
def _script_names() -> BytesAhoCorasick:
    return BytesAhoCorasick(list(_SCRIPT_NAMES), matchkind=MatchKind.LeftmostLongest)  # other kinds are ten times slower
