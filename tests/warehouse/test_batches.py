import shutil
from dataclasses import replace
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


def test_an_orphan_that_knows_fewer_captures_is_refused(tmp_path: Path) -> None:  # R-199, G-6
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


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds so small that a handful of rows goes the way of a large partition."""
    for name, value in {"RUN_BYTES": 2000, "SLICE_BYTES": 500, "MOST_RUNS": 3, "GROUP_BYTES": 600}.items():
        monkeypatch.setattr(f"warehouse.runs.{name}", value)


def many(captures: int = 10) -> pa.Table:
    return rows_of(*(f"c{number}" for number in range(captures)))


def cut(rows: pa.Table, length: int) -> list[pa.Table]:
    return [rows.slice(first, length) for first in range(0, rows.num_rows, length)]


def keys(rows: pa.Table) -> list[tuple[str, str]]:
    return list(zip(rows["record_id"].to_pylist(), rows["capture_id"].to_pylist(), strict=True))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("length", [1, 3, 7, 100])
def test_a_partition_larger_than_memory_is_whole_and_in_order(tmp_path: Path, length: int) -> None:
    rows = many()
    info = extend_batch(
        tmp_path, "publication", "site", day_of(0), cut(rows, length), dict.fromkeys(rows["capture_id"].to_pylist(), "1")
    )

    file = pq.ParquetFile(info.path)
    assert keys(file.read()) == sorted(keys(rows))
    assert (info.rows, info.distinct_records) == (20, 2)
    assert file.metadata.num_row_groups > 3
    assert not [path for path in (tmp_path / "work").iterdir() if path.name != "locks"]


@pytest.mark.usefixtures("small")
def test_the_bytes_of_a_batch_do_not_tell_in_what_parts_its_rows_came(tmp_path: Path) -> None:
    rows = many()
    captures = dict.fromkeys(rows["capture_id"].to_pylist(), "1")
    found = set()
    for number, parts in enumerate((cut(rows, 1), cut(rows, 4), cut(rows, 100), cut(rows, 3)[::-1])):
        found.add(extend_batch(tmp_path / str(number), "publication", "site", day_of(0), parts, captures).path.read_bytes())
    step = tmp_path / "in two steps"
    for chosen in (lambda name: name < "c4", lambda name: name >= "c4"):
        mine = [name for name in captures if chosen(name)]
        part = rows.filter(pc.is_in(rows["capture_id"], value_set=pa.array(mine)))
        info = extend_batch(step, "publication", "site", day_of(0), cut(part, 2), dict.fromkeys(mine, "1"))

    assert {info.path.read_bytes()} == found


@pytest.mark.usefixtures("small")
def test_a_key_that_stands_twice_is_found_across_runs_and_row_groups(tmp_path: Path) -> None:
    rows = many()
    captures = dict.fromkeys(rows["capture_id"].to_pylist(), "1")

    with pytest.raises(ValueError, match="stand twice"):
        extend_batch(tmp_path, "publication", "site", day_of(0), [*cut(rows, 3), rows.slice(11, 1)], captures)
    assert not list((tmp_path / "batches").rglob("*.*parquet*"))


@pytest.mark.usefixtures("small")
def test_a_row_group_ends_with_the_row_that_fills_it(tmp_path: Path) -> None:
    posts = [replace(post(number), text="x" * 4000 * (number % 2)) for number in range(6)]
    put(tmp_path, normalise([(capture("c1"), posts)], "1")["publication"], "c1")

    file = pq.ParquetFile(batch_path(tmp_path, "publication", "site", day_of(0)))
    groups = [file.read_row_group(number)["text"].to_pylist() for number in range(file.num_row_groups)]
    assert [len(text or "") for group in groups for text in group].count(4000) == 3
    assert all(len(text or "") == 0 for group in groups for text in group[:-1])


def test_a_column_that_a_batch_in_place_does_not_have_yet_is_empty_in_its_rows(tmp_path: Path) -> None:
    put(tmp_path, rows_of("c1"), "c1")
    path = batch_path(tmp_path, "publication", "site", day_of(0))
    footer = pq.read_metadata(path).metadata
    with pq.ParquetWriter(path, (old := pq.read_table(path, partitioning=None).drop(["lang", "text"])).schema) as writer:
        writer.write_table(old)
        writer.add_key_value_metadata({"dozor": footer[b"dozor"].decode()})
    extend_batch(tmp_path, "publication", "site", day_of(0), [rows_of("c2")], {"c2": "1"})

    rows = pq.read_table(path, partitioning=None)
    assert rows.schema.equals(tables()["publication"].schema)
    assert [bool(text) for text in rows.sort_by("capture_id")["text"].to_pylist()] == [False, False, True, True]


def test_rows_of_any_part_are_checked(tmp_path: Path) -> None:
    offers = normalise([(capture("c1"), [offer()])], "1")["offer"]

    with pytest.raises(ValueError, match="columns"):
        extend_batch(tmp_path, "publication", "site", day_of(0), [rows_of("c1"), offers], {"c1": "1"})
