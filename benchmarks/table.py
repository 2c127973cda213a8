"""One table for all benchmarks of reading: what was measured, ours and the peer's in the same run on the same pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. Scores are shares of 1; speeds are pages a second of one core; None = not measured."""

    dataset: str
    measure: str
    ours: float
    peer: str = ""
    theirs: float | None = None
    pages_per_second: float | None = None
    peer_pages_per_second: float | None = None


def print_table(rows: Iterable[Row]) -> None:
    table = Table("dataset", "measure", "dozor", "peer", "peer's", "pages/s", "peer's pages/s", "times")
    for row in rows:
        ratio = row.pages_per_second / row.peer_pages_per_second if row.pages_per_second and row.peer_pages_per_second else None
        table.add_row(
            row.dataset,
            row.measure,
            f"{row.ours:.4f}",
            row.peer,
            "" if row.theirs is None else f"{row.theirs:.4f}",
            "" if row.pages_per_second is None else f"{row.pages_per_second:.0f}",
            "" if row.peer_pages_per_second is None else f"{row.peer_pages_per_second:.0f}",
            "" if ratio is None else f"{ratio:.1f}",
        )
    Console(width=130).print(table)
