"""What `dozor validate` finds in a watchlist: its own mistakes, and those in what others read of it: queries, and patterns that
SQL uses. All at once and with their lines, whatever else is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from collectors.watchlist import Watchlist, WatchlistError, find_problems, items_of, read_watchlist, watchlist_text
from collectors.watchlist_file import Document, Path, Problem
from dozor.topics import check
from warehouse.reference import pattern_problem


@dataclass(frozen=True, slots=True)
class Validated:
    """A watchlist that can be used, and what to think about in it."""

    watchlist: Watchlist
    warnings: list[str]


def validated(path: File) -> Validated:
    """Reads the file; WatchlistError lists everything that must be mended."""
    text = watchlist_text(path)
    document, _, problems = find_problems(text)
    errors: list[Problem] = [*problems, *_unusable_patterns(document)]
    warnings: list[Problem] = []
    for level, problem in _findings(document):
        (errors if level == "error" else warnings).append(problem)
    if errors:
        raise WatchlistError(_lines(path, errors))
    return Validated(read_watchlist(text, str(path)), _lines(path, warnings))


def _lines(path: File, problems: list[Problem]) -> list[str]:
    return [f"{path}:{problem.line}: {problem.message}" for problem in sorted(set(problems))]


def _findings(document: Document) -> Iterator[tuple[str, Problem]]:
    """What is to be said of the queries of topics, by level."""
    for project, place in items_of(document.data, "projects"):
        given = project.get("macros")
        macros = {name: query for name, query in given.items() if isinstance(query, str)} if isinstance(given, dict) else {}
        for topic, at in items_of(project, "topics", place):
            if isinstance(query := topic.get("query"), str) and query.strip():
                name = f"{project.get('id')}/{topic.get('id')}"
                for finding in check({name: query}, macros):
                    yield finding.level, Problem(document.line((*at, "query")), f"the query of topic {name}: {finding.message}")


def _unusable_patterns(document: Document) -> Iterator[Problem]:
    """Ignore rules that Python takes and SQL does not."""
    for project, place in items_of(document.data, "projects"):
        for holder, at in [(project, place), *items_of(project, "entities", place)]:
            for watch, watch_at in items_of(holder, "watches", at):
                for pattern, line in _patterns(watch.get("ignore"), document, (*watch_at, "ignore")):
                    if problem := pattern_problem(pattern):
                        yield Problem(line, f"ignore rule {pattern!r} cannot be used: {problem} (RE2 has no look-around)")


def _patterns(ignore: Any, document: Document, place: Path) -> Iterator[tuple[str, int]]:
    """The ignore rules of a watch that are expressions, with their lines."""
    for number, pattern in enumerate(ignore if isinstance(ignore, list) else [ignore]):
        try:
            re.compile(pattern)
        except (re.error, TypeError):
            continue  # told as a mistake of the watchlist
        yield pattern, document.line((*place, number))
