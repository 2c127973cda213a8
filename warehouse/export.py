"""A table to Parquet, CSV or XLSX, for people's tools.

Texts come from pages that others wrote: a cell that a spreadsheet would take for a formula gets an apostrophe in front,
full-width
signs included. Parquet has no such cells and stays as it is. To read the texts back unchanged, remove one leading apostrophe from
cells that begin with an apostrophe and one of the signs.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow.parquet as pq
import xlsxwriter

from warehouse.files import replaced

Format = Literal["parquet", "csv", "xlsx"]

_FORMULA = "=+-@|\t\r\n"
_NAME = re.compile(r"[a-z_]+\.[a-z_][a-z0-9_]*")
XLSX_ROWS = 1_048_575  # of a sheet, its header aside
XLSX_CHARACTERS = 32_767  # of a cell
_EXACT = 10**15  # a sheet keeps 15 digits of a number; longer ones stay texts
_CHUNK = 10_000


def harmless(value: Any) -> Any:
    """The value as a spreadsheet may show it: a text that would be run as a formula is quoted by an apostrophe."""
    if not isinstance(value, str) or not value:
        return value
    begin = unicodedata.normalize("NFKC", value.lstrip(" \u00a0\u200b\ufeff\x00")[:1])
    return "'" + value if begin[:1] and begin[0] in _FORMULA else value


def export(connection: duckdb.DuckDBPyConnection, table: str, form: Format, out: Path) -> int:
    """Write the table (schema.name) to `out`; returns the rows written.

    ValueError for a table that is none, or too long for a sheet.
    """
    if not _NAME.fullmatch(table) or not _exists(connection, table):
        raise ValueError(f"there is no table {table!r}; `SHOW ALL TABLES` lists them")
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    count = int(row[0]) if row else 0
    if form == "xlsx" and count > XLSX_ROWS:
        raise ValueError(f"{table} has {count} rows, a sheet holds {XLSX_ROWS}: export csv or parquet")
    result = connection.execute(f"SELECT * FROM {table} ORDER BY ALL")
    with replaced(out) as temporary:
        if form == "parquet":
            _write_parquet(result, temporary)
        elif form == "csv":
            _write_csv(result, temporary)
        else:
            _write_xlsx(result, temporary)
    return count


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    schema, _, name = table.partition(".")
    query = "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = ?"
    return connection.execute(query, [schema, name]).fetchone() is not None


def _write_parquet(result: duckdb.DuckDBPyConnection, out: Path) -> None:
    # Through Arrow, not COPY: a published file is opened without access to other files.
    batches = result.to_arrow_reader(_CHUNK)
    with pq.ParquetWriter(out, batches.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)


def _write_csv(result: duckdb.DuckDBPyConnection, out: Path) -> None:
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_names(result))
        for row in _rows(result):
            writer.writerow([harmless(_plain(value)) for value in row])


def _write_xlsx(result: duckdb.DuckDBPyConnection, out: Path) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(out), {**options, "default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, _names(result), book.add_format({"bold": True}))
        for number, row in enumerate(_rows(result), start=1):
            for place, value in enumerate(row):
                _write_cell(sheet, number, place, value)


def _write_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, (int, float, Decimal)) and -_EXACT < value < _EXACT:
        sheet.write_number(row, column, value)
    elif isinstance(value, datetime) and value.year >= 1900:
        sheet.write_datetime(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, str(harmless(str(_plain(value))))[:XLSX_CHARACTERS])


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return " | ".join(str(item) for item in value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _names(result: duckdb.DuckDBPyConnection) -> list[str]:
    return [column[0] for column in result.description or []]


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while chunk := result.fetchmany(_CHUNK):
        yield from chunk
