"""What the values of a batch's columns are like: what drift is seen by, without reading the rows again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.tables import MIXED, Form, Table

_COUNTED: frozenset[Form] = frozenset({"string", "integer", "float", "money"})
_WORDS = 5  # of a mix: the commonest


def profile(table: Table, rows: pa.Table) -> dict[str, dict[str, Any]]:
    """Column -> `distinct`, different values per row that has one, 0-1; of amounts their `median`; of mixed columns the `shares`
    of the commonest words. Columns that dozor adds, times, lists and long texts are left out, empty
    ones too."""
    found: dict[str, dict[str, Any]] = {}
    for column in table.columns:
        filled = rows.num_rows - rows[column.name].null_count
        if not filled or not column.path or column.form not in _COUNTED or column.name == table.text_column:
            continue
        values = rows[column.name]
        facts: dict[str, Any] = {"distinct": round(pc.count_distinct(values).as_py() / filled, 6)}
        if column.form == "money":
            facts["median"] = float(pc.approximate_median(values.cast(pa.float64())).as_py())
        if column.name in MIXED:
            facts["shares"] = _shares(values, filled)
        found[column.name] = facts
    return found


def _shares(values: pa.ChunkedArray[Any], filled: int) -> Mapping[str, float]:
    counted: Any = pc.value_counts(values.drop_null())
    counts = zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)
    commonest = sorted(counts, key=lambda each: (-each[1], each[0]))[:_WORDS]
    return {word: round(count / filled, 6) for word, count in commonest}
