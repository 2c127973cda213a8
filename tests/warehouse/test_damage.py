"""The build file damaged, foreign or in other hands: found, named, and made anew from the batches; readers notice nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.nights import START, ask, capture, contents, offer, page, post, put, refresh
from warehouse.build import build
from warehouse.checks import check
from warehouse.files import build_file
from warehouse.load import load_pending
from warehouse.publish import NotPublishable, publish
from warehouse.query import DamagedWarehouse, connect
from warehouse.writer import BuildFileError, WriterBusy, start_anew

ROWS = ("ref", "obs", "core", "mart")  # ops counts builds, and there was one more

# Opens the build file given, says so, and waits (or dies without a checkpoint).
HOLDER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
print("open", flush=True)
sys.stdin.read()
"""
DIES = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('DELETE FROM obs.page'); os._exit(1)"


@pytest.fixture
def built(store: Path) -> Path:
    put(store, 0, [(capture("c1"), [page(), offer(), post(1)])])
    refresh(store)
    return store


def flipped(data: bytes) -> bytes:
    changed = bytearray(data)
    for place in range(len(data) // 3, len(data), 50_000):
        changed[place] ^= 0xFF
    return bytes(changed)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: b"", id="R-161 no byte"),
        pytest.param(lambda data: b"garbage" * 1000, id="R-160 garbage"),
        pytest.param(lambda data: bytes(4096) + data[4096:], id="R-160 no header"),
        pytest.param(lambda data: data[: len(data) // 2], id="R-156 cut short"),
        pytest.param(flipped, id="R-159 flipped bits"),
    ],
)
def test_a_damaged_build_file_is_made_anew(
    spoil: Callable[[bytes], bytes], built: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = contents(built / "warehouse.duckdb", ROWS)
    file = build_file(built)
    file.write_bytes(spoil(file.read_bytes()))
    refresh(built)

    assert contents(built / "warehouse.duckdb", ROWS) == before
    assert "is damaged and is made anew from the batches" in caplog.text


@pytest.mark.parametrize("junk", [b"garbage" * 1000, b""], ids=["R-160 garbage", "R-161 no byte"])
def test_a_damaged_published_file_is_named_and_a_refresh_publishes_it_again(junk: bytes, built: Path) -> None:
    before = contents(built / "warehouse.duckdb", ROWS)
    published = (built / "warehouse.duckdb").resolve()
    published.write_bytes(junk)
    with pytest.raises(DamagedWarehouse, match=rf"{published} cannot be read .*`dozor refresh`"):
        connect(built)

    refresh(built)
    assert contents(built / "warehouse.duckdb", ROWS) == before


def test_a_published_file_that_this_process_reads_is_not_taken_for_damaged(built: Path) -> None:
    with connect(built, memory="500MB"):
        assert not publish(built).is_new


@pytest.mark.parametrize("log", [b"junk" * 1000, b""], ids=["R-158 junk", "empty"])
def test_a_spoilt_log_beside_the_build_file_does_no_harm(log: bytes, built: Path) -> None:
    before = contents(built / "warehouse.duckdb", ROWS)
    build_file(built).with_name("warehouse.duckdb.wal").write_bytes(log)
    refresh(built)

    assert contents(built / "warehouse.duckdb", ROWS) == before


def refused(store: Path) -> None:
    """A refresh finds that rows are missing, publishes nothing, and one from nothing mends it."""
    published = (store / "warehouse.duckdb").resolve()
    before = contents(published, ROWS)
    load_pending(store)
    build(store, now=START)
    assert [broken.name for broken in check(store)] == ["obs.page has the rows that were loaded"]
    with pytest.raises(NotPublishable, match=r"obs\.page has the rows that were loaded: 1 rows.*refresh --full"):
        publish(store)
    assert (store / "warehouse.duckdb").resolve() == published

    start_anew(store)
    refresh(store)
    assert contents(store / "warehouse.duckdb", ROWS) == before


def test_a_build_file_that_lost_rows_is_not_published(built: Path) -> None:  # as a copy without its log would
    with duckdb.connect(str(build_file(built))) as connection:
        connection.execute("DELETE FROM obs.page")
    refused(built)


def test_the_log_of_another_file_of_the_same_shape_is_noticed(built: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    shutil.copy(build_file(built), other)
    subprocess.run([sys.executable, "-c", DIES, str(other)], check=False)
    shutil.copy(other.with_name("other.duckdb.wal"), build_file(built).with_name("warehouse.duckdb.wal"))
    refused(built)


def test_a_build_file_that_cannot_be_opened_is_named_with_what_mends_it(store: Path) -> None:
    build_file(store).mkdir()
    with pytest.raises(BuildFileError, match=r"work/warehouse\.duckdb cannot be opened: .*refresh --full"):
        load_pending(store)


@pytest.fixture
def holding() -> Iterator[Callable[[Path, str], int]]:
    held: list[subprocess.Popen[str]] = []

    def hold(file: Path, how: str) -> int:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(file), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        held.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        return process.pid

    yield hold
    for process in held:
        process.communicate("")


@pytest.mark.parametrize("how", ["read", "write"])
def test_who_has_the_build_file_open_is_named_with_the_file_to_query_instead(
    how: str, built: Path, holding: Callable[[Path, str], int]
) -> None:
    pid = holding(build_file(built), how)
    with pytest.raises(WriterBusy) as caught:
        load_pending(built)
    assert str(pid) in str(caught.value)
    assert str(built / "warehouse.duckdb") in str(caught.value)
    assert ask(built, "SELECT count(*) FROM core.page") == [(1,)]


def test_who_reads_the_published_file_stops_no_refresh(built: Path, holding: Callable[[Path, str], int]) -> None:
    holding((built / "warehouse.duckdb").resolve(), "read")
    put(built, 1, [(capture("c2", 1), [page("other")])])
    refresh(built, 1)
    assert ask(built, "SELECT count(*) FROM core.page") == [(2,)]
