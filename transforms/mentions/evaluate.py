"""Whether one document satisfies one plan, and where: the meaning of the language, node by node."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import NamedTuple

from transforms.mentions.context import fits
from transforms.mentions.expand import All, Any, Close, Condition, Element, Find, InPart, InSentence, Plan, Slot, Without
from transforms.mentions.fold import fold_word
from transforms.mentions.query import as_date, number_range
from transforms.mentions.syntax import DATE_FIELDS, NUMBER_FIELDS, Account, Node, Phrase, Prefix, Word
from transforms.mentions.tokens import CONNECTORS, Tokens, Unit

MAX_PLACES = 10_000  # of a term or a proximity in one document; more are not looked at, so that no text costs minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text with what is known about it. Unknown is None, and no field condition holds for it."""

    text: str
    title: str | None = None
    author: str | None = None
    source: str | None = None
    url: str | None = None
    lang: str | None = None  # ISO 639-1
    kind: str | None = None  # what `type:` asks for: post, comment, review ...
    country: str | None = None
    rating: float | None = None
    followers: int | None = None
    published_at: datetime | None = None


class Place(NamedTuple):
    """Where something was found: words first..last of a part of the document, and the offsets of what was found."""

    part: int  # TEXT or TITLE
    first: int
    last: int
    spans: tuple[tuple[int, int], ...]  # one for a word or a phrase, several for things near each other


class View(NamedTuple):
    """A stretch of words to look in, half-open."""

    part: int
    first: int
    stop: int


@dataclass(slots=True)
class Subject:
    """A document being matched: its words, and what terms were already found where."""

    document: Document
    parts: list[Tokens]
    whole: tuple[View, ...]
    _places: dict[Find, list[Place]] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> "Subject":
        parts = [Tokens(document.text)]
        if document.title:
            parts.append(Tokens(document.title))
        return cls(document, parts, tuple([View(part, 0, len(tokens)) for part, tokens in enumerate(parts)]))

    def places(self, term: Find, views: Sequence[View]) -> list[Place]:
        found = self._places.get(term)
        if found is None:
            found = self._places[term] = []
            for part, tokens in enumerate(self.parts):
                if not _is_absent(term, tokens):
                    found += islice(_find(term, part, tokens), MAX_PLACES - len(found))
        if not found or views == self.whole:
            return found
        return [p for p in found if any(p.part == part and first <= p.first and p.last < stop for part, first, stop in views)]


def evaluate(plan: Plan, subject: Subject, views: Sequence[View]) -> list[Place] | None:
    """The places that satisfy the plan; an empty list when it holds without one; None when it does not hold."""
    match plan:
        case Find():
            return subject.places(plan, views) or None
        case All(parts):
            return _all(parts, subject, views)
        case Any(parts):
            held = [places for part in parts if (places := evaluate(part, subject, views)) is not None]
            return [place for places in held for place in places] if held else None
        case Without(part):
            return [] if evaluate(part, subject, views) is None else None
        case Close():
            return _close(plan, subject, views) or None
        case InSentence(part):
            held = [places for view in _sentences(subject, views) if (places := evaluate(part, subject, (view,))) is not None]
            return [place for places in held for place in places] if held else None
        case InPart(number, part):
            inside = tuple(view for view in views if view.part == number)
            return evaluate(part, subject, inside) if inside else None
        case Condition(name, values):
            return [] if any(_has_value(subject.document, name, value) for value in values) else None


def _all(parts: Sequence[Plan], subject: Subject, views: Sequence[View]) -> list[Place] | None:
    found: list[Place] = []
    for part in parts:
        places = evaluate(part, subject, views)
        if places is None:
            return None
        found += places
    return found


def _sentences(subject: Subject, views: Sequence[View]) -> Iterator[View]:
    for part, first, stop in views:
        for begin, end in subject.parts[part].sentences:
            if begin < stop and end > first:
                yield View(part, max(begin, first), min(end, stop))


def _close(plan: Close, subject: Subject, views: Sequence[View]) -> list[Place]:
    lefts = evaluate(plan.left, subject, views) or []
    rights = sorted(evaluate(plan.right, subject, views) or ())
    longest = max((place.last - place.first for place in rights), default=0)
    found: list[Place] = []
    for left in sorted(lefts):
        if len(found) >= MAX_PLACES:
            break
        low = bisect_left(rights, (left.part, left.first - plan.distance - longest))
        high = bisect_right(rights, (left.part, left.last + plan.distance + 1))
        near = [
            place
            for place in rights[low:high]
            if 0 < place.first - left.last <= plan.distance
            or (not plan.is_ordered and 0 < left.first - place.last <= plan.distance)
        ]
        if plan.is_excluding:
            found += [] if near else [left]
            continue
        for place in near:
            found.append(Place(left.part, min(left.first, place.first), max(left.last, place.last), left.spans + place.spans))
    return found


def _find(term: Find, part: int, tokens: Tokens) -> Iterator[Place]:
    """All places of a term, by the position of its first word."""
    if term.only is not None:
        for unit in _slot_units(term.only, tokens):
            yield Place(part, unit.first, unit.last, ((unit.start, unit.end),))
        return
    found = list(_element_units(term.elements[0], tokens))
    for element in term.elements[1:]:
        if not found:
            return
        following: dict[int, list[tuple[Unit, ...]]] = {}
        for units in _element_units(element, tokens):
            following.setdefault(units[0].first, []).append(units)
        found = [(*units, *more) for units in found for more in following.get(units[-1].last + 1, ())]
    for units in found:
        yield Place(part, units[0].first, units[-1].last, ((units[0].start, units[-1].end),))


def _is_absent(term: Find, tokens: Tokens) -> bool:
    """A quick no: some element has no form of its in the text."""
    forms = tokens.all_forms
    if (only := term.only) is not None:
        return only.spellings.isdisjoint(forms)
    return any(
        all(any(not slot.prefix and slot.spellings.isdisjoint(forms) for slot in way) for way in element)
        for element in term.elements
    )


def _element_units(element: Element, tokens: Tokens) -> Iterator[tuple[Unit, ...]]:
    for variant in element:
        rows: list[tuple[Unit, ...]] = [(unit,) for unit in _slot_units(variant[0], tokens)]
        for slot in variant[1:]:
            if not rows:
                break
            following: dict[int, list[Unit]] = {}
            for unit in _slot_units(slot, tokens):
                following.setdefault(unit.first, []).append(unit)
            rows = [(*row, unit) for row in rows for unit in following.get(row[-1].last + 1, ())]
        yield from rows


def _slot_units(slot: Slot, tokens: Tokens) -> Iterator[Unit]:
    if slot.prefix:
        for form in [form for form in tokens.all_forms if form.startswith(slot.prefix)]:
            yield from (unit for unit in tokens.units(form) if not _has_connector(unit, tokens))
        return
    for form in slot.spellings & tokens.all_forms:
        evidence = slot.forms[form]
        for unit in tokens.units(form):
            if slot.mark and unit.mark != slot.mark:
                continue
            if slot.needs_capital and tokens.tells_names and not tokens.text[unit.start].isupper():
                continue
            if not evidence or unit.last > unit.first or fits(evidence, tokens, unit.first, as_typed=form == slot.typed):
                yield unit


def _has_connector(unit: Unit, tokens: Tokens) -> bool:
    return unit.last > unit.first and any(char in CONNECTORS for char in tokens.text[unit.start : unit.end])


def _has_value(document: Document, name: str, value: Node) -> bool:
    if not isinstance(value, Word | Phrase | Prefix | Account):
        return False
    text = value.text
    if name in NUMBER_FIELDS:
        known = document.rating if name == "rating" else document.followers
        bounds = number_range(text)
        if known is None or bounds is None:
            return False
        low, high, with_low, with_high = bounds
        return (low < known or (with_low and low == known)) and (known < high or (with_high and known == high))
    if name in DATE_FIELDS:
        return document.published_at is not None and _is_within(document.published_at, name, as_date(text))
    known_text = getattr(document, "kind" if name == "type" else name)
    if known_text is None:
        return False
    have, want = _plain(known_text), _plain(text)
    if name == "url":
        return want in have
    return have.startswith(want) if isinstance(value, Prefix) else have == want


def _is_within(moment: datetime, name: str, day: date | None) -> bool:
    """`after:` counts from the beginning of its day, `before:` ends where its day begins (UTC)."""
    if day is None:
        return False
    published = moment.astimezone(UTC).date()
    return published >= day if name == "after" else published < day


def _plain(value: str) -> str:
    return " ".join(fold_word(word) for word in value.strip().lstrip("@").split())
