"""Core and mart from obs, ref and ops: what changed is rebuilt, in one transaction.

A model with `by` is rebuilt for the keys that changed: each need that has those columns is replaced in its statement by the
rows of those keys, the keys' rows are deleted and the fresh ones inserted. A model without, a changed statement or a changed ref
table means the whole model.

What a night costs on a long history is looking through its ids, so each relation is looked through once, by the key column alone;
the rows are fetched by their place, and rows that this build has at hand are not looked for again. Tables lie in order of time:
what changes together lies together.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import duckdb

from collectors.crash import crash_point
from transforms.models import Model, macros, models
from warehouse.comments import comment_macro, comment_model
from warehouse.files import build_of, current_file, work_dir
from warehouse.load import prepare
from warehouse.python_models import run_merging_model, run_python_model, run_whole_model
from warehouse.reference import load_reference
from warehouse.schema import literal
from warehouse.writer import Limits, open_build

SLICE_ROWS = 1_000_000  # rows of its needs that a model is rebuilt from at a time: sorting 2 million took more than 1 200 MB
TEXT_SLICE_ROWS = 300_000  # the same for a Python model, whose rows bring their texts along: 600 000 took all of 1 200 MB

_WHOLE = ""  # in place of the table of touched rows: all of the relation changed

# What Parquet would give back as another type (see _Hand.put).
_UNKEPT_TYPES = ("HUGEINT", "UHUGEINT", "INTERVAL", "BIT")


@dataclass(slots=True)
class BuildReport:
    """What a build did; build_id is that of the last build that changed something."""

    build_id: int = 0
    whole: list[str] = field(default_factory=list)  # models rebuilt in whole
    parts: dict[str, int] = field(default_factory=dict)  # model -> keys rebuilt


@dataclass(slots=True)
class _Hand:
    """Rows that a build has at hand, as temp tables; with a folder in Parquet files there.

    A temp table that is dropped keeps its memory, or its place on disk, until the transaction ends: of a long archive that would
    be many times its size.
    """

    folder: Path | None = None
    # (relation, key columns) -> [(table of keys, table of all rows of these keys)]
    rows: dict[tuple[str, tuple[str, ...]], list[tuple[str, str]]] = field(default_factory=dict)

    def put(self, connection: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
        """What is selected, under this name from now on."""
        types = (
            "" if self.folder is None else " ".join(kind for _, kind, *_ in connection.execute(f"DESCRIBE {select}").fetchall())
        )
        if self.folder is None or any(kind in types for kind in _UNKEPT_TYPES):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
            return
        path = literal(str(self.folder / f"{name}.parquet"))
        connection.execute(f"COPY ({select}) TO {path} (FORMAT parquet)")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM read_parquet({path})")


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
        hand = _Hand()
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
    return report


def _changes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What waits: relation -> temp table of the rows touched, or _WHOLE."""
    changes = {name: _WHOLE for (name,) in connection.execute("SELECT DISTINCT relation FROM work.changed ORDER BY 1").fetchall()}
    for (name,) in connection.execute("SELECT DISTINCT relation FROM work.touched ORDER BY 1").fetchall():
        changes[name] = _temp("touched", name)
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
    hand = _Hand()
    return _list_keys(connection, hand, _temp("keys", model.name), by, parts) + _list_keys(
        connection, hand, _temp("also_keys", model.name), also_by, also_parts
    )


def _list_keys(connection: duckdb.DuckDBPyConnection, hand: _Hand, table: str, by: str, parts: list[str]) -> int:
    """Write the keys of a model into a temp table, none where nothing tells any; returns how many."""
    if not parts:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        return 0
    hand.put(connection, table, f"SELECT DISTINCT {by} FROM ({' UNION ALL '.join(parts)})")
    return _count(connection, table)


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {rows}").fetchone() or (0,)
    return int(count)


def _has_keys(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    exists = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table]).fetchone()
    return exists is not None and connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None


def _rebuild_whole(connection: duckdb.DuckDBPyConnection, store: Path, model: Model) -> None:
    if model.is_view:
        connection.execute(f"CREATE OR REPLACE VIEW {model.name} AS {model.sql}")
    elif (slices := _slices(connection, model)) > 1:
        _rebuild_in_slices(connection, store, model, slices)
    else:
        rows = f"({_statement(connection, store, model, model.sql)})"
        is_in_order = hasattr(model.module, "merge")  # a long history of wide rows would not fit the memory that sorting needs
        fresh = f"FROM {rows}" if is_in_order else _in_order(connection, model, rows)
        connection.execute(f"CREATE OR REPLACE TABLE {model.name} AS {fresh}")
    comment_model(connection, model)


def _in_order(connection: duckdb.DuckDBPyConnection, model: Model, rows: str) -> str:
    """The SELECT of a model's rows in the order in which they are stored: by the first time they tell, then by key."""
    return f"SELECT * FROM {rows} ORDER BY {', '.join(dict.fromkeys([*_time_of(connection, rows), *model.grain]))}"


def _time_of(connection: duckdb.DuckDBPyConnection, rows: str) -> list[str]:
    """The first column that tells a time, if there is one."""
    columns = connection.execute(f"DESCRIBE FROM {rows}").fetchall()
    return [name for name, kind, *_ in columns if kind in ("TIMESTAMP", "DATE")][:1]


def _slices(connection: duckdb.DuckDBPyConnection, model: Model) -> int:
    """In how many parts the whole is made: one, but for a long history of a model that can be rebuilt in part."""
    if not model.by or hasattr(model.module, "merge"):
        return 1
    return 1 + sum(_count(connection, need) for need in model.drivers) // (TEXT_SLICE_ROWS if model.module else SLICE_ROWS)


def _rebuild_in_slices(connection: duckdb.DuckDBPyConnection, store: Path, model: Model, slices: int) -> None:
    """The whole of a model from slices of its keys: the rows wait in files, then they are laid down in order."""
    with _empty_folder(work_dir(store) / "slices") as folder:
        waiting, made = _Hand(folder), []
        for number in range(slices):
            with _slice(connection, store, model, number, slices) as (hand, keys, narrowed):
                fresh = _make_fresh(connection, store, model, hand, narrowed, keys, model.by)
                made.append(f"ordered_{fresh}")
                waiting.put(connection, made[-1], _in_order(connection, model, fresh))  # so that a period is found in few places
        rows = f"({' UNION ALL '.join(f'FROM {name}' for name in made)})"
        connection.execute(f"CREATE OR REPLACE TABLE {model.name} AS SELECT * FROM {rows} LIMIT 0")
        for period in _periods(connection, rows, slices):
            connection.execute(f"INSERT INTO {model.name} {_in_order(connection, model, period)}")


def _periods(connection: duckdb.DuckDBPyConnection, rows: str, count: int) -> Iterator[str]:
    """The rows in periods of about as many rows each, the earliest first: all at once are too many to be sorted."""
    times = _time_of(connection, rows)
    if not times:
        yield rows
        return
    (time,) = times
    shares = [number / count for number in range(1, count)]
    (found,) = connection.execute(f"SELECT quantile_disc({time}, {shares}) FROM {rows}").fetchone() or (None,)
    for first, last in pairwise([None, *dict.fromkeys(found or ()), None]):
        bounds = [f"{time} {sign} {literal(str(end))}" for sign, end in ((">=", first), ("<", last)) if end is not None]
        where = " AND ".join(bounds) or "true"
        yield f"(SELECT * FROM {rows} WHERE {where}{'' if last is not None else f' OR {time} IS NULL'})"


@contextmanager
def _slice(
    connection: duckdb.DuckDBPyConnection, store: Path, model: Model, number: int, slices: int
) -> Iterator[tuple[_Hand, str, dict[str, str]]]:
    """The keys whose hash falls to this slice, and the needs' rows of these keys; gone when the block ends."""
    keys, by = f"slice_{number}_{_temp('keys', model.name)}", ", ".join(model.by)
    with _empty_folder(work_dir(store) / "build") as folder:
        hand = _Hand(folder)
        _list_keys(
            connection,
            hand,
            keys,
            by,
            [f"SELECT {by} FROM {need} WHERE hash({by}) % {slices} = {number}" for need in model.drivers],
        )
        yield hand, keys, _needs_of_keys(connection, model, keys, hand)


@contextmanager
def _empty_folder(path: Path) -> Iterator[Path]:
    """A folder of the one writer, gone when the block ends; what a killed one left goes too."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _rebuild_part(connection: duckdb.DuckDBPyConnection, store: Path, model: Model, hand: _Hand) -> str:
    """Rebuild the keys listed; returns the temp table of the rows touched, as they were and as they are."""
    keys, also_keys, touched = _temp("keys", model.name), _temp("also_keys", model.name), _temp("touched", model.name)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {touched} AS SELECT * FROM {model.name} LIMIT 0")
    if _has_keys(connection, keys):
        narrowed = _needs_of_keys(connection, model, keys, hand)
        if model.module is not None and hasattr(model.module, "merge"):
            keys, fresh = _merge_fresh(connection, store, model, narrowed, keys)
        else:
            fresh = _make_fresh(connection, store, model, hand, narrowed, keys, model.by)
        _exchange(connection, model, keys, model.by, fresh, touched)
        hand.rows.setdefault((model.name, model.by), []).append((keys, fresh))
    if _has_keys(connection, also_keys):
        fresh = _make_fresh_of_all(connection, store, model, also_keys)
        _exchange(connection, model, also_keys, model.also_by, fresh, touched)
    return touched


def _make_fresh_of_all(connection: duckdb.DuckDBPyConnection, store: Path, model: Model, also_keys: str) -> str:
    """A temp table of the model's rows of the second set of keys: of all records, on a long history a slice of them at a time."""
    using = ", ".join(model.also_by)

    def with_also(needs: Mapping[str, str]) -> dict[str, str]:
        rows = "(SELECT * FROM {} SEMI JOIN {} USING ({}))"
        return {**needs, **{need: rows.format(needs.get(need, need), also_keys, using) for need in model.also_drivers}}

    if (slices := _slices(connection, model)) == 1:
        return _make_fresh(connection, store, model, _Hand(), with_also({}), also_keys, model.also_by)
    fresh = f"all_{_temp('fresh', model.name)}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {fresh} AS SELECT * FROM {model.name} LIMIT 0")
    for number in range(slices):
        with _slice(connection, store, model, number, slices) as (hand, _, needs):
            part = _make_fresh(connection, store, model, hand, with_also(needs), also_keys, model.also_by)
            connection.execute(f"INSERT INTO {fresh} FROM {part}")
    return fresh


def _make_fresh(
    connection: duckdb.DuckDBPyConnection,
    store: Path,
    model: Model,
    hand: _Hand,
    narrowed: Mapping[str, str],
    keys: str,
    by: tuple[str, ...],
) -> str:
    """The model's rows of the keys, as they are now, put under a name."""
    statement = _statement(connection, store, model, _narrowed(model.sql, narrowed), narrowed)
    fresh = keys.replace("keys", "fresh", 1)
    hand.put(connection, fresh, f"SELECT * FROM ({statement}) SEMI JOIN {keys} USING ({', '.join(by)})")
    return fresh


def _merge_fresh(
    connection: duckdb.DuckDBPyConnection, store: Path, model: Model, narrowed: Mapping[str, str], keys: str
) -> tuple[str, str]:
    """The same for a model whose other rows may change with those of the keys: all keys that change, and their rows."""
    statement = run_merging_model(connection, store, model, _narrowed(model.sql, narrowed), keys)
    merged, fresh = _temp("merged_keys", model.name), _temp("fresh", model.name)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {fresh} AS {statement}")
    using = ", ".join(model.by)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {merged} AS SELECT {using} FROM {keys} UNION SELECT {using} FROM {fresh}")
    return merged, fresh


def _exchange(
    connection: duckdb.DuckDBPyConnection, model: Model, keys: str, by: tuple[str, ...], fresh: str, touched: str
) -> None:
    """The fresh rows in place of the model's rows of the keys; both are noted as touched."""
    places = _places(connection, model.name, keys, by)
    connection.execute(f"INSERT INTO {touched} SELECT m.* FROM {model.name} AS m JOIN {places} ON m.rowid = place")
    connection.execute(f"DELETE FROM {model.name} WHERE rowid IN (SELECT place FROM {places})")
    connection.execute(f"INSERT INTO {model.name} {_in_order(connection, model, fresh)}")
    connection.execute(f"INSERT INTO {touched} FROM {fresh}")


def _places(connection: duckdb.DuckDBPyConnection, relation: str, keys: str, by: tuple[str, ...]) -> str:
    """A temp table of where the relation's rows of the keys lie: found by the key alone, as DuckDB would read every column of
    every row to join whole rows."""
    using = ", ".join(by)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE places AS SELECT r.rowid AS place FROM {relation} AS r SEMI JOIN {keys} USING ({using})"
    )
    return "places"


def _narrowed(sql: str, narrowed: Mapping[str, str]) -> str:
    for need, rows in narrowed.items():
        sql = re.sub(rf"\b{re.escape(need)}\b", rows, sql)
    return sql


def _needs_of_keys(connection: duckdb.DuckDBPyConnection, model: Model, keys: str, hand: _Hand) -> dict[str, str]:
    """Temp tables of the needs' rows of these keys, and of what they lead to in needs that tell no keys."""
    narrowed = {need: _rows_of_keys(connection, need, model, keys, hand) for need in model.drivers}
    return narrowed | {need: _rows_beside(connection, need, model, keys, narrowed, hand) for need in model.beside}


def _rows_of_keys(connection: duckdb.DuckDBPyConnection, need: str, model: Model, keys: str, hand: _Hand) -> str:
    """A temp table of the need's rows of the keys, and no others."""
    if need not in model.rows:
        return _rows_by(connection, need, keys, model.by, hand)
    records = f"record_{keys}"
    _list_keys(connection, hand, records, "record_id", [re.sub(r"\bkeys\b", keys, model.rows[need])])
    return _rows_by(connection, need, records, ("record_id",), hand)


def _rows_beside(
    connection: duckdb.DuckDBPyConnection,
    need: str,
    model: Model,
    keys: str,
    narrowed: Mapping[str, str],
    hand: _Hand,
) -> str:
    """A temp table of the rows of a need that tells no keys, as far as the rows of the keys lead to them."""
    column, relations = model.beside[need]
    led_to = f"{keys}_{_temp('beside', need)}"
    _list_keys(connection, hand, led_to, column, [f"SELECT {column} FROM {narrowed[relation]}" for relation in relations])
    return _rows_by(connection, need, led_to, (column,), hand)


def _rows_by(connection: duckdb.DuckDBPyConnection, need: str, keys: str, by: tuple[str, ...], hand: _Hand) -> str:
    rows, using = f"{_temp('rows', need)}_of_{keys}", ", ".join(by)
    columns = _mentioned(connection, need)
    known = hand.rows.setdefault((need, by), [])
    for known_keys, known_rows in known:
        if _count(connection, f"{keys} ANTI JOIN {known_keys} USING ({using})") == 0:
            if _count(connection, keys) == _count(connection, known_keys):
                return known_rows
            select = f"SELECT {', '.join(columns)} FROM {known_rows} SEMI JOIN {keys} USING ({using})"
            break
    else:
        if (view := next((other for other in models() if other.name == need and other.is_view), None)) is not None:
            (base,) = view.needs
            select = _narrowed(view.sql, {base: _rows_by(connection, base, keys, by, hand)})
        else:
            places = _places(connection, need, keys, by)
            select = f"SELECT {', '.join(f'r.{column}' for column in columns)} FROM {need} AS r JOIN {places} ON r.rowid = place"
    hand.put(connection, rows, select)
    known.append((keys, rows))
    return rows


def _mentioned(connection: duckdb.DuckDBPyConnection, need: str) -> list[str]:
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


def _statement(
    connection: duckdb.DuckDBPyConnection, store: Path, model: Model, sql: str, narrowed: Mapping[str, str] | None = None
) -> str:
    if model.module is None:
        return sql
    if hasattr(model.module, "merge"):
        return run_whole_model(connection, store, model, sql)
    small = {name: _narrowed(query, narrowed or {}) for name, query in getattr(model.module, "SMALL", {}).items()}
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


def _temp(what: str, relation: str) -> str:
    return f"{what}_{relation.replace('.', '_')}"
