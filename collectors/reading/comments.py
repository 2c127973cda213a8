"""Posts of a discussion and readers' comments: repeated containers, each with its text, author and time.

Units of one kind share tag and first class. In a forum the units are sought among the blocks the content model keeps (posts are
the content there); on other pages among the blocks under something named a comment, which it drops.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from itertools import accumulate, islice
from typing import Final
from urllib.parse import urljoin

import numpy as np
from selectolax.lexbor import LexborNode

from collectors.reading.blocks import Blocks
from collectors.reading.dates import read_date
from collectors.reading.document import TAG_IDS, Attributes, Document
from collectors.reading.model import Comment, Moment, PageKind
from collectors.reading.native.walking import attributes as attributes_of
from collectors.reading.word_search import WordSearch

MAX_COMMENTS: Final = 500
SHARE_OF_FORUM: Final = 0.25  # of a discussion's words, that the posts must hold to be taken for posts
_NAMES: Final = ("comment", "disqus", "review", "reply", "respon")
_NOT_TEXT: Final = re.compile(
    r"(?:(?:reply|report|share|like|quote|edit|permalink|delete|log in to reply|ответить|пожаловаться|поделиться|"
    r"цитировать|нравится)[\W\d]*)+",
    re.IGNORECASE,
)
_AUTHORS: Final = ("author", "username", "user-name", "nickname", "poster", "fn")  # in the class of what names one
_TIMES: Final = ("date", "time")
_PROFILE: Final = re.compile(r"/user|/member|/profile", re.IGNORECASE)
_DATE_PROPS: Final = frozenset(("datePublished", "dateCreated"))
_TIME_TAG: Final = TAG_IDS["time"]
_LINKS: Final = frozenset(TAG_IDS[name] for name in ("a", "base", "link"))
_MOST_CANDIDATES: Final = 4  # elements of a unit that may name its author, and as many that may tell its time
_MOST_ELEMENTS: Final = 1_000  # of a unit that are looked at

_NEVER_UNITS: Final = frozenset(("body", "p", "main", "form"))

Key = tuple[int, str, str]


def read_comments(
    document: Document,
    kept: Sequence[bool],
    kind: PageKind | None,
    url: str | None,
    lang: str | None,
    fetched_at: datetime | None,
) -> tuple[tuple[Comment, ...], frozenset[int]]:
    """Comments of a page, and the numbers of the blocks they are made of, which are no part of its text then."""
    if kind == "forum":
        comments, used = read_posts(document, kept, url, lang, fetched_at)
    else:
        comments, used = read_reader_comments(document, kept, url, lang, fetched_at)
    return comments, frozenset(used)


def read_posts(
    document: Document, kept: Sequence[bool], url: str | None, lang: str | None, fetched_at: datetime | None
) -> tuple[tuple[Comment, ...], list[int]]:
    """Posts of a forum page after the one that opens it, and the blocks they are made of.

    The opening post stays the page's text. Empty when the kept blocks show no family of posts.
    """
    blocks = document.blocks
    words = [text.count(" ") + 1 if keep else 0 for text, keep in zip(blocks.texts, kept, strict=True)]
    units = _units(blocks, words, range(len(blocks.parent)), least=SHARE_OF_FORUM * sum(words))
    owner = _owners(blocks, units)
    opening = next((owner[i] for i, count in enumerate(words) if count >= 5), -1)
    return _comments(
        document, [i for i, keep in enumerate(kept) if keep and owner[i] not in (-1, opening)], owner, url, lang, fetched_at
    )


def read_reader_comments(
    document: Document, kept: Sequence[bool], url: str | None, lang: str | None, fetched_at: datetime | None
) -> tuple[tuple[Comment, ...], list[int]]:
    """Comments under a page's content, and the blocks they are made of; never a block the content model keeps."""
    blocks = document.blocks
    zone = _named_so(blocks)
    if not zone:
        return (), []
    first, last = blocks.start[zone[0]], max([blocks.end[c] for c in zone])
    words = [0] * first + [
        0 if keep or linked * 2 > len(text) else text.count(" ") + 1
        for text, keep, linked in zip(blocks.texts[first:last], kept[first:last], blocks.link_chars[first:last], strict=True)
    ]
    units = _units(blocks, words, zone, least=1, single=True)
    if not units:
        return (), []
    owner = _owners(blocks, units)
    return _comments(document, [i for i, keep in enumerate(kept) if not keep and owner[i] >= 0], owner, url, lang, fetched_at)


def _named_so(blocks: Blocks) -> list[int]:
    """The containers that are named a comment. Each of their different names is looked at once."""
    found = [number for _, number in _search().places(blocks.called)]
    if not found:
        return []
    is_named = np.zeros(len(blocks.called), bool)
    is_named[found] = True
    return np.flatnonzero(is_named[blocks.shape[6]]).tolist()


@cache
def _search() -> WordSearch:
    return WordSearch(_NAMES)


def _units(blocks: Blocks, words: Sequence[int], containers: Iterable[int], least: float, *, single: bool = False) -> list[int]:
    """The containers of the family that holds most words, at least `least` of them and five a unit on average.

    `words` are those of each block, up to the last one that the containers hold.
    """
    running = [0, *accumulate(words)]
    start, end, tags, names, parents = blocks.start, blocks.end, blocks.tag, blocks.names, blocks.parent
    families: dict[Key, list[int]] = defaultdict(list)
    first_of: dict[str, str] = {}
    for c in containers:
        if running[end[c]] > running[start[c]] and tags[c] not in _NEVER_UNITS:
            name = first_of.get(names[c])
            if name is None:
                name = first_of[names[c]] = names[c].split(" ", 1)[0].rstrip("0123456789")
            families[(-1 if name else parents[c], tags[c], name)].append(c)
    best: list[int] = []
    most = least
    for members in families.values():
        if len(members) < 2 and not (single and _is_unit_name(names[members[0]])):
            continue
        held = 0
        last = 0
        for c in members:  # a unit inside another of its family adds nothing
            if end[c] > last:
                held += running[end[c]] - running[max(start[c], last)]
                last = end[c]
        if held > most and held >= 5 * len(members):
            best, most = members, held
    return best


def _is_unit_name(names: str) -> bool:
    """One comment alone is believed only where its container is named one, not a list of them."""
    return re.search(r"\bcomment(?:[-_](?:body|item|\d+))?(?:\s|$)", names) is not None


def _owners(blocks: Blocks, units: Sequence[int]) -> list[int]:
    """For each block its innermost unit; -1 for none."""
    owner = [-1] * len(blocks.texts)
    for c in units:  # in document order, so an inner unit overwrites the outer one
        owner[blocks.start[c] : blocks.end[c]] = [c] * (blocks.end[c] - blocks.start[c])
    return owner


def _comments(
    document: Document,
    members: Sequence[int],
    owner: Sequence[int],
    url: str | None,
    lang: str | None,
    fetched_at: datetime | None,
) -> tuple[tuple[Comment, ...], list[int]]:
    blocks = document.blocks
    by_unit: dict[int, list[int]] = defaultdict(list)
    for i in members:
        by_unit[owner[i]].append(i)
    if not by_unit:
        return (), []
    marks = _Marks(document, lang, fetched_at)
    found: list[Comment] = []
    used: list[int] = []
    for unit, numbers in list(by_unit.items())[:MAX_COMMENTS]:
        node = document.container_node(unit)
        author, time_text, moment = marks.of(node)
        lines = [
            text
            for i in numbers
            if not _is_label(text := blocks.texts[i], (author, time_text)) and blocks.tag[blocks.container[i]] != "button"
        ]
        if lines:
            anchor = attributes_of(node).get("id")
            found.append(Comment("\n".join(lines), author, moment, _place(url, anchor) if url and anchor else None))
            used += numbers
    return tuple(found), used


def _place(url: str, anchor: str) -> str:
    """The address of an element of the page; the page's own is parsed once."""
    return _page(url) + anchor if anchor.isprintable() else urljoin(url, f"#{anchor}")


@lru_cache(maxsize=64)
def _page(url: str) -> str:
    return urljoin(url, "#_").removesuffix("_")


def _is_label(text: str, names: Iterable[str | None]) -> bool:
    """Whether a block says nothing but who wrote, when, or what can be done with the comment."""
    if len(text) > 120:
        return False
    rest = text
    for name in names:
        rest = rest.replace(name, "") if name else rest
    return not any(map(str.isalnum, rest)) or _NOT_TEXT.fullmatch(text) is not None


class _Marks:
    """What shows authors and times on a page: the elements and classes that say so, and how its times are read."""

    def __init__(self, document: Document, lang: str | None, fetched_at: datetime | None) -> None:
        called = document.called(*_AUTHORS, *_TIMES)
        classes = {attributes["class"] or "" for _, _, attributes in called}
        self.authors = {names for names in classes if any(map(names.lower().__contains__, _AUTHORS))}
        self.times = {names for names in classes if any(map(names.lower().__contains__, _TIMES))}
        self.telling = {
            node.mem_id: attributes
            for elements in (called, document.tagged("time"), document.with_attribute("itemprop"))
            for node, _, attributes in elements
        }
        self.lang = lang
        self.fetched_at = fetched_at

    def of(self, unit: LexborNode) -> tuple[str | None, str | None, Moment | None]:
        """Who wrote a unit, its visible time, and the moment it stands for: the first few elements that may tell are asked."""
        author = shown = moment = None
        names = times = _MOST_CANDIDATES  # that may still be asked
        for node in islice(unit.traverse(), 1, _MOST_ELEMENTS):
            attributes = self.telling.get(node.mem_id)
            if attributes is None and names and node.tag_id in _LINKS:
                attributes = attributes_of(node)  # of what is called nothing, only the address may tell something
            if attributes is None:
                continue
            if names and self._names(attributes, is_after_author=names < _MOST_CANDIDATES):
                author = _name(node)
                names = 0 if author else names - 1
            if times and (
                node.tag_id == _TIME_TAG or attributes.get("class") in self.times or attributes.get("itemprop") in _DATE_PROPS
            ):
                shown, moment = self._moment(node, attributes)
                times = 0 if moment else times - 1
            if not names and not times:
                break
        return author, shown, moment

    def _names(self, attributes: Attributes, *, is_after_author: bool) -> bool:
        get = attributes.get
        return (
            get("class") in self.authors
            or ("href" in attributes and (get("rel") == "author" or _PROFILE.search(get("href") or "") is not None))
            or (prop := get("itemprop")) == "author"
            or (prop == "name" and is_after_author)
        )

    def _moment(self, node: LexborNode, attributes: Attributes) -> tuple[str | None, Moment | None]:
        shown = " ".join(node.text(separator=" ").split())
        for value in (attributes.get("datetime"), attributes.get("content"), attributes.get("title"), shown):
            if value and len(value) < 60 and (moment := read_date(value, self.lang, self.fetched_at, strict=True)) is not None:
                return shown, moment
        return None, None


def _name(node: LexborNode) -> str | None:
    name = " ".join(node.text(separator=" ").split())
    return name if 1 < len(name) <= 60 else None
