"""The data dictionary: every table and column of a published file, what it means and what a row of it is.

Rendered from the same declarations that make the tables: an empty warehouse is built and described.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from transforms.models import macros, models
from warehouse.build import build
from warehouse.reference import FORMULAS
from warehouse.schema import SCHEMAS
from warehouse.writer import open_build

PATH = Path(__file__).with_name("DICTIONARY.md")

_HEAD = """# Data dictionary

Generated from the declarations of tables and models by `python -m warehouse.dictionary`; `make check` sees that it is up to date.
The same texts are comments inside DuckDB. Times (`_at`) are UTC, `_count` counts, `_share` runs from 0 to 1, `_amount` is
money with `currency` beside it. Null means unknown, never zero.
"""


def render() -> str:
    """The dictionary as Markdown."""
    with TemporaryDirectory() as folder:
        store = Path(folder)
        build(store, now=datetime(2000, 1, 1, tzinfo=UTC))
        with open_build(store, "dictionary") as connection:
            return "\n".join([_HEAD, *_schemas(connection), *_macros(), *_formulas()]) + "\n"


def is_current() -> bool:
    """Whether the file in the project says what the declarations say."""
    return PATH.exists() and PATH.read_text(encoding="utf-8") == render()


def _schemas(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    needs = {model.name: model.needs for model in models()}
    for schema, about in SCHEMAS.items():
        if schema == "work":
            continue
        yield f"## {schema}: {about}\n"
        tables = connection.execute(
            "SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = $1 "
            "UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE schema_name = $1 ORDER BY 1",
            [schema],
        ).fetchall()
        for table, comment in tables:
            name = f"{schema}.{table}"
            yield f"### {name}\n\n{_cell(comment)}.\n"
            if name in needs:
                yield f"Made from {', '.join(needs[name])}.\n"
            yield "| column | type | meaning |\n| --- | --- | --- |"
            columns = connection.execute(
                "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? "
                "ORDER BY column_index",
                [schema, table],
            ).fetchall()
            yield "\n".join(f"| {column} | {kind} | {_cell(meaning)} |" for column, kind, meaning in columns) + "\n"


def _macros() -> Iterator[str]:
    yield "## Questions with parameters\n\nTable macros: `FROM name(...)`.\n\n| macro | answer |\n| --- | --- |"
    for statement in macros().values():
        lines = statement.splitlines()
        about, use = (
            next(line.removeprefix(f"-- {key}: ") for line in lines if line.startswith(f"-- {key}:")) for key in ("about", "use")
        )
        yield f"| `{use}` | {_cell(about)} |"
    yield ""


def _formulas() -> Iterator[str]:
    yield "## Formulas\n\n| formula | version | text |\n| --- | --- | --- |"
    for row in sorted(FORMULAS, key=lambda row: str(row["id"])):
        yield f"| {row['id']} | {row['version']} | {_cell(row['text'])} |"


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
