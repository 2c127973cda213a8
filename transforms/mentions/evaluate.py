"""Whether one text satisfies one query, and where: the meaning of the language, term by term."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from transforms.mentions.context import fits
from transforms.mentions.expand import CompiledTerm, Element, Slot, compile_term
from transforms.mentions.fold import fold_word
from transforms.mentions.query import (
    DATE_FIELDS,
    NUMBER_FIELDS,
    Account,
    And,
    Field,
    Group,
    Macro,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Sentence,
    Term,
    Word,
    as_date,
    field_values,
    number_range,
)
from transforms.mentions.tokens import CONNECTORS, Tokens, Unit


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

    part: int  # 0 = text, 1 = title
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
    _places: dict[CompiledTerm, list[Place]] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> "Subject":
        parts = [Tokens(document.text)]
        if document.title:
            parts.append(Tokens(document.title))
        return cls(document, parts)

    def whole(self) -> tuple[View, ...]:
        return tuple(View(part, 0, len(tokens.words)) for part, tokens in enumerate(self.parts))

    def places(self, term: Term, views: Sequence[View]) -> list[Place]:
        compiled = compile_term(term)
        found = self._places.get(compiled)
        if found is None:
            found = self._places[compiled] = [
                place for part, tokens in enumerate(self.parts) for place in _find(compiled, part, tokens)
            ]
        if not found or len(views) == len(self.parts) and views == self.whole():
            return found
        return [p for p in found if any(p.part == part and first <= p.first and p.last < stop for part, first, stop in views)]


def evaluate(node: Node, subject: Subject, views: Sequence[View]) -> list[Place] | None:
    """The places that satisfy the node; an empty list when it holds without one; None when it does not hold."""
    match node:
        case And(parts):
            return _all(parts, subject, views)
        case Or(parts):
            held = [places for part in parts if (places := evaluate(part, subject, views)) is not None]
            return [place for places in held for place in places] if held else None
        case Not(part):
            return [] if evaluate(part, subject, views) is None else None
        case Group(part) | Macro(_, part):
            return evaluate(part, subject, views)
        case Near():
            return _near(node, subject, views) or None
        case Sentence(parts):
            held = [places for view in _sentences(subject, views) if (places := _all(parts, subject, (view,))) is not None]
            return [place for places in held for place in places] if held else None
        case Field("text" | "title" as name, part):
            wanted = 0 if name == "text" else 1
            inside = tuple(view for view in views if view.part == wanted)
            return evaluate(part, subject, inside) if inside else None
        case Field(name, part):
            return [] if any(_has_value(subject.document, name, value) for value in field_values(part)) else None
        case _:
            return subject.places(node, views) or None


def _all(parts: Sequence[Node], subject: Subject, views: Sequence[View]) -> list[Place] | None:
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


def _near(node: Near, subject: Subject, views: Sequence[View]) -> list[Place]:
    lefts = sorted(evaluate(node.left, subject, views) or ())
    excluded = isinstance(node.right, Not)
    right = node.right.part if isinstance(node.right, Not) else node.right
    rights = sorted(evaluate(right, subject, views) or ())
    ordered = node.kind == "ONEAR"
    longest = max((place.last - place.first for place in rights), default=0)
    found: list[Place] = []
    for left in lefts:
        low = bisect_left(rights, (left.part, left.first - node.distance - longest))
        high = bisect_right(rights, (left.part, left.last + node.distance + 1))
        close = [
            place
            for place in rights[low:high]
            if 0 < place.first - left.last <= node.distance or (not ordered and 0 < left.first - place.last <= node.distance)
        ]
        if excluded:
            found += [] if close else [left]
            continue
        for place in close:
            found.append(Place(left.part, min(left.first, place.first), max(left.last, place.last), left.spans + place.spans))
    return found


def _find(term: CompiledTerm, part: int, tokens: Tokens) -> Iterator[Place]:
    """All places of a term, by the position of its first word."""
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
        for form, units in tokens.by_form.items():
            if form.startswith(slot.prefix):
                yield from (unit for unit in units if not _has_connector(unit, tokens))
        return
    for form in tokens.by_form.keys() & slot.forms.keys():
        evidence = slot.forms[form]
        for unit in tokens.by_form[form]:
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
