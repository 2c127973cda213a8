"""Work that may be killed: what hangs, crashes or eats memory costs itself, and its neighbours come back in order."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

import pytest

from dozor.workers import MEMORY_BYTES, Lost, Workers

SECONDS = 4.0  # of a task; a new process needs most of it on a busy machine


def work(words: tuple[str, ...]) -> list[str]:
    for word in words:
        match word:
            case "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "hang":
                time.sleep(600)
            case "eat":
                bytearray(2 * MEMORY_BYTES)
    return [word.upper() for word in words]


def split(words: tuple[str, ...]) -> Sequence[tuple[str, ...]]:
    return [(word,) for word in words]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        pytest.param("crash", "its process died", id="R-93"),
        pytest.param("hang", "took longer than 4 s and was stopped", id="R-94"),
        pytest.param("eat", "needed more memory", id="memory"),
    ],
)
def test_what_cannot_be_worked_on_stands_alone_and_the_rest_comes_back_in_order(bad: str, said: str) -> None:
    with Workers(1) as pool:
        found = list(pool.map(work, [("a", "b"), ("c", bad, "d"), ("e",)], seconds=lambda _: SECONDS, split=split))

    lost = [result.reason for _, result in found if isinstance(result, Lost)]
    assert len(lost) == 1
    assert said in lost[0]
    assert [word for _, result in found if not isinstance(result, Lost) for word in result] == ["A", "B", "C", "D", "E"]
