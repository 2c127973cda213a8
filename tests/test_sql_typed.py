"""`dozor sql` in a terminal, as a person types into it."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

PATIENCE = 60.0  # seconds: the machine of the tests may be busy
ENDLESS = "SELECT count(*) FROM range(1000000000) AS a, range(1000000) AS b;"


class Typist:
    """A terminal with `dozor sql` in it."""

    def __init__(self, folder: Path) -> None:
        self._terminal, inner = pty.openpty()
        program = "import sys; from dozor.cli import main; sys.argv = ['dozor', 'sql']; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=folder,
            env={**os.environ, "DOZOR_STORE": str(folder), "TERM": "dumb", "COLUMNS": "200"},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self.said = ""

    def types(self, text: str, prompt: str = "dozor> ") -> None:
        self.sees(prompt)
        os.write(self._terminal, text.encode())

    def stops(self) -> None:
        time.sleep(0.5)  # until it waits for a key, or is well in a query
        self.process.send_signal(signal.SIGINT)

    def sees(self, pattern: str) -> None:
        """Waits until what was said since the last time matches."""
        until = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.said)):
            assert time.monotonic() < until, self.said
            if select.select([self._terminal], [], [], 0.2)[0]:
                self.said += os.read(self._terminal, 65536).decode()
        self.said = self.said[match.end() :]

    def ends(self) -> int:
        self.types("\x04")
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            os.close(self._terminal)


@pytest.fixture
def typist(tmp_path: Path) -> Iterator[Typist]:
    duckdb.connect(str(tmp_path / "warehouse-000001.duckdb")).close()
    (tmp_path / "warehouse.duckdb").symlink_to("warehouse-000001.duckdb")
    typist = Typist(tmp_path)
    yield typist
    typist.process.kill()
    typist.process.wait()


def test_what_is_typed_is_answered_until_the_end_of_input(typist: Typist) -> None:
    typist.types(";\n")
    typist.types("SELECT 'open;\n")
    typist.types("' || (40 + 1); -- a note\n", prompt=r"\.\.\.> ")
    typist.sees("open; 41")
    typist.types("SELECT 40 + 2;\n")
    typist.sees("42")

    assert typist.ends() == 0


def test_ctrl_c_drops_a_line_or_a_query_and_the_prompt_stays(typist: Typist) -> None:
    typist.types("SELECT nonsense\n")
    typist.sees(r"\.\.\.> ")
    typist.stops()
    typist.types(f"{ENDLESS}\n")
    typist.sees(r"AS b;\s")
    typist.stops()
    typist.sees("Stopped")
    typist.types("SELECT 40 + 2;\n")
    typist.sees("42")

    assert typist.ends() == 0
