"""Which word a spelling is where it stands: the readings of `words.py` weighed by the neighbours and by capital letters.

Shallow on purpose: it looks at the word before and at how the text writes names. A reading's weight is its likelihood times the
factors below; a spelling counts when ours have at least `ACCEPT` of the weight. The factors were chosen on the development half
of UD Russian Taiga and factRuEval-2016.
"""

import re

from transforms.mentions.tokens import Tokens
from transforms.mentions.words import AFTER_CENTURY, AFTER_NUMBER, AFTER_YEAR, Evidence, Reading

ACCEPT = 0.2  # share of the weight at which a spelling counts as a form of our word
ACCEPT_AS_TYPED = 0.04  # the same for the very spelling of the query
_HYPHENS = ("-", "\u2010", "\u2011")
_MISFIT = 0.001  # after a preposition: a case it does not govern, a verb, an adverb
_NAME_IN_SMALL = 0.1  # a name's reading of a word in small letters, where the writer capitalises names
_COMMON_IN_CAPITAL = 0.3  # a common word's reading of a capitalised word inside a sentence

_YEAR = re.compile(r"(?:1\d|20)\d\d")
_CENTURY = re.compile(r"[xvi]+|[хі]+|1?\d|2[01]")  # also typed with Cyrillic look-alikes

_GENITIVE, _DATIVE, _ACCUSATIVE, _INSTRUMENTAL = ("gent", "gen1", "gen2"), ("datv",), ("accs", "acc2"), ("ablt",)
_PREPOSITIONAL = ("loct", "loc1", "loc2")
_GOVERNED: dict[str, frozenset[str]] = {
    preposition: frozenset(sum(cases, ()))
    for words, cases in (
        ("без для до из изо от ото у около после против вместо среди кроме ради вокруг возле вдоль мимо насчет", (_GENITIVE,)),
        ("к ко благодаря согласно вопреки", (_DATIVE,)),
        ("про через сквозь", (_ACCUSATIVE,)),
        ("над надо перед", (_INSTRUMENTAL,)),
        ("между", (_INSTRUMENTAL, _GENITIVE)),
        ("при", (_PREPOSITIONAL,)),
        ("о об обо в во на", (_PREPOSITIONAL, _ACCUSATIVE)),
        ("по", (_DATIVE, _ACCUSATIVE, _PREPOSITIONAL)),
        ("за под", (_ACCUSATIVE, _INSTRUMENTAL)),
        ("с со", (_GENITIVE, _INSTRUMENTAL, _ACCUSATIVE)),
    )
    for preposition in words.split()
}


def fits(evidence: Evidence, tokens: Tokens, position: int, *, as_typed: bool) -> bool:
    """Whether the spelling at a position is a form of our word."""
    before = tokens.forms[position - 1] if position else ""
    if evidence in (AFTER_NUMBER, AFTER_YEAR, AFTER_CENTURY):
        return _counts(evidence, before)
    governed = _GOVERNED.get(before)
    end = tokens.ends[position]
    is_capital = tokens.text[tokens.starts[position]].isupper()
    is_telling = any(reading.is_name != is_capital for reading in evidence) and tokens.tells_names
    is_telling = is_telling and position not in tokens.opens_sentence
    is_prefix = (
        tokens.forms[position].endswith(("о", "е")) and tokens.text[end : end + 1] in _HYPHENS and position + 1 < len(tokens)
    )
    ours = others = 0.0
    for reading in evidence:
        weight = reading.likelihood
        if governed is not None and not _is_governed(reading, governed):
            weight *= _MISFIT
        if is_prefix and reading.part == "ADJS":
            weight *= _MISFIT
        if is_telling and reading.is_name != is_capital:
            weight *= _NAME_IN_SMALL if reading.is_name else _COMMON_IN_CAPITAL
        if reading.ours:
            ours += weight
        else:
            others += weight
    return ours >= (ACCEPT_AS_TYPED if as_typed else ACCEPT) * (ours + others)


def _counts(evidence: Evidence, before: str) -> bool:
    """Whether the word before is such a number as makes a letter a unit."""
    if evidence == AFTER_CENTURY:
        return bool(_CENTURY.fullmatch(before))
    is_year = bool(_YEAR.fullmatch(before))
    return is_year if evidence == AFTER_YEAR else before.isdecimal() and not is_year


def _is_governed(reading: Reading, cases: frozenset[str]) -> bool:
    return (
        reading.case in cases
        if reading.case
        else reading.part not in ("VERB", "INFN", "GRND", "ADVB", "PREP", "CONJ", "INTJ", "PRCL", "ADJS")
    )
