"""`dozor read`: a page to the JSON form of its Reading, one page or lines of many."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from collectors.reading.bounds import MAX_SIZE
from collectors.reading.explain import explain_page
from collectors.reading.model import Link, Moment, PageError, Reading
from collectors.reading.page import read_page_and_next
from dozor.bounded import bounded
from dozor.json_lines import as_line
from dozor.workers import Lost, Workers

SECONDS_PER_PAGE = 2.0
SECONDS_TO_START = 20.0  # a worker's imports and weights, on a busy machine
PAGES_PER_TASK = 8

Line = tuple[int, str]  # number from 1, text


def read_one(source: str, stdin: BinaryIO | None = None) -> dict[str, Any]:
    """The Reading of a file, of a http(s) address, or of standard input ("-"), with the keys `id` and `error`.

    Raises OSError, SettingsError (an address is asked only in the name of a contact) or PageError.
    """
    body, url, media_type, charset = _load(source, stdin)
    import_module("collectors.reading.warm")  # what is loaded once is no cost of the page
    with bounded():
        reading, next_url = read_page_and_next(body, url, media_type, charset)
    return {"id": source, **as_json(reading), "next_url": next_url, "error": None}


def explain(source: str, stdin: BinaryIO | None = None) -> dict[str, Any]:
    """Why each block of a page was kept or dropped (`collectors.reading.explain`). Raises as `read_one` does."""
    body, url, _, _ = _load(source, stdin)
    return explain_page(body, url)


def _load(source: str, stdin: BinaryIO | None) -> tuple[bytes, str | None, str | None, str | None]:
    """Body, final address, media type and charset."""
    if source.startswith(("http://", "https://")):
        from dozor.fetched_page import fetch_page  # files and lines of many pages wait for no crawler

        return fetch_page(source)
    if source == "-":
        return (stdin or sys.stdin.buffer).read(MAX_SIZE + 1), None, None, None
    with Path(source).open("rb") as file:
        return file.read(MAX_SIZE + 1), None, None, None


def read_lines(source: Iterable[str], target: TextIO) -> int:
    """Lines `{"id", "url", "html_path"}` to one JSON line each, in order; returns how many have an error.

    Optional keys of a line: fetched_at (ISO 8601), media_type, charset. A line or page that cannot be read gets an `error` and
    stops nothing: pages are read in as many processes as there are cores, and one that takes too long is stopped.
    """
    errors = 0
    with Workers(os.cpu_count() or 1) as workers:
        results = workers.map(
            _read_task,
            _tasks(source),
            seconds=lambda task: SECONDS_TO_START + SECONDS_PER_PAGE * len(task),
            split=lambda task: [[line] for line in task],
        )
        for task, result in results:
            answers = [_failed(line, result.reason) for line in task] if isinstance(result, Lost) else result
            for text, failed in answers:
                errors += failed
                target.write(text)
    target.flush()
    return errors


def _tasks(source: Iterable[str]) -> Iterator[list[Line]]:
    lines = ((number, line) for number, line in enumerate(source, 1) if line.strip())
    while task := list(islice(lines, PAGES_PER_TASK)):
        yield task


def _read_task(task: list[Line]) -> list[tuple[str, bool]]:
    return [_read_line(line) for line in task]


def _read_line(line: Line) -> tuple[str, bool]:
    """The answer to one line, and whether it is an error."""
    try:
        request = json.loads(line[1])
        if not isinstance(request, dict):
            raise PageError("not an object with id, url and html_path")
        fetched_at = request.get("fetched_at")
        with Path(request["html_path"]).open("rb") as file:
            body = file.read(MAX_SIZE + 1)
        moment = datetime.fromisoformat(fetched_at) if fetched_at else None
        with bounded():
            reading, next_url = read_page_and_next(
                body, request.get("url") or None, request.get("media_type"), request.get("charset"), moment
            )
        return as_line({"id": request.get("id"), **as_json(reading), "next_url": next_url, "error": None}), False
    except Exception as error:  # noqa: BLE001 - whatever a page does to a reader, the next page is read
        return _failed(line, _reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, PageError):
        return str(error)
    if isinstance(error, KeyError):
        return f"{error} is missing in the line"
    return f"{type(error).__name__}: {error}"


def _failed(line: Line, reason: str) -> tuple[str, bool]:
    number, text = line
    try:
        request = json.loads(text)
    except ValueError:
        request = None
    known = request if isinstance(request, dict) else {}
    return as_line({"id": known.get("id"), "url": known.get("url"), "error": f"line {number}: {reason}"}), True


def as_json(reading: Reading) -> dict[str, Any]:
    """A Reading as plain values: times ISO 8601 as the page gives them, amounts as strings that lose no digit."""
    return {item.name: _plain(getattr(reading, item.name)) for item in fields(reading)}


def _plain(value: Any) -> Any:
    if isinstance(value, Moment):
        return value.value.isoformat() if value.has_time else value.value.date().isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Link):
        return _plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value
