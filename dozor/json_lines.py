"""JSON lines in, JSON lines out, in order, on all cores: what `dozor match` and `dozor sentiment` have in common.

A line that cannot be read is answered with its `error` and stops nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, Protocol, TextIO

from collectors.processes import end_with_parent, one_thread_each

LINES_PER_TASK = 1000
FEW_TASKS = 6  # are answered here in less time than it takes to start processes

_LONE = re.compile("[\ud800-\udfff]")

Task = list[tuple[int, str | bytes]]  # lines with their numbers, from 1
Answers = tuple[str, int]  # lines, and how many of them say an error


class LineError(ValueError):
    """What a line says is not what is expected of it."""

    exit_code = 2  # a file to mend


class Engine(Protocol):
    """What answers lines."""

    def read(self, row: dict[str, Any]) -> Any:
        """What a line asks; LineError says why it cannot be read."""

    def answers(self, asked: Sequence[Any]) -> Iterable[dict[str, Any]]:
        """One answer each, in order, without the id."""


def answer_lines(lines: Iterable[str | bytes], out: TextIO, make: Callable[[], Engine]) -> int:
    """One line {"id", ...} for each that is not empty, in order; returns how many have an error. The id is that of the line, its
    number where it has none. `make` is called once in each process, so it must be fit for pickling."""
    tasks = _tasks(lines)
    first = list(islice(tasks, FEW_TASKS))
    cores = len(os.sched_getaffinity(0))
    are_few = len(first) < FEW_TASKS or cores == 1
    tasks = chain(first, tasks)
    failed = 0
    for text, errors in _here(tasks, make) if are_few else _in_processes(tasks, make, cores):
        out.write(text)
        failed += errors
    out.flush()
    return failed


def row_of(line: str | bytes) -> dict[str, Any]:
    """The object in a line. Half a character, which JSON can spell and no text has, becomes a replacement character: offsets
    stay as they are."""
    try:
        row = json.loads(line)
    except ValueError as error:  # bytes that are no UTF-8 among them
        raise LineError(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise LineError(f"expected an object, got {type(row).__name__}")
    return {key: _LONE.sub("\ufffd", value) if isinstance(value, str) else value for key, value in row.items()}


def as_line(value: Mapping[str, Any]) -> str:
    """A lone surrogate of a broken text cannot be encoded; it is written as its escape."""
    text = json.dumps(value, ensure_ascii=False)
    return (text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()) + "\n"


def _tasks(lines: Iterable[str | bytes]) -> Iterator[Task]:
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    while task := list(islice(numbered, LINES_PER_TASK)):
        yield task


def _here(tasks: Iterable[Task], make: Callable[[], Engine]) -> Iterator[Answers]:
    engine = make()
    yield from (_answered(engine, task) for task in tasks)


def _in_processes(tasks: Iterable[Task], make: Callable[[], Engine], cores: int) -> Iterator[Answers]:
    pending: deque[Future[Answers]] = deque()
    with (
        one_thread_each(),
        ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=_start, initargs=(make,)) as pool,
    ):
        for task in tasks:
            pending.append(pool.submit(_work, task))
            if len(pending) > 3 * cores:  # bounds the memory, whatever the length of the input
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


_engines: list[Engine] = []  # of this spawned process


def _start(make: Callable[[], Engine]) -> None:
    end_with_parent()
    _engines.append(make())


def _work(task: Task) -> Answers:
    return _answered(_engines[0], task)


def _answered(engine: Engine, task: Task) -> Answers:
    asked: list[Any] = []
    heads: list[dict[str, Any]] = []  # the id; with an error where there is one
    for number, line in task:
        row: dict[str, Any] = {}
        try:
            row = row_of(line)
            asked.append(engine.read(row))
            heads.append({"id": row.get("id", number)})
        except LineError as error:
            heads.append({"id": row.get("id", number), "error": f"line {number}: {error}"})
    answers = iter(engine.answers(asked))
    text = "".join(as_line(head if "error" in head else {**head, **next(answers)}) for head in heads)
    return text, len(heads) - len(asked)
