"""Progress of collecting: bars in a terminal, plain log lines elsewhere."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from collectors.source import Capture

log = logging.getLogger("dozor")

LINE_SECONDS = 10.0  # between two log lines of one source


class Notice(Protocol):
    def __call__(self, capture: Capture) -> None: ...


@contextmanager
def collecting(watches: dict[str, int], console: Console) -> Iterator[Notice]:
    """A callback for captures while sources are collected; `watches` counts the watches of each source."""
    if console.is_terminal:
        with _bars(watches, console) as notice:
            yield notice
    else:
        lines = _Lines(watches)
        yield lines
        lines.finish()


@contextmanager
def _bars(watches: dict[str, int], console: Console) -> Iterator[Notice]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[name]:<22}"),
        BarColumn(None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        tasks = {name: progress.add_task(name, total=None, name=name, said=f"{count} watches") for name, count in watches.items()}
        verdicts: dict[str, Counter[str]] = {name: Counter() for name in watches}

        def notice(capture: Capture) -> None:
            verdicts[capture.source][capture.verdict] += 1
            progress.update(tasks[capture.source], advance=1, said=_said(verdicts[capture.source]))

        yield notice


class _Lines:
    def __init__(self, watches: dict[str, int]) -> None:
        self._verdicts: dict[str, Counter[str]] = {name: Counter() for name in watches}
        self._last = dict.fromkeys(watches, time.monotonic())

    def __call__(self, capture: Capture) -> None:
        name = capture.source
        self._verdicts[name][capture.verdict] += 1
        if time.monotonic() - self._last[name] >= LINE_SECONDS:
            self._last[name] = time.monotonic()
            log.info("%s: %s", name, _said(self._verdicts[name]))

    def finish(self) -> None:
        for name, verdicts in self._verdicts.items():
            if verdicts:
                log.info("%s: %s", name, _said(verdicts))


def _said(verdicts: Counter[str]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
