"""A long history in parts: a model is rebuilt from a share of its keys at a time, and its rows are laid down in order of time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import duckdb

from transforms.models import Model
from warehouse.files import work_dir
from warehouse.narrowing import Hand, columns_to_carry, count, is_kept_by_parquet, list_keys, needs_of_keys, temp
from warehouse.schema import literal

SLICE_ROWS = 1_000_000  # rows of its needs that a model is rebuilt from at a time: sorting 2 million took more than 1 200 MB
TEXT_SLICE_ROWS = 300_000  # the same for a Python model, whose rows bring their texts along: 600 000 took all of 1 200 MB


def slice_count(connection: duckdb.DuckDBPyConnection, model: Model) -> int:
    """In how many parts the whole is made: one, but for a long history of a model that can be rebuilt in part."""
    if not model.by or hasattr(model.module, "merge"):
        return 1
    return 1 + sum(count(connection, need) for need in model.drivers) // (TEXT_SLICE_ROWS if model.module else SLICE_ROWS)


def in_slices(
    connection: duckdb.DuckDBPyConnection, store: Path, model: Model, slices: int
) -> Iterator[tuple[Hand, str, dict[str, str]]]:
    """Slice by slice the keys whose hash falls to it, and the needs' rows of these keys; gone when the next one is asked for.

    The needs are parted once: to look for the rows of a slice in a long table is to read most of it.
    """
    by = ", ".join(model.by)
    with empty_folder(work_dir(store) / "parts") as parts:
        parted = [need for need in model.drivers if need not in model.rows and _part(connection, parts, need, by, slices)]
        for number in range(slices):
            keys = f"slice_{number}_{temp('keys', model.name)}"
            with empty_folder(work_dir(store) / "build") as folder:
                hand = Hand(folder)
                rows = {need: _part_of_slice(connection, parts, need, number, keys) for need in parted}
                told = [
                    f"SELECT {by} FROM {rows[need]}"
                    if need in rows
                    else f"SELECT {by} FROM {need} WHERE {_slice(by, slices)} = {number}"
                    for need in model.drivers
                ]
                list_keys(connection, hand, keys, by, told)
                hand.rows.update({(need, model.by): [(keys, name)] for need, name in rows.items()})
                yield hand, keys, needs_of_keys(connection, model, keys, hand)


def _slice(by: str, slices: int) -> str:
    return f"hash({by}) % {slices}"


def _part(connection: duckdb.DuckDBPyConnection, folder: Path, need: str, by: str, slices: int) -> bool:
    """Writes the rows of a need into a folder a slice; not where Parquet would give them back as something else."""
    select = f"SELECT {', '.join(columns_to_carry(connection, need))} FROM {need}"
    if not is_kept_by_parquet(connection, select):
        return False
    connection.execute(
        f"COPY (SELECT *, {_slice(by, slices)} AS slice FROM ({select})) TO {literal(str(folder / need))} "
        "(FORMAT parquet, PARTITION_BY (slice))"
    )
    return True


def _part_of_slice(connection: duckdb.DuckDBPyConnection, folder: Path, need: str, number: int, keys: str) -> str:
    """The name of the rows of a need that fall to a slice."""
    name, part = f"{temp('rows', need)}_of_{keys}", folder / need / f"slice={number}"
    columns = ", ".join(columns_to_carry(connection, need))
    files = f"read_parquet({literal(str(part / '*.parquet'))}, hive_partitioning = false)"
    rows = f"SELECT {columns} FROM {files}" if part.exists() else f"SELECT {columns} FROM {need} LIMIT 0"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {rows}")
    return name


def periods(connection: duckdb.DuckDBPyConnection, rows: str, parts: int) -> Iterator[str]:
    """The rows in periods of about as many rows each, the earliest first: all at once are too many to be sorted."""
    times = _time_of(connection, rows)
    if not times:
        yield rows
        return
    (time,) = times
    shares = [number / parts for number in range(1, parts)]
    (found,) = connection.execute(f"SELECT quantile_disc({time}, {shares}) FROM {rows}").fetchone() or (None,)
    for first, last in pairwise([None, *dict.fromkeys(found or ()), None]):
        bounds = [f"{time} {sign} {literal(str(end))}" for sign, end in ((">=", first), ("<", last)) if end is not None]
        where = " AND ".join(bounds) or "true"
        yield f"(SELECT * FROM {rows} WHERE {where}{'' if last is not None else f' OR {time} IS NULL'})"


def in_order(connection: duckdb.DuckDBPyConnection, model: Model, rows: str) -> str:
    """The SELECT of a model's rows in the order in which they are stored: by the first time they tell, then by key."""
    return f"SELECT * FROM {rows} ORDER BY {', '.join(dict.fromkeys([*_time_of(connection, rows), *model.grain]))}"


def _time_of(connection: duckdb.DuckDBPyConnection, rows: str) -> list[str]:
    """The first column that tells a time, if there is one."""
    columns = connection.execute(f"DESCRIBE FROM {rows}").fetchall()
    return [name for name, kind, *_ in columns if kind in ("TIMESTAMP", "DATE")][:1]


@contextmanager
def empty_folder(path: Path) -> Iterator[Path]:
    """A folder of the one writer, gone when the block ends; what a killed one left goes too."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
