"""The engine of `dozor topics check | suggest | preview`: what a careful colleague says of a query before it runs every night."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Literal, NamedTuple

from transforms.mentions.common_words import COMMON_WORDS
from transforms.mentions.evaluate import Document
from transforms.mentions.match import BATCH, Hit, QuerySet, compile_queries
from transforms.mentions.query import parse
from transforms.mentions.query_errors import QueryError
from transforms.mentions.query_warnings import warnings
from transforms.mentions.suggest import Suggestion, suggestions
from transforms.mentions.tokens import Tokens

SAMPLE = 20  # mentions shown for judging precision
NEIGHBOURS = 15  # words shown that stand near the mentions
NEAR = 5  # words on each side that count as near
SNIPPET = 120  # characters shown on each side of a mention
_SEED = 20  # the sample of a query over the same rows is the same


class Finding(NamedTuple):
    """What is wrong with a topic's query ("error"), or what to think about ("warning")."""

    topic: str
    level: Literal["error", "warning"]
    message: str


def check(queries: Mapping[str, str], macros: Mapping[str, str] | None = None) -> list[Finding]:
    """All problems of all topics, in their order."""
    found = []
    for topic, query in queries.items():
        try:
            found += [Finding(topic, "warning", message) for message in warnings(parse(query, macros))]
        except QueryError as error:
            found.append(Finding(topic, "error", str(error)))
    return found


def suggest(query: str, macros: Mapping[str, str] | None = None) -> list[Suggestion]:
    """Spellings to approve: transliteration, keyboard layout, look-alike letters, written together. Nothing is added silently."""
    return suggestions(query, macros)


class Row(NamedTuple):
    """A text of the archive: when it was published, and what is known of it."""

    published_date: date | None
    document: Document


@dataclass(frozen=True, slots=True)
class Example:
    """A mention in its surroundings; `spans` are offsets in `snippet`."""

    published_date: date | None
    snippet: str
    spans: tuple[tuple[int, int], ...]
    url: str | None


class Neighbour(NamedTuple):
    """A word near the mentions: in how many of them, and how many times more often than in all texts."""

    word: str
    mention_count: int
    lift: float


@dataclass(slots=True)
class Preview:
    """What a query finds in an archive."""

    text_count: int = 0
    mention_count: int = 0
    per_week: dict[date, int] = field(
        default_factory=dict
    )  # Monday of the week -> mentions; weeks without any in between are there
    undated_count: int = 0  # mentions without a date, in no week
    examples: list[Example] = field(default_factory=list)  # drawn evenly from all mentions
    neighbours: list[Neighbour] = field(default_factory=list)  # candidates for exclusion, the most telling first


def preview(query: str, rows: Iterable[Row], macros: Mapping[str, str] | None = None) -> Preview:
    """Run a query over texts: mentions a week, a sample to judge precision by, the words that most often stand near them."""
    query_set = compile_queries({"query": query}, macros)
    gathered = _Gathered()
    stream = iter(rows)
    while batch := list(islice(stream, BATCH)):
        gathered.add(query_set, batch)
    return gathered.preview()


class _Gathered:
    """What is known so far; memory does not grow with the number of texts."""

    def __init__(self) -> None:
        self._random = random.Random(_SEED)  # noqa: S311  a sample, not a secret
        self._preview = Preview()
        self._near: Counter[str] = Counter()
        self._anywhere: Counter[str] = Counter()  # in the first text of every batch of few: an estimate of how common a word is
        self._judged = 0

    def add(self, query_set: QuerySet, batch: list[Row]) -> None:
        seen = self._preview
        seen.text_count += len(batch)
        for row in batch[:: max(1, len(batch) // 200)]:
            self._judged += 1
            self._anywhere.update(set(Tokens(row.document.text).forms))
        for row, hits in zip(batch, query_set.match_batch([row.document for row in batch]), strict=True):
            if hits:
                self._add_mention(row, hits[0])

    def _add_mention(self, row: Row, hit: Hit) -> None:
        seen = self._preview
        seen.mention_count += 1
        if row.published_date is None:
            seen.undated_count += 1
        else:
            monday = _monday(row.published_date)
            seen.per_week[monday] = seen.per_week.get(monday, 0) + 1
        self._near.update(_words_near(row.document, hit))
        place = seen.mention_count - 1 if seen.mention_count <= SAMPLE else self._random.randrange(seen.mention_count)
        if place < SAMPLE:
            seen.examples[place : place + 1] = [_example(row, hit)]

    def preview(self) -> Preview:
        seen = self._preview
        if seen.per_week:
            week, last = min(seen.per_week), max(seen.per_week)
            weeks = [week + timedelta(weeks=number) for number in range((last - week).days // 7 + 1)]
            seen.per_week = {monday: seen.per_week.get(monday, 0) for monday in weeks}
        near = [
            Neighbour(word, count, round(self._lift(word, count), 1))
            for word, count in self._near.items()
            if word not in COMMON_WORDS and len(word) > 2 and count >= max(2, seen.mention_count // 100)
        ]
        seen.neighbours = sorted(near, key=lambda one: (-one.mention_count * min(one.lift, 20.0), one.word))[:NEIGHBOURS]
        return seen

    def _lift(self, word: str, count: int) -> float:
        usual = (self._anywhere[word] + 0.5) / (self._judged + 1)
        return count / self._preview.mention_count / usual


def _monday(day: date) -> date:
    day = day.date() if isinstance(day, datetime) else day
    return day - timedelta(days=day.weekday())


def _words_near(document: Document, hit: Hit) -> set[str]:
    """The folded words on both sides of each place, the place itself left out."""
    tokens = Tokens(document.text)
    inside = {n for n, start in enumerate(tokens.starts) if any(begin <= start < end for begin, end in hit.spans)}
    near = {n for place in inside for n in range(max(0, place - NEAR), min(len(tokens), place + NEAR + 1))}
    return {tokens.forms[n] for n in near - inside}


def _example(row: Row, hit: Hit) -> Example:
    text, spans = row.document.text, hit.spans
    if not spans and hit.title_spans:
        text, spans = row.document.title or "", hit.title_spans
    first, last = (spans[0][0], spans[0][1]) if spans else (0, 0)
    begin, end = max(0, first - SNIPPET), min(len(text), last + SNIPPET)
    shown = tuple((start - begin, stop - begin) for start, stop in spans if begin <= start and stop <= end)
    return Example(row.published_date, text[begin:end], shown, row.document.url)
