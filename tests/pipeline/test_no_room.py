"""No room on the disk: said in a line at whatever step, nothing lost, and the same command goes on when there is room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import yaml

from tests.pipeline.nights import Site, ask, serving

WATCHLIST = """
projects:
  - id: tea
    title: Tea
    language: en
    timezone: UTC
    currency: GBP
    entities:
      - id: kettle
        name: Kettle
        is_own: true
        domains: [kettle.example]
        watches:
          - site: http://kettle.example:{port}/
"""
PAGES = 12

# Runs dozor where no file may grow beyond so many bytes (0: any): a write that finds no room fails in the same places.
DOZOR = """
import resource, sys
most = int(sys.argv.pop(1))
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
from dozor.cli import main
sys.argv[0] = "dozor"
main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder, chance = tmp_path_factory.mktemp("room"), Random(1)
    site = Site()
    links = "".join(f"<a href='/p/{number}'>p{number}</a>" for number in range(PAGES))
    site.put("kettle.example", "/", f"<title>Kettle</title><h1>Kettle</h1>{links}")
    for number in range(PAGES):
        noise = chance.randbytes(20_000).hex()  # so that it does not pack away
        site.put("kettle.example", f"/p/{number}", f"<title>P{number}</title><h1>P{number}</h1><p>{noise}</p>")
    with serving(site):
        (folder / "watchlist.yml").write_text(WATCHLIST.replace("{port}", str(site.port)), encoding="utf-8")
        settings = {
            "contact": "me@dozor.example",
            "allow_private_hosts": True,
            "connect_to": {"kettle.example": "127.0.0.1"},
            "pace_seconds": {"site": 0.0},
        }
        (folder / "dozor.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        yield folder


def run(folder: Path, most: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", DOZOR, str(most), "run", "--run", "night"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("most", "said"),
    [
        pytest.param(3_000, "disk", id="the book of limits"),
        pytest.param(60_000, "disk", id="the book of limits, amid a crawl"),
        pytest.param(120_000, "File too large", id="the archive"),
        pytest.param(300_000, "File too large", id="the batches"),
        pytest.param(3_000_000, "make room on the disk", id="the warehouse"),
    ],
)
def test_without_room_a_step_ends_with_one_line(most: int, said: str, folder: Path) -> None:
    done = run(folder, most)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "dozor-data" / "warehouse.duckdb").exists()


def test_with_room_the_same_run_goes_on_and_nothing_was_lost(folder: Path) -> None:
    done = run(folder, 0)
    assert done.returncode == 0, done.stderr
    store = folder / "dozor-data"
    assert ask(store, "SELECT count(*), count(DISTINCT url) FROM core.page") == [(PAGES + 1, PAGES + 1)]
    assert ask(store, "SELECT count(*) FROM ops.capture WHERE verdict = 'failed'") == [(0,)]
    assert not list(store.rglob(".*.tmp"))
