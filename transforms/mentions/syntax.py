"""The syntax tree of a query, and the query as text again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

TEXT_FIELDS = ("title", "text")
VALUE_FIELDS = ("author", "source", "url", "lang", "type", "country")
NUMBER_FIELDS = ("rating", "followers")
DATE_FIELDS = ("after", "before")
FIELDS = (*TEXT_FIELDS, *VALUE_FIELDS, *NUMBER_FIELDS, *DATE_FIELDS)

NearKind = Literal["/", "NEAR", "ONEAR"]


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    exact: bool = False  # this form only


@dataclass(frozen=True, slots=True)
class Prefix:
    text: str  # without the *


@dataclass(frozen=True, slots=True)
class Phrase:
    text: str  # without the quotes
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Hashtag:
    text: str  # without the #


@dataclass(frozen=True, slots=True)
class Account:
    text: str  # without the @


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"


@dataclass(frozen=True, slots=True)
class Group:
    """Brackets, kept so that the text comes back as it was meant."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class Near:
    left: "Node"
    right: "Node"
    kind: NearKind
    number: int  # as written: "/" counts steps, NEAR and ONEAR the words between

    @property
    def distance(self) -> int:
        """Greatest distance in words between the nearest ends; 1 = adjacent."""
        return self.number if self.kind == "/" else self.number + 1


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    part: "Node"


@dataclass(frozen=True, slots=True)
class Sentence:
    """All parts within one sentence."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Macro:
    name: str
    part: "Node"


Term = Word | Prefix | Phrase | Hashtag | Account
Node = Term | And | Or | Not | Group | Near | Field | Sentence | Macro


def field_values(node: Node) -> Iterator[Node]:
    """The single values of a field: author:(anna OR boris) has two."""
    match node:
        case Group(part) | Macro(_, part):
            yield from field_values(part)
        case Or(parts):
            for part in parts:
                yield from field_values(part)
        case _:
            yield node


def asks(node: Node) -> bool:
    """Whether every way to satisfy the node needs something to be there."""
    match node:
        case And(parts) | Sentence(parts):
            return any(map(asks, parts))
        case Or(parts):
            return all(map(asks, parts))
        case Not():
            return False
        case Group(part) | Macro(_, part):
            return asks(part)
        case Field(name, part):
            return asks(part) if name in TEXT_FIELDS else True
        case Near(left, _):
            return asks(left)
        case _:
            return True


def unparse(node: Node) -> str:
    """The query as text; `parse(unparse(parse(q))) == parse(q)`."""
    match node:
        case Word(text, exact):
            return f"={text}" if exact else text
        case Prefix(text):
            return f"{text}*"
        case Phrase(text, exact):
            quoted = f'"{text}"' if '"' not in text else f"«{text}»"
            return f"={quoted}" if exact else quoted
        case Hashtag(text):
            return f"#{text}"
        case Account(text):
            return f"@{text}"
        case Macro(name, _):
            return f"${name}"
        case Group(part):
            return f"({unparse(part)})"
        case Not(part):
            return f"NOT {unparse(part)}"
        case And(parts):
            return " AND ".join(map(unparse, parts))
        case Or(parts):
            return " OR ".join(map(unparse, parts))
        case Near(left, right, kind, number):
            return f"{unparse(left)} {kind}{number if kind == '/' else f'/{number}'} {unparse(right)}"
        case Field(name, part):
            return f"{name}:{unparse(part)}"
        case Sentence(parts):
            return f"SENT({', '.join(map(unparse, parts))})"


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes under it."""
    yield node
    match node:
        case And(parts) | Or(parts) | Sentence(parts):
            for part in parts:
                yield from walk(part)
        case Not(part) | Group(part) | Macro(_, part) | Field(_, part):
            yield from walk(part)
        case Near(left, right):
            yield from walk(left)
            yield from walk(right)
