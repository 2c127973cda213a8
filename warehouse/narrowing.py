"""The rows that a model sees when some of its keys are rebuilt: those of these keys, of every relation that it needs.

What a night costs on a long history is looking through its ids, so each relation is looked through once, by the key column alone;
the rows are fetched by their place, and rows that this build has at hand are not looked for again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from transforms.models import Model, models
from warehouse.schema import literal

_UNKEPT_TYPES = ("HUGEINT", "UHUGEINT", "INTERVAL", "BIT")  # what Parquet would give back as another type


@dataclass(slots=True)
class Hand:
    """Rows that a build has at hand, as temp tables; with a folder in Parquet files there.

    A temp table that is dropped keeps its memory, or its place on disk, until the transaction ends: of a long archive that would
    be many times its size.
    """

    folder: Path | None = None
    # (relation, key columns) -> [(table of keys, table of all rows of these keys)]
    rows: dict[tuple[str, tuple[str, ...]], list[tuple[str, str]]] = field(default_factory=dict)

    def put(self, connection: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
        """What is selected, under this name from now on."""
        if self.folder is None or not is_kept_by_parquet(connection, select):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
            return
        path = literal(str(self.folder / f"{name}.parquet"))
        connection.execute(f"COPY ({select}) TO {path} (FORMAT parquet)")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM read_parquet({path})")


def is_kept_by_parquet(connection: duckdb.DuckDBPyConnection, select: str) -> bool:
    """Whether a Parquet file gives back what is selected, each column in its type."""
    types = " ".join(kind for _, kind, *_ in connection.execute(f"DESCRIBE {select}").fetchall())
    return not any(kind in types for kind in _UNKEPT_TYPES)


def list_keys(connection: duckdb.DuckDBPyConnection, hand: Hand, table: str, by: str, parts: list[str]) -> int:
    """Write the keys of a model into a temp table, none where nothing tells any; returns how many."""
    if not parts:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        return 0
    hand.put(connection, table, f"SELECT DISTINCT {by} FROM ({' UNION ALL '.join(parts)})")
    return count(connection, table)


def has_keys(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether keys were listed under this name, and any."""
    exists = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table]).fetchone()
    return exists is not None and connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None


def needs_of_keys(connection: duckdb.DuckDBPyConnection, model: Model, keys: str, hand: Hand) -> dict[str, str]:
    """Temp tables of the needs' rows of these keys, and of what they lead to in needs that tell no keys."""
    narrowed = {need: _rows_of_keys(connection, need, model, keys, hand) for need in model.drivers}
    return narrowed | {need: _rows_beside(connection, need, model, keys, narrowed, hand) for need in model.beside}


def _rows_of_keys(connection: duckdb.DuckDBPyConnection, need: str, model: Model, keys: str, hand: Hand) -> str:
    """A temp table of the need's rows of the keys, and no others."""
    if need not in model.rows:
        return _rows_by(connection, need, keys, model.by, hand)
    records = f"record_{keys}"
    list_keys(connection, hand, records, "record_id", [re.sub(r"\bkeys\b", keys, model.rows[need])])
    return _rows_by(connection, need, records, ("record_id",), hand)


def _rows_beside(
    connection: duckdb.DuckDBPyConnection,
    need: str,
    model: Model,
    keys: str,
    narrowed: Mapping[str, str],
    hand: Hand,
) -> str:
    """A temp table of the rows of a need that tells no keys, as far as the rows of the keys lead to them."""
    column, relations = model.beside[need]
    led_to = f"{keys}_{temp('beside', need)}"
    list_keys(connection, hand, led_to, column, [f"SELECT {column} FROM {narrowed[relation]}" for relation in relations])
    return _rows_by(connection, need, led_to, (column,), hand)


def _rows_by(connection: duckdb.DuckDBPyConnection, need: str, keys: str, by: tuple[str, ...], hand: Hand) -> str:
    rows, using = f"{temp('rows', need)}_of_{keys}", ", ".join(by)
    columns = columns_to_carry(connection, need)
    known = hand.rows.setdefault((need, by), [])
    for known_keys, known_rows in known:
        if count(connection, f"{keys} ANTI JOIN {known_keys} USING ({using})") == 0:
            if count(connection, keys) == count(connection, known_keys):
                return known_rows
            select = f"SELECT {', '.join(columns)} FROM {known_rows} SEMI JOIN {keys} USING ({using})"
            break
    else:
        if (view := next((other for other in models() if other.name == need and other.is_view), None)) is not None:
            (base,) = view.needs
            select = narrowed_to(view.sql, {base: _rows_by(connection, base, keys, by, hand)})
        else:
            places = places_of(connection, need, keys, by)
            select = f"SELECT {', '.join(f'r.{column}' for column in columns)} FROM {need} AS r JOIN {places} ON r.rowid = place"
    hand.put(connection, rows, select)
    known.append((keys, rows))
    return rows


def columns_to_carry(connection: duckdb.DuckDBPyConnection, need: str) -> list[str]:
    """The columns to carry along: those that some model names that sees the relation's rows of its keys, or all where one passes
    them all on."""
    schema, _, table = need.partition(".")
    rows = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? ORDER BY column_index", [schema, table]
    ).fetchall()
    driven = [model for model in models() if need in (*model.drivers, *model.beside) or (model.is_view and need in model.needs)]
    if schema != "obs" and any(re.search(rf"\*\s+FROM {re.escape(need)}\b", model.sql) for model in driven):
        return [name for (name,) in rows]
    words = {word for model in driven for word in re.findall(r"\w+", f"{model.sql} {model.by} {model.also_by} {model.grain}")}
    return [name for (name,) in rows if name in words]


def places_of(connection: duckdb.DuckDBPyConnection, relation: str, keys: str, by: tuple[str, ...]) -> str:
    """A temp table of where the relation's rows of the keys lie: found by the key alone, as DuckDB would read every column of
    every row to join whole rows."""
    using = ", ".join(by)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE places AS SELECT r.rowid AS place FROM {relation} AS r SEMI JOIN {keys} USING ({using})"
    )
    return "places"


def narrowed_to(sql: str, narrowed: Mapping[str, str]) -> str:
    """The statement with its needs replaced by tables of some of their rows."""
    for need, rows in narrowed.items():
        sql = re.sub(rf"\b{re.escape(need)}\b", rows, sql)
    return sql


def count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    """How many rows a relation or a statement in brackets has."""
    (found,) = connection.execute(f"SELECT count(*) FROM {rows}").fetchone() or (0,)
    return int(found)


def temp(what: str, relation: str) -> str:
    """The name of a temp table about a relation."""
    return f"{what}_{relation.replace('.', '_')}"
