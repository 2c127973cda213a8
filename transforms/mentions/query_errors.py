"""What is said of a query that cannot be read: what is wrong, at which place, and how to mend it."""

import re
from collections.abc import Sequence

from lark import Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken


class QueryError(ValueError):
    """A query that cannot be read. The text shows the line with a caret under the place, and how to mend it."""

    exit_code = 2  # a query to mend

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


class MisuseError(Exception):
    """Something the grammar allows and the language does not, at a token."""

    def __init__(self, message: str, position: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.position, self.hint = message, position, hint


def place_of(token: Token) -> int:
    """Where a token begins in its query, in characters."""
    return token.start_pos or 0


def explain(text: str, error: UnexpectedInput, fields: Sequence[str], min_prefix: int) -> QueryError:
    """What is wrong where the parser stopped, in words. `fields` and `min_prefix` are what the language allows, for the hints."""
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
        return _explain_char(text, position, fields, min_prefix)
    return QueryError("the query cannot be read", text, position)


def _explain_token(text: str, token: Token) -> QueryError:
    at = place_of(token)
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


def _explain_char(text: str, position: int, fields: Sequence[str], min_prefix: int) -> QueryError:
    char = text[position]
    if char == ":" and (name := re.split(r"\W", text[:position])[-1]) in fields:
        return QueryError(f"{name}: has no value", text, position, f"The value stands right behind the colon: {name}:value")
    if char in '"«“„':
        return QueryError("a quote is not closed", text, position, "Add the closing quote.")
    hints = {
        "*": ("a * stands only at the end of a word", f"At least {min_prefix} letters must come before it: марк*"),
        "-": ("a minus stands right before what it excludes", "Write -слово or NOT слово."),
        "=": ("= stands right before a word or a quote", 'Write =слово or ="два слова".'),
        "<": ("< only compares numbers, or begins a comment <<< ... >>>", "Write rating:<3, or close the comment with >>>."),
        "/": ("proximity is a / and a number between spaces", "Write a /3 b."),
        ":": ("a colon follows only the name of a field", f"Fields: {', '.join(fields)}. Quote text that has a colon."),
        "$": ("a macro is $ and a name", 'Quote an amount: "$100".'),
        "#": ("a hashtag is # and letters", "Write #чай."),
        "@": ("an account is @ and its name", "Write @name."),
        "»": ("a quote is closed that was not opened", "Add the opening quote."),
        "”": ("a quote is closed that was not opened", "Add the opening quote."),
    }
    message, hint = hints.get(char, (f"{char!r} cannot stand here", "Quote it if it belongs to the text."))
    return QueryError(message, text, position, hint)
