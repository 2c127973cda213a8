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
from warehouse.narrowing import Hand, count, list_keys, needs_of_keys, temp
from warehouse.schema import literal

SLICE_ROWS = 1_000_000  # rows of its needs that a model is rebuilt from at a time: sorting 2 million took more than 1 200 MB
TEXT_SLICE_ROWS = 300_000  # the same for a Python model, whose rows bring their texts along: 600 000 took all of 1 200 MB


def slice_count(connection: duckdb.DuckDBPyConnection, model: Model) -> int:
    """In how many parts the whole is made: one, but for a long history of a model that can be rebuilt in part."""
    if not model.by or hasattr(model.module, "merge"):
        return 1
    return 1 + sum(count(connection, need) for need in model.drivers) // (TEXT_SLICE_ROWS if model.module else SLICE_ROWS)


@contextmanager
def one_slice(
    connection: duckdb.DuckDBPyConnection, store: Path, model: Model, number: int, slices: int
) -> Iterator[tuple[Hand, str, dict[str, str]]]:
    """The keys whose hash falls to this slice, and the needs' rows of these keys; gone when the block ends."""
    keys, by = f"slice_{number}_{temp('keys', model.name)}", ", ".join(model.by)
    with empty_folder(work_dir(store) / "build") as folder:
        hand = Hand(folder)
        list_keys(
            connection,
            hand,
            keys,
            by,
            [f"SELECT {by} FROM {need} WHERE hash({by}) % {slices} = {number}" for need in model.drivers],
        )
        yield hand, keys, needs_of_keys(connection, model, keys, hand)


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
