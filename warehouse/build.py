"""Core and mart from obs, ref and ops: what changed is rebuilt, in one transaction.

A model with `by` is rebuilt for the keys that changed: each need that has those columns is replaced in its statement by the
rows of those keys, the keys' rows are deleted and the fresh ones inserted. A model without, a changed statement or a changed ref
table means the whole model.

Tables lie in order of time: what changes together lies together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import duckdb

from collectors.crash import crash_point
from transforms.models import Model, macros, models
from warehouse.comments import comment_macro, comment_model, comment_relations
from warehouse.files import build_of, current_file, work_dir
from warehouse.load import prepare
from warehouse.narrowing import Hand, has_keys, list_keys, narrowed_to, needs_of_keys, places_of, temp
from warehouse.python_models import forget_answers, run_merging_model, run_python_model, run_whole_model
from warehouse.reference import load_reference
from warehouse.slices import empty_folder, in_order, in_slices, periods, slice_count
from warehouse.writer import Limits, open_build

_WHOLE = ""  # in place of the table of touched rows: all of the relation changed


@dataclass(slots=True)
class BuildReport:
    """What a build did; build_id is that of the last build that changed something."""

    build_id: int = 0
    whole: list[str] = field(default_factory=list)  # models rebuilt in whole
    parts: dict[str, int] = field(default_factory=dict)  # model -> keys rebuilt


def build(store: Path, *, now: datetime, full: bool = False, limits: Limits | None = None) -> BuildReport:
    """Rebuild what changed since the last build; with `full` everything. `now` is noted once, in ops.build.

    Nothing of it is visible, to a later step either, before all of it is done. Raises WriterBusy when another process writes.
    """
    report = BuildReport()
    with open_build(store, "build", limits) as connection:
        prepare(connection)
        connection.execute("BEGIN")
        changes = _changes(connection)
        changes |= load_reference(connection, store)
        comment_relations(connection)
        hand = Hand()
        marks = dict(connection.execute("SELECT name, value FROM work.state WHERE name LIKE 'model.%'").fetchall())
        _drop_removed(connection, marks)
        for model in models():
            mark = _mark(model)
            is_same = not full and marks.get(f"model.{model.name}") == mark
            if is_same and model.is_view:
                (need,) = model.needs
                if need in changes:
                    changes[model.name] = changes[need]
                continue
            keys = _keys(connection, model, changes) if is_same else None
            if keys == 0:
                continue
            if keys is None:
                _rebuild_whole(connection, store, model)
                changes[model.name] = _WHOLE
                report.whole.append(model.name)
                connection.execute("DELETE FROM work.state WHERE name = ?", [f"model.{model.name}"])
                connection.execute("INSERT INTO work.state VALUES (?, ?)", [f"model.{model.name}", mark])
            else:
                changes[model.name] = _rebuild_part(connection, store, model, hand)
                report.parts[model.name] = keys
            crash_point("build.model")
        _create_macros(connection, marks)
        if changes or full:
            connection.execute(
                "INSERT INTO ops.build SELECT coalesce(max(build_id), ?) + 1, ?::TIMESTAMPTZ::TIMESTAMP, ? FROM ops.build",
                [_published(store), now, len(report.whole) + len(report.parts)],
            )
        connection.execute("DELETE FROM work.touched")
        connection.execute("DELETE FROM work.changed")
        (report.build_id,) = connection.execute("SELECT coalesce(max(build_id), 0) FROM ops.build").fetchone() or (0,)
        crash_point("build.before_commit")
        connection.execute("COMMIT")
        crash_point("build.committed")
        forget_answers(store)
    return report


def _changes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What waits: relation -> temp table of the rows touched, or _WHOLE."""
    changes = {name: _WHOLE for (name,) in connection.execute("SELECT DISTINCT relation FROM work.changed ORDER BY 1").fetchall()}
    for (name,) in connection.execute("SELECT DISTINCT relation FROM work.touched ORDER BY 1").fetchall():
        changes[name] = temp("touched", name)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {changes[name]} AS SELECT DISTINCT record_id FROM work.touched WHERE relation = ?",
            [name],
        )
    return changes


def _keys(connection: duckdb.DuckDBPyConnection, model: Model, changes: Mapping[str, str]) -> int | None:
    """How many keys of the model are to be rebuilt, listed in the temp table `keys_<model>`; None: the whole model."""
    changed = [need for need in model.needs if need in changes]
    if not changed:
        return 0
    if not model.by:
        return None
    by, also_by = ", ".join(model.by), ", ".join(model.also_by)
    parts, also_parts = [], []
    for need in changed:
        tells = need in (*model.drivers, *model.also_drivers) or need in model.touches
        if changes[need] == _WHOLE and (tells or not need.startswith("ops.")):
            return None
        if need.startswith("ref.") and not tells:
            return None
        if need in model.touches:
            parts.append(re.sub(r"\btouched\b", changes[need], model.touches[need]))
        elif need in model.drivers:
            parts.append(f"SELECT {by} FROM {changes[need]}")
        elif need in model.also_drivers:
            also_parts.append(f"SELECT {also_by} FROM {changes[need]}")
    hand = Hand()
    return list_keys(connection, hand, temp("keys", model.name), by, parts) + list_keys(
        connection, hand, temp("also_keys", model.name), also_by, also_parts
    )


def _rebuild_whole(connection: duckdb.DuckDBPyConnection, store: Path, model: Model) -> None:
    if model.is_view:
        connection.execute(f"CREATE OR REPLACE VIEW {model.name} AS {model.sql}")
    elif (slices := slice_count(connection, model)) > 1:
        _rebuild_in_slices(connection, store, model, slices)
    else:
        rows = f"({_statement(connection, store, model, model.sql)})"
        is_in_order = hasattr(model.module, "merge")  # a long history of wide rows would not fit the memory that sorting needs
        fresh = f"FROM {rows}" if is_in_order else in_order(connection, model, rows)
        connection.execute(f"CREATE OR REPLACE TABLE {model.name} AS {fresh}")
    comment_model(connection, model)


def _rebuild_in_slices(connection: duckdb.DuckDBPyConnection, store: Path, model: Model, slices: int) -> None:
    """The whole of a model from slices of its keys: the rows wait in files, then they are laid down in order."""
    with empty_folder(work_dir(store) / "slices") as folder:
        waiting, made = Hand(folder), []
        for hand, keys, narrowed in in_slices(connection, store, model, slices):
            fresh = _make_fresh(connection, store, model, hand, narrowed, keys, model.by)
            made.append(f"ordered_{fresh}")
            waiting.put(connection, made[-1], in_order(connection, model, fresh))  # so that a period is found in few places
        rows = f"({' UNION ALL '.join(f'FROM {name}' for name in made)})"
        connection.execute(f"CREATE OR REPLACE TABLE {model.name} AS SELECT * FROM {rows} LIMIT 0")
        for period in periods(connection, rows, slices):
            connection.execute(f"INSERT INTO {model.name} {in_order(connection, model, period)}")


def _rebuild_part(connection: duckdb.DuckDBPyConnection, store: Path, model: Model, hand: Hand) -> str:
    """Rebuild the keys listed; returns the temp table of the rows touched, as they were and as they are."""
    keys, also_keys, touched = temp("keys", model.name), temp("also_keys", model.name), temp("touched", model.name)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {touched} AS SELECT * FROM {model.name} LIMIT 0")
    if has_keys(connection, keys):
        narrowed = needs_of_keys(connection, model, keys, hand)
        if model.module is not None and hasattr(model.module, "merge"):
            keys, fresh = _merge_fresh(connection, store, model, narrowed, keys)
        else:
            fresh = _make_fresh(connection, store, model, hand, narrowed, keys, model.by)
        _exchange(connection, model, keys, model.by, fresh, touched)
        hand.rows.setdefault((model.name, model.by), []).append((keys, fresh))
    if has_keys(connection, also_keys):
        fresh = _make_fresh_of_all(connection, store, model, also_keys)
        _exchange(connection, model, also_keys, model.also_by, fresh, touched)
    return touched


def _make_fresh_of_all(connection: duckdb.DuckDBPyConnection, store: Path, model: Model, also_keys: str) -> str:
    """A temp table of the model's rows of the second set of keys: of all records, on a long history a slice of them at a time."""
    using = ", ".join(model.also_by)

    def with_also(needs: Mapping[str, str]) -> dict[str, str]:
        rows = "(SELECT * FROM {} SEMI JOIN {} USING ({}))"
        return {**needs, **{need: rows.format(needs.get(need, need), also_keys, using) for need in model.also_drivers}}

    if (slices := slice_count(connection, model)) == 1:
        return _make_fresh(connection, store, model, Hand(), with_also({}), also_keys, model.also_by)
    fresh = f"all_{temp('fresh', model.name)}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {fresh} AS SELECT * FROM {model.name} LIMIT 0")
    for hand, _, needs in in_slices(connection, store, model, slices):
        part = _make_fresh(connection, store, model, hand, with_also(needs), also_keys, model.also_by)
        connection.execute(f"INSERT INTO {fresh} FROM {part}")
    return fresh


def _make_fresh(
    connection: duckdb.DuckDBPyConnection,
    store: Path,
    model: Model,
    hand: Hand,
    narrowed: Mapping[str, str],
    keys: str,
    by: tuple[str, ...],
) -> str:
    """The model's rows of the keys, as they are now, put under a name."""
    statement = _statement(connection, store, model, narrowed_to(model.sql, narrowed), narrowed)
    fresh = keys.replace("keys", "fresh", 1)
    hand.put(connection, fresh, f"SELECT * FROM ({statement}) SEMI JOIN {keys} USING ({', '.join(by)})")
    return fresh


def _merge_fresh(
    connection: duckdb.DuckDBPyConnection, store: Path, model: Model, narrowed: Mapping[str, str], keys: str
) -> tuple[str, str]:
    """The same for a model whose other rows may change with those of the keys: all keys that change, and their rows."""
    statement = run_merging_model(connection, store, model, narrowed_to(model.sql, narrowed), keys)
    merged, fresh = temp("merged_keys", model.name), temp("fresh", model.name)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {fresh} AS {statement}")
    using = ", ".join(model.by)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {merged} AS SELECT {using} FROM {keys} UNION SELECT {using} FROM {fresh}")
    return merged, fresh


def _exchange(
    connection: duckdb.DuckDBPyConnection, model: Model, keys: str, by: tuple[str, ...], fresh: str, touched: str
) -> None:
    """The fresh rows in place of the model's rows of the keys; both are noted as touched."""
    places = places_of(connection, model.name, keys, by)
    connection.execute(f"INSERT INTO {touched} SELECT m.* FROM {model.name} AS m JOIN {places} ON m.rowid = place")
    connection.execute(f"DELETE FROM {model.name} WHERE rowid IN (SELECT place FROM {places})")
    connection.execute(f"INSERT INTO {model.name} {in_order(connection, model, fresh)}")
    connection.execute(f"INSERT INTO {touched} FROM {fresh}")


def _statement(
    connection: duckdb.DuckDBPyConnection, store: Path, model: Model, sql: str, narrowed: Mapping[str, str] | None = None
) -> str:
    if model.module is None:
        return sql
    if hasattr(model.module, "merge"):
        return run_whole_model(connection, store, model, sql)
    small = {name: narrowed_to(query, narrowed or {}) for name, query in getattr(model.module, "SMALL", {}).items()}
    return run_python_model(connection, store, model, sql, small)


def _create_macros(connection: duckdb.DuckDBPyConnection, marks: Mapping[str, str]) -> None:
    text = "\n".join(macros().values())
    mark = sha256(text.encode()).hexdigest()
    if marks.get("model.macros") == mark:
        return
    for name, statement in macros().items():
        connection.execute(statement)
        comment_macro(connection, name, statement)
    connection.execute("DELETE FROM work.state WHERE name = 'model.macros'")
    connection.execute("INSERT INTO work.state VALUES ('model.macros', ?)", [mark])
    connection.execute("INSERT INTO work.changed VALUES ('macros')")


def _drop_removed(connection: duckdb.DuckDBPyConnection, marks: Mapping[str, str]) -> None:
    """A model that is no more leaves no table behind."""
    for name in sorted(set(marks) - {f"model.{model.name}" for model in models()} - {"model.macros"}):
        connection.execute(f"DROP TABLE IF EXISTS {name.removeprefix('model.')}")
        connection.execute("DELETE FROM work.state WHERE name = ?", [name])


def _published(store: Path) -> int:
    """The build readers have: a build file that was lost and made anew goes on counting from there."""
    current = current_file(store)
    return build_of(current) if current else 0


def _mark(model: Model) -> str:
    """Changes when the model does: its statement and header, or its module."""
    source = Path(model.module.__file__ or "").read_text(encoding="utf-8") if model.module else model.sql
    return sha256(
        repr((source, getattr(model.module, "VERSION", None), replace(model, module=None, sql=""))).encode()
    ).hexdigest()
