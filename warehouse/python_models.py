"""Models that SQL cannot state: texts out as record batches, a pure function in spawned processes, one Parquet file back in."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from itertools import repeat
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from transforms.models import Model
from warehouse.files import work_dir
from warehouse.schema import literal

ROWS_PER_TASK = 20_000
ROWS_WORTH_A_PROCESS = 5_000  # a spawned interpreter costs about half a second


def run_python_model(connection: duckdb.DuckDBPyConnection, store: Path, model: Model, sql: str) -> str:
    """Run the model over the rows of `sql`; returns the SELECT that reads its result.

    The module's `rows(batch, small)` is called with each record batch and with the tables of its `SMALL` statements.
    """
    module = model.module
    if module is None:
        raise TypeError(f"{model.name} is no Python model")
    folder = work_dir(store) / "models"
    folder.mkdir(exist_ok=True)
    given, result = folder / f"{model.name}.in.parquet", folder / f"{model.name}.out.parquet"
    connection.execute(f"COPY ({sql}) TO {literal(str(given))} (FORMAT parquet, ROW_GROUP_SIZE {ROWS_PER_TASK})")
    small = {name: connection.execute(query).to_arrow_table() for name, query in getattr(module, "SMALL", {}).items()}
    with pq.ParquetWriter(result, module.SCHEMA, compression="zstd") as writer:
        for table in _results(module.__name__, given, small):
            writer.write_table(table.cast(module.SCHEMA))
    given.unlink()
    return f"SELECT * FROM read_parquet({literal(str(result))})"


def _results(module: str, given: Path, small: Mapping[str, pa.Table]) -> Iterator[pa.Table]:
    metadata = pq.read_metadata(given)
    groups = range(metadata.num_row_groups)
    workers = min(os.cpu_count() or 1, len(groups))
    if metadata.num_rows < ROWS_WORTH_A_PROCESS or workers < 2:
        yield from (_group(module, given, group, small) for group in groups)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_group, repeat(module), repeat(given), groups, repeat(small))


def _group(module: str, given: Path, group: int, small: Mapping[str, pa.Table]) -> pa.Table:
    with pq.ParquetFile(given) as file:
        rows: pa.Table = import_module(module).rows(file.read_row_group(group), small)
    return rows
