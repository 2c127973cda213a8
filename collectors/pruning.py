"""Taking away from the archive: bodies go, the facts of their captures stay."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from collectors.archive import NO_CONTEXT, SCHEMA, capture_files, partition, read_facts, rewrite, sources_and_days


def drop_bodies(table: pa.Table, rows: pa.BooleanArray, state: str) -> pa.Table:
    """The table with the bodies of the chosen rows gone and their state named; the rows stay."""
    has_body = pc.and_(rows, pc.equal(table["body_state"], pa.scalar("stored")))
    for name, value in (("body", None), ("body_state", state)):
        column = pc.if_else(has_body, pa.scalar(value, SCHEMA.field(name).type), table[name])
        table = table.set_column(table.schema.get_field_index(name), SCHEMA.field(name), column)
    return table


def erase_contents(table: pa.Table, rows: pa.BooleanArray) -> pa.Table:
    """The table without the bodies of the chosen rows, and without their context, which may quote the page that led there."""
    table = drop_bodies(table, rows, "erased")
    context = pc.if_else(rows, pa.scalar(NO_CONTEXT), table["context"])
    return table.set_column(table.schema.get_field_index("context"), SCHEMA.field("context"), context)


def prune(store: Path, older_than: date) -> int:
    """Drop the bodies of partitions before a day; all that was derived stays. Returns how many bodies went."""
    dropped = 0
    for source, day in sources_and_days(store):
        if day >= older_than:
            continue
        for path in capture_files(store, source, day):
            stored = sum(table["body_state"].to_pylist().count("stored") for table in read_facts(path, ["body_state"]))
            if stored:
                rewrite(path, lambda table: drop_bodies(table, pa.array([True] * len(table)), "pruned"))
                dropped += stored
        remove_unused_large(partition(store, source, day))
    return dropped


def remove_unused_large(folder: Path) -> None:
    """Remove the large bodies of a partition that no row holds any more."""
    large = {path.name.removesuffix(".zst"): path for path in folder.glob("*.zst")}
    if not large:
        return
    for path in folder.glob("*.parquet"):
        for table in read_facts(path, ["body_hash", "body_state"]):
            for hashed, state in zip(table["body_hash"].to_pylist(), table["body_state"].to_pylist(), strict=True):
                if state == "stored":
                    large.pop(str(hashed), None)
    for path in large.values():
        path.unlink(missing_ok=True)
