"""What kind of talk a mention is: question, complaint, job ad ... by the rules of `categories.yml`, which people read and mend.

Nothing here is learned: a category can be traced to the line that gave it (`Reason`). Users' own categories are topics of the
watchlist in the query language; they need nothing from this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from ahocorasick_rs import AhoCorasick

READ_CHARACTERS = 20_000  # of a text; the kind of talk shows long before

_FIELDS = frozenset({"meaning", "words", "forms", "facts", "unless"})
_FACTS = frozenset({"kind", "role", "is_ad", "has_erid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the source says about a mention; None where it does not."""

    kind: str | None = None  # article, post, video, comment, review
    role: str | None = None  # owned, earned or market
    is_ad: bool | None = None  # marked as paid
    erid: str | None = None  # token of Russian ad marking

    def as_known(self) -> dict[str, Any]:
        return {"kind": self.kind, "role": self.role, "is_ad": self.is_ad, "has_erid": bool(self.erid)}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the definitions: a pattern, and the literals of which one stands in every text the pattern is found in."""

    pattern: re.Pattern[str]
    anchors: tuple[str, ...]  # lower case; none: the pattern is tried on every text


@dataclass(frozen=True, slots=True)
class Category:
    """One category with its rules, compiled."""

    name: str
    meaning: str
    facts: tuple[Mapping[str, Any], ...]
    found: tuple[Rule, ...]
    unless: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a text is in a category: the words found, or the facts that held."""

    category: str
    because: str


class Categories:
    """A set of categories, ready to read texts: the cost of a text does not grow with the number of phrases."""

    def __init__(self, categories: Iterable[Category]) -> None:
        self.categories = tuple(categories)
        owners: dict[str, list[Rule]] = {}
        self._always: list[Rule] = []
        for category in self.categories:
            for rule in (*category.found, *category.unless):
                for anchor in rule.anchors:
                    owners.setdefault(anchor, []).append(rule)
                if not rule.anchors:
                    self._always.append(rule)
        self._owners = list(owners.values())
        self._automaton = AhoCorasick(list(owners))

    def reasons(self, text: str, facts: Facts | None = None) -> tuple[Reason, ...]:
        """The categories of a text (title and body, joined by a line break) with what put it there: one reason for each."""
        folded = text[:READ_CHARACTERS].replace("ё", "е").replace("Ё", "Е").replace("’", "'")
        known = (facts or Facts()).as_known()
        anchors = {anchor for anchor, _, _ in self._automaton.find_matches_as_indexes(folded.lower(), overlapping=True)}
        worth_trying = {id(rule) for anchor in anchors for rule in self._owners[anchor]}
        worth_trying.update(id(rule) for rule in self._always)

        def first(rules: tuple[Rule, ...]) -> str | None:
            for rule in rules:
                if id(rule) in worth_trying and (match := rule.pattern.search(folded)):
                    return " ".join(match.group().split())
            return None

        found = []
        for category in self.categories:
            because = _held(category, known)
            if because is None:
                because = first(category.found)
                if because is not None and first(category.unless) is not None:
                    because = None
            if because is not None:
                found.append(Reason(category.name, because))
        return tuple(found)


def categorise(text: str, facts: Facts | None = None) -> tuple[str, ...]:
    """Names of the built-in categories of a text, in the order of the definitions."""
    return tuple(reason.category for reason in builtin().reasons(text, facts))


@cache
def builtin() -> Categories:
    """The categories of `categories.yml`."""
    return Categories(read_definitions(files(__package__).joinpath("categories.yml").read_text(encoding="utf-8")))


def read_definitions(document: str) -> tuple[Category, ...]:
    """Compiles a definitions file; raises ValueError that names the category and what is wrong with it."""
    definitions = yaml.safe_load(document)
    return tuple(_category(name, rules) for name, rules in definitions.items())


def _category(name: str, rules: Mapping[str, Any]) -> Category:
    if unknown := set(rules) - _FIELDS:
        raise ValueError(f"category {name}: unknown field {', '.join(sorted(unknown))}; known: {', '.join(sorted(_FIELDS))}")
    facts = tuple(rules.get("facts", ()))
    if unknown := {fact for clause in facts for fact in clause} - _FACTS:
        raise ValueError(f"category {name}: unknown fact {', '.join(sorted(unknown))}; known: {', '.join(sorted(_FACTS))}")
    try:
        forms = [Rule(_compiled(form), ()) for form in rules.get("forms", ())]
    except re.error as error:
        raise ValueError(f"category {name}: {error.pattern!r} is not a regular expression: {error}") from error
    found = (*map(_phrase, rules.get("words", ())), *forms)
    if not found and not facts:
        raise ValueError(f"category {name}: has neither words, forms nor facts, so nothing can be in it")
    return Category(name, rules.get("meaning", ""), facts, found, tuple(map(_phrase, rules.get("unless", ()))))


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


def _phrase(phrase: str) -> Rule:
    """The rule of a phrase in the notation of `categories.yml`."""
    tokens = [token.split("|") for token in phrase.lower().replace("ё", "е").split()]
    pattern, between = "", ""
    for token in tokens:
        if token == [".."]:
            between = r"\W+(?:\w+\W+){0,3}?"
            continue
        pattern += between + "(?:" + "|".join(map(_word, token)) + ")"
        between = r"\W+"
    # The most telling word is looked for first: the one whose shortest variant is longest.
    anchors = max(([max(word.split("*"), key=len) for word in token] for token in tokens), key=lambda found: min(map(len, found)))
    return Rule(_compiled(pattern), tuple(anchors))


def _word(word: str) -> str:
    body = r"\w*".join(re.escape(part) for part in word.split("*"))
    return ("" if word.startswith("#") else r"\b") + body + r"\b"


def _held(category: Category, known: Mapping[str, Any]) -> str | None:
    for clause in category.facts:
        if all(known[fact] == value for fact, value in clause.items()):
            return ", ".join(f"{fact}={value}" for fact, value in clause.items())
    return None
