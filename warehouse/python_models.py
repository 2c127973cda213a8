"""Models that SQL cannot state: texts out as record batches, a pure function in spawned processes, one Parquet file back in."""

from __future__ import annotations

import multiprocessing
import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from itertools import repeat
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from transforms.models import Model
from warehouse.files import work_dir
from warehouse.schema import literal

ROWS_PER_TASK = 20_000
ROWS_WORTH_A_PROCESS = 5_000  # a spawned interpreter costs about half a second


def run_python_model(
    connection: duckdb.DuckDBPyConnection, store: Path, model: Model, sql: str, small_sql: Mapping[str, str]
) -> str:
    """Run a model with `rows` over the rows of `sql`; returns the SELECT that reads its result.

    The module's `rows(batch, small)` is called with each record batch and with the tables of the small statements.
    """
    module = _module(model)
    given = _given(connection, store, model, sql)
    small = {name: connection.execute(query).to_arrow_table() for name, query in small_sql.items()}
    return _written(store, model, _results(module.__name__, given, small), given)


def run_whole_model(connection: duckdb.DuckDBPyConnection, store: Path, model: Model, sql: str) -> str:
    """Run a model with `merge` over all its input anew; returns the SELECT that reads its result."""
    module = _module(model)
    given = _given(connection, store, model, f"SELECT * FROM ({sql}) ORDER BY {module.ORDER}")
    return _written(store, model, module.whole(_groups(given)), given)


def run_merging_model(connection: duckdb.DuckDBPyConnection, store: Path, model: Model, sql: str, keys: str) -> str:
    """Run a model with `merge` over the rows of `sql`, those of the keys; returns the SELECT that reads the rows to exchange."""
    module = _module(model)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE given AS {sql}")
    given = connection.execute(f"SELECT * FROM given ORDER BY {module.ORDER}").to_arrow_table()
    known = connection.execute(re.sub(r"\bkeys\b", keys, module.KNOWN)).to_arrow_table()
    return _written(store, model, iter([module.merge(given, known)]), None)


def _module(model: Model) -> Any:
    if model.module is None:
        raise TypeError(f"{model.name} is no Python model")
    return model.module


def _given(connection: duckdb.DuckDBPyConnection, store: Path, model: Model, sql: str) -> Path:
    """The input of a model as a Parquet file, a row group a task."""
    folder = work_dir(store) / "models"
    folder.mkdir(exist_ok=True)
    given = folder / f"{model.name}.in.parquet"
    connection.execute(f"COPY ({sql}) TO {literal(str(given))} (FORMAT parquet, ROW_GROUP_SIZE {ROWS_PER_TASK})")
    return given


def _written(store: Path, model: Model, tables: Iterator[pa.Table], given: Path | None) -> str:
    """The SELECT that reads the model's answer, written to a Parquet file."""
    schema = _module(model).SCHEMA
    result = work_dir(store) / "models" / f"{model.name}.out.parquet"
    result.parent.mkdir(exist_ok=True)
    with pq.ParquetWriter(result, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table.cast(schema))
    if given is not None:
        given.unlink()
    return f"SELECT * FROM read_parquet({literal(str(result))})"


def _groups(given: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(given) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group)


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
