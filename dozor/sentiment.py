"""The engine of `dozor sentiment`: JSON lines of texts with targets in, JSON lines of tones out, in order, on all cores."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TextIO

from collectors.processes import one_thread_each
from transforms.mentions.onnx_engine import engine_of
from transforms.mentions.sentiment import Asked, Tone

LINES_PER_TASK = 1000
SMALL = 8 * LINES_PER_TASK  # so few lines are judged here in less time than it takes to start processes

Part = list[tuple[int, str]]  # lines with their numbers


def judge_lines(lines: Iterable[str], out: TextIO, model: Path | None = None) -> None:
    """Reads {"id", "text", "targets": [[start, end], ...]}, writes {"id", "sentiments": [{"label", "score", "confidence"}]}.

    One tone per target, one for the whole text when there are none; offsets count characters of the text as given. A line may
    have "lang". `model` is a folder for the onnxruntime engine (see `onnx_engine`). Raises ValueError that names the line which
    cannot be read.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    first = list(islice(numbered, SMALL))
    more = list(islice(numbered, 1))
    cores = len(os.sched_getaffinity(0))
    if not more or cores == 1:
        out.writelines(_judged(part, model) for part in _parts(chain(first, more, numbered)))
        return
    with one_thread_each(), ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        pending: deque[Future[str]] = deque()
        for part in _parts(chain(first, more, numbered)):
            pending.append(pool.submit(_judged, part, model))
            if len(pending) > 2 * cores:  # bounds the memory, whatever the length of the input
                out.write(pending.popleft().result())
        while pending:
            out.write(pending.popleft().result())


def _parts(numbered: Iterator[tuple[int, str]]) -> Iterator[Part]:
    while part := list(islice(numbered, LINES_PER_TASK)):
        yield part


def _judged(part: Part, model: Path | None) -> str:
    rows = [_row(number, line) for number, line in part]
    tones = engine_of(model).of_all(asked for _, asked in rows)
    return "".join(
        json.dumps({"id": row_id, "sentiments": [_as_json(tone) for tone in found]}, ensure_ascii=False) + "\n"
        for (row_id, _), found in zip(rows, tones, strict=True)
    )


def _row(number: int, line: str) -> tuple[Any, Asked]:
    try:
        row = json.loads(line)
        text, lang = str(row["text"] or ""), row.get("lang")
        targets = [(int(start), int(end)) for start, end in row.get("targets") or ()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'line {number}: expected {{"id", "text", "targets": [[start, end], ...]}}: {error!r}') from error
    for start, end in targets:
        if not 0 <= start < end <= len(text):
            raise ValueError(f"line {number}: target [{start}, {end}] is not a place in a text of {len(text)} characters")
    return row.get("id", number), Asked(text, targets, str(lang) if lang else None)


def _as_json(tone: Tone) -> dict[str, str | float]:
    return {"label": tone.label, "score": tone.score, "confidence": tone.confidence}
