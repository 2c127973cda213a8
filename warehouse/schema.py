"""The tables that dozor itself fills: obs from the record kinds, ops from the archive and the runs, work for what waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from transforms.tables import Form, Table, tables

SCHEMAS: Mapping[str, str] = {
    "ref": "the watchlist: projects, entities, watches, queries, formulas",
    "obs": "observations as sources stated them: one row per record and capture",
    "core": "one row per thing or version, with its history in time",
    "mart": "answers, ready to read",
    "ops": "how the data came: captures without bodies, batches, runs, checks, builds",
    "work": "what the next build still has to do; empty in a published file",
}

SQL_TYPES: Mapping[Form, str] = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "money": "DECIMAL(18,4)",
    "time": "TIMESTAMP",  # UTC; without a zone, so that no reader's session setting moves a day
    "date": "DATE",
    "list": "VARCHAR[]",
    "json": "JSON",
}


class Relation(NamedTuple):
    """A table of the warehouse as the dictionary and the comments tell it."""

    name: str  # schema.table
    about: str
    grain: tuple[str, ...]  # columns that together are unique and never null
    columns: Mapping[str, tuple[str, str]]  # name -> (SQL type, meaning)


BATCH_DATE = ("DATE", "UTC day on which the run that fetched began: the partition")


def observation(table: Table) -> Relation:
    """The observation table as it stands in DuckDB: the batch's columns without the shared text, and the partition's day."""
    columns = {c.name: (SQL_TYPES[c.form], c.meaning) for c in table.columns if c.name != table.text_column}
    return Relation(f"obs.{table.name}", table.about, table.key, {**columns, "batch_date": BATCH_DATE})


TEXT = Relation(
    "obs.text",
    "texts of pages, publications, reviews and jobs, each once",
    ("text_hash",),
    {"text_hash": ("VARCHAR", "hash of the text"), "text": ("VARCHAR", "plain text")},
)

CAPTURE = Relation(
    "ops.capture",
    "every attempt to look, without the body",
    ("capture_id",),
    {
        "capture_id": ("VARCHAR", "id of the attempt; dozor show prints what came back"),
        "run_id": ("VARCHAR", "the run that asked"),
        "source": ("VARCHAR", "name of the source"),
        "watch_id": ("VARCHAR", "the watch it was made for (ref.watch)"),
        "origin": ("VARCHAR", "live, or the archive of the past it came from"),
        "label": ("VARCHAR", "branch of parse"),
        "fingerprint": ("VARCHAR", "same question, same fingerprint"),
        "method": ("VARCHAR", "HTTP method"),
        "url": ("VARCHAR", "address asked, secrets removed"),
        "final_url": ("VARCHAR", "address after redirects"),
        "http_status": ("BIGINT", "HTTP status; null when no answer came"),
        "verdict": ("VARCHAR", "what the answer is worth: ok, empty, unchanged, skip, blocked, denied, failed ..."),
        "verdict_reason": ("VARCHAR", "why"),
        "error": ("VARCHAR", "kind of failure"),
        "media_type": ("VARCHAR", "media type of the answer"),
        "body_hash": ("VARCHAR", "sha256 of the body"),
        "body_of": ("VARCHAR", "the capture whose body this is: itself, or an earlier one when nothing changed"),
        "body_state": ("VARCHAR", "stored, same, pruned, erased, too_large or none"),
        "fetched_at": ("TIMESTAMP", "when dozor asked"),
        "observed_at": ("TIMESTAMP", "when it was so"),
        "elapsed_ms": ("BIGINT", "milliseconds until the answer was whole"),
        "attempt": ("BIGINT", "number of the attempt, from 1"),
        "depth": ("BIGINT", "link distance from the watch's first requests"),
        "batch_date": BATCH_DATE,
    },
)

SIGHTING = Relation(
    "ops.sighting",
    "a look that found the same body again: what that body says was seen once more",
    ("capture_id",),
    {
        "capture_id": ("VARCHAR", "the later look"),
        "body_of": ("VARCHAR", "the capture whose body was found again; its records carry this capture_id in obs"),
        "fetched_at": ("TIMESTAMP", "when dozor asked again"),
        "observed_at": ("TIMESTAMP", "when it was so"),
        "source": ("VARCHAR", "name of the source"),
        "batch_date": BATCH_DATE,
    },
)

BATCH = Relation(
    "ops.batch",
    "batches of observations, loaded and held",
    ("table_name", "source", "batch_date"),
    {
        "table_name": ("VARCHAR", "observation table"),
        "source": ("VARCHAR", "name of the source"),
        "batch_date": BATCH_DATE,
        "status": ("VARCHAR", "loaded, accepted (loaded because a person said so) or held"),
        "reason": ("VARCHAR", "why it is held, or who accepted it and why"),
        "row_count": ("BIGINT", "rows of the batch"),
        "record_count": ("BIGINT", "distinct records of the batch"),
        "capture_count": ("BIGINT", "captures it was made from"),
        "twin_count": ("BIGINT", "rows of the file loaded that were left out because their key stood twice"),
        "fill": ("JSON", "column -> share of rows that have it"),
        "profile": ("JSON", "column -> distinct values per filled row, median of amounts, shares of the commonest words"),
        "file_hash": ("VARCHAR", "sha256 of the file judged"),
        "loaded_hash": ("VARCHAR", "sha256 of the file whose rows stand in obs; null when none do"),
        "loaded_row_count": ("BIGINT", "rows that stand in obs"),
    },
)

OUTCOME = Relation(
    "ops.outcome",
    "what became of each watch in each step of each run",
    ("run_id", "source", "watch_id", "step", "part"),
    {
        "run_id": ("VARCHAR", "the run"),
        "source": ("VARCHAR", "name of the source"),
        "watch_id": ("VARCHAR", "the watch"),
        "step": ("VARCHAR", "collect or parse"),
        "part": ("VARCHAR", "file and place the outcome stands at"),
        "status": ("VARCHAR", "ok, empty, partial, pending, denied, blocked, changed, failed or skipped"),
        "started_at": ("TIMESTAMP", "begin of the step"),
        "ended_at": ("TIMESTAMP", "end of the step"),
        "target": ("VARCHAR", "what was watched"),
        "requests": ("BIGINT", "requests made"),
        "captures": ("BIGINT", "captures archived"),
        "records": ("BIGINT", "records read"),
        "errors": ("BIGINT", "errors on the way"),
        "message": ("VARCHAR", "for people"),
        "spent": ("DOUBLE", "money spent, in the account's currency"),
        "batch_date": BATCH_DATE,
    },
)

CHECK = Relation(
    "ops.check",
    "structural checks of the last build",
    ("check_name",),
    {
        "check_name": ("VARCHAR", "what was checked"),
        "bad_row_count": ("BIGINT", "rows that break the rule; any blocks the publication"),
        "detail": ("VARCHAR", "the rule in words"),
    },
)

BUILD = Relation(
    "ops.build",
    "builds that changed something",
    ("build_id",),
    {
        "build_id": ("BIGINT", "number of the build, from 1"),
        "built_at": ("TIMESTAMP", "when it was built"),
        "changed_count": ("BIGINT", "models that were rebuilt in whole or in part"),
    },
)

OPS: tuple[Relation, ...] = (CAPTURE, SIGHTING, BATCH, OUTCOME, CHECK, BUILD)

# What the next build has to look at again, and what this build has seen of the files. Nothing of it is published.
WORK = (
    "CREATE TABLE IF NOT EXISTS work.touched (relation VARCHAR, record_id VARCHAR)",
    "CREATE TABLE IF NOT EXISTS work.changed (relation VARCHAR)",
    "CREATE TABLE IF NOT EXISTS work.state (name VARCHAR, value VARCHAR)",
    "CREATE TABLE IF NOT EXISTS work.file (path VARCHAR, mark VARCHAR)",
)


def fixed_relations() -> list[Relation]:
    """obs and ops, in order."""
    return [*(observation(table) for table in tables().values()), TEXT, *OPS]


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Schemas and the tables dozor fills itself; what exists stays."""
    connection.execute("BEGIN")
    for name in SCHEMAS:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
    for statement in WORK:
        connection.execute(statement)
    present = _columns(connection)
    for relation in fixed_relations():
        if relation.name not in present:
            create_table(connection, relation)
    connection.execute("COMMIT")


def create_table(connection: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    """The table, empty."""
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in relation.columns.items())
    connection.execute(f"CREATE OR REPLACE TABLE {relation.name} ({columns})")


def drifted(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Fixed relations that stand in the file with other columns or types than declared."""
    present = _columns(connection)
    return [
        relation.name
        for relation in fixed_relations()
        if relation.name in present and present[relation.name] != {name: kind for name, (kind, _) in relation.columns.items()}
    ]


def literal(text: str) -> str:
    """The text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    query = (
        "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    )
    for relation, column, kind in connection.execute(query).fetchall():
        found.setdefault(relation, {})[column] = kind
    return found
