"""Word forms: which spellings in a text are forms of a word in a query, and how surely.

Russian by pymorphy3 (its dictionary, its prediction for unknown words, its likelihoods), English by simplemma's dictionary read
backwards. A spelling that several words share ("стали": became, of steel) keeps its readings as evidence; `context.py` weighs
them where it is met.
"""

import logging
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import pymorphy3
from pymorphy3.analyzer import Parse
from simplemma.strategies.dictionaries import DefaultDictionaryFactory

from transforms.mentions.fold import CYRILLIC_OF, RUSSIAN_ENDINGS, fold_word

_CYRILLIC = re.compile(r"[\u0400-\u04ff]+")
_LATIN = re.compile(r"[a-z]+")
_CLASS = {"ADJF": "ADJ", "ADJS": "ADJ", "COMP": "ADJ", "INFN": "VERB", "PRTF": "VERB", "PRTS": "VERB", "GRND": "VERB"}
_NAMES = ("Name", "Surn", "Patr", "Geox", "Orgn", "Trad")
SURE = 0.995  # a spelling that is ours with this likelihood needs no look at its surroundings
UNLIKELY = 0.1  # a reading of an inflected query word below this likelihood is not meant


class Reading(NamedTuple):
    """One way to read a spelling."""

    ours: bool  # a form of the word asked for
    likelihood: float  # 0-1, over all texts
    part: str  # part of speech as pymorphy names it
    case: str  # nomn, gent, datv, accs, ablt, loct ..., or empty
    is_name: bool


Evidence = tuple[Reading, ...]  # empty: nothing else is spelled so

# Shortenings without a second meaning; each is read as the word it stands for.
_SHORT = {
    "рубль": ("руб",),
    "тысяча": ("тыс",),
    "миллион": ("млн",),
    "миллиард": ("млрд",),
    "триллион": ("трлн",),
    "год": ("гг",),
    "грамм": ("гр",),
    "килограмм": ("кг",),
    "миллилитр": ("мл",),
    "сантиметр": ("см",),
    "миллиметр": ("мм",),
    "километр": ("км",),
}
# Those that are units only after a number: "500 р", "2014 г.", "XX в.".
_UNITS = {"рубль": "р", "метр": "м", "литр": "л", "час": "ч", "минута": "мин", "тонна": "т", "год": "г", "грамм": "г", "век": "в"}
AFTER_NUMBER: Evidence = (Reading(True, 1.0, "UNIT", "", False),)
AFTER_YEAR: Evidence = (Reading(True, 1.0, "YEAR", "", False),)
AFTER_CENTURY: Evidence = (Reading(True, 1.0, "CENTURY", "", False),)
_UNIT_EVIDENCE = {"год": AFTER_YEAR, "век": AFTER_CENTURY}

# "7-й", "13-ая": the endings of a number written in digits.
ORDINAL_ENDINGS = frozenset(
    [
        "й",
        "я",
        "е",
        "ю",
        "го",
        "му",
        "м",
        "х",
        "ми",
        "ый",
        "ий",
        "ой",
        "ая",
        "яя",
        "ое",
        "ее",
        "ые",
        "ие",
        "ого",
        "его",
        "ому",
        "ему",
        "ом",
        "ем",
        "ых",
        "их",
        "ым",
        "им",
        "ыми",
        "ими",
        "ую",
        "юю",
    ]
)

# Comparatives that are adverbs and particles far more often than adjectives.
_ADVERBS = frozenset(["больше", "меньше", "лучше", "раньше", "дальше", "позже", "выше", "ниже"])


@cache
def _analyser() -> pymorphy3.MorphAnalyzer:
    logging.getLogger("pymorphy3").setLevel(logging.WARNING)  # where its dictionary lies is no news to a user
    return pymorphy3.MorphAnalyzer()


@lru_cache(maxsize=50_000)
def _parses(form: str) -> tuple[Parse, ...]:
    return tuple(_analyser().parse(form))


def forget() -> None:
    """Let go of what compiling remembers: hundreds of thousands of small objects that every garbage collection would walk
    through.
    """
    _parses.cache_clear()
    _entries.cache_clear()
    _russian_forms.cache_clear()
    _nominatives.clear()


def is_common_word(word: str) -> bool:
    """Whether a dictionary has the word, in small letters, as something other than a name."""
    form = fold_word(word)
    if _CYRILLIC.fullmatch(form):
        return any(parse.is_known and not _is_name(parse) for parse in _parses(form))
    return bool(_LATIN.fullmatch(form)) and _english().get(form) is not None


def forms_of(word: str) -> dict[str, Evidence]:
    """All folded spellings of a word with what else each may be."""
    form = fold_word(word)
    if _CYRILLIC.fullmatch(form):
        return _russian_forms(form)
    if _LATIN.fullmatch(form):
        return dict.fromkeys(_latin_forms(form, is_name=word[:1].isupper()), ())
    return {form: ()}


# --- Russian


def _lexemes(parse: Parse) -> frozenset[tuple[str, str]]:
    """The dictionary entries a reading belongs to, as (lemma, part): participles and superlatives are also adjectives of their
    own.
    """
    tag = parse.tag
    part = str(tag.POS)
    found = {(fold_word(parse.normal_form), _CLASS.get(part, part))}
    if "Supr" in tag:
        found = {(_nominative(parse, ("Supr", "masc", "sing", "nomn")), "ADJ")}
    elif part in ("PRTF", "PRTS"):
        found.add((_nominative(parse, ("PRTF", "masc", "sing", "nomn", tag.tense, tag.voice)), "ADJ"))
    elif part == "NOUN" and "femn" in tag and ("Patr" in tag or "Surn" in tag):
        found.add((_nominative(parse, ("femn", "sing", "nomn")), "NOUN"))
    return frozenset(found)


def _nominative(parse: Parse, grammemes: tuple[str, ...]) -> str:
    known = _nominatives.get(key := (parse.normal_form, grammemes))
    if known is None:
        inflected = parse.inflect(set(grammemes))
        known = _nominatives[key] = fold_word(inflected.word if inflected else parse.normal_form)
    return known


_nominatives: dict[tuple[str, tuple[str, ...]], str] = {}  # inflecting is slow, and entries are few


def _is_name(parse: Parse) -> bool:
    return any(mark in parse.tag for mark in _NAMES)


@lru_cache(maxsize=50_000)
def _entries(form: str) -> tuple[tuple[frozenset[tuple[str, str]], Parse], ...]:
    return tuple((_lexemes(parse), parse) for parse in _parses(form))


def _meant(form: str) -> frozenset[tuple[str, str]]:
    """The dictionary entries a query word stands for: those it is the lemma of; of an inflected form, the likely ones."""
    entries = _entries(form)
    direct = {entry for lexemes, _ in entries for entry in lexemes if entry[0] == form}
    if direct:
        return frozenset(direct)
    likely = [lexemes for lexemes, parse in entries if parse.score >= UNLIKELY]
    return frozenset[tuple[str, str]]().union(*(likely or [entries[0][0]]))


@lru_cache(maxsize=20_000)
def _russian_forms(form: str) -> dict[str, Evidence]:
    meant = _meant(form)
    spellings = {form}
    for lexemes, parse in _entries(form):
        if lexemes & meant:
            for other in parse.lexeme:
                if "Supr" not in other.tag or "Supr" in parse.tag:
                    spellings.add(fold_word(other.word))
    spellings -= _ADVERBS - {form}
    found = {}
    for spelling in spellings:
        evidence = _evidence(spelling, meant)
        if spelling == form or any(reading.ours for reading in evidence) or not evidence:
            found[spelling] = evidence
    for lemma, _ in meant:
        found |= dict.fromkeys(_SHORT.get(lemma, ()), ())
        if unit := _UNITS.get(lemma):
            found[unit] = _UNIT_EVIDENCE.get(lemma, AFTER_NUMBER)
    return found


def _evidence(spelling: str, meant: frozenset[tuple[str, str]]) -> Evidence:
    entries = _entries(spelling)
    if not any(parse.is_known for _, parse in entries):
        return ()
    readings: dict[tuple[bool, str, str, bool], float] = {}
    for lexemes, parse in entries:
        key = (bool(lexemes & meant), str(parse.tag.POS), str(parse.tag.case or ""), _is_name(parse))
        readings[key] = readings.get(key, 0.0) + parse.score
    ours = sum(score for key, score in readings.items() if key[0])
    if ours >= SURE * sum(readings.values()):
        return ()
    return tuple(Reading(key[0], round(score, 4), *key[1:]) for key, score in readings.items())


# --- English, and names in Latin letters


@cache
def _english() -> dict[str, str]:
    return dict(DefaultDictionaryFactory().get_dictionary("en"))


@cache
def _english_forms() -> dict[str, list[str]]:
    forms: dict[str, list[str]] = {}
    for form, lemma in _english().items():
        if form.isascii() and form.isalpha():
            forms.setdefault(lemma.lower(), []).append(form.lower())
    return forms


def _regular_forms(lemma: str) -> Iterator[str]:
    """The -ing forms that the dictionary lists as words of their own ("buying")."""
    for form in (f"{lemma}ing", f"{lemma[:-1]}ing" if lemma.endswith("e") else "", f"{lemma}{lemma[-1]}ing"):
        if _english().get(form) == form:
            yield form


@lru_cache(maxsize=20_000)
def _latin_forms(word: str, *, is_name: bool) -> tuple[str, ...]:
    """Forms of an English word; of a name, also with Russian endings. A capitalised plural ("Windows") is a name."""
    lemma = word if is_name else _english().get(word, word)
    found = {word, lemma, *_english_forms().get(lemma, ()), *_regular_forms(lemma)}
    if len(word) >= 2:
        found.update(word + ending for ending in RUSSIAN_ENDINGS)
        if word[-1] in CYRILLIC_OF:  # a disguised last letter reads as a Russian ending
            found.add(word[:-1] + CYRILLIC_OF[word[-1]])
    return tuple(sorted(found))
