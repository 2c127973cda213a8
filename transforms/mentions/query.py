"""The query language: text to syntax tree (`syntax` has the tree, and the way back).

    Сбер* AND (вклад OR "ипотечный кредит") -вакансия
    "Северный чай" NEAR/5 (невкусный OR =фу) lang:ru

The grammar is grammar.lark; QUERIES.md explains it to users. What is said of a query that cannot be read is in query_errors, of
one that can but should not be in query_warnings.
"""

import re
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import cast

from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import VisitError

from transforms.mentions.query_errors import MisuseError, QueryError, explain, place_of
from transforms.mentions.syntax import (
    DATE_FIELDS,
    FIELDS,
    NUMBER_FIELDS,
    TEXT_FIELDS,
    Account,
    And,
    Field,
    Group,
    Hashtag,
    Macro,
    Near,
    NearKind,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Sentence,
    Term,
    Word,
    asks,
    field_values,
)
from transforms.mentions.tokens import words_of

MAX_LENGTH = 50_000  # characters of a query, macros not counted
MAX_DEPTH = 40  # brackets inside brackets
MAX_DISTANCE = 100  # words; more is no proximity
MIN_PREFIX = 4  # characters before a *
DEFAULT_NEAR = 4  # words between, when NEAR says no number

_NUMBER_TEST = re.compile(r"(?P<sign>[<>]=?)?(?P<low>\d+(?:\.\d+)?)(?:\.\.(?P<high>\d+(?:\.\d+)?))?")


def parse(text: str, macros: Mapping[str, str] | None = None) -> Node:
    """The syntax tree of a query; QueryError when it cannot be read or asks for nothing."""
    return _parse(text, macros or {}, ())


def _parse(text: str, macros: Mapping[str, str], within: tuple[str, ...]) -> Node:
    _check_size(text)
    try:
        tree = _lark().parse(text)
        node = _Build(macros, within).transform(tree)
    except UnexpectedInput as error:
        raise explain(text, error, FIELDS, MIN_PREFIX) from None
    except VisitError as error:
        cause = error.orig_exc
        if isinstance(cause, MisuseError):
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
            raise MisuseError(f"the distance must be {0 if kind else 1} to {MAX_DISTANCE}", place_of(operator))
        for side, is_right in ((left, False), (right, True)):
            if problem := _not_positional(side.part if is_right and isinstance(side, Not) else side):
                raise MisuseError(
                    f"{problem} has no place in a text, so nothing can be near it",
                    place_of(operator),
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
            raise MisuseError(f'unknown field "{name}"', place_of(token), hint)
        if name not in TEXT_FIELDS:
            for value in field_values(part):
                if problem := _bad_value(name, value):
                    raise MisuseError(problem, place_of(token))
        return Field(name, part)

    def macro(self, parts: list[Token]) -> Node:
        token = parts[0]
        name = token[1:]
        if name in self._within:
            raise MisuseError(f"macro ${name} uses itself ({' -> '.join((*self._within, name))})", place_of(token))
        if name not in self._macros:
            near = get_close_matches(name, self._macros, 1)
            raise MisuseError(
                f"unknown macro ${name}",
                place_of(token),
                f"Did you mean ${near[0]}?" if near else "Macros are listed in the watchlist.",
            )
        if len(self._within) >= MAX_DEPTH:
            raise MisuseError(f"macros are nested deeper than {MAX_DEPTH}", place_of(token))
        try:
            return Macro(name, _parse(self._macros[name], self._macros, (*self._within, name)))
        except QueryError as error:
            raise MisuseError(f"in macro ${name}: {error.message}", place_of(token), error.hint) from None

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
            raise MisuseError(
                f"a * needs one word of at least {MIN_PREFIX} letters before it",
                place_of(parts[0]),
                "Word forms are found without a *.",
            )
        return Prefix(stem)

    def _words(self, node: Term, token: Token) -> Node:
        if not words_of(node.text):
            raise MisuseError("no letter, digit or emoji to look for", place_of(token))
        return node


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
