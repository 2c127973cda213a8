"""The language by its definition: slow, obvious, without anchors, plans, indexes or hashing. What the fast path must equal."""

from itertools import product

from transforms.mentions.context import fits
from transforms.mentions.evaluate import Document
from transforms.mentions.fold import fold_word
from transforms.mentions.syntax import (
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
    Word,
    field_values,
)
from transforms.mentions.tokens import CONNECTORS, Tokens, Unit
from transforms.mentions.words import ORDINAL_ENDINGS, forms_of, is_common_word

Run = tuple[int, int]  # first and last position


def holds(node: Node, document: Document) -> bool:
    parts = {"text": Tokens(document.text)} | ({"title": Tokens(document.title)} if document.title else {})
    return _holds(node, document, parts, {name: (0, len(tokens.words)) for name, tokens in parts.items()})


def _holds(node: Node, document: Document, parts: dict[str, Tokens], views: dict[str, tuple[int, int]]) -> bool:
    match node:
        case And(children):
            return all(_holds(child, document, parts, views) for child in children)
        case Or(children):
            return any(_holds(child, document, parts, views) for child in children)
        case Not(child):
            return not _holds(child, document, parts, views)
        case Group(child) | Macro(_, child):
            return _holds(child, document, parts, views)
        case Sentence(children):
            return any(
                all(_holds(child, document, parts, {name: sentence}) for child in children)
                for name, (start, stop) in views.items()
                for sentence in parts[name].sentences
                if start <= sentence[0] and sentence[1] <= stop
            )
        case Field("title" | "text" as name, child):
            return name in views and _holds(child, document, parts, {name: views[name]})
        case Field("lang", child):
            return any(value.text == document.lang for value in field_values(child))
        case _:
            return any(_runs(node, parts[name], view) for name, view in views.items())


def _runs(node: Node, tokens: Tokens, view: tuple[int, int]) -> list[Run]:
    """Where a positional node is, inside the view."""
    match node:
        case Group(child) | Macro(_, child):
            return _runs(child, tokens, view)
        case Or(children):
            return [run for child in children for run in _runs(child, tokens, view)]
        case Near(left, right):
            return _near(node, _runs(left, tokens, view), _runs(right.part if isinstance(right, Not) else right, tokens, view))
        case Word(text, exact):
            return _phrase(text, exact, tokens, view, needs_capital=False)
        case Phrase(text, exact):
            words = Tokens(text).words
            is_name = len(words) == 1 and text[words[0].start].isupper() and is_common_word(words[0].form)
            return _phrase(text, exact, tokens, view, needs_capital=is_name and not exact)
        case Prefix(stem):
            begin = Tokens(stem).words[0].form
            return [run(u) for u in _units(tokens, view) if u.form.startswith(begin) and not _is_apart(u, tokens)]
        case Hashtag(name):
            want = fold_word("".join(word.form for word in Tokens(name).words))
            return [run(u) for u in _units(tokens, view) if u.mark == "#" and u.form == want]
        case Account(name):
            want = fold_word("".join(word.form for word in Tokens(name).words))
            return [run(u) for u in _units(tokens, view) if u.mark == "@" and u.form == want]
    raise AssertionError(node)


def run(unit: Unit) -> Run:
    return unit.first, unit.last


def _units(tokens: Tokens, view: tuple[int, int]) -> list[Unit]:
    return [unit for unit in [*tokens.words, *tokens.compounds] if view[0] <= unit.first and unit.last < view[1]]


def _is_apart(unit: Unit, tokens: Tokens) -> bool:
    return unit.first < unit.last and any(char in CONNECTORS for char in tokens.text[unit.start : unit.end])


def _near(node: Near, lefts: list[Run], rights: list[Run]) -> list[Run]:
    close = []
    for left, right in product(lefts, rights):
        after, before = right[0] - left[1], left[0] - right[1]
        if 0 < after <= node.distance or (node.kind != "ONEAR" and 0 < before <= node.distance):
            close.append((left, right))
    if isinstance(node.right, Not):
        return [left for left in lefts if all(left != near for near, _ in close)]
    return [(min(left[0], right[0]), max(left[1], right[1])) for left, right in close]


def _phrase(text: str, exact: bool, tokens: Tokens, view: tuple[int, int], *, needs_capital: bool) -> list[Run]:
    """Each word or compound of the phrase in turn, every one right after the one before."""
    asked = Tokens(text)
    widest = {unit.first: unit.last for unit in asked.compounds}
    rows: list[list[set[str] | str]] = [[]]  # ways to write the phrase; a compound may be in parts or together
    at = 0
    while at < len(asked.words):
        last = widest.get(at, at)
        words = asked.words[at : last + 1]
        ways: list[list[set[str] | str]] = [[text[word.start : word.end] for word in words]]
        if not exact and len(words) == 2 and words[0].form.isdecimal() and words[1].form in ORDINAL_ENDINGS:
            ways = [[words[0].form, set(ORDINAL_ENDINGS)], [{words[0].form + ending for ending in ORDINAL_ENDINGS}]]
        elif len(words) > 1:
            together = fold_word("".join(word.form for word in words))
            ways.append([together.title() if text[words[0].start].isupper() else together])
        rows = [row + way for row in rows for way in ways]
        at = last + 1
    found = []
    for row in rows:
        ends: list[tuple[int, int]] = [(first, first - 1) for first in range(*view)]  # start, position of the last word so far
        for word in row:
            ends = [
                (start, unit.last)
                for start, last in ends
                for unit in _units(tokens, view)
                if unit.first == last + 1
                and (unit.form in word if isinstance(word, set) else _is(word, unit, tokens, exact, needs_capital))
            ]
        found += ends
    return found


def _is(word: str, unit: Unit, tokens: Tokens, exact: bool, needs_capital: bool) -> bool:
    form = Tokens(word).words[0].form
    if needs_capital and tokens.tells_names and not tokens.text[unit.start].isupper():
        return False
    if exact:
        return unit.form == form
    evidence = forms_of(word).get(unit.form)
    if evidence is None:
        return False
    return not evidence or unit.first < unit.last or fits(evidence, tokens, unit.first, as_typed=unit.form == form)
