"""Killed anywhere, run again: the same rows and the same bytes of Parquet as without the kill (R-146, R-164, R-167)."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collectors.crash import CRASHED
from tests.warehouse.nights import contents
from tests.warehouse.steps import first_night, second_night
from warehouse.files import hash_of

QUICK = ("load.inserted", "build.before_commit", "publish.copied", "publish.placed")
THOROUGH = (
    "batch.written",
    "batch.placed",
    "load.let_in",
    "load.begun",
    "load.committed",
    "load.archive",
    "build.model",
    "build.committed",
    "check.before_commit",
    "publish.checkpointed",
    "publish.linked",
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A store after one night, and a copy that had its second night undisturbed."""
    before = tmp_path_factory.mktemp("crash") / "before"
    before.mkdir()
    first_night(before)
    undisturbed = before.with_name("undisturbed")
    shutil.copytree(before, undisturbed, symlinks=True)
    second_night(undisturbed)
    return before, undisturbed


def start(store: Path, crash_at: str = "") -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DOZOR_CRASH_AT": crash_at}
    return subprocess.Popen([sys.executable, "-m", "tests.warehouse.steps", str(store)], env=environment)


def parquet(store: Path) -> dict[str, str]:
    return {path.relative_to(store).as_posix(): hash_of(path) for path in sorted((store / "batches").rglob("*.parquet"))}


def assert_same(store: Path, undisturbed: Path) -> None:
    assert contents(store / "warehouse.duckdb") == contents(undisturbed / "warehouse.duckdb")
    assert (store / "warehouse.duckdb").resolve().name == (undisturbed / "warehouse.duckdb").resolve().name
    assert parquet(store) == parquet(undisturbed)
    assert not [path.name for path in store.glob(".*.tmp")]


@pytest.mark.parametrize("point", [*QUICK, *(pytest.param(point, marks=pytest.mark.slow) for point in THOROUGH)])
def test_a_kill_leaves_no_trace(point: str, stores: tuple[Path, Path], tmp_path: Path) -> None:
    before, undisturbed = stores
    store = tmp_path / "store"
    shutil.copytree(before, store, symlinks=True)

    assert start(store, point).wait(120) == CRASHED
    assert contents(store / "warehouse.duckdb")["core.page"]  # readers always have a whole file
    second_night(store)

    assert_same(store, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_a_kill_at_a_random_moment_leaves_no_trace(seed: int, stores: tuple[Path, Path], tmp_path: Path) -> None:
    before, undisturbed = stores
    store = tmp_path / "store"
    shutil.copytree(before, store, symlinks=True)
    for _ in range(2):
        process = start(store)
        time.sleep(random.Random(seed).uniform(0.3, 2.5))
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        assert contents(store / "warehouse.duckdb")["core.page"]
    second_night(store)

    assert_same(store, undisturbed)
