"""Queries of other systems in our spelling. What cannot be said the same way is said in a note; what cannot be said at all is
an error.

| system | any | exclude | quotes | a /N b | NEAR/N | word forms |
| YouScan | OR | NOT, -word | order and exact form | at most N-1 words between, any order | - | all |
| Meltwater | OR | NOT | order and exact form | - | at most N words between; bare: 4 | none |
| TGStat | | | -word, -( ) | order, all forms | - | - | all; =word exact |
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from transforms.mentions.query import MIN_PREFIX, parse
from transforms.mentions.query_errors import QueryError
from transforms.mentions.syntax import And, Or, unparse, walk

_PIECE = re.compile(
    r"""(?P<comment><<<.*?>>>)|(?P<quote>="[^"]*"|"[^"]*"|«[^»]*»|“[^”]*”)|(?P<boost>\^\d+)|(?P<bar>\|)|(?P<bracket>[()])"""
    r"""|(?P<space>\s+)|(?P<word>[^\s()"«“|^]+)""",
    re.DOTALL,
)
_NEAR = re.compile(r"(?P<name>o?near)(?:/(?P<count>\d+))?", re.IGNORECASE)
_SIGN = re.compile(r"[$%+]")
_EDGE = '\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"«»='


@dataclass(frozen=True, slots=True)
class Imported:
    query: str  # in our spelling
    notes: tuple[str, ...] = ()  # where the two languages differ in what they find


def from_youscan(text: str) -> Imported:
    """YouScan: its /N is our /N; its quotes fix the form of each word, ours do not, so they become ="...".

    It sees the signs $ % +, which are no part of a word here.
    """
    return _imported(text, _youscan_piece)


def from_meltwater(text: str) -> Imported:
    """Meltwater: its NEAR/N is our NEAR/N; operators may be in small letters; words are met as written."""
    imported = _imported(text, _meltwater_piece)
    note = (
        "Meltwater finds words as they are written; here a word is found in all its forms. Put = before those that must not vary."
    )
    return Imported(imported.query, (note, *imported.notes))


def from_tgstat(text: str) -> Imported:
    """TGStat: | is OR, a space is AND; its quotes and =word mean what ours do. Which of both binds first it does not say."""
    imported = _imported(text, _tgstat_piece)
    mixed = [
        node for node in walk(parse(imported.query)) if isinstance(node, Or) and any(isinstance(part, And) for part in node.parts)
    ]
    notes = [f"{unparse(node)}: a space binds first here; put brackets where | should" for node in mixed]
    return Imported(imported.query, (*imported.notes, *notes))


IMPORTERS: dict[str, Callable[[str], Imported]] = {"youscan": from_youscan, "meltwater": from_meltwater, "tgstat": from_tgstat}

Piece = Callable[[str, str], Iterator[tuple[str, str]]]  # kind and text -> our text and a note, which may be empty


def _imported(text: str, convert: Piece) -> Imported:
    pieces, notes, position = [], [], 0
    while position < len(text):
        found = _PIECE.match(text, position)
        if found is None:
            raise QueryError("this cannot be read", text, position, "A quote or a comment is not closed.")
        position = found.end()
        for ours, note in convert(found.lastgroup or "", found.group()):
            pieces.append(ours)
            if note and note not in notes:
                notes.append(note)
    query = "".join(pieces)
    return Imported(unparse(parse(query)), tuple(notes))


def _youscan_piece(kind: str, text: str) -> Iterator[tuple[str, str]]:
    if kind == "quote":
        yield '="' + text.strip(_EDGE) + '"', ""
    elif kind == "bar":
        yield " OR ", ""
    elif kind == "word" and (sign := _SIGN.search(text)):
        minus = text[: text[0] == "-"]
        yield f'{minus}="{text[len(minus) :]}"', f"{sign.group()} of {text} is not looked for: signs are no part of a word here"
    else:
        yield text, ""


def _meltwater_piece(kind: str, text: str) -> Iterator[tuple[str, str]]:
    if kind == "quote":
        yield '="' + text.strip(_EDGE) + '"', ""
    elif kind == "boost":
        yield "", f"{text} (relevance boost) is left out: here every mention counts the same"
    elif kind == "word" and text.lower() in ("and", "or", "not"):
        yield text.upper(), ""
    elif kind == "word" and (near := _NEAR.fullmatch(text)):
        yield f"{near['name'].upper()}/{near['count'] or 4}", ""
    elif kind == "word" and text.endswith("*") and len(text) <= MIN_PREFIX:
        stem = text[:-1]
        yield stem, f"{text} is taken as the word {stem} in all its forms: at least {MIN_PREFIX} letters must stand before a *"
    else:
        yield text, ""


def _tgstat_piece(kind: str, text: str) -> Iterator[tuple[str, str]]:
    if kind == "bar":
        yield " OR ", ""
    elif kind == "word" and text in ("OR", "AND", "NOT", "И", "ИЛИ", "НЕ"):
        yield f'"{text}"', f"{text} is an ordinary word to TGStat, so it is quoted"
    else:
        yield text, ""
