"""Folders of one block: gone with it, and what killed processes left goes with the next one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dozor.own_folder import own_folder

HELD = """
import sys, time
from pathlib import Path
from dozor.own_folder import own_folder
with own_folder(Path(sys.argv[1]), "parse-") as folder:
    (folder / "rows.arrow").write_bytes(b"rows")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_a_folder_is_gone_with_its_block(tmp_path: Path) -> None:
    with own_folder(tmp_path, "parse-") as folder:
        (folder / "rows.arrow").write_bytes(b"rows")
    with pytest.raises(RuntimeError), own_folder(tmp_path, "parse-"):
        raise RuntimeError

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_taken_away_and_what_lives_stays(tmp_path: Path) -> None:
    killed, living = (
        subprocess.Popen([sys.executable, "-c", HELD, str(tmp_path)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    )
    assert killed.stdout is not None
    assert living.stdout is not None
    with killed, living:
        left, used = (Path(process.stdout.readline().strip()) for process in (killed, living) if process.stdout)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        assert left.exists()

        with own_folder(tmp_path, "parse-"):
            assert not left.exists()
            assert (used / "rows.arrow").exists()
        living.kill()
