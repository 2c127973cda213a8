import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.warehouse.nights import capture, day_of, offer, post
from transforms.normalise import normalise
from transforms.tables import tables
from warehouse.batches import FencedWriteError, extend_batch, read_batch_footer, rewrite_batch, write_batch
from warehouse.files import batch_path


def rows_of(*names: str) -> pa.Table:
    return normalise([(capture(name), [post(number) for number in (1, 2)]) for name in names], "1")["publication"]


def put(store: Path, rows: pa.Table, *captures: str, **options: object) -> None:
    write_batch(store, "publication", "site", day_of(0), rows, dict.fromkeys(captures, "1"), **options)  # type: ignore[arg-type]


def test_the_footer_lists_captures_that_gave_no_row(tmp_path: Path) -> None:
    put(tmp_path, rows_of("c1"), "c1", "c2")

    info = read_batch_footer(batch_path(tmp_path, "publication", "site", day_of(0)))
    assert (dict(info.captures), info.rows, info.distinct_records) == ({"c1": "1", "c2": "1"}, 2, 2)
    assert info.fill["text"] == 1.0
    assert info.fill["title"] == 0.0


def test_an_orphan_that_knows_fewer_captures_is_refused(tmp_path: Path) -> None:
    put(tmp_path, rows_of("c1", "c2"), "c1", "c2")

    with pytest.raises(FencedWriteError, match="c2"):
        put(tmp_path, rows_of("c1"), "c1")
    assert read_batch_footer(batch_path(tmp_path, "publication", "site", day_of(0))).rows == 4


def test_erased_captures_may_be_missing(tmp_path: Path) -> None:
    put(tmp_path, rows_of("c1", "c2"), "c1", "c2")
    put(tmp_path, rows_of("c1"), "c1", erased=["c2"])

    assert read_batch_footer(batch_path(tmp_path, "publication", "site", day_of(0))).rows == 2


def test_a_batch_of_no_rows_is_a_file(tmp_path: Path) -> None:
    put(tmp_path, tables()["publication"].empty(), "c1")

    assert read_batch_footer(batch_path(tmp_path, "publication", "site", day_of(0))).rows == 0


def test_extending_replaces_the_rows_of_the_captures_given_and_keeps_the_others(tmp_path: Path) -> None:
    put(tmp_path, rows_of("c1", "c2"), "c1", "c2")
    fewer = rows_of("c2").slice(0, 1)
    info = extend_batch(tmp_path, "publication", "site", day_of(0), [fewer], {"c2": "2", "c3": "2"})

    assert (info.rows, dict(info.captures)) == (3, {"c1": "1", "c2": "2", "c3": "2"})


def test_the_same_rows_in_another_order_make_the_same_bytes(tmp_path: Path) -> None:
    put(tmp_path, rows_of("c1", "c2"), "c1", "c2")
    path = batch_path(tmp_path, "publication", "site", day_of(0))
    first = path.read_bytes()
    shutil.rmtree(tmp_path / "batches")
    put(tmp_path, rows_of("c2", "c1"), "c2", "c1")

    assert path.read_bytes() == first


def test_rows_taken_out_leave_their_captures_listed(tmp_path: Path) -> None:
    put(tmp_path, rows_of("c1", "c2"), "c1", "c2")
    gone = rewrite_batch(tmp_path, "publication", "site", day_of(0), lambda rows: pc.equal(rows["capture_id"], "c1"))

    info = read_batch_footer(batch_path(tmp_path, "publication", "site", day_of(0)))
    assert (gone.num_rows, info.rows, set(info.captures)) == (2, 2, {"c1", "c2"})


@pytest.mark.parametrize(
    ("rows", "captures", "said"),
    [
        pytest.param(lambda: rows_of("c1"), ["c2"], "not listed", id="rows of an unlisted capture"),
        pytest.param(lambda: pa.concat_tables([rows_of("c1")] * 2), ["c1"], "stand twice", id="the same key twice"),
        pytest.param(
            lambda: normalise([(capture("c1"), [offer()])], "1")["offer"], ["c1"], "columns", id="rows of another table"
        ),
    ],
)
def test_rows_that_are_not_of_the_batch_are_refused(tmp_path: Path, rows: object, captures: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        put(tmp_path, rows(), *captures)  # type: ignore[operator]


@pytest.mark.parametrize("name", ["../x", "a/b", "'; DROP", "", "A", "x" * 80])
def test_a_name_that_could_leave_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        write_batch(tmp_path, "publication", name, day_of(0), rows_of("c1"), {"c1": "1"})


def test_a_parquet_file_that_is_no_batch_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")

    with pytest.raises(ValueError, match=r"x\.parquet is not a batch"):
        read_batch_footer(tmp_path / "x.parquet")
