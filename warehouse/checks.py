"""Structural checks after the build: keys, references, not null. Any bad row blocks the publication as a whole.

They look at everything, a long history too, and nearly always find nothing: so that is shown first, by sorting hashes of the keys
in numpy, at a tenth of what DuckDB takes to group the keys themselves. Only what this does not show is counted exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from collectors.crash import crash_point
from transforms.models import models
from transforms.tables import tables
from warehouse.reference import REFERENCE
from warehouse.schema import OPS, TEXT, literal
from warehouse.writer import Limits, open_build

HASHES = 30_000_000  # held at a time: 240 MB


@dataclass(frozen=True, slots=True)
class Check:
    """A rule and the statement that counts the rows that break it."""

    name: str
    rule: str
    sql: str
    shown: Callable[[duckdb.DuckDBPyConnection], bool] | None = None  # true: no row breaks it; false: the statement must say


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that is broken."""

    name: str
    rule: str
    bad_rows: int


def check(store: Path, *, limits: Limits | None = None) -> list[Broken]:
    """Run the checks on the build file and note them in ops.check; returns the broken ones. Raises WriterBusy."""
    with open_build(store, "check", limits) as connection:
        found = []
        for rule in structural_checks():
            is_shown = rule.shown is not None and rule.shown(connection)
            found.append((rule.name, 0 if is_shown else _number(connection, rule.sql), rule.rule))
        connection.execute("BEGIN")
        connection.execute("DELETE FROM ops.check")
        connection.executemany("INSERT INTO ops.check VALUES (?, ?, ?)", found)
        _note_checked(connection)
        crash_point("check.before_commit")
        connection.execute("COMMIT")
    return [Broken(name, rule, count) for name, count, rule in found if count]


def structural_checks() -> Iterator[Check]:
    """Every check, from the declarations of tables and models."""
    for table in tables().values():
        name = f"obs.{table.name}"
        yield _unique(name, (*table.key,))
        if table.text_column:
            yield _refers(name, "text_hash", TEXT.name, "text_hash")
    yield _unique(TEXT.name, TEXT.grain)
    for relation in OPS:
        if relation.name != "ops.check":
            yield _unique(relation.name, relation.grain)
    for relation in REFERENCE:
        optional = {"entity_id", "valid_from"} if relation.name == "ref.watch_entity" else set()
        yield _unique(relation.name, relation.grain, optional)
    for model in models():
        yield _unique(model.name, model.grain)
    for table in tables().values():
        yield _as_loaded(table.name)
    # Archived captures: partitions that were pruned away or written without an archive have none to lead back to.
    for table in tables().values():
        yield Check(
            f"obs.{table.name}.capture_id leads to ops.capture",
            "every observation leads back to the capture it was read from",
            f"SELECT count(*) FROM obs.{table.name} AS o WHERE (o.source, o.batch_date) IN (SELECT DISTINCT (source, batch_date) "
            f"FROM ops.capture) AND NOT EXISTS (FROM ops.capture AS c WHERE c.capture_id = o.capture_id)",
        )


def _unique(name: str, grain: tuple[str, ...], optional: set[str] | frozenset[str] = frozenset()) -> Check:
    columns = ", ".join(grain)
    absent = " OR ".join(f"{column} IS NULL" for column in grain if column not in optional)
    nulls = f"SELECT count(*) FROM {name} WHERE {absent}"

    def all_differ(connection: duckdb.DuckDBPyConnection) -> bool:
        return not _number(connection, nulls) and all(
            bool((hashes[1:] != hashes[:-1]).all()) for (hashes,) in _sorted_hashes(connection, (name, columns))
        )

    return Check(
        f"{name} is unique by {columns}",
        f"{columns} of {name} are never null and never stand twice",
        f"SELECT ({nulls}) + (SELECT count(*) - count(DISTINCT ({columns})) FROM {name})",
        all_differ,
    )


def _refers(name: str, column: str, target: str, target_column: str) -> Check:
    def all_stand(connection: duckdb.DuckDBPyConnection) -> bool:
        found = f"{name} WHERE {column} IS NOT NULL"
        return all(
            _all_in(hashes, known) for hashes, known in _sorted_hashes(connection, (found, column), (target, target_column))
        )

    return Check(
        f"{name}.{column} is in {target}",
        f"every {column} of {name} stands in {target}",
        f"SELECT count(*) FROM {name} AS a WHERE a.{column} IS NOT NULL "
        f"AND NOT EXISTS (FROM {target} AS b WHERE b.{target_column} = a.{column})",
        all_stand,
    )


def _as_loaded(table: str) -> Check:
    """A build file that lost its log, or was changed by hand, opens as if nothing were wrong."""
    return Check(
        f"obs.{table} has the rows that were loaded",
        "every partition has as many rows as ops.batch says were loaded",
        f"SELECT count(*) FROM (SELECT source, batch_date, count(*) AS row_count FROM obs.{table} GROUP BY ALL) AS o "
        "FULL JOIN (SELECT source, batch_date, loaded_row_count FROM ops.batch "
        f"WHERE table_name = {literal(table)} AND loaded_row_count > 0) AS b USING (source, batch_date) "
        "WHERE o.row_count IS DISTINCT FROM b.loaded_row_count",
    )


def _sorted_hashes(connection: duckdb.DuckDBPyConnection, *keys: tuple[str, str]) -> Iterator[tuple[npt.NDArray[np.uint64], ...]]:
    """The hashes of these (rows, columns), side by side, in as many slices as keep them few enough."""
    slices = 1 + max(_number(connection, f"SELECT count(*) FROM {rows}") for rows, _ in keys) // HASHES
    for number in range(slices):
        found = []
        for rows, columns in keys:
            query = f"SELECT hash FROM (SELECT hash({columns}) AS hash FROM {rows}) WHERE hash % {slices} = {number}"
            found.append(np.sort(np.asarray(connection.execute(query).fetchnumpy()["hash"], np.uint64)))
        yield tuple(found)


def _all_in(ordered: npt.NDArray[np.uint64], known: npt.NDArray[np.uint64]) -> bool:
    """Whether each number is among the known ones, both in order."""
    if not len(known):
        return not len(ordered)
    places = np.minimum(np.searchsorted(known, ordered), len(known) - 1)
    return bool((known[places] == ordered).all())


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    (number,) = connection.execute(query).fetchone() or (0,)
    return int(number)


def _note_checked(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM work.state WHERE name = 'checked_build'")
    connection.execute(
        f"INSERT INTO work.state SELECT {literal('checked_build')}, coalesce(max(build_id), 0)::VARCHAR FROM ops.build"
    )
