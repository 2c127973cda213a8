"""The date that a page shows to its readers, or leaves in its scripts, where it declares none.

What it shows after its heading goes before what stands elsewhere, since teasers of other pages have dates too; the footer's year
is never a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from collectors.reading.date_words import SCRIPT_NAMES, may_be_relative
from collectors.reading.dates import read_date
from collectors.reading.document import Attributes, Document, Element
from collectors.reading.head import scope_around, short_text
from collectors.reading.model import Moment
from collectors.reading.native.walking import attributes as attributes_of

Regions = Sequence[tuple[int, int]]  # of a text: beginning and end

EARLIEST_YEAR = 1994  # before it there was no web page to publish
_MOST_NODES = 150
_LONGEST_TEXT = 150_000
_LONGEST_SHOWN = 250  # characters of an element that shows a date; a longer one is a piece of the page
_LONGEST_RAW = 5_000  # the same with all its white space
_LONGEST_TAG = 300
_MOST_READ = 2_000_000  # characters of all elements that are looked at
_MOST_PLACES = 500  # of names in scripts
_MOST_TODAY = 10
_MOST_AROUND = 5
_LONGEST_TODAY = 60  # characters of an element that shows the day of the visit
# in the class of what shows a date
_NAMES = ("date", "datum", "publish", "time", "posted", "byline", " meta ", "-meta", "_meta", "info", "submitted")
_OTHER_PAGES = re.compile(
    r"teaser|related|sidebar|\bside\b|widget|footer|\bcomment|recommend|calendar|footnote|most-read|newsticker|"
    r"(?:^|[\W_])(?:today|todays|clock|uhr|current[-_]?(?:date|time)|date[-_]?(?:today|now))(?:$|[\W_])",
    re.IGNORECASE,
)
# One of these is in every name of the pattern above: asked first, as are the stems below.
_OTHER_STEMS = (
    "teaser", "related", "side", "widget", "foot", "comment", "recommend", "calendar", "most-read", "newsticker", "today",
    "clock", "uhr", "current", "date",
)  # fmt: skip
_TODAY = ("clock", "today", "uhr", "current-date", "current-time", "currentdate")
_PUBLICATION = re.compile(r"publish|publicat|publie|pubdate", re.IGNORECASE)

_DATE_IN_TEXT = re.compile(
    r"(?=\d)(?<![\d/])(?:\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}[./-]\s?\d{1,2}[./-]\s?(?:19|20)\d{2}|\d{1,2}\.\d{1,2}\.\d{2}(?!\d)"
    r"|(?:19|20)\d{2}[./]\d{1,2}[./]\d{1,2}"
    r"|\d{1,2}(?:st|nd|rd|th|er|º)?\.?\s+(?:de\s+|of\s+)?[^\W\d_]{3,12}\.?,?\s+(?:de\s+|del\s+)?(?:19|20)\d{2}"
    r"|(?:19|20)\d{2}[年년]\s?\d{1,2}[月월]\s?\d{1,2}[日일])(?!\d)"
    r"|\b[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d{2}\b"
)
# One of these is in every date of the pattern above, and each is found many times faster: the pattern is tried only around them.
_YEARS = (re.compile(r"20\d\d"), re.compile(r"19\d\d"), re.compile(r"\.\d\d?\.\d\d"))
# It looks behind from its first digit: a pattern that begins with a look behind is tried at every letter.
_DAY = re.compile(r"\d(?<!\d\d)\d?(?!\d)")
_BEFORE_YEAR, _AFTER_YEAR = 40, 45  # characters of a date around its year
_MOST_DATES = 200  # looked at in one text
_LONGEST_LABEL = 40  # characters before a date
_LABELLED = re.compile(
    r"\b(?:publi(?:shed|cado|é|cato|kowano)|posted|опубликован|дата публикации|создан|veröffentlicht|erschienen|erstellt|datum|"
    r"stand|geplaatst|dodano|yayın\w*|first published|date)\w*[^\d\w]{0,4}(?:(?:am|on|le|el|il|op|at|by)\s)?[^\d\n]{0,14}\Z",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"(?:updat|modif|обновл|измен|aktualis|geändert|bearbeitet|edited|mis à jour|actualiz|letzte)\w*[^\d]{0,24}$", re.IGNORECASE
)
# One of these is in every label of the two patterns above: asked first.
_PUBLISHED_STEMS = (
    "publi", "posted", "опубликован", "дата публикации", "создан", "veröffentlicht", "erschienen", "erstellt", "datum", "stand",
    "geplaatst", "dodano", "yayın", "date",
)  # fmt: skip
_CHANGED_STEMS = (
    "updat", "modif", "обновл", "измен", "aktualis", "geändert", "bearbeitet", "edited", "mis à jour", "actualiz", "letzte",
)  # fmt: skip
_COPYRIGHT = re.compile(
    r"©|copyright|\(c\)|all rights reserved|все права|valid|gültig|expires|review due|regist|joined|member since|mitglied seit|"
    r"на сайте с|geboren|born"
)  # in lower case: ignoring the case of every letter costs six times as much
_SCRIPT_DATE = re.compile(
    rb"""(?:datePublished|date_published|published_at|publishedAt|publish(?:ed)?_?[dD]ate|publication_?[dD]ate|pub_?[dD]ate|"""
    rb"""first_?[pP]ublished\w{0,20}|created_at|createdAt)\\?["']?\s{0,9}[:=]\s{0,9}\\?["']([^"'\\]{8,40})\\?["']"""
)
# One of SCRIPT_NAMES is in every name above, at most _BEFORE_NAME characters after its beginning.
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


def _from(moment: Moment, evidence: str) -> Moment:
    return Moment(moment.value, moment.has_time, evidence)


class _Terms(NamedTuple):
    """How the dates of one page are read: none is after `limit`; `order` is that of day and month, where it is known."""

    limit: datetime | None
    fetched_at: datetime | None
    lang: str | None
    order: bool | None

    def date(self, text: str, base: datetime | None = None) -> Moment | None:
        moment = read_date(text, self.lang, base, self.order, strict=True)
        return moment if moment is not None and is_possible(moment, self.limit) else None


def shown_date(
    document: Document, limit: datetime | None, fetched_at: datetime | None, lang: str | None, order: bool | None
) -> Moment | None:
    """The date that the page shows: marked as publication, else after its heading, labelled as publication, or the first."""
    terms = _Terms(limit, fetched_at, lang, order)
    today, days = _of_today(document)
    elements = [element for element in _dated_elements(document) if element[0].mem_id not in today]
    heading = next((place for place, (_, tag, _) in enumerate(elements) if tag == "h1"), len(elements))
    published: list[Element] = []
    after: list[Element] = []
    before: list[Element] = []
    for place, element in enumerate(elements):
        if element[1] != "h1":
            (published if _says_published(*element) else after if place > heading else before).append(element)
    if found := _first_shown(published, terms) or _first_shown(after, terms):
        return found
    text = visible_text(document)
    for day in days:
        text = text.replace(day, "", 1)
    regions = _regions(text)
    return _labelled(text, regions, terms) or _first_shown(before, terms) or _unlabelled(text, regions, terms)


def _of_today(document: Document) -> tuple[frozenset[int], list[str]]:
    """The elements that show the day of the visit, as many pages do, with those that hold nothing else; and its texts."""
    marks: set[int] = set()
    days: list[str] = []
    for node, _, attributes in document.in_order(document.called(*_TODAY), document.identified(*_TODAY))[:_MOST_TODAY]:
        shown = short_text(node, _LONGEST_TODAY)
        if not shown or not _names_other_pages(attributes):
            continue
        days += [match[0] for match in _DATE_IN_TEXT.finditer(shown)]
        above: LexborNode | None = node
        for _ in range(_MOST_AROUND):
            if above is None or short_text(above, _LONGEST_TODAY) != shown:
                break
            marks.add(above.mem_id)
            above = above.parent
    return frozenset(marks), days


def visible_text(document: Document) -> str:
    """The beginning of the page's text."""
    return "\n".join(document.blocks.texts)[:_LONGEST_TEXT]


def _dated_elements(document: Document) -> Sequence[Element]:
    """Main headings, and elements whose tag or names say that they show a date."""
    marked = [
        element
        for element in document.valued("itemprop", "date")
        if "review" not in (scope_around(element[0]).get("itemprop") or "")
    ]
    named = (document.called(*_NAMES), document.identified("date"))
    return document.in_order(document.tagged("h1"), document.tagged("time"), *named, marked)[:_MOST_NODES]


def _says_published(node: LexborNode, tag: str, attributes: Attributes) -> bool:
    """Whether an element is named for publication; a bare `time` also through what stands around it."""
    names = f"{attributes.get('class') or ''} {attributes.get('itemprop') or ''}"
    if tag == "time" and node.parent is not None:
        names = f"{names} {attributes_of(node.parent).get('class') or ''}"
    return "pubdate" in attributes or ("pub" in names.lower() and _PUBLICATION.search(names) is not None)


def _first_shown(elements: Sequence[Element], terms: _Terms) -> Moment | None:
    """The first date of these elements that is the page's own."""
    left = _MOST_READ
    for node, tag, attributes in elements:
        raw = node.text()
        left -= len(raw)
        if left < 0:
            return None
        moment = _of_element(node, tag, attributes, raw, terms)
        if moment is not None and not _is_beside(node, attributes):
            return moment
    return None


def _of_element(node: LexborNode, tag: str, attributes: Attributes, raw: str, terms: _Terms) -> Moment | None:
    for stamp in (attributes.get("datetime"), attributes.get("content")):
        if stamp and (moment := terms.date(stamp)):
            return _from(moment, f"shown {tag}")
    if not 6 <= len(raw) <= _LONGEST_RAW:
        return None
    has_year = _has_year(raw)
    if not has_year and (terms.fetched_at is None or not may_be_relative(raw)):
        return None
    text = short_text(node, _LONGEST_SHOWN)
    if len(text) < 6:
        return None
    regions = _regions(text) if has_year else ()
    moment = _labelled(text, regions, terms) or _unlabelled(text, regions, terms)
    if moment is None and terms.fetched_at is not None and len(text) < 60:
        moment = terms.date(text, terms.fetched_at)
    return None if moment is None or _COPYRIGHT.search(text.lower()) else moment


def _is_beside(node: LexborNode, attributes: Attributes) -> bool:
    """Whether an element is one of a footer, a side column or a list of other pages, or stands in one."""
    if _names_other_pages(attributes):
        return True
    parent = node.parent
    for _ in range(6):
        if parent is None or parent.tag in ("body", "main"):
            return False
        if parent.tag in ("footer", "aside", "nav", "blockquote") or _names_other_pages(attributes_of(parent)):
            return True
        parent = parent.parent
    return False


def _names_other_pages(attributes: Attributes) -> bool:
    called, identified = attributes.get("class"), attributes.get("id")
    if not (called or identified):
        return False
    names = f"{called or ''} {identified or ''}"
    return _holds(names, _OTHER_STEMS) and _OTHER_PAGES.search(names) is not None


def _labelled(text: str, regions: Regions, terms: _Terms) -> Moment | None:
    """The first date of a text that its label calls one of publication."""
    for start, end in regions:
        if not _holds(text[max(0, start - _LONGEST_LABEL) : end], _PUBLISHED_STEMS):
            continue
        for match in _DATE_IN_TEXT.finditer(text, start, end):
            label = _label_of(text, match)
            if _LABELLED.search(label) is None or _is_changed(label) or _is_copyright(label):
                continue
            if moment := terms.date(match[0]):
                return _from(moment, "text, labelled as published")
    return None


def _unlabelled(text: str, regions: Regions, terms: _Terms) -> Moment | None:
    """The first date of a text that has no label, else the first that is called one of change."""
    changed = None
    dates = (match for start, end in regions for match in _DATE_IN_TEXT.finditer(text, start, end))
    for match in islice(dates, _MOST_DATES):
        label = _label_of(text, match)
        is_changed = _is_changed(label)
        if (is_changed and changed) or _is_copyright(label):
            continue
        if not is_changed and _holds(label, _PUBLISHED_STEMS) and _LABELLED.search(label):
            continue
        moment = terms.date(match[0])
        if moment is not None and not is_changed:
            return _from(moment, "text")
        changed = changed or moment
    return _from(changed, "text, labelled as changed") if changed else None


def _label_of(text: str, date: re.Match[str]) -> str:
    return text[max(0, date.start() - _LONGEST_LABEL) : date.start()]


def _is_changed(label: str) -> bool:
    return _holds(label, _CHANGED_STEMS) and _CHANGED.search(label) is not None


def _is_copyright(label: str) -> bool:
    return _COPYRIGHT.search(label[-20:].lower()) is not None


def _holds(text: str, stems: Iterable[str]) -> bool:
    lower = text.lower()
    for stem in stems:  # noqa: SIM110 asked very often: a generator takes twice as long
        if stem in lower:
            return True
    return False


def _has_year(text: str) -> bool:
    this_century, last_century, short = _YEARS
    return bool(this_century.search(text) or last_century.search(text) or short.search(text))


def _regions(text: str) -> Regions:
    """Where dates may stand, in order: around what looks like a year, if a number stands there that may be a day."""
    regions: list[tuple[int, int]] = []
    for first, last in sorted([match.span() for pattern in _YEARS for match in pattern.finditer(text)]):
        start = max(0, first - _BEFORE_YEAR)
        if regions and start <= regions[-1][1]:
            start = regions.pop()[0]
        regions.append((start, last + _AFTER_YEAR))
    return [region for region in regions if _DAY.search(text[region[0] : region[1]])]


def hidden_date(document: Document, limit: datetime | None, lang: str | None) -> Moment | None:
    """The first date that a script's data calls one of publication."""
    terms = _Terms(limit, None, lang, None)
    raw = document.tree.raw_html or b""
    done = 0
    places = sorted((start, start + len(name)) for name in SCRIPT_NAMES for start in document.words.places(name))
    for start, end in places[:_MOST_PLACES]:
        if start < done:
            continue
        match = _SCRIPT_DATE.search(raw, max(done, start - _BEFORE_NAME), end + _AFTER_NAME)
        if match is None:
            continue
        done = match.end()
        script = raw.rfind(b"<script", 0, match.start())
        if script <= raw.rfind(b"</script", 0, match.start()) or _is_of_replies(raw, script):
            continue
        if moment := terms.date(match[1].decode("utf-8", "replace")):
            return replace(moment, evidence="script")
    return None


def _is_of_replies(raw: bytes, script: int) -> bool:
    """Whether a script is structured data that holds reviews or comments: their dates are not the page's."""
    if b"ld+json" not in raw[script : script + _LONGEST_TAG]:
        return False
    text = raw[script : raw.find(b"</script", script)]
    return any(name in text for name in (b'"Review"', b'"Comment"', b'"Answer"'))
