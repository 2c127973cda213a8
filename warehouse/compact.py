"""The build file and the published one written anew, so that deleted rows leave no bytes behind."""

from __future__ import annotations

from pathlib import Path

from transforms.models import macros, models
from warehouse.comments import comment_macro, comment_model, comment_relations
from warehouse.files import build_file, sync
from warehouse.publish import Published, publish
from warehouse.schema import literal
from warehouse.writer import Limits, open_build


def compact(store: Path, *, limits: Limits | None = None) -> Published:
    """Copy what lives into a new build file, publish that, and drop all older published files. Raises WriterBusy,
    NotPublishable.
    """
    current = build_file(store)
    copy = current.with_name("compact.duckdb")
    for left in (copy, copy.with_name(copy.name + ".wal")):
        left.unlink(missing_ok=True)
    with open_build(store, "compact", limits) as connection:
        connection.execute("CHECKPOINT")
        (name,) = connection.execute("SELECT current_database()").fetchone() or ("",)
        connection.execute(f"ATTACH {literal(str(copy))} AS compacted (STORAGE_VERSION 'v1.5.0')")
        connection.execute(f"COPY FROM DATABASE {name} TO compacted")
        connection.execute("USE compacted")
        comment_relations(connection)
        for model in models():
            comment_model(connection, model)
        for macro, statement in macros().items():
            connection.execute(statement)
            comment_macro(connection, macro, statement)
        connection.execute(f"USE {name}")
        connection.execute("DETACH compacted")
        connection.close()
        copy.replace(current)
        sync(current.parent)
    return publish(store, anew=True, limits=limits)
