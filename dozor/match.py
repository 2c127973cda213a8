"""The engine of `dozor match`: texts in, mentions out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TextIO

from dozor.json_lines import LineError, answer_lines, row_of
from transforms.mentions.evaluate import Document
from transforms.mentions.match import BadQueriesError, QuerySet, compile_readable, dump, load
from transforms.mentions.toned import Mention, in_language, mentions_of

_TEXT_KEYS = ("title", "author", "source", "url", "lang", "kind", "country")


def read_queries(lines: Iterable[str | bytes]) -> dict[str, str]:
    """Query id -> query, from lines {"id", "query"}. LineError names the line that cannot be read."""
    queries: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = row_of(line)
            query, query_id = row.get("query"), str(row.get("id", number))
            if not isinstance(query, str):
                raise LineError('expected {"id", "query"}, got no text under "query"')
            if query_id in queries:
                raise LineError(f'query id "{query_id}" is taken by an earlier line')
        except LineError as error:
            raise LineError(f"line {number} of the queries: {error}") from error
        queries[query_id] = query
    return queries


def match_lines(
    queries: Mapping[str, str], lines: Iterable[str | bytes], out: TextIO, macros: Mapping[str, str] | None = None
) -> int:
    """Answer every line {"id", "text", ...} in order with {"id", "lang", "mentions": [{"query", "spans", "sentiment", "score",
    "confidence"}]}; returns how many lines could not be read and got an `error`.

    A query that cannot be read keeps no other from running: BadQueriesError is raised when all lines are answered.
    """
    query_set, errors = compile_readable(queries, macros)
    failed = answer_lines(lines, out, partial(_made, dump(query_set)))
    if errors:
        raise BadQueriesError(errors)
    return failed


def _made(dumped: bytes) -> "Matcher":
    return Matcher(load(dumped))


class Matcher:
    """Answers texts with what a set of queries finds in them."""

    def __init__(self, query_set: QuerySet) -> None:
        self._query_set = query_set

    def read(self, row: dict[str, Any]) -> Document:
        """The document in a line; LineError when a value of it is of another kind than its name says."""
        text = row.get("text") or ""
        if not isinstance(text, str):
            raise LineError('"text" is not a text')
        known = {key: _read(row, key, _text) for key in _TEXT_KEYS}
        known["kind"] = known["kind"] or _read(row, "type", _text)
        return Document(
            text=text,
            rating=_read(row, "rating", float),
            followers=_read(row, "followers", int),
            published_at=_read(row, "published_at", _moment),
            **known,
        )

    def answers(self, asked: Sequence[Document]) -> Iterator[dict[str, Any]]:
        """{"lang", "mentions"} of each document."""
        documents = list(map(in_language, asked))
        for document, found in zip(documents, mentions_of(self._query_set, documents), strict=True):
            yield {"lang": document.lang, "mentions": list(map(_as_json, found))}


def _read(row: Mapping[str, Any], key: str, kind: Callable[[Any], Any]) -> Any:
    """What the line says under a key, None where it says nothing."""
    value = row.get(key)
    try:
        return None if value is None or value == "" else kind(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise LineError(f'"{key}" cannot be read: {error}') from error


def _text(value: object) -> str:
    if isinstance(value, list | dict):
        raise TypeError(f"expected a text, got {type(value).__name__}")
    return str(value)


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


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
