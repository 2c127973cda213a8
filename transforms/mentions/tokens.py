"""A text as words with positions: what phrases, proximity and spans are counted in.

Every word takes one position. A compound ("Нью-Йорк", "McDonald's", "my_brand", "#ЛюблюЧай") is its parts, and also one wide unit, the
joined form, that covers their positions. Emoji are words of their own.
"""

import re
from bisect import bisect_left, bisect_right
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from transforms.mentions.fold import IGNORABLE, fold_word

CONNECTORS = "-\u2010\u2011'\u2019\u02bc`\u00b4_"  # hyphens, apostrophes and the underscore: one of them between words joins
EMOJI = "\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23f3\U0001f000-\U0001fbff"
_TONE = "\ufe0f\U0001f3fb-\U0001f3ff"
_TOKEN = re.compile(rf"[^\W_]+(?:[{IGNORABLE}]+[^\W_]*)*|[{EMOJI}][{_TONE}]*(?:\u200d[{EMOJI}][{_TONE}]*)*")
_COMPOUND = re.compile(rf"[^\W_][{IGNORABLE}]*[{CONNECTORS}][^\W_]")
_JOIN = re.compile(rf"[{IGNORABLE}]*[{CONNECTORS}][{IGNORABLE}]*")
_WIDEST_JOIN = 8  # characters between two words of a compound, invisible ones counted
_CHAIN = re.compile(rf"(?:[\w{IGNORABLE}]+[{CONNECTORS}])+[\w{IGNORABLE}]+|[^\W_][\w{IGNORABLE}]*_[\w{IGNORABLE}]+")
_TAG = re.compile(rf"[#@]([\w{IGNORABLE}]+)")
_EMOJI = re.compile(f"[{EMOJI}]")
_TONES = re.compile(f"[{_TONE}\u200d]")
_CAMEL = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|(?<=[A-ZА-ЯЁ])(?=[A-ZА-ЯЁ][a-zа-яё])|(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_SENTENCE_END = re.compile(r"[.!?…]+[\"»”')\]]*\s+(?=[\"«“'(\[]*[^\W_a-zа-яё])|\n+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:г|гг|ул|им|т|п|руб|тыс|млн|млрд|см|др|пр|проф|акад|св|mr|mrs|ms|dr|st|no|vs)|\b[^\W\d_])\.$", re.IGNORECASE
)


class Unit(NamedTuple):
    """A word, or a compound in its joined form."""

    form: str  # folded
    first: int  # position of its first word
    last: int  # position of its last word
    start: int  # offset in the text as given
    end: int
    mark: str = ""  # "#" or "@" that stands right before it


def split_camel(word: str) -> list[str]:
    """The parts of a word in CamelCase: "ЛюблюЧай2026" is Люблю, Чай, 2026."""
    return _CAMEL.split(word)


def words_of(text: str) -> list[str]:
    """The folded words of a text, compounds in parts."""
    return [unit.form for unit in Tokens(text).words]


def is_emoji(text: str) -> bool:
    return bool(_EMOJI.match(text))


@lru_cache(maxsize=200_000)
def fold_token(token: str) -> str:
    return _TONES.sub("", token) if _EMOJI.match(token) else fold_word(token)


def quick_forms(text: str) -> frozenset[str]:
    """All forms that `Tokens(text).by_form` has, at a fifth of its price; perhaps some more."""
    forms = set(map(fold_token, _TOKEN.findall(text)))
    if _COMPOUND.search(text):
        for chain in _CHAIN.findall(text):
            forms.add(fold_token("".join(map(fold_token, _TOKEN.findall(chain)))))
    if "#" in text or "@" in text:
        for name in _TAG.findall(text):
            parts = [part for piece in _TOKEN.findall(name) for part in split_camel(piece)]
            forms.update(map(fold_token, parts))
            forms.add(fold_token("".join(map(fold_token, parts))))
            forms.add(fold_token("".join(map(fold_token, _TOKEN.findall(name)))))
    return frozenset(forms)


def _joins(text: str, end: int, start: int) -> bool:
    return end < start <= end + _WIDEST_JOIN and bool(_JOIN.fullmatch(text, end, start)) and not is_emoji(text[start])


class Tokens:
    """The words of one text, by position, and its joined compounds."""

    __slots__ = ("__dict__", "compounds", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[Unit] = []
        self.compounds: list[Unit] = []
        chain_from = 0  # the position where the running compound began
        last_end = 0
        for match in _TOKEN.finditer(text):
            start, end = match.span()
            joined = _joins(text, last_end, start)
            if not joined:
                self._close_compound(chain_from)
                chain_from = len(self.words)
            last_end = start if is_emoji(match.group()) else end
            mark = text[start - 1] if start and text[start - 1] in "#@" and not (start > 1 and text[start - 2].isalnum()) else ""
            token = match.group()
            if mark == "#" and len(parts := split_camel(token)) > 1:
                self._add_hashtag(parts, start, end, token)
            else:
                position = len(self.words)
                self.words.append(Unit(fold_token(token), position, position, start, end, mark))
        self._close_compound(chain_from)

    def _add_hashtag(self, parts: list[str], start: int, end: int, token: str) -> None:
        first = len(self.words)
        offset = start
        for part in parts:
            position = len(self.words)
            self.words.append(Unit(fold_token(part), position, position, offset, offset + len(part)))
            offset += len(part)
        self.compounds.append(Unit(fold_token(token), first, len(self.words) - 1, start, end, "#"))

    def _close_compound(self, chain_from: int) -> None:
        chain = self.words[chain_from:]
        if len(chain) < 2:
            return
        first = chain[0]
        before = self.text[first.start - 1 : first.start]
        if first.mark or before == "#":  # a marked name reaches as far as underscores join it
            stop = next((n for n, (a, b) in enumerate(pairwise(chain), 1) if b.start > a.end and self.text[a.end] != "_"), len(chain))
            self._add_compound(chain[:stop], first.mark or before)
        self._add_compound(chain, "")

    def _add_compound(self, chain: list[Unit], mark: str) -> None:
        newest = self.compounds[-1] if self.compounds and self.compounds[-1].first == chain[0].first else None
        if len(chain) < 2 or (newest and newest.last == chain[-1].last):
            return
        if newest and mark:
            self.compounds.pop()  # the tag went on after an underscore
        form = fold_token("".join(unit.form for unit in chain))
        self.compounds.append(Unit(form, chain[0].first, chain[-1].last, chain[0].start, chain[-1].end, mark))

    @cached_property
    def by_form(self) -> dict[str, list[Unit]]:
        index: dict[str, list[Unit]] = {}
        for unit in self.words:
            index.setdefault(unit.form, []).append(unit)
        for unit in self.compounds:
            index.setdefault(unit.form, []).append(unit)
        return index

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        """Half-open ranges of positions, in order; every position is in exactly one."""
        starts = [unit.start for unit in self.words]
        cuts = [0]
        for match in _SENTENCE_END.finditer(self.text):
            if match.group()[0] != "\n" and _ABBREVIATION.search(self.text, max(0, match.start() - 8), match.start() + 1):
                continue
            position = bisect_left(starts, match.end())
            if cuts[-1] < position < len(starts):
                cuts.append(position)
        return list(pairwise([*cuts, len(starts)])) if starts else []

    def sentence_span(self, position: int) -> tuple[int, int]:
        """Offsets of the sentence that holds a position."""
        n = bisect_right([first for first, _ in self.sentences], position) - 1
        first, stop = self.sentences[n]
        return self.words[first].start, self.words[stop - 1].end

    @cached_property
    def opens_sentence(self) -> frozenset[int]:
        return frozenset(first for first, _ in self.sentences)

    @cached_property
    def tells_names(self) -> bool:
        """Whether the writer capitalises names: some word inside a sentence begins with a capital and goes on in lower case."""
        text, opens = self.text, self.opens_sentence
        return any(
            text[unit.start].isupper() and unit.end - unit.start > 1 and text[unit.start + 1].islower() and unit.first not in opens
            for unit in self.words
        )
