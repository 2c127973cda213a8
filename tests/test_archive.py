"""The archive keeps every attempt, whole, through kills, merges and removals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import archive
from collectors.pruning import prune
from collectors.source import Capture, digest

DAY = date(2026, 11, 1)
NOW = datetime(2026, 11, 1, 1, 10, tzinfo=UTC)


def capture(number: int, body: bytes | None = b"<p>tea</p>", **facts: object) -> Capture:
    capture_id = archive.new_capture_id(NOW + timedelta(milliseconds=number))
    given: dict[str, object] = {
        "capture_id": capture_id,
        "run_id": "run-1",
        "source": "site",
        "watch_id": "w",
        "fingerprint": digest(number),
        "url": f"https://tea.example/{number}",
        "final_url": f"https://tea.example/{number}",
        "http_status": 200,
        "headers": {"content-type": "text/html"},
        "media_type": "text/html",
        "body": body,
        "body_hash": archive.body_hash(body) if body is not None else "",
        "body_of": capture_id if body is not None else "",
        "body_state": "stored" if body is not None else "none",
        "fetched_at": NOW,
        "observed_at": NOW,
    }
    return Capture(**{**given, **facts})  # type: ignore[arg-type]


def write(store: Path, *captures: Capture, parts: int = 1) -> archive.ArchiveWriter:
    writer = archive.ArchiveWriter(store, "site", DAY, "run-1")
    for number, one in enumerate(captures):
        writer.add(one)
        if number % max(1, len(captures) // parts) == 0:
            writer.flush()
    writer.close()
    return writer


def ids(store: Path) -> list[str]:
    return [found.capture_id for found in archive.read_captures(store)]


@given(
    body=st.none() | st.binary(max_size=300),
    context=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.lists(st.booleans()), max_size=3),
    redirects=st.lists(st.text(max_size=9), max_size=3),
)
def test_what_was_kept_comes_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, body: bytes | None, context: dict[str, object], redirects: list[str]
) -> None:
    store = tmp_path_factory.mktemp("store")
    kept = capture(1, body, context=context, redirects=tuple(redirects))
    write(store, kept)

    assert list(archive.read_captures(store)) == [kept]


def test_small_parts_of_a_writer_become_one_file(tmp_path: Path) -> None:
    captures = [capture(n) for n in range(5)]
    write(tmp_path, *captures, parts=5)

    assert len(archive.capture_files(tmp_path)) == 1
    assert ids(tmp_path) == [c.capture_id for c in captures]


def test_a_full_part_stays_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "PART_BYTES", 1000)
    captures = [capture(n, b"x" * (1000 if n == 2 else 1)) for n in range(6)]
    writer = archive.ArchiveWriter(tmp_path, "site", DAY, "run-1")
    for one in captures:
        writer.add(one)
        writer.flush()
    full = writer.parts[2].stat()
    writer.close()

    low, middle, high = archive.capture_files(tmp_path)
    assert (middle.stat().st_ino, middle.stat().st_mtime_ns) == (full.st_ino, full.st_mtime_ns)
    assert ("00000to00001" in low.name, "00003to00005" in high.name) == (True, True)
    assert ids(tmp_path) == [c.capture_id for c in captures]


def test_a_merge_interrupted_before_the_parts_went_shows_no_row_twice(tmp_path: Path) -> None:
    captures = [capture(n) for n in range(4)]
    writer = archive.ArchiveWriter(tmp_path, "site", DAY, "run-1")
    for one in captures:
        writer.add(one)
        writer.flush()
    copies = {path: path.read_bytes() for path in writer.parts}
    writer.close()
    for path, content in copies.items():
        path.write_bytes(content)

    assert ids(tmp_path) == [c.capture_id for c in captures]
    archive.remove_covered_parts(tmp_path, "site", DAY)
    assert len(list(archive.partition(tmp_path, "site", DAY).iterdir())) == 1


def test_a_very_large_body_lies_beside_and_comes_back(tmp_path: Path) -> None:
    body = bytes(range(256)) * 40_000
    kept = capture(1, body)
    write(tmp_path, kept)

    assert list(archive.partition(tmp_path, "site", DAY).glob("*.zst"))
    assert next(archive.read_captures(tmp_path)).body == body


def test_one_line_of_sql_reads_the_captures(tmp_path: Path) -> None:
    write(tmp_path, capture(1), capture(2, None, http_status=404, verdict="skip"))
    pattern = str(tmp_path / "captures/**/*.parquet")

    rows = duckdb.sql(f"SELECT url, http_status FROM read_parquet('{pattern}') ORDER BY url").fetchall()
    assert rows == [("https://tea.example/1", 200), ("https://tea.example/2", 404)]


def test_a_capture_is_found_by_its_id_with_its_body(tmp_path: Path) -> None:
    captures = [capture(n, f"page {n}".encode()) for n in range(200)]
    write(tmp_path, *captures)

    found = archive.find_capture(tmp_path, captures[150].capture_id)
    assert found == captures[150]
    assert archive.find_capture(tmp_path, "cap_000000000000ffffffffffff") is None
    assert archive.find_capture(tmp_path, "nonsense") is None


def test_pruning_drops_bodies_of_old_days_and_keeps_the_rows(tmp_path: Path) -> None:
    write(tmp_path, capture(1), capture(2, None))

    assert prune(tmp_path, DAY) == 0
    assert prune(tmp_path, DAY + timedelta(days=1)) == 1
    assert [(c.body, c.body_state) for c in archive.read_captures(tmp_path)] == [(None, "pruned"), (None, "none")]


@pytest.mark.parametrize("run_id", ["../x", ".hidden", "a/b", "a" * 81, "", "-x", "run\x00"])
def test_a_run_id_that_could_be_a_path_is_refused(run_id: str) -> None:
    with pytest.raises(ValueError, match="run id"):
        archive.check_run_id(run_id)
