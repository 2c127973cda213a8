"""The ref tables: what people list and edit. History is re-judged by them at build time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse import schema
from warehouse.files import replaced, work_dir
from warehouse.schema import Relation

Row = Mapping[str, Any]

_PROJECT = ("VARCHAR", "id of the client's project")
_ENTITY = ("VARCHAR", "id of the brand or company; null: the market as a whole")
_WATCH = ("VARCHAR", "id of the watch: hash of source, target, options and account")

REFERENCE: tuple[Relation, ...] = (
    Relation(
        "ref.project",
        "clients",
        ("project_id",),
        {
            "project_id": _PROJECT,
            "title": ("VARCHAR", "name of the project"),
            "language": ("VARCHAR", "ISO 639 code of the report"),
            "timezone": ("VARCHAR", "IANA name"),
            "currency": ("VARCHAR", "ISO 4217 code money is shown in"),
            "personal_data": ("VARCHAR", "authors of comments and reviews: keep, hash or drop"),
        },
    ),
    Relation(
        "ref.entity",
        "own brands and rivals",
        ("project_id", "entity_id"),
        {
            "project_id": _PROJECT,
            "entity_id": ("VARCHAR", "id of the brand or company"),
            "name": ("VARCHAR", "name as people write it"),
            "aliases": ("VARCHAR[]", "other spellings"),
            "domains": ("VARCHAR[]", "domains that belong to it"),
            "is_own": ("BOOLEAN", "the client's own brand"),
        },
    ),
    Relation(
        "ref.watch",
        "what is looked at; two projects that watch one target share the watch",
        ("watch_id",),
        {
            "watch_id": _WATCH,
            "source": ("VARCHAR", "name of the source"),
            "target": ("VARCHAR", "what is watched"),
            "options": ("JSON", "what changes request or reading"),
            "account": ("VARCHAR", "set of credentials"),
        },
    ),
    Relation(
        "ref.watch_entity",
        "whose watch it is, and who speaks there",
        ("project_id", "entity_id", "watch_id", "role", "valid_from"),
        {
            "project_id": _PROJECT,
            "entity_id": _ENTITY,
            "watch_id": _WATCH,
            "role": ("VARCHAR", "owned (the brand speaks), earned (others speak) or market"),
            "valid_from": ("TIMESTAMP", "since when; null: always"),
            "valid_to": ("TIMESTAMP", "until when; null: still"),
        },
    ),
    Relation(
        "ref.topic",
        "named mention queries",
        ("project_id", "topic_id"),
        {
            "project_id": _PROJECT,
            "topic_id": ("VARCHAR", "id of the topic"),
            "title": ("VARCHAR", "name"),
            "query": ("VARCHAR", "words and phrases with AND, OR, NOT"),
            "entity_id": ("VARCHAR", "the entity it is about, if one"),
            "macros": ("VARCHAR", "the named parts its query may use, JSON"),
            "problem": ("VARCHAR", "why the query cannot be read and finds nothing; null: it can"),
        },
    ),
    Relation(
        "ref.macro",
        "named parts of queries",
        ("project_id", "name"),
        {"project_id": _PROJECT, "name": ("VARCHAR", "name"), "query": ("VARCHAR", "what it stands for")},
    ),
    Relation(
        "ref.keyword",
        "search phrases followed",
        ("project_id", "panel_id", "phrase"),
        {
            "project_id": _PROJECT,
            "panel_id": ("VARCHAR", "id of the panel"),
            "phrase": ("VARCHAR", "phrase"),
            "region": ("VARCHAR", "region asked for"),
        },
    ),
    Relation(
        "ref.ignore_rule",
        "changes that do not count",
        ("project_id", "watch_id", "pattern"),
        {
            "project_id": _PROJECT,
            "watch_id": _WATCH,
            "pattern": ("VARCHAR", "regular expression of text whose changes do not count"),
            "problem": ("VARCHAR", "why DuckDB (RE2) cannot use the expression, which is then not applied; null: it can"),
        },
    ),
    Relation(
        "ref.label",
        "what people say of the tone of mentions: wins over the model",
        ("record_id", "topic_id"),
        {
            "record_id": ("VARCHAR", "the publication or review"),
            "topic_id": ("VARCHAR", "the topic it is about; empty: all topics that found it"),
            "sentiment": ("VARCHAR", "negative, neutral or positive"),
            "said_by": ("VARCHAR", "who said so"),
            "said_at": ("TIMESTAMP", "when"),
        },
    ),
    Relation(
        "ref.sentiment_model",
        "the model that judges the tone of mentions in place of the default engine: one row, or none",
        ("version",),
        {
            "folder": ("VARCHAR", "where it lies on the machine that builds"),
            "version": ("VARCHAR", "hash of its files: another one means that all mentions are judged anew"),
        },
    ),
    Relation(
        "ref.source",
        "sources and what a normal day of theirs looks like",
        ("source",),
        {
            "source": ("VARCHAR", "name of the source"),
            "cadence": ("VARCHAR", "hourly, nightly or weekly"),
            "mode": ("VARCHAR", "snapshot: can only be seen now; interval: can be asked for a period"),
            "max_silence_days": ("BIGINT", "no new record for longer is named (mart.source_health)"),
            "terms_url": ("VARCHAR", "terms of use"),
        },
    ),
    Relation(
        "ref.formula",
        "how figures are computed; columns of marts name the formula they follow",
        ("id", "version"),
        {
            "id": ("VARCHAR", "name of the formula"),
            "version": ("BIGINT", "raised when the same inputs give another figure"),
            "text": ("VARCHAR", "the formula"),
        },
    ),
)

FORMULAS: tuple[Row, ...] = (
    {
        "id": "reactions",
        "version": 1,
        "text": "likes + comments + shares, over the counters the source shows; null when it shows none",
    },
    {"id": "sov", "version": 1, "text": "mentions(entity) / sum of mentions over the compared entities of the project"},
    {"id": "sov_unique", "version": 1, "text": "unique_mentions(entity) / sum of unique_mentions over the compared entities"},
    {"id": "sov_engagement", "version": 1, "text": "engagement_total(entity) / its sum over the compared entities"},
    {"id": "follower_delta", "version": 1, "text": "followers(t) - followers(t-1)"},
    {"id": "growth_rate", "version": 1, "text": "follower_delta / followers(t-1); null when that is 0 or unknown"},
    {"id": "er_view", "version": 1, "text": "reactions / views; null when views are 0 or unknown"},
    {"id": "price_change", "version": 1, "text": "(price - previous price) / previous price, same offer and currency"},
    {"id": "text_change", "version": 1, "text": "1 - shared distinct lines / all distinct lines of both texts (Jaccard)"},
    {"id": "display_length", "version": 1, "text": "last_seen - first_seen + 1 day, even with gaps"},
    {"id": "days_seen", "version": 1, "text": "distinct UTC days with a sighting"},
    {"id": "reply_rate", "version": 1, "text": "reviews with an answer / reviews; null without reviews"},
    {"id": "median_reply_hours", "version": 1, "text": "median of (answer - review) in hours, where both times are known"},
    {"id": "mentions", "version": 1, "text": "publications and reviews that a topic's query found, each once"},
    {"id": "unique_mentions", "version": 1, "text": "clusters of near-duplicates among the mentions"},
    {"id": "dup_ratio", "version": 1, "text": "1 - unique_mentions / mentions"},
    {"id": "authors", "version": 1, "text": "distinct authors of the mentions, channels and outlets where there is none"},
    {"id": "sources", "version": 1, "text": "distinct registrable domains of the mentions' addresses"},
    {"id": "passion", "version": 1, "text": "mentions / authors; null without a known author"},
    {"id": "mfi", "version": 1, "text": "positive / negative mentions (media favourability); null when none is negative"},
    {"id": "negative_share", "version": 1, "text": "negative mentions / mentions"},
    {
        "id": "net_sentiment",
        "version": 1,
        "text": "(positive - negative) / (positive + negative); null when their sum is below 10",
    },
    {"id": "engagement_total", "version": 1, "text": "sum of reactions over mentions with known ones; null when none is"},
    {"id": "avg_engagement", "version": 1, "text": "mean of reactions over mentions with known ones; null when none is"},
    {"id": "change_prev", "version": 1, "text": "(x(period) - x(period before)) / x(period before); null when that is 0"},
    {
        "id": "spike",
        "version": 1,
        "text": "(x - median) / max(1.4826 * MAD, sqrt(median), 1) over the same weekday of the eight weeks before",
    },
    {
        "id": "bucket_rule",
        "version": 1,
        "text": "a period below 4 days by the hour, below 120 days by the day, longer by the week",
    },
    {"id": "discovery_lag", "version": 1, "text": "first seen - published"},
    {"id": "block_rate", "version": 1, "text": "captures judged blocked / captures"},
)


def set_reference(store: Path, reference: Mapping[str, Sequence[Row]]) -> None:
    """Put the rows of the ref tables, by table name, where the next build finds them; tables not named become empty.

    Raises KeyError for a table or column that ref does not have.
    """
    known = {relation.name.removeprefix("ref."): relation for relation in REFERENCE}
    rows: dict[str, list[dict[str, Any]]] = {"formula": [dict(row) for row in FORMULAS]}
    for name, given in reference.items():
        relation = known[name]
        for row in given:
            if unknown := set(row) - set(relation.columns):
                raise KeyError(f"ref.{name} has no column {', '.join(sorted(unknown))}")
        rows[name] = [dict(row) for row in given] + (rows["formula"] if name == "formula" else [])
    text = json.dumps(rows, ensure_ascii=False, sort_keys=True, default=str, indent=1)
    with replaced(_path(store)) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load_reference(connection: duckdb.DuckDBPyConnection, store: Path) -> dict[str, str]:
    """Write the ref tables whose rows changed; returns for each the temp table of the rows that came or went, empty where the
    whole table is new. Runs inside the caller's transaction."""
    path = _path(store)
    given = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"formula": [dict(row) for row in FORMULAS]}
    before = dict(connection.execute("SELECT name, value FROM work.state WHERE name LIKE 'ref.%'").fetchall())
    changed: dict[str, str] = {}
    for relation in REFERENCE:
        rows = given.get(relation.name.removeprefix("ref."), [])
        mark = json.dumps([list(relation.columns), rows], ensure_ascii=False, sort_keys=True)
        if before.get(relation.name) == mark:
            continue
        is_new = relation.name not in before or json.loads(before[relation.name])[0] != list(relation.columns)
        old, touched = f"old_{relation.name[4:]}", f"touched_ref_{relation.name[4:]}"
        if not is_new:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {old} AS FROM {relation.name}")
        if relation.name == "ref.ignore_rule":
            rows = [{**row, "problem": pattern_problem(row["pattern"])} for row in rows]
        _fill(connection, relation, rows)
        if not is_new:
            went, came = f"(FROM {old} EXCEPT FROM {relation.name})", f"(FROM {relation.name} EXCEPT FROM {old})"
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {touched} AS {went} UNION ALL {came}")
        changed[relation.name] = "" if is_new else touched
        connection.execute("DELETE FROM work.state WHERE name = ?", [relation.name])
        connection.execute("INSERT INTO work.state VALUES (?, ?)", [relation.name, mark])
    return changed


def _fill(connection: duckdb.DuckDBPyConnection, relation: Relation, rows: list[dict[str, Any]]) -> None:
    schema.create_table(connection, relation)
    if not rows:
        return
    kinds = {"VARCHAR": pa.string(), "JSON": pa.string(), "TIMESTAMP": pa.string(), "VARCHAR[]": pa.list_(pa.string())}
    arrays = {
        name: pa.array([row.get(name) for row in rows], kinds.get(kind, pa.bool_() if kind == "BOOLEAN" else pa.int64()))
        for name, (kind, _) in relation.columns.items()
    }
    columns = ", ".join(
        f"{name}::TIMESTAMPTZ::TIMESTAMP" if kind == "TIMESTAMP" else name for name, (kind, _) in relation.columns.items()
    )
    connection.register("reference_rows", pa.table(arrays))
    connection.execute(f"INSERT INTO {relation.name} SELECT DISTINCT {columns} FROM reference_rows ORDER BY ALL")
    connection.unregister("reference_rows")


def pattern_problem(pattern: str) -> str | None:
    """Why the pattern cannot be used in SQL; Python's expressions know more (look-behind) than RE2.

    Asked of an engine of its own: an error would end the transaction of whoever asks.
    """
    with duckdb.connect() as engine:
        try:
            engine.execute("SELECT regexp_replace('', ?, '', 'g')", [pattern]).fetchone()
        except duckdb.Error as error:
            return str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
    return None


def _path(store: Path) -> Path:
    return work_dir(store) / "reference.json"
