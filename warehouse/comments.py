"""Comments on tables and macros, inside DuckDB: a column says what it means wherever it is read."""

from __future__ import annotations

from functools import cache

import duckdb

from transforms.models import Model, models
from warehouse.reference import REFERENCE
from warehouse.schema import fixed_relations, literal


def comment_relations(connection: duckdb.DuckDBPyConnection) -> None:
    """Comment the tables of obs, ops and ref that have no comment: new ones, and those that were written anew."""
    (names,) = connection.execute(
        "SELECT list(schema_name || '.' || table_name) FROM duckdb_tables() "
        "WHERE comment IS NULL AND NOT temporary AND database_name = current_database()"
    ).fetchone() or ([],)
    for relation in (*fixed_relations(), *REFERENCE):
        if relation.name in (names or ()):
            text = f"{relation.about}; one row per {', '.join(relation.grain)}"
            connection.execute(f"COMMENT ON TABLE {relation.name} IS {literal(text)}")
            for name, (_, meaning) in relation.columns.items():
                connection.execute(f"COMMENT ON COLUMN {relation.name}.{name} IS {literal(meaning)}")


def comment_model(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Comment the table of a model and its columns. LookupError for a column that nothing describes."""
    note = f" ({model.note})" if model.note else ""
    text = f"{model.about}; one row per {', '.join(model.grain)}{note}"
    connection.execute(f"COMMENT ON {'VIEW' if model.is_view else 'TABLE'} {model.name} IS {literal(text)}")
    schema_name, _, table = model.name.partition(".")
    rows = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? ORDER BY column_index",
        [schema_name, table],
    ).fetchall()
    meanings = column_meanings(model.name)
    for (column,) in rows:
        if column not in meanings:
            raise LookupError(f"{model.name}.{column} has no meaning: add `-- column {column}: ...` to the model's header")
        connection.execute(f"COMMENT ON COLUMN {model.name}.{column} IS {literal(meanings[column])}")


def comment_macro(connection: duckdb.DuckDBPyConnection, name: str, statement: str) -> None:
    """Comment a table macro with the `about` of its header."""
    about = next(line.removeprefix("-- about:").strip() for line in statement.splitlines() if line.startswith("-- about:"))
    connection.execute(f"COMMENT ON MACRO TABLE {name} IS {literal(about)}")


@cache
def column_meanings(model_name: str) -> dict[str, str]:
    """Column -> meaning for a model: its own words, else those of what it needs, nearest first."""
    by_name = {model.name: model for model in models()}
    known = {relation.name: relation for relation in (*fixed_relations(), *REFERENCE)}
    if model_name in known:
        return {name: meaning for name, (_, meaning) in known[model_name].columns.items()}
    model = by_name[model_name]
    meanings: dict[str, str] = dict(model.columns)
    for need in model.needs:
        for name, meaning in column_meanings(need).items():
            meanings.setdefault(name, meaning)
    return meanings
