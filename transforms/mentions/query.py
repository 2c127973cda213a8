"""The query language: text to syntax tree and back, errors that point at the place, warnings.

    Сбер* AND (вклад OR "ипотечный кредит") -вакансия
    "Северный чай" NEAR/5 (невкусный OR =фу) lang:ru

The grammar is grammar.lark; QUERIES.md explains it to users.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from transforms.mentions.common_words import COMMON_WORDS
from transforms.mentions.tokens import words_of

MAX_LENGTH = 50_000  # characters of a query, macros not counted
MAX_DEPTH = 40  # brackets inside brackets
MAX_DISTANCE = 100  # words; more is no proximity
MIN_PREFIX = 4  # characters before a *
DEFAULT_NEAR = 4  # words between, when NEAR says no number

TEXT_FIELDS = ("title", "text")
VALUE_FIELDS = ("author", "source", "url", "lang", "type", "country")
NUMBER_FIELDS = ("rating", "followers")
DATE_FIELDS = ("after", "before")
FIELDS = (*TEXT_FIELDS, *VALUE_FIELDS, *NUMBER_FIELDS, *DATE_FIELDS)
_NUMBER_TEST = re.compile(r"(?P<sign>[<>]=?)?(?P<low>\d+(?:\.\d+)?)(?:\.\.(?P<high>\d+(?:\.\d+)?))?")

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


class QueryError(ValueError):
    """A query that cannot be read. The text shows the line with a caret under the place, and how to mend it."""

    def __init__(self, message: str, query: str = "", position: int | None = None, hint: str = "") -> None:
        self.message, self.position, self.hint = message, position, hint
        lines = [message]
        if position is not None:
            position = min(position, len(query))
            row = query.count("\n", 0, position)
            begin = query.rfind("\n", 0, position) + 1
            column = position - begin
            line = query[begin:].split("\n", 1)[0].replace("\t", " ")
            left = max(0, column - 60)
            cut = line[left : left + 110]
            lines = [f"line {row + 1}, column {column + 1}: {message}", f"    {cut}", f"    {' ' * (column - left)}^"]
        if hint:
            lines.append(f"  {hint}")
        super().__init__("\n".join(lines))


class _MisuseError(Exception):
    """Something the grammar allows and the language does not, at a token."""

    def __init__(self, message: str, position: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.position, self.hint = message, position, hint


def parse(text: str, macros: Mapping[str, str] | None = None) -> Node:
    """The syntax tree of a query; QueryError when it cannot be read or asks for nothing."""
    return _parse(text, macros or {}, ())


def _parse(text: str, macros: Mapping[str, str], within: tuple[str, ...]) -> Node:
    _check_size(text)
    try:
        tree = _lark().parse(text)
        node = _Build(macros, within).transform(tree)
    except UnexpectedInput as error:
        raise _explain(text, error) from None
    except VisitError as error:
        cause = error.orig_exc
        if isinstance(cause, _MisuseError):
            raise QueryError(cause.message, text, cause.position, cause.hint) from None
        raise cause from None
    if not within and not asks(node):
        raise QueryError(
            "the query only excludes: some branch of it would match almost everything",
            text,
            0,
            "Name what to look for, then what to leave out: чай NOT кофе",
        )
    return node


@cache
def _lark() -> Lark:
    grammar = files("transforms.mentions").joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", propagate_positions=False)


def _check_size(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise QueryError(
            f"the query has {len(text)} characters, at most {MAX_LENGTH} are read", hint="Split it into macros or topics."
        )
    depth = 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth > MAX_DEPTH:
            raise QueryError(f"brackets are nested deeper than {MAX_DEPTH}", text, position)


class _Build(Transformer[Token, Node]):
    """Turns the parse tree into nodes, checking what the grammar cannot."""

    def __init__(self, macros: Mapping[str, str], within: tuple[str, ...]) -> None:
        super().__init__()
        self._macros, self._within = macros, within

    def start(self, parts: list[Node]) -> Node:
        return parts[0]

    def either(self, parts: list[Node]) -> Node:
        return Or(tuple(parts))

    def both(self, parts: list[Node]) -> Node:
        return And(tuple(parts))

    def exclude(self, parts: list[Node]) -> Node:
        return Not(parts[0])

    def group(self, parts: list[Node]) -> Node:
        return Group(parts[0])

    def sentence(self, parts: list[Node]) -> Node:
        return Sentence(tuple(parts))

    def proximity(self, parts: list[Node | Token]) -> Node:
        left, operator, right = cast(Node, parts[0]), cast(Token, parts[1]), cast(Node, parts[2])
        kind, _, number = operator.partition("/")
        count = int(number[:6]) if number else DEFAULT_NEAR
        if count > MAX_DISTANCE or (not kind and not count):
            raise _MisuseError(f"the distance must be {0 if kind else 1} to {MAX_DISTANCE}", _at(operator))
        for side, is_right in ((left, False), (right, True)):
            if problem := _not_positional(side.part if is_right and isinstance(side, Not) else side):
                raise _MisuseError(
                    f"{problem} has no place in a text, so nothing can be near it",
                    _at(operator),
                    "Write (a /3 c) AND (b /3 c) for (a AND b) /3 c; put fields and exclusions outside.",
                )
        return Near(left, right, cast(NearKind, kind or "/"), count)

    def field(self, parts: list[Node | Token]) -> Node:
        token, part = cast(Token, parts[0]), cast(Node, parts[1])
        name = token[:-1].lower()
        if name not in FIELDS:
            near = get_close_matches(name, FIELDS, 1)
            hint = (
                f"Did you mean {near[0]}:?"
                if near
                else f"Fields: {', '.join(FIELDS)}. Quote the text if the colon belongs to it."
            )
            raise _MisuseError(f'unknown field "{name}"', _at(token), hint)
        if name not in TEXT_FIELDS:
            for value in field_values(part):
                if problem := _bad_value(name, value):
                    raise _MisuseError(problem, _at(token))
        return Field(name, part)

    def macro(self, parts: list[Token]) -> Node:
        token = parts[0]
        name = token[1:]
        if name in self._within:
            raise _MisuseError(f"macro ${name} uses itself ({' -> '.join((*self._within, name))})", _at(token))
        if name not in self._macros:
            near = get_close_matches(name, self._macros, 1)
            raise _MisuseError(
                f"unknown macro ${name}",
                _at(token),
                f"Did you mean ${near[0]}?" if near else "Macros are listed in the watchlist.",
            )
        if len(self._within) >= MAX_DEPTH:
            raise _MisuseError(f"macros are nested deeper than {MAX_DEPTH}", _at(token))
        try:
            return Macro(name, _parse(self._macros[name], self._macros, (*self._within, name)))
        except QueryError as error:
            raise _MisuseError(f"in macro ${name}: {error.message}", _at(token), error.hint) from None

    def word(self, parts: list[Token]) -> Node:
        return self._words(Word(str(parts[0])), parts[0])

    def exact_word(self, parts: list[Token]) -> Node:
        return self._words(Word(str(parts[0]), exact=True), parts[0])

    def phrase(self, parts: list[Token]) -> Node:
        return self._words(Phrase(parts[0][1:-1]), parts[0])

    def exact_phrase(self, parts: list[Token]) -> Node:
        return self._words(Phrase(parts[0][1:-1], exact=True), parts[0])

    def hashtag(self, parts: list[Token]) -> Node:
        return self._words(Hashtag(parts[0][1:]), parts[0])

    def account(self, parts: list[Token]) -> Node:
        return self._words(Account(parts[0][1:]), parts[0])

    def prefix(self, parts: list[Token]) -> Node:
        stem = parts[0][:-1]
        if len(words_of(stem)) != 1 or len(words_of(stem)[0]) < MIN_PREFIX:
            raise _MisuseError(
                f"a * needs one word of at least {MIN_PREFIX} letters before it",
                _at(parts[0]),
                "Word forms are found without a *.",
            )
        return Prefix(stem)

    def _words(self, node: Term, token: Token) -> Node:
        if not words_of(node.text):
            raise _MisuseError("no letter, digit or emoji to look for", _at(token))
        return node


def _at(token: Token) -> int:
    return token.start_pos or 0


def _not_positional(node: Node) -> str:
    """What keeps a node from having places in a text; empty when nothing does."""
    match node:
        case Group(part) | Macro(_, part):
            return _not_positional(part)
        case Or(parts):
            return next(filter(None, map(_not_positional, parts)), "")
        case And():
            return "AND"
        case Not():
            return "an exclusion"
        case Field(name):
            return f"{name}:"
        case Sentence():
            return "SENT(...)"
        case Near(left, right):
            return _not_positional(left) or ("an exclusion" if isinstance(right, Not) else _not_positional(right))
        case _:
            return ""


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


def _bad_value(name: str, value: Node) -> str:
    if not isinstance(value, Word | Phrase | Prefix | Account):
        return f"{name}: takes values, or several in brackets with OR"
    text = value.text
    if name in NUMBER_FIELDS:
        return (
            ""
            if isinstance(value, Word) and number_range(text)
            else f"{name}: takes a number, <3, >=4, or a range 1..3, not {text!r}"
        )
    if name in DATE_FIELDS:
        return "" if isinstance(value, Word) and as_date(text) else f"{name}: takes a date like 2026-01-31, not {text!r}"
    return ""


def number_range(text: str) -> tuple[float, float, bool, bool] | None:
    """Low, high and whether each end counts: "<3" is (-inf, 3, True, False). None when it is no number test."""
    found = _NUMBER_TEST.fullmatch(text)
    if not found or (found["sign"] and found["high"]):
        return None
    low, high, sign = float(found["low"]), float(found["high"] or found["low"]), found["sign"] or ""
    if sign.startswith("<"):
        return float("-inf"), low, True, sign == "<="
    if sign.startswith(">"):
        return low, float("inf"), sign == ">=", True
    return (low, high, True, True) if low <= high else None


def as_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


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


def warnings(node: Node) -> list[str]:
    """What a careful colleague would ask about the query."""
    found = []
    for inner in walk(node):
        if isinstance(inner, Or) and any(isinstance(part, And) for part in inner.parts):
            meant = " OR ".join(f"({unparse(part)})" if isinstance(part, And) else unparse(part) for part in inner.parts)
            found.append(f"AND and OR are mixed without brackets; it is read as {meant}")
    for branch in _alone(node):
        if isinstance(branch, Word | Phrase) and len(words := words_of(branch.text)) == 1:
            if words[0] in COMMON_WORDS:
                found.append(f'"{branch.text}" alone is in a great many texts: add a word that must be near it')
            elif len(words[0]) < 3 and not branch.exact:
                found.append(f'"{branch.text}" is very short: it will also be met as something else')
    return found


def _alone(node: Node) -> Iterator[Node]:
    """Terms that are enough by themselves to match."""
    match node:
        case Or(parts):
            for part in parts:
                yield from _alone(part)
        case Group(part) | Macro(_, part):
            yield from _alone(part)
        case And(parts):
            asking = [part for part in parts if asks(part) and not (isinstance(part, Field) and part.name not in TEXT_FIELDS)]
            if len(asking) == 1:
                yield from _alone(asking[0])
        case Field(name, part) if name in TEXT_FIELDS:
            yield from _alone(part)
        case _:
            yield node


def _explain(text: str, error: UnexpectedInput) -> QueryError:
    position = getattr(error, "pos_in_stream", None)
    if isinstance(error, UnexpectedToken):
        token = error.token
        if token.type == "$END":
            if text.count("(") > text.count(")"):
                return QueryError("a bracket is not closed", text, text.rfind("("), "Add the missing ).")
            if not text.strip():
                return QueryError("the query is empty", text, 0, "Write at least one word.")
            return QueryError(
                "the query ends where a word is expected", text, len(text.rstrip()), "An operator stands between two words."
            )
        return _explain_token(text, token)
    if isinstance(error, UnexpectedCharacters) and position is not None:
        return _explain_char(text, position)
    return QueryError("the query cannot be read", text, position)


def _explain_token(text: str, token: Token) -> QueryError:
    at = _at(token)
    if token.type == "RPAR":
        empty = text[:at].rstrip().endswith("(")
        message, hint = (
            ("empty brackets", "Write a query inside.") if empty else ("this bracket was never opened", "Remove it, or add a (.")
        )
        return QueryError(message, text, at, hint)
    if token.type == "COMMA":
        return QueryError(
            "a comma stands only inside SENT(a, b)", text, at, 'For "any of these" write OR, for "all of these" a space.'
        )
    if token.type in ("_OR", "_AND", "NEAR", "DISTANCE"):
        hint = f'If the word itself is meant, quote it: "{token}" or write it in small letters.'
        return QueryError(f"{token} needs a word on each side", text, at, hint)
    return QueryError(f"{token} cannot stand here", text, at)


def _explain_char(text: str, position: int) -> QueryError:
    char = text[position]
    if char in '"«“„':
        return QueryError("a quote is not closed", text, position, "Add the closing quote.")
    hints = {
        "*": ("a * stands only at the end of a word", f"At least {MIN_PREFIX} letters must come before it: марк*"),
        "-": ("a minus stands right before what it excludes", "Write -слово or NOT слово."),
        "=": ("= stands right before a word or a quote", 'Write =слово or ="два слова".'),
        "<": ("< only compares numbers, or begins a comment <<< ... >>>", "Write rating:<3, or close the comment with >>>."),
        "/": ("proximity is a / and a number between spaces", "Write a /3 b."),
        ":": ("a colon follows only the name of a field", f"Fields: {', '.join(FIELDS)}. Quote text that has a colon."),
        "$": ("a macro is $ and a name", 'Quote an amount: "$100".'),
        "#": ("a hashtag is # and letters", "Write #чай."),
        "@": ("an account is @ and its name", "Write @name."),
        "»": ("a quote is closed that was not opened", "Add the opening quote."),
        "”": ("a quote is closed that was not opened", "Add the opening quote."),
    }
    message, hint = hints.get(char, (f"{char!r} cannot stand here", "Quote it if it belongs to the text."))
    return QueryError(message, text, position, hint)
