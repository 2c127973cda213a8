"""Other spellings of a name that people use and a query does not find yet. They are shown to the user, never added silently."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise, product

from transforms.mentions.fold import CYRILLIC_OF, LATIN_OF
from transforms.mentions.match import compile_queries
from transforms.mentions.query import parse
from transforms.mentions.syntax import (
    TEXT_FIELDS,
    And,
    Field,
    Group,
    Macro,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Sentence,
    Term,
    Word,
    unparse,
)
from transforms.mentions.tokens import words_of
from transforms.mentions.words import is_common_word

MOST_SPELLINGS = 6  # of one kind for one name

# Both keyboards, key by key: what comes out when the other layout is on.
_QWERTY = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_JCUKEN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_CYRILLIC, _LATIN = re.compile(r"[а-яё]"), re.compile(r"[a-z]")
_TO_QWERTY, _TO_JCUKEN = str.maketrans(_JCUKEN, _QWERTY), str.maketrans(_QWERTY, _JCUKEN)

# Russian letters as people write them in Latin ones; the commonest way first.
_ROMAN = {
    "а": ("a",), "б": ("b",), "в": ("v", "w"), "г": ("g",), "д": ("d",), "е": ("e",), "ё": ("yo", "e"), "ж": ("zh", "j"),
    "з": ("z",), "и": ("i",), "й": ("y", "i"), "к": ("k", "c"), "л": ("l",), "м": ("m",), "н": ("n",), "о": ("o",),
    "п": ("p",), "р": ("r",), "с": ("s",), "т": ("t",), "у": ("u",), "ф": ("f",), "х": ("kh", "h"), "ц": ("ts", "c"),
    "ч": ("ch",), "ш": ("sh",), "щ": ("sch",), "ъ": ("",), "ы": ("y",), "ь": ("",), "э": ("e",), "ю": ("yu", "u"),
    "я": ("ya", "ia"),
}  # fmt: skip

# Latin letters as people hear them in Russian; longer groups first.
_HEARD = (
    ("sch", ("ш", "щ")), ("tch", ("ч",)), ("sh", ("ш",)), ("ch", ("ч",)), ("zh", ("ж",)), ("kh", ("х",)), ("ph", ("ф",)),
    ("th", ("т",)), ("ck", ("к",)), ("oo", ("у",)), ("ee", ("и",)), ("ya", ("я",)), ("yu", ("ю",)), ("yo", ("ё",)),
    ("qu", ("кв",)), ("x", ("кс",)), ("a", ("а",)), ("b", ("б",)), ("c", ("к", "ц")), ("d", ("д",)), ("e", ("е", "э")),
    ("f", ("ф",)), ("g", ("г", "дж")), ("h", ("х",)), ("i", ("и",)), ("j", ("дж", "ж")), ("k", ("к",)), ("l", ("л",)),
    ("m", ("м",)), ("n", ("н",)), ("o", ("о",)), ("p", ("п",)), ("q", ("к",)), ("r", ("р",)), ("s", ("с",)), ("t", ("т",)),
    ("u", ("у",)), ("v", ("в",)), ("w", ("в", "у")), ("y", ("и", "й")), ("z", ("з", "ц")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term to add with OR, and why."""

    term: str
    name: str  # the term of the query it is another spelling of
    why: str


def suggestions(query: str, macros: Mapping[str, str] | None = None) -> list[Suggestion]:
    """Spellings of the query's names that it does not find, in the order of its terms."""
    names = _names(query, macros)
    if not names:
        return []
    terms = (f'"{name}"' for name in names)
    finder = compile_queries({"known": " OR ".join((*terms, *_other_terms(query, macros)))})
    found: dict[str, Suggestion] = {}
    for name in names:
        for term, why in _spellings(name):
            if term not in found and not finder.match(term):
                found[term] = Suggestion(term, name, why)
    return list(found.values())


def _names(query: str, macros: Mapping[str, str] | None) -> list[str]:
    """The words and phrases that a query looks for; those it excludes and the values of fields left out."""
    return list(
        dict.fromkeys(term.text for term in _wanted(parse(query, macros)) if isinstance(term, Word | Phrase) and not term.exact)
    )


def _other_terms(query: str, macros: Mapping[str, str] | None) -> list[str]:
    return [unparse(term) for term in _wanted(parse(query, macros)) if not isinstance(term, Word | Phrase) or term.exact]


def _wanted(node: Node) -> Iterator[Term]:
    match node:
        case And(parts) | Or(parts) | Sentence(parts):
            for part in parts:
                yield from _wanted(part)
        case Group(part) | Macro(_, part):
            yield from _wanted(part)
        case Near(left, right):
            yield from _wanted(left)
            yield from _wanted(right)
        case Field(name, part):
            if name in TEXT_FIELDS:
                yield from _wanted(part)
        case Not():
            return
        case _:
            yield node


def _spellings(name: str) -> Iterator[tuple[str, str]]:
    """Candidates, quoted where they are several words."""
    low = name.lower()
    words = low.split()
    if not name[:1].isupper() and all(is_common_word(word) for word in words):
        return  # an ordinary word has one spelling; what is proposed for it would be noise
    if _CYRILLIC.search(low):
        for spelling in _transliterated(low, _roman_choices):
            yield _quoted(spelling), "in Latin letters"
        yield _quoted(low.translate(_TO_QWERTY)), "typed with the other keyboard layout"
    if _LATIN.search(low):
        for spelling in _transliterated(low, _heard_choices):
            yield _quoted(spelling), "as it is heard in Russian"
        yield _quoted(low.translate(_TO_JCUKEN)), "typed with the other keyboard layout"
    yield from ((_quoted(disguised), "letters of the other alphabet that look the same") for disguised in _disguised(low))
    if len(words) > 1:
        yield "".join(words), "written together"
        yield f"#{''.join(words)}", "as a hashtag"
    for word in words:
        yield from ((low.replace(word, variant), "one letter of a double one") for variant in _single_letters(word))


def _quoted(spelling: str) -> str:
    return f'"{spelling}"' if len(words_of(spelling)) != 1 or not spelling.isalnum() else spelling


def _transliterated(text: str, choices: Callable[[str], Iterator[tuple[str, ...]]]) -> list[str]:
    """The likeliest ways to write a text in the other alphabet: the first choice everywhere, then one or two others."""
    options = list(choices(text))
    first = [ways[0] for ways in options]
    found = {"".join(first): None}
    for count in (1, 2):
        for places in combinations([place for place, ways in enumerate(options) if len(ways) > 1], count):
            for other in product(*(options[place][1:] for place in places)):
                spelled = list(first)
                for place, letters in zip(places, other, strict=True):
                    spelled[place] = letters
                found["".join(spelled)] = None
                if len(found) >= MOST_SPELLINGS:
                    return list(found)
    return list(found)


def _roman_choices(text: str) -> Iterator[tuple[str, ...]]:
    position = 0
    while position < len(text):
        if text.startswith("кс", position):  # "Яндекс" is Yandex
            yield "x", "ks"
            position += 2
        else:
            yield _ROMAN.get(text[position], (text[position],))
            position += 1


def _heard_choices(text: str) -> Iterator[tuple[str, ...]]:
    position = 0
    while position < len(text):
        unheard = (text[position], (text[position],))
        letters, ways = next(((heard, ways) for heard, ways in _HEARD if text.startswith(heard, position)), unheard)
        is_double = len(letters) == 1 and position and text[position - 1] == letters and letters not in "aeiouy"
        is_silent = letters == "e" and position == len(text) - 1 and position > 2
        if is_double:
            yield ways[0], ""
        elif is_silent:
            yield "", ways[0]
        else:
            yield ways
        position += len(letters)


def _disguised(text: str) -> Iterator[str]:
    """The whole text in letters of the other alphabet that look the same; matching sees through it only inside a word."""
    letters = [letter for letter in text if letter.isalpha()]
    for table in (LATIN_OF, CYRILLIC_OF):
        if len(letters) > 2 and all(letter in table for letter in letters):
            yield "".join(table.get(letter, letter) for letter in text)


def _single_letters(word: str) -> Iterator[str]:
    for place, (letter, after) in enumerate(pairwise(word)):
        if letter == after and letter.isalpha():
            yield word[:place] + word[place + 1 :]
