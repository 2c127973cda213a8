"""A text as words with positions: what phrases, proximity and spans are counted in.

Every word takes one position. A compound ("Нью-Йорк", "McDonald's", "my_brand", "#ЛюблюЧай") is its parts, and also one wide
unit, the joined form, that covers their positions. Emoji are words of their own.
"""

import re
from bisect import bisect_left, bisect_right
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from transforms.mentions.fold import IGNORABLE, PLAIN_LETTERS, fold_plain, fold_word

CONNECTORS = "-\u2010\u2011'\u2019\u02bc`\u00b4_"  # hyphens, apostrophes and the underscore: one of them between words joins
EMOJI = "\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23f3\U0001f000-\U0001fbff"
_EMOJI_FROM = "\u231a"  # no emoji comes before
_TONE = "\ufe0f\U0001f3fb-\U0001f3ff"
_LETTER = r"[^\W_\u02bc]"  # the apostrophe of some alphabets counts as a letter elsewhere; here it joins, as all apostrophes do
_EMOJI_TOKEN = rf"[{EMOJI}][{_TONE}]*(?:\u200d[{EMOJI}][{_TONE}]*)*"
_TOKEN = re.compile(rf"({_LETTER}+(?:[{IGNORABLE}]+{_LETTER}*)*|{_EMOJI_TOKEN})")
_PLAIN_TOKEN = re.compile(rf"([{PLAIN_LETTERS}]+|{_EMOJI_TOKEN})")  # the same in what `fold_plain` gives, at half the time
_COMPOUND = re.compile(rf"{_LETTER}[{IGNORABLE}]*[{CONNECTORS}]{_LETTER}")
_JOIN = re.compile(rf"[{IGNORABLE}]*[{CONNECTORS}][{IGNORABLE}]*")
_SHORT = 200  # words of a text in which looking through all is cheaper than an index
_WIDEST_JOIN = 8  # characters between two words of a compound, invisible ones counted
_EMOJI = re.compile(f"[{EMOJI}]")
_TONES = re.compile(f"[{_TONE}\u200d]")
_CAMEL = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|(?<=[A-ZА-ЯЁ])(?=[A-ZА-ЯЁ][a-zа-яё])|(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_SENTENCE_END = re.compile(r"[.!?…]+[\"»”')\]]*\s+(?=[\"«“'(\[]*[^\W_a-zа-яё])|\n+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:г|гг|ул|им|т|п|руб|тыс|млн|млрд|см|др|пр|проф|акад|св|mr|mrs|ms|dr|st|no|vs)|\b[^\W\d_])\.$", re.IGNORECASE
)
_BLANKS, _CLOSERS = " \t\xa0", "\"»”'’)],;:"
_CAPITALISED = re.compile(rf"[{_BLANKS}][\"«“'(\[]*[A-ZА-ЯЁ][a-zа-яё]")


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
    return Tokens(text).forms


def is_emoji(text: str) -> bool:
    return text[:1] >= _EMOJI_FROM and bool(_EMOJI.match(text))


@lru_cache(maxsize=200_000)
def fold_token(token: str) -> str:
    return _TONES.sub("", token) or token if _EMOJI.match(token) else fold_word(token)


def _joins(text: str, end: int, start: int) -> bool:
    return end < start <= end + _WIDEST_JOIN and bool(_JOIN.fullmatch(text, end, start)) and not is_emoji(text[start])


def _mark_before(text: str, start: int) -> str:
    before = text[start - 1] if start else ""
    return before if before and before in "#@" and not (start > 1 and text[start - 2].isalnum()) else ""


def _follows_a_word(text: str, at: int) -> bool:
    """Whether nothing that ends a sentence stands between the word before and this place."""
    while at and text[at - 1] in _BLANKS:
        at -= 1
    while at and text[at - 1] in _CLOSERS:
        at -= 1
    return at > 0 and text[at - 1].isalnum()


class Tokens:
    """The words of one text, by position, and its joined compounds."""

    __slots__ = ("__dict__", "compounds", "ends", "forms", "marks", "starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.compounds: list[Unit] = []
        self.marks: dict[int, str] = {}  # position -> "#" or "@"
        folded = fold_plain(text)
        pieces = _TOKEN.split(text) if folded is None else _PLAIN_TOKEN.split(folded)  # words and what is between them, in turn
        edges = list(accumulate(map(len, pieces)))
        self.starts, self.ends, words = edges[:-1:2], edges[1::2], pieces[1::2]
        if ("#" in text or "@" in text) and self._read_marks():
            words = [text[start:end] for start, end in zip(self.starts, self.ends, strict=True)]
            folded = None
        self.forms = words if folded is not None and max(words, default="") < _EMOJI_FROM else list(map(fold_token, words))
        if self.marks or (any(map(text.__contains__, CONNECTORS)) and _COMPOUND.search(text)):
            self._join_compounds()

    def _read_marks(self) -> bool:
        """Notes marked names, and cuts hashtags in CamelCase into their parts; whether there were any."""
        cut: list[tuple[int, int]] = []
        for start, end in zip(self.starts, self.ends, strict=True):
            mark = _mark_before(self.text, start)
            if mark:
                self.marks[len(cut)] = mark
            parts = split_camel(self.text[start:end]) if mark == "#" else ()
            for part in parts[:-1]:
                cut.append((start, start + len(part)))
                start += len(part)
            cut.append((start, end))
        if len(cut) == len(self.starts):
            return False
        self.starts, self.ends = [start for start, _ in cut], [end for _, end in cut]
        return True

    def _join_compounds(self) -> None:
        text, forms = self.text, self.forms
        borders = [
            position
            for position, (end, start) in enumerate(zip(self.ends, self.starts[1:], strict=False), 1)
            if start != end and (text[end] == " " or not _joins(text, end, start) or is_emoji(forms[position - 1]))
        ]
        for first, stop in pairwise((0, *borders, len(forms))):
            if stop - first > 1:
                self._close_compound(first, stop)

    def _close_compound(self, first: int, stop: int) -> None:
        """Notes the joined form of the words first..stop-1; of a marked name, as far as underscores go, that one too."""
        if first in self.marks:
            gaps = range(first + 1, stop)
            end = next((at for at in gaps if self.starts[at] > self.ends[at - 1] and self.text[self.ends[at - 1]] != "_"), stop)
            if end - first > 1:
                self._add_compound(first, end, self.marks.pop(first))  # the mark is that of the whole, not of its first part
            if end == stop:
                return
        self._add_compound(first, stop, "")

    def _add_compound(self, first: int, stop: int, mark: str) -> None:
        form = fold_token("".join(self.forms[first:stop]))
        self.compounds.append(Unit(form, first, stop - 1, self.starts[first], self.ends[stop - 1], mark))

    def __len__(self) -> int:
        """The number of positions."""
        return len(self.forms)

    def word(self, position: int) -> Unit:
        mark = self.marks.get(position, "")
        return Unit(self.forms[position], position, position, self.starts[position], self.ends[position], mark)

    @property
    def words(self) -> list[Unit]:
        return list(map(self.word, range(len(self.forms))))

    @cached_property
    def _positions(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = {}
        for position, form in enumerate(self.forms):
            index.setdefault(form, []).append(position)
        return index

    def units(self, form: str) -> list[Unit]:
        """All units of a folded form."""
        if len(self.forms) <= _SHORT:
            found = [self.word(position) for position, other in enumerate(self.forms) if other == form]
        else:
            found = [self.word(position) for position in self._positions.get(form, ())]
        return found + [unit for unit in self.compounds if unit.form == form] if self.compounds else found

    @cached_property
    def all_forms(self) -> frozenset[str]:
        """Every folded form, those of compounds too."""
        return frozenset(self.forms).union([unit.form for unit in self.compounds])

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        """Half-open ranges of positions, in order; every position is in exactly one."""
        cuts = [0]
        for match in _SENTENCE_END.finditer(self.text):
            if match.group()[0] != "\n" and _ABBREVIATION.search(self.text, max(0, match.start() - 8), match.start() + 1):
                continue
            position = bisect_left(self.starts, match.end())
            if cuts[-1] < position < len(self.forms):
                cuts.append(position)
        return list(pairwise([*cuts, len(self.forms)])) if self.forms else []

    def sentence_span(self, position: int) -> tuple[int, int]:
        """Offsets of the sentence that holds a position."""
        n = bisect_right([first for first, _ in self.sentences], position) - 1
        first, stop = self.sentences[n]
        return self.starts[first], self.ends[stop - 1]

    @cached_property
    def opens_sentence(self) -> frozenset[int]:
        return frozenset(first for first, _ in self.sentences)

    @cached_property
    def tells_names(self) -> bool:
        """Whether the writer capitalises names: some word inside a sentence begins with a capital and goes on in lower case."""
        return any(_follows_a_word(self.text, match.start()) for match in _CAPITALISED.finditer(self.text))
