"""From syntax to a plan that runs: every term with all its word forms, every query with the forms it cannot match without.

A term is a row of elements (one for a word, several for a phrase); an element is found as any of its variants; a variant is a
row of slots, one word each. "Нью-Йорк" is one element of two variants: нью + йорк, and ньюйорк.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from transforms.mentions.automaton import hashes_of
from transforms.mentions.common_words import COMMON_WORDS
from transforms.mentions.fold import fold_word
from transforms.mentions.syntax import (
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
    field_values,
)
from transforms.mentions.tokens import Tokens, Unit
from transforms.mentions.words import ORDINAL_ENDINGS, Evidence, forms_of, is_common_word

TEXT, TITLE = 0, 1  # the parts of a document


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """One word of a term."""

    typed: str  # as typed in the query, folded
    forms: Mapping[str, Evidence]  # spelling -> its readings; none = surely ours. Empty when `prefix` is set
    prefix: str = ""
    mark: str = ""  # "#" or "@" that must stand before it
    needs_capital: bool = False  # where the text capitalises names
    spellings: frozenset[str] = field(init=False)  # the keys of `forms`
    hashes: frozenset[int] = field(init=False)  # of the spellings, as the scan knows them; empty = it cannot tell

    def __post_init__(self) -> None:
        object.__setattr__(self, "spellings", frozenset(self.forms))
        object.__setattr__(self, "hashes", hashes_of(self.forms))


Variant = tuple[Slot, ...]
Element = tuple[Variant, ...]
# A text has a word of each set of hashes, and what one branch of each list of branches needs.
Needs = tuple["frozenset[int] | tuple[Needs, ...]", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Find:
    """A term of the query."""

    elements: tuple[Element, ...]
    cost: float  # how often its rarest word may be met; relative
    anchors: frozenset[str]  # spellings, one of which must be in the text; a prefix ends in "*"
    only: Slot | None = field(init=False)  # of a term that is one plain word

    def __post_init__(self) -> None:
        slots = [slot for element in self.elements for variant in element for slot in variant]
        object.__setattr__(self, "only", slots[0] if len(slots) == 1 and not slots[0].prefix else None)


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple["Plan", ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple["Plan", ...]


@dataclass(frozen=True, slots=True)
class Without:
    part: "Plan"


@dataclass(frozen=True, slots=True)
class Close:
    """Left and right within `distance` words of each other; with `excluded`, left with no right so near."""

    left: "Plan"
    right: "Plan"
    distance: int
    is_ordered: bool
    is_excluding: bool


@dataclass(frozen=True, slots=True)
class InSentence:
    part: "Plan"


@dataclass(frozen=True, slots=True)
class InPart:
    number: int  # TEXT or TITLE
    part: "Plan"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be known about the document, beside its words."""

    field: str
    values: tuple[Node, ...]


Plan = Find | All | Any | Without | Close | InSentence | InPart | Condition


class Planner:
    """Turns queries into plans; equal terms of different queries share one `Find`."""

    def __init__(self) -> None:
        self._terms: dict[Term, Find] = {}

    def plan(self, node: Node) -> Plan:
        match node:
            case And(parts):
                return All(tuple(map(self.plan, parts)))
            case Or(parts):
                return Any(tuple(map(self.plan, parts)))
            case Not(part):
                return Without(self.plan(part))
            case Group(part) | Macro(_, part):
                return self.plan(part)
            case Near(left, Not(right), kind):
                return Close(self.plan(left), self.plan(right), node.distance, kind == "ONEAR", True)
            case Near(left, right, kind):
                return Close(self.plan(left), self.plan(right), node.distance, kind == "ONEAR", False)
            case Sentence(parts):
                return InSentence(All(tuple(map(self.plan, parts))))
            case Field(name, part) if name in TEXT_FIELDS:
                return InPart(TITLE if name == "title" else TEXT, self.plan(part))
            case Field(name, part):
                return Condition(name, tuple(field_values(part)))
            case _:
                found = self._terms.get(node)
                if found is None:
                    found = self._terms[node] = find_term(node)
                return found


def find_term(term: Term) -> Find:
    """A term ready to run."""
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
            if isinstance(term, Phrase) and not exact and _is_name_of_common_word(text):
                elements = (tuple((_with_capital(variant[0]), *variant[1:]) for variant in elements[0]), *elements[1:])
    cost, anchors = min((_anchor(element) for element in elements), key=lambda found: found[0])
    return Find(elements, cost, anchors)


def _joined(name: str) -> str:
    return fold_word("".join(unit.form for unit in Tokens(name).words))


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
    if not exact and len(row) == 2 and row[0].form.isdecimal() and row[1].form in ORDINAL_ENDINGS:
        number = row[0].form
        joined = Slot(number + row[1].form, dict.fromkeys((number + ending for ending in ORDINAL_ENDINGS), ()))
        return (apart[0], Slot(row[1].form, dict.fromkeys(ORDINAL_ENDINGS, ()))), (joined,)
    form = fold_word("".join(unit.form for unit in row))
    together = _exact(form) if exact else Slot(form, forms_of(form.title() if text[row[0].start].isupper() else form))
    return (apart, (together,))


def _is_name_of_common_word(text: str) -> bool:
    """A quoted name of one word that is also ordinary speech: "Труд", "Магнит"."""
    words = Tokens(text).words
    return len(words) == 1 and text[words[0].start].isupper() and is_common_word(words[0].form)


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
    """A guess at how many texts have the word: a dictionary's words are commoner than invented names, short ones than long."""
    known = 200.0 if slot.typed in COMMON_WORDS else 20.0 if is_common_word(slot.typed) else 1.0
    return known * (3.0 if slot.prefix else 1.0) / len(slot.typed) ** 2


def anchors_of(plan: Plan) -> tuple[float, frozenset[str]] | None:
    """Cost and spellings of which a text must have one to satisfy the plan; None when it can be satisfied without any."""
    match plan:
        case Find(_, cost, anchors):
            return cost, anchors
        case All(parts):
            found = [asked for part in parts if (asked := anchors_of(part))]
            return min(found, key=lambda each: each[0], default=None)
        case Any(parts):
            branches = [anchors_of(part) for part in parts]
            if None in branches:
                return None
            sure = [branch for branch in branches if branch]
            return sum(cost for cost, _ in sure), frozenset[str]().union(*(anchors for _, anchors in sure))
        case Close(left, right, is_excluding=is_excluding):
            sides = [side for part in ((left,) if is_excluding else (left, right)) if (side := anchors_of(part))]
            return min(sides, key=lambda each: each[0], default=None)
        case InSentence(part) | InPart(_, part):
            return anchors_of(part)
        case Without() | Condition():
            return None


def needs_of(plan: Plan) -> Needs:
    """What words a text that satisfies the plan must have, whatever their order. It may ask less than the plan, never more."""
    match plan:
        case Find():
            return tuple(need for element in plan.elements for need in _either([_needs_of_words(variant) for variant in element]))
        case All(parts):
            return tuple(need for part in parts for need in needs_of(part))
        case Any(parts):
            return _either([needs_of(part) for part in parts])
        case Close(left, right, is_excluding=is_excluding):
            return needs_of(left) if is_excluding else needs_of(left) + needs_of(right)
        case InSentence(part) | InPart(_, part):
            return needs_of(part)
        case Without() | Condition():
            return ()


def _needs_of_words(variant: Variant) -> Needs:
    return tuple(slot.hashes for slot in variant if slot.hashes)


def _either(branches: Sequence[Needs]) -> Needs:
    """One of the branches; nothing when one of them needs nothing. Branches of a word each are one set of words."""
    if not all(branches):
        return ()
    words = [needs[0] for needs in branches if len(needs) == 1 and isinstance(needs[0], frozenset)]
    others = [needs for needs in branches if len(needs) > 1 or not isinstance(needs[0], frozenset)]
    together = frozenset[int]().union(*words)
    if not others:
        return (together,)
    return (((together,), *others) if words else tuple(others),)


def are_met(needs: Needs, hashes: Set[int]) -> bool:
    """Whether a text with words of these hashes has what is needed."""
    for need in needs:
        if isinstance(need, frozenset):
            if need.isdisjoint(hashes):
                return False
        elif not any(are_met(branch, hashes) for branch in need):
            return False
    return True
