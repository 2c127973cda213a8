"""The engine of `dozor match`: JSON lines of texts in, JSON lines of mentions out, in order, on all cores."""

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from typing import Any, TextIO

from collectors.processes import one_thread_each
from transforms.mentions.evaluate import Document
from transforms.mentions.match import BadQueriesError, QuerySet, compile_readable, dump, load
from transforms.mentions.toned import Mention, in_language, mentions_of

LINES_PER_TASK = 1000
FEW_LINES = 4 * LINES_PER_TASK  # not worth starting processes for

_TEXT_KEYS = ("title", "author", "source", "url", "lang", "kind", "country")


class InputError(ValueError):
    """A line that cannot be read; says which and why."""

    exit_code = 2  # a file to mend


def read_queries(lines: Iterable[str]) -> dict[str, str]:
    """Query id -> query, from lines {"id", "query"}."""
    queries: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(line, number)
        query = row.get("query")
        if not isinstance(query, str):
            raise InputError(f'line {number}: expected {{"id", "query"}}, got no text under "query"')
        query_id = str(row.get("id", number))
        if query_id in queries:
            raise InputError(f'line {number}: query id "{query_id}" is taken by an earlier line')
        queries[query_id] = query
    return queries


def read_document(line: str, number: int) -> tuple[Any, Document]:
    """The id and the document of one line; InputError names the line."""
    row = _row(line, number)
    text = row.get("text") or ""
    if not isinstance(text, str):
        raise InputError(f'line {number}: "text" is not a text')
    known = {key: str(row[key]) for key in _TEXT_KEYS if row.get(key)}
    if "type" in row and "kind" not in known:
        known["kind"] = str(row["type"])
    try:
        rating = None if row.get("rating") is None else float(row["rating"])
        followers = None if row.get("followers") is None else int(row["followers"])
        published_at = _moment(row.get("published_at"))
    except (TypeError, ValueError) as error:
        raise InputError(f"line {number}: {error}") from error
    return row.get("id", number), Document(text=text, rating=rating, followers=followers, published_at=published_at, **known)


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"line {number}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise InputError(f"line {number}: expected an object, got {type(row).__name__}")
    return row


def _moment(value: object) -> datetime | None:
    if not value:
        return None
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def match_lines(queries: Mapping[str, str], lines: Iterable[str], out: TextIO, macros: Mapping[str, str] | None = None) -> int:
    """Answer every line {"id", "text", ...} in order; returns their number.

    A query that cannot be read keeps no other from running: BadQueriesError is raised when all lines are answered.
    """
    query_set, errors = compile_readable(queries, macros)
    count = 0
    for answers in _answered(query_set, _tasks(lines)):
        out.write(answers)
        count += answers.count("\n")
    out.flush()
    if errors:
        raise BadQueriesError(errors)
    return count


Task = tuple[int, list[str]]  # number of the first line, the lines


def _tasks(lines: Iterable[str]) -> Iterator[Task]:
    stream = iter(lines)
    first = 1
    while task := list(islice(stream, LINES_PER_TASK)):
        yield first, task
        first += len(task)


def _answered(query_set: QuerySet, tasks: Iterator[Task]) -> Iterator[str]:
    first = list(islice(tasks, FEW_LINES // LINES_PER_TASK))
    workers = os.cpu_count() or 1
    if len(first) < FEW_LINES // LINES_PER_TASK or workers == 1:
        for task in first:
            yield answer(query_set, task)
        for task in tasks:
            yield answer(query_set, task)
        return
    pending: deque[Future[str]] = deque()
    dumped = dump(query_set)
    with (
        one_thread_each(),
        ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(dumped,)) as pool,
    ):
        for task in first:
            pending.append(pool.submit(_work, task))
        for task in tasks:
            pending.append(pool.submit(_work, task))
            if len(pending) > 3 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


_worker_queries: list[QuerySet] = []  # of this process


def _start_worker(dumped: bytes) -> None:
    _worker_queries.append(load(dumped))


def _work(task: Task) -> str:
    return answer(_worker_queries[0], task)


def answer(query_set: QuerySet, task: Task) -> str:
    """The answers to some lines, as lines."""
    first, lines = task
    rows = [read_document(line, number) for number, line in enumerate(lines, first) if line.strip()]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in mentions(query_set, rows))


def mentions(query_set: QuerySet, rows: Sequence[tuple[Any, Document]]) -> Iterator[dict[str, Any]]:
    """One answer per document, in order: {"id", "lang", "mentions": [{"query", "spans", "sentiment", "score", "confidence"}]}."""
    documents = [in_language(document) for _, document in rows]
    for (row_id, _), document, found in zip(rows, documents, mentions_of(query_set, documents), strict=True):
        yield {"id": row_id, "lang": document.lang, "mentions": list(map(_as_json, found))}


def _as_json(mention: Mention) -> dict[str, Any]:
    hit, tone = mention.hit, mention.tone
    title = {"title_spans": [list(span) for span in hit.title_spans]} if hit.title_spans else {}
    spans = [list(span) for span in hit.spans]
    return {
        "query": hit.query_id,
        "spans": spans,
        **title,
        "sentiment": tone.label,
        "score": tone.score,
        "confidence": tone.confidence,
    }
