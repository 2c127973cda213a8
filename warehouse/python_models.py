"""Models that SQL cannot state: texts out as record batches, a pure function in spawned processes, one Parquet file back in."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import re
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from importlib import import_module
from itertools import repeat
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from collectors.processes import end_with_parent, one_thread_each, without_main
from transforms.models import Model
from warehouse.files import replaced, work_dir
from warehouse.schema import literal

ROWS_PER_TASK = 20_000
ROWS_WORTH_A_PROCESS = 5_000  # a spawned interpreter costs about half a second
_SEAL_BYTES = sha256().digest_size
KEPT = 3  # prepared inputs of a model: that of all, those of the last topics changed


def run_python_model(
    connection: duckdb.DuckDBPyConnection, store: Path, model: Model, sql: str, small_sql: Mapping[str, str]
) -> str:
    """Run a model with `rows` over the rows of `sql`; returns the SELECT that reads its result.

    The module's `rows(table, small)` is called with some of the rows and with the tables of the small statements, or with what
    its `prepare` made of these.
    """
    module = _module(model)
    given = _given(connection, store, model, sql)
    small = {name: connection.execute(query).to_arrow_table() for name, query in small_sql.items()}
    beside = _prepared(module, given.parent, model.name, small) if hasattr(module, "prepare") else pickle.dumps(small)
    return _written(store, model, _results(module.__name__, given, beside), given)


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
    *before, rows = (re.sub(r"\bkeys\b", keys, statement) for statement in module.KNOWN)
    for statement in before:
        connection.execute(statement)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE known AS {rows}")

    def known() -> Iterator[pa.Table]:
        reader = connection.execute("FROM known").to_arrow_reader(ROWS_PER_TASK)
        yield reader.schema.empty_table()
        yield from (pa.Table.from_batches([batch]) for batch in reader)

    answer = _written(store, model, iter([module.merge(given, known)]), None)
    connection.execute("DROP TABLE known")
    return answer


def forget_answers(store: Path) -> None:
    """The files that answers of this build were read from: of a long history they are as large as their tables."""
    for path in (work_dir(store) / "models").glob("*.out.parquet"):
        path.unlink()


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


def _prepared(module: Any, folder: Path, name: str, small: Mapping[str, pa.Table]) -> bytes:
    """What the module's `prepare` makes of the small tables, pickled; kept from build to build under the hash of all that it is
    made from, the code of MADE_BY included, since a pickle fits no other. A file that is not as it was written is made anew."""
    package = Path(import_module(module.MADE_BY).__file__ or "").parent
    code = [path.read_bytes() for path in (*sorted(package.glob("*.py")), Path(module.__file__))]
    tables = [(key, table.schema.to_string(), table.to_pylist()) for key, table in sorted(small.items())]
    mark = sha256(repr((sys.version, module.VERSION, code, tables)).encode()).hexdigest()[:32]
    path = folder / f"{name}.{mark}.prepared"
    if path.exists() and (kept_one := _sealed_in(path.read_bytes())) is not None:
        path.touch()
        return kept_one
    made = pickle.dumps(module.prepare(small))
    with replaced(path) as temporary:
        temporary.write_bytes(sha256(made).digest() + made)
    kept = sorted(folder.glob(f"{name}.*.prepared"), key=lambda each: each.stat().st_mtime_ns)
    for old in kept[:-KEPT]:
        old.unlink()
    return made


def _sealed_in(stored: bytes) -> bytes | None:
    """What was written after its SHA-256; None when a bit of it is not what it was: a pickle may not be tried to find out."""
    seal, made = stored[:_SEAL_BYTES], stored[_SEAL_BYTES:]
    return made if sha256(made).digest() == seal else None


def _results(module: str, given: Path, beside: bytes) -> Iterator[pa.Table]:
    metadata = pq.read_metadata(given)
    groups = range(metadata.num_row_groups)
    workers = min(os.cpu_count() or 1, len(groups))
    if metadata.num_rows < ROWS_WORTH_A_PROCESS or workers < 2:
        work = _Work(module, beside)
        yield from (work.group(given, group) for group in groups)
        return
    context = multiprocessing.get_context("spawn")
    with (
        without_main(),
        one_thread_each(),
        ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(module, beside)) as pool,
    ):
        yield from pool.map(_group, repeat(given), groups)


class _Work:
    """A module's `rows` with what it needs beside the rows, read once a process."""

    def __init__(self, module: str, beside: bytes) -> None:
        self._rows = import_module(module).rows
        self._beside = pickle.loads(beside)  # noqa: S301  of our own making, from our own folder

    def group(self, given: Path, group: int) -> pa.Table:
        with pq.ParquetFile(given) as file:
            rows: pa.Table = self._rows(file.read_row_group(group), self._beside)
        return rows


_works: list[_Work] = []  # of this spawned process


def _start(module: str, beside: bytes) -> None:
    end_with_parent()
    _works.append(_Work(module, beside))


def _group(given: Path, group: int) -> pa.Table:
    return _works[0].group(given, group)
