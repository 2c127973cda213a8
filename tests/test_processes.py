"""What a process of ours loads, and what it can still load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ARROW = "import collectors.archive, pyarrow\ntable = pyarrow.table({'a': [1]})"
DUCKDB = """
from pathlib import Path
from warehouse.writer import open_build
with open_build(Path('.'), 'test') as connection:
    connection.execute('SELECT ?', [1])
"""


@pytest.mark.parametrize("work", [ARROW, DUCKDB])
def test_pandas_is_loaded_by_who_asks_for_a_frame_and_by_nobody_else(tmp_path: Path, work: str) -> None:
    program = (
        f"import sys\n{work}\nprint('pandas' in sys.modules)\n"
        "import duckdb, pyarrow\nprint(len(pyarrow.table({'a': [1]}).to_pandas()), len(duckdb.sql('SELECT 1').df()))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert done.stdout.split() == ["False", "1", "1"]


def test_the_steps_load_neither_duckdb_nor_pandas_nor_the_reader() -> None:
    program = "import sys, dozor.steps; print(*{'duckdb', 'pandas', 'collectors.reading.page'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []
