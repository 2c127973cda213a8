"""Posts of a discussion and readers' comments: repeated containers, each with its text, author and time.

Units of one kind share tag and first class. In a forum the units are sought among the blocks the content model keeps (posts are
the content there); on other pages among the blocks under something named a comment, which it drops.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate, islice
from typing import Final
from urllib.parse import urljoin

from selectolax.lexbor import LexborNode

from collectors.reading.blocks import Blocks
from collectors.reading.dates import read_date
from collectors.reading.document import TAG_IDS, Attributes, Document
from collectors.reading.model import Comment, Moment, PageKind

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
_MOST_CANDIDATES: Final = 4  # elements of a unit that may name its author, and as many that may tell its time
_MOST_ELEMENTS: Final = 1_000  # of a unit that are looked at

Key = tuple[int, str, str]
Candidate = tuple[LexborNode, Attributes]


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
    parts = [part for part in _NAMES if part in document.class_words or part in document.id_words]
    if not parts:
        return (), []
    named = {names for names in set(blocks.names) if any(part in names.lower() for part in parts)}
    inside: list[bool] = []
    for parent, names in zip(blocks.parent, blocks.names, strict=True):
        inside.append((parent >= 0 and inside[parent]) or names in named)
    if not any(inside[1:]):
        return (), []
    words = [
        0 if keep or linked * 2 > len(text) else text.count(" ") + 1
        for text, keep, linked in zip(blocks.texts, kept, blocks.link_chars, strict=True)
    ]
    zone = [c for c, names in enumerate(blocks.names) if names in named]
    units = _units(blocks, words, zone, least=1, single=True)
    owner = _owners(blocks, units)
    return _comments(document, [i for i, keep in enumerate(kept) if not keep and owner[i] >= 0], owner, url, lang, fetched_at)


def _units(blocks: Blocks, words: Sequence[int], containers: Iterable[int], least: float, *, single: bool = False) -> list[int]:
    """The containers of the family that holds most words, at least `least` of them and five a unit on average."""
    running = [0, *accumulate(words)]
    families: dict[Key, list[int]] = defaultdict(list)
    for c in containers:
        if running[blocks.end[c]] > running[blocks.start[c]] and blocks.tag[c] not in {"body", "p", "main", "form"}:
            name = blocks.names[c].split(" ", 1)[0].rstrip("0123456789")
            families[(-1 if name else blocks.parent[c], blocks.tag[c], name)].append(c)
    best: list[int] = []
    most = least
    for members in families.values():
        if len(members) < 2 and not (single and _is_unit_name(blocks.names[members[0]])):
            continue
        held = 0
        last = 0
        for c in members:  # a unit inside another of its family adds nothing
            held += max(running[blocks.end[c]] - running[max(blocks.start[c], last)], 0)
            last = max(last, blocks.end[c])
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
    marks = _Marks(document)
    found: list[Comment] = []
    used: list[int] = []
    for unit, numbers in list(by_unit.items())[:MAX_COMMENTS]:
        node = blocks.nodes[unit]
        authors, times = marks.of(node)
        author = _author(authors)
        time_text, moment = _time(times, lang, fetched_at)
        lines = [
            text
            for i in numbers
            if not _is_label(text := blocks.texts[i], (author, time_text)) and blocks.tag[blocks.container[i]] != "button"
        ]
        if lines:
            anchor = node.attributes.get("id")
            found.append(Comment("\n".join(lines), author, moment, urljoin(url, f"#{anchor}") if url and anchor else None))
            used += numbers
    return tuple(found), used


def _is_label(text: str, names: Iterable[str | None]) -> bool:
    """Whether a block says nothing but who wrote, when, or what can be done with the comment."""
    if len(text) > 120:
        return False
    rest = text
    for name in names:
        rest = rest.replace(name, "") if name else rest
    return not any(map(str.isalnum, rest)) or _NOT_TEXT.fullmatch(text) is not None


class _Marks:
    """What shows authors and times on a page: the classes that say so."""

    def __init__(self, document: Document) -> None:
        self.authors = document.classes_with(*_AUTHORS)
        self.times = document.classes_with(*_TIMES)

    def of(self, unit: LexborNode) -> tuple[list[Candidate], list[Candidate]]:
        """Elements of a unit that may name its author, and that may tell its time, in document order."""
        authors: list[Candidate] = []
        times: list[Candidate] = []
        for node in islice(unit.traverse(), 1, _MOST_ELEMENTS):
            attributes = node.attributes
            if len(authors) < _MOST_CANDIDATES and attributes and self._names(attributes, is_after_author=bool(authors)):
                authors.append((node, attributes))
            if len(times) < _MOST_CANDIDATES and self._dates(node, attributes):
                times.append((node, attributes))
        return authors, times

    def _names(self, attributes: Attributes, *, is_after_author: bool) -> bool:
        get = attributes.get
        return (
            get("class") in self.authors
            or ("href" in attributes and (get("rel") == "author" or _PROFILE.search(get("href") or "") is not None))
            or (prop := get("itemprop")) == "author"
            or (prop == "name" and is_after_author)
        )

    def _dates(self, node: LexborNode, attributes: Attributes) -> bool:
        return attributes.get("class") in self.times or attributes.get("itemprop") in _DATE_PROPS or node.tag_id == _TIME_TAG


def _author(candidates: Sequence[Candidate]) -> str | None:
    for node, _ in candidates:
        name = " ".join(node.text(separator=" ").split())
        if 1 < len(name) <= 60:
            return name
    return None


def _time(candidates: Sequence[Candidate], lang: str | None, fetched_at: datetime | None) -> tuple[str | None, Moment | None]:
    """The visible text of a unit's time, and the moment it stands for."""
    for node, attributes in candidates:
        shown = " ".join(node.text(separator=" ").split())
        for value in (attributes.get("datetime"), attributes.get("content"), attributes.get("title"), shown):
            if value and len(value) < 60 and (moment := read_date(value, lang, fetched_at, strict=True)) is not None:
                return shown, moment
    return None, None
