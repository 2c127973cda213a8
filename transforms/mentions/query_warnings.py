"""What is said of a query that can be read and yet may find what nobody meant."""

from collections.abc import Iterator

from transforms.mentions.common_words import COMMON_WORDS
from transforms.mentions.syntax import TEXT_FIELDS, And, Field, Group, Macro, Node, Or, Phrase, Word, asks, unparse, walk
from transforms.mentions.tokens import words_of


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
