"""Many queries against many texts.

`compile_queries` expands every query to word forms once and compiles all of them into one scanner; a text is scanned once,
whatever the number of queries, and only the queries whose anchors are in it are evaluated.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice

from collectors.source import digest
from transforms.mentions.automaton import Candidate, Scanner, hashes_of
from transforms.mentions.evaluate import Document, Place, Subject, evaluate
from transforms.mentions.expand import Needs, Plan, Planner, anchors_of, are_met, needs_of
from transforms.mentions.query import parse
from transforms.mentions.query_errors import QueryError
from transforms.mentions.syntax import Field, Macro, Node, unparse, walk
from transforms.mentions.words import forget

ENGINE_VERSION = 3  # raised whenever the same query finds something else in the same text, or hears another tone
BATCH = 2000  # texts scanned together
_NOTHING = Candidate(set())


@dataclass(frozen=True, slots=True)
class Hit:
    """A query that a document satisfies. Spans are character offsets [start, end) in the text (or title) as given, in order."""

    query_id: str
    spans: tuple[tuple[int, int], ...]
    matched_terms: tuple[str, ...]  # as written in the text, lower case, each once, in order
    title_spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    query_id: str
    text: str
    node: Node
    plan: Plan
    version: str  # changes when the query, a macro it uses or the engine does
    anchors: frozenset[str] | None  # None: no word to go by, so looked at in every text
    needs: Needs  # beside an anchor


class BadQueriesError(ValueError):
    """Queries that cannot be read, by id."""

    exit_code = 2  # a file to mend

    def __init__(self, errors: Mapping[str, QueryError]) -> None:
        self.errors = dict(errors)
        super().__init__("\n".join(f"query {query_id!r}: {error}" for query_id, error in errors.items()))


def compile_query(
    query_id: str, text: str, macros: Mapping[str, str] | None = None, planner: Planner | None = None
) -> CompiledQuery:
    """One query, ready to run; QueryError when it cannot be read."""
    node = parse(text, macros)
    used = sorted({(inner.name, unparse(inner.part)) for inner in walk(node) if isinstance(inner, Macro)})
    plan = (planner or Planner()).plan(node)
    asked = anchors_of(plan)
    anchors = asked[1] if asked else None
    found_by_anchors = hashes_of(anchors or ())
    needs = tuple(need for need in needs_of(plan) if need != found_by_anchors)
    version = digest(ENGINE_VERSION, unparse(node), used)
    return CompiledQuery(query_id, text, node, plan, version, anchors, needs)


def compile_queries(queries: Mapping[str, str], macros: Mapping[str, str] | None = None) -> "QuerySet":
    """All queries, ready to run; BadQueriesError names every one that cannot be read."""
    query_set, errors = compile_readable(queries, macros)
    if errors:
        raise BadQueriesError(errors)
    return query_set


def compile_readable(
    queries: Mapping[str, str], macros: Mapping[str, str] | None = None
) -> tuple["QuerySet", dict[str, QueryError]]:
    """The queries that can be read, ready to run, and what is wrong with the others."""
    return compile_each((query_id, text, macros) for query_id, text in queries.items())


def compile_each(
    queries: Iterable[tuple[str, str, Mapping[str, str] | None]],
) -> tuple["QuerySet", dict[str, QueryError]]:
    """The same for queries (id, text, macros) of several projects, each with named parts of its own: still one scan a text."""
    compiled, errors, planner = [], {}, Planner()
    for query_id, text, macros in queries:
        try:
            compiled.append(compile_query(query_id, text, macros, planner))
        except QueryError as error:
            errors[query_id] = error
    forget()
    return QuerySet(compiled), errors


class QuerySet:
    """Compiled queries that are run together."""

    def __init__(self, queries: Sequence[CompiledQuery]) -> None:
        self.queries = tuple(queries)
        anchors: dict[str, list[int]] = {}
        for number, query in enumerate(self.queries):
            for anchor in query.anchors or ():
                anchors.setdefault(anchor, []).append(number)
        self._scanner = Scanner(anchors)
        self._always = frozenset(number for number, query in enumerate(self.queries) if query.anchors is None)

    @property
    def version(self) -> Mapping[str, str]:
        """Query id -> hash of everything its hits depend on."""
        return {query.query_id: query.version for query in self.queries}

    @cached_property
    def asks_for(self) -> frozenset[str]:
        """The fields that some query has a condition on: what a document must bring to be judged by it."""
        return frozenset(inner.name for query in self.queries for inner in walk(query.node) if isinstance(inner, Field))

    def match(
        self,
        text: str,
        *,
        title: str | None = None,
        author: str | None = None,
        source: str | None = None,
        url: str | None = None,
        lang: str | None = None,
        kind: str | None = None,
        country: str | None = None,
        rating: float | None = None,
        followers: int | None = None,
        published_at: datetime | None = None,
    ) -> list[Hit]:
        """The queries that one document satisfies."""
        document = Document(
            text=text,
            title=title,
            author=author,
            source=source,
            url=url,
            lang=lang,
            kind=kind,
            country=country,
            rating=rating,
            followers=followers,
            published_at=published_at,
        )
        return self.match_batch([document])[0]

    def match_texts(self, texts: Iterable[str]) -> Iterator[list[Hit]]:
        """The hits of every text, in order."""
        stream = iter(texts)
        while batch := list(islice(stream, BATCH)):
            hits = {number: found for number, _, found in self.match_where(batch, lambda n: Document(text=batch[n]))}
            yield from (hits.get(number) or [] for number in range(len(batch)))

    def match_batch(self, documents: Sequence[Document]) -> list[list[Hit]]:
        """The hits of every document, in order."""
        texts = [scanned(document.title, document.text) for document in documents]
        hits = {number: found for number, _, found in self.match_where(texts, documents.__getitem__)}
        return [hits.get(number, []) for number in range(len(documents))]

    def match_where(self, texts: Sequence[str], document: Callable[[int], Document]) -> Iterator[tuple[int, Document, list[Hit]]]:
        """The number, document and hits of each text with hits, in order. `texts` are what `scanned` gives of the documents,
        which are asked for by number, each at most once, and only where a query may hold.
        """
        found = self._scanner.scan(list(texts))
        for number in range(len(texts)) if self._always else sorted(found):
            candidate = found.get(number, _NOTHING)
            if chosen := self._chosen(candidate):
                known = document(number)
                if hits := _judged(known, chosen):
                    yield number, known, hits

    def _chosen(self, candidate: Candidate | None) -> Sequence[CompiledQuery]:
        """The queries that may hold for a text; all of them where the scan could not tell (None)."""
        if candidate is None:
            return self.queries
        asked = [self.queries[number] for number in sorted(candidate.groups | self._always)]
        if not any(query.needs for query in asked):
            return asked
        hashes = candidate.hashes()
        return [query for query in asked if are_met(query.needs, hashes)]


def scanned(title: str | None, text: str) -> str:
    """What is scanned of a document: title and text, so that nothing joins over their border."""
    return f"{title}\n{text}" if title else text


def _judged(document: Document, queries: Iterable[CompiledQuery]) -> list[Hit]:
    subject = Subject.of(document)
    places = ((query.query_id, evaluate(query.plan, subject, subject.whole)) for query in queries)
    return [_hit(query_id, subject, found) for query_id, found in places if found is not None]


def set_version(queries: Mapping[str, str], macros: Mapping[str, str] | None = None) -> str:
    """The hash of all that a compiled set is made from: the name to keep its `dump` under."""
    return digest(ENGINE_VERSION, dict(queries), dict(macros or {}))


def dump(query_set: QuerySet) -> bytes:
    """A compiled set to be kept or handed to another process: word forms of a thousand topics take seconds to find."""
    return pickle.dumps(query_set)


def load(dumped: bytes) -> QuerySet:
    """What `dump` gave. Only for bytes of our own making: a pickle of others can run their code."""
    query_set = pickle.loads(dumped)  # noqa: S301  see above
    if not isinstance(query_set, QuerySet):
        raise TypeError(f"expected a compiled set of queries, got {type(query_set).__name__}")
    return query_set


def _hit(query_id: str, subject: Subject, places: Iterable[Place]) -> Hit:
    spans: list[set[tuple[int, int]]] = [set(), set()]
    for place in places:
        spans[place.part].update(place.spans)
    in_text, in_title = (tuple(sorted(found)) for found in spans)
    document = subject.document
    words = [document.title[start:end].lower() for start, end in in_title] if document.title else []
    words += [document.text[start:end].lower() for start, end in in_text]
    return Hit(query_id, in_text, tuple(dict.fromkeys(words)), in_title)
