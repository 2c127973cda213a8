"""Marks of spam: columns beside a mention, never a deletion. Who reads decides.

Each mark is a fact that can be checked by looking: the number it rests on stands beside it.

    copied          one text (a cluster of `duplicates`) by at least COPYING_AUTHORS authors within WINDOW, reposts apart
    link_stuffed    mostly links: at least STUFFED_LINKS of them, and one for every six words or more
    tag_stuffed     mostly hashtags: at least STUFFED_TAGS of them, and more than other words

Link farms are a matter of many texts at once: the model mart.link_farm.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(days=7)
COPYING_AUTHORS = 5
STUFFED_LINKS = 4
WORDS_PER_LINK = 6
STUFFED_TAGS = 8
READ_CHARACTERS = 20_000

_LINK = re.compile(r"https?://\S+|www\.\S+")
_TAG = re.compile(r"#\w+")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What copies show in."""

    record_id: str
    cluster_id: str
    author: str | None  # key of the author, or of the channel where there is none
    published_at: datetime
    is_repost: bool = False  # the source says so: an honest copy


def copying_authors(posts: Sequence[Post]) -> dict[str, int]:
    """Record id -> authors of its text within WINDOW, itself included; of posts with a known author, reposts aside: others have
    none but their own. Posts of the last WINDOW must be given beside the new ones, or copies are missed."""
    by_cluster: dict[str, list[Post]] = defaultdict(list)
    for post in posts:
        if not post.is_repost and post.author is not None:
            by_cluster[post.cluster_id].append(post)
    authors: dict[str, int] = {}
    for members in by_cluster.values():
        authors.update(_authors_around(sorted(members, key=lambda post: post.published_at)))
    return authors


def stuffing(text: str) -> tuple[int, int, tuple[str, ...]]:
    """Links and hashtags in a text, and the marks that they earn it: what can be said without any other text."""
    text = text[:READ_CHARACTERS]
    links = len(_LINK.findall(text)) if "http" in text or "www." in text else 0
    tags = len(_TAG.findall(text)) if "#" in text else 0
    marks: list[str] = []
    if links >= STUFFED_LINKS or tags >= STUFFED_TAGS:
        words = len(_WORD.findall(_TAG.sub(" ", _LINK.sub(" ", text))))
        marks += ["link_stuffed"] * (links >= STUFFED_LINKS and links * WORDS_PER_LINK >= words)
        marks += ["tag_stuffed"] * (tags >= STUFFED_TAGS and tags > words)
    return links, tags, tuple(marks)


def _authors_around(members: list[Post]) -> dict[str, int]:
    """Distinct authors within WINDOW of each member, by a window that slides over the members in order of time."""
    found: dict[str, int] = {}
    inside: dict[str, int] = defaultdict(int)
    first = last = 0
    for post in members:
        while last < len(members) and members[last].published_at <= post.published_at + WINDOW:
            inside[members[last].author or ""] += 1
            last += 1
        while members[first].published_at < post.published_at - WINDOW:
            author = members[first].author or ""
            inside[author] -= 1
            if not inside[author]:
                del inside[author]
            first += 1
        found[post.record_id] = len(inside)
    return found


def is_copied(authors: int, is_repost: bool) -> bool:
    """Whether so many authors of one text make it spam; an honest copy says that it is one."""
    return authors >= COPYING_AUTHORS and not is_repost
