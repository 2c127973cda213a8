"""Answers and outcomes in a terminal: short columns in a table, sentences below it, where they have the whole width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from collectors.one_line import one_line
from warehouse.query import as_text

WIDE = 100_000  # columns of an answer outside a terminal
CELL = 60  # characters of a cell in a terminal


def answer_table(names: Sequence[str], rows: Sequence[Sequence[Any]], width: int = CELL, title: str = "") -> Table:
    """Rows of an answer. Numbers and days are never broken, numbers stand to the right; texts are cut at `width` (0: never)."""
    columns = []
    for place, name in enumerate(names):
        values = [row[place] for row in rows if row[place] is not None]
        is_number = bool(values) and all(isinstance(value, (int, float, Decimal)) for value in values)
        is_short = is_number or (bool(values) and all(isinstance(value, date) for value in values))
        columns.append(Column(Text(name), justify="right" if is_number else "left", no_wrap=is_short, overflow="fold"))
    table = Table(*columns, title=title or None, title_justify="left", title_style="bold")
    for row in rows:
        table.add_row(*(Text(as_text(value, width)) for value in row))
    return table


def print_watches(console: Console, names: Sequence[str], rows: Iterable[tuple[Sequence[str], str]]) -> None:
    """A row for each watch, then what was said of each, a line each: a sentence has no room in a column."""
    table = Table(*(Column(name, overflow="fold", no_wrap=name != "target") for name in names))
    said = []
    for facts, message in rows:
        table.add_row(*(Text(one_line(fact)) for fact in facts))  # Text: what a site said is no markup
        if message:
            said.append(f"{' '.join(facts[: names.index('target') + 1])}: {message}")
    console.print(table)
    for line in dict.fromkeys(said):
        console.print(one_line(line), markup=False, highlight=False, soft_wrap=True)
