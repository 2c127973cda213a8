"""Folding: one spelling for what people take for the same word.

Folded away: case, ё/е, diacritics of Latin letters, stress and other combining marks, zero-width characters and soft hyphens,
full-width and mathematical letters, and Latin letters that stand in for Cyrillic ones (or the reverse) inside one word. Kept:
й, ї, ў and other Cyrillic letters that are letters of their own. Folding works on single words, so offsets need no mapping: a
token keeps its own.
"""

import re
import unicodedata
from functools import lru_cache

# Soft hyphen, combining marks, zero-width and directional marks, variation selectors, word joiner, BOM: inside a word, worth
# nothing.
IGNORABLE = "\u00ad\u0300-\u036f\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff"
_IGNORABLE = re.compile(f"[{IGNORABLE}]+")
_PLAIN = re.compile(r"[0-9a-z]+|[0-9а-яіїєґўјѕћђљњџ]+")
PLAIN_LETTERS = "0-9a-zа-яіїєґ"  # of a text folded at once
# Letters that fold in a way of their own (numbers in circles, ❶ to ➓, count as letters); words of two alphabets.
_NOT_PLAIN = re.compile("[^\x00-\x7f\xa0«»–—…“”„№’а-яёіїєґ\u2600-\u2775\u2794-\u27bf\U0001f300-\U0001faff]")
_TWO_ALPHABETS = re.compile("[a-z][0-9]*[а-яёіїєґ]|[а-яёіїєґ][0-9]*[a-z]")
_LATIN = re.compile(r"[a-z]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")

# Cyrillic letters that look like Latin ones, in either case.
LATIN_OF = dict(zip("авсенкмортхуіјѕ", "abcehkmoptxyijs", strict=True))
CYRILLIC_OF = {latin: cyrillic for cyrillic, latin in LATIN_OF.items()}
_TO_LATIN, _TO_CYRILLIC = str.maketrans(LATIN_OF), str.maketrans(CYRILLIC_OF)
_STROKED = {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "ß": "s"}  # Latin letters without a decomposition

# "Ozonом", "BMWшник": a Latin name with a Russian ending is one word in two scripts, not a disguise.
RUSSIAN_ENDINGS = ("а", "у", "е", "ом", "ем", "ы", "и", "ов", "ам", "ами", "ах", "ой", "ою", "ю", "я", "ей", "ям", "ями", "ях")
_DECLINED_LATIN = re.compile(rf"[0-9a-z]{{2,}}(?:{'|'.join(RUSSIAN_ENDINGS)})")


@lru_cache(maxsize=4096)
def fold_char(char: str) -> str:
    """The folded character; empty when it is ignorable. Always one character or none."""
    if _IGNORABLE.match(char):
        return ""
    low = char.lower()[:1]
    if "\u0400" <= low <= "\u04ff":
        return "е" if low in "ёѐ" else "и" if low == "ѝ" else low
    if low in _STROKED:
        return _STROKED[low]
    if "\uff00" <= low <= "\uffef" or "\U0001d400" <= low <= "\U0001d7ff":  # full-width and mathematical letters
        plain = unicodedata.normalize("NFKC", low).lower()
        return plain if len(plain) == 1 else low
    if "\u00c0" <= low <= "\u024f" or "\u1e00" <= low <= "\u1eff":
        base = unicodedata.normalize("NFD", low)[0]
        return _STROKED.get(base, base)
    return low


def fold_word(word: str) -> str:
    """The word as it is compared; at most as long as it was."""
    low = word.lower()
    if _PLAIN.fullmatch(low):
        return low
    folded = "".join(map(fold_char, unicodedata.normalize("NFC", word)))
    if _LATIN.search(folded) and _CYRILLIC.search(folded):
        return _one_script(folded)
    return folded


def _one_script(word: str) -> str:
    """A word of Latin and Cyrillic letters in one script, where every letter of the other one has a look-alike."""
    if _DECLINED_LATIN.fullmatch(word):
        return word
    cyrillic = word.translate(_TO_CYRILLIC)
    if not _LATIN.search(cyrillic):
        return cyrillic
    latin = word.translate(_TO_LATIN)
    return latin if not _CYRILLIC.search(latin) else word


def fold_plain(text: str) -> str | None:
    """A whole text folded at once, character by character; None when some word needs more than small letters and е for ё."""
    low = text.lower()
    if len(low) != len(text) or _NOT_PLAIN.search(low) or (_LATIN.search(low) and _TWO_ALPHABETS.search(low)):
        return None
    return low.replace("ё", "е")


@lru_cache(maxsize=4096)
def skeleton_char(char: str) -> str:
    """A coarser fold for the scan: equal for all characters that may come to be equal in a folded word."""
    folded = fold_char(unicodedata.normalize("NFC", char)[:1])
    has_marks = "\u0370" <= folded <= "\u04ff" or "\u1f00" <= folded <= "\u1fff"  # a mark of its own: lost, as it may come apart
    base = unicodedata.normalize("NFD", folded)[0] if has_marks else folded
    return LATIN_OF.get(base, base)


def skeleton(word: str) -> str:
    """`skeleton(a) == skeleton(b)` whenever `fold_word(a) == fold_word(b)`."""
    return "".join(map(skeleton_char, word))
