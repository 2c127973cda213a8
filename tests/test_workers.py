"""Work that may be killed: what hangs, crashes or eats memory costs itself, and its neighbours come back in order."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dozor.bounded import bounded
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


def hang_in_c(words: tuple[str, ...]) -> list[str]:
    with bounded(0.2):
        if "bad" in words:
            hashlib.pbkdf2_hmac("sha256", b"tea", b"salt", 2_000_000_000)  # looks at no signal for minutes
    return list(words)


def test_a_page_that_hangs_where_no_signal_is_looked_at_is_stopped_by_its_cpu_time() -> None:
    with Workers(1) as pool:
        found = dict(pool.map(hang_in_c, [("a",), ("bad",), ("b",)], seconds=lambda _: 120.0, split=split))

    assert found["a",] == ["a"]
    assert found["b",] == ["b"]
    assert isinstance(found["bad",], Lost)
    assert "CPU time" in found["bad",].reason


def hang_and_say(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    os.read(os.pipe()[0], 1)  # never comes back


def hang(folder: str) -> None:
    """A step whose workers hang; it is killed meanwhile."""
    with Workers(2) as pool:
        list(pool.map(hang_and_say, [Path(folder)] * 2, seconds=lambda _: 600.0, split=lambda task: [task]))


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # gone, or gone between opening and reading
        return False
    return state != "Z"


def wait_until(is_so: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_workers_that_hang_end_with_the_step_that_started_them(sent: signal.Signals, tmp_path: Path) -> None:
    program = "import sys; from tests.test_workers import hang; hang(sys.argv[1])"
    step = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], start_new_session=True)
    assert wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    workers = [int(path.name) for path in tmp_path.iterdir()]
    step.send_signal(sent)
    step.wait()

    assert wait_until(lambda: not any(map(is_running, workers)), 10.0)
