"""From syntax to something that runs: every term with all its word forms, every query with the forms it cannot match without.

A term is a row of elements (one for a word, several for a phrase); an element is found as any of its variants; a variant is a row of slots,
one word each. "Нью-Йорк" is one element of two variants: нью + йорк, and ньюйорк.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from transforms.mentions.common_words import COMMON_WORDS
from transforms.mentions.query import (
    TEXT_FIELDS,
    Account,
    And,
    Field,
    Group,
    Hashtag,
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
)
from transforms.mentions.tokens import Tokens, Unit
from transforms.mentions.words import Evidence, forms_of, is_common_word


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """One word of a term."""

    typed: str  # as typed in the query, folded
    forms: Mapping[str, Evidence]  # spelling -> its readings; none = surely ours. Empty when `prefix` is set
    prefix: str = ""
    mark: str = ""  # "#" or "@" that must stand before it
    needs_capital: bool = False  # where the text capitalises names


Variant = tuple[Slot, ...]
Element = tuple[Variant, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledTerm:
    elements: tuple[Element, ...]
    cost: float  # how often its rarest word may be met; relative
    anchors: frozenset[str]  # spellings, one of which must be in the text; a prefix ends in "*"


@lru_cache(maxsize=20_000)
def compile_term(term: Term) -> CompiledTerm:
    """A term ready to run. Equal terms of different queries share one."""
    match term:
        case Prefix(text):
            stem = Tokens(text).words[0].form
            elements: tuple[Element, ...] = (((Slot(stem, {}, prefix=stem),),),)
        case Hashtag(text):
            elements = (((_exact(_joined(text), "#"),),),)
        case Account(text):
            names = [_joined(part) for part in text.split(".")]
            elements = tuple(((_exact(name, "@" if n == 0 else ""),),) for n, name in enumerate(names) if name)
        case Word(text, exact) | Phrase(text, exact):
            elements = tuple(_element(row, text, exact) for row in _rows(Tokens(text)))
            if isinstance(term, Phrase) and not exact and _is_name_of_common_words(text):
                elements = (tuple((_with_capital(variant[0]), *variant[1:]) for variant in elements[0]), *elements[1:])
    cost, anchors = min((_anchor(element) for element in elements), key=lambda found: found[0])
    return CompiledTerm(elements, cost, anchors)


def _joined(name: str) -> str:
    return "".join(unit.form for unit in Tokens(name).words)


def _exact(form: str, mark: str = "") -> Slot:
    return Slot(form, {form: ()}, mark=mark)


def _rows(tokens: Tokens) -> Iterator[list[Unit]]:
    """The words of a query text, compounds together."""
    widest = {unit.first: unit.last for unit in tokens.compounds}
    position = 0
    while position < len(tokens.words):
        last = widest.get(position, position)
        yield tokens.words[position : last + 1]
        position = last + 1


def _element(row: list[Unit], text: str, exact: bool) -> Element:
    apart = tuple(_exact(unit.form) if exact else Slot(unit.form, forms_of(text[unit.start : unit.end])) for unit in row)
    if len(row) == 1:
        return (apart,)
    form = "".join(unit.form for unit in row)
    together = _exact(form) if exact else Slot(form, forms_of(form.title() if text[row[0].start].isupper() else form))
    return (apart, (together,))


def _is_name_of_common_words(text: str) -> bool:
    """A quoted name that is also ordinary speech: "Первый канал", "Труд". In capitals throughout it is an abbreviation."""
    words = Tokens(text).words
    return text[words[0].start].isupper() and all(is_common_word(unit.form) for unit in words)


def _with_capital(slot: Slot) -> Slot:
    return Slot(slot.typed, slot.forms, slot.prefix, slot.mark, needs_capital=True)


def _anchor(element: Element) -> tuple[float, frozenset[str]]:
    cost, anchors = 0.0, frozenset[str]()
    for variant in element:
        rarest = min(variant, key=_cost)
        cost += _cost(rarest)
        anchors |= {f"{rarest.prefix}*"} if rarest.prefix else frozenset(rarest.forms)
    return cost, anchors


def _cost(slot: Slot) -> float:
    """A guess at how many texts have the word: common words first, then the short."""
    return (50.0 if slot.typed in COMMON_WORDS else 1.0) * (3.0 if slot.prefix else 1.0) / len(slot.typed) ** 2


def anchors_of(node: Node) -> tuple[float, frozenset[str]] | None:
    """Cost and spellings of which a text must have one to satisfy the node; None when it can be satisfied without any."""
    match node:
        case And(parts) | Sentence(parts):
            found = [anchors for part in parts if (anchors := anchors_of(part))]
            return min(found, key=lambda each: each[0], default=None)
        case Or(parts):
            branches = [anchors_of(part) for part in parts]
            if None in branches:
                return None
            sure = [branch for branch in branches if branch]
            return sum(cost for cost, _ in sure), frozenset[str]().union(*(anchors for _, anchors in sure))
        case Not():
            return None
        case Group(part) | Macro(_, part):
            return anchors_of(part)
        case Field(name, part):
            return anchors_of(part) if name in TEXT_FIELDS else None
        case Near(left, right):
            return min((side for part in (left, right) if (side := anchors_of(part))), key=lambda each: each[0], default=None)
        case _:
            term = compile_term(node)
            return term.cost, term.anchors
