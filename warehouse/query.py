"""The published file, for reading: no other file, no network, no setting can be reached from it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from collectors.one_line import one_line
from warehouse.files import current_file

if TYPE_CHECKING:
    import pandas

MEMORY = "1GB"


class NothingPublished(Exception):  # noqa: N818 - a state of the store, mended by running the pipeline
    """There is no published file yet."""

    exit_code = 1


class DamagedWarehouse(Exception):  # noqa: N818 - a state of the store, mended by publishing again
    """The published file cannot be read."""

    exit_code = 1


def connect(store: Path, *, memory: str = MEMORY, temp: str = "10GB") -> duckdb.DuckDBPyConnection:
    """The newest published file, read-only and shut in: external access off, configuration locked, times in UTC.

    Opened by its versioned name: within one process DuckDB answers a second `connect` to the same path with the file that the
    first one has open. Raises NothingPublished, DamagedWarehouse.
    """
    path = current_file(store)
    if path is None:
        raise NothingPublished(f"{store} has no published warehouse yet: run `dozor run`, or `dozor refresh` after a run")
    config: dict[str, Any] = {
        "memory_limit": memory,
        "max_temp_directory_size": temp,
        "temp_directory": str(store / "work" / f"spill-{path.stem}"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }
    try:
        connection = duckdb.connect(str(path), read_only=True, config=config)
    except duckdb.IOException as error:
        raise DamagedWarehouse(
            f"the published {path} cannot be read ({one_line(str(error))}): run `dozor refresh`, which publishes it again"
        ) from error
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def statements(text: str) -> tuple[list[str], str]:
    """The statements of a text that a semicolon ends, as DuckDB counts (one in a string or a comment ends nothing), and what
    is left: empty where that says nothing.
    """
    encoded = text.encode(errors="replace")
    found, begin, is_empty = [], 0, True
    for place, kind in duckdb.tokenize(encoded.decode()):  # comments are tokens from 2.0 on
        if kind == duckdb.token_type.operator and encoded[place : place + 1] == b";":
            if not is_empty:
                found.append(encoded[begin : place + 1].decode().strip())
            begin, is_empty = place + 1, True
        elif kind != duckdb.token_type.comment:
            is_empty = False
    rest = encoded[begin:].decode()
    return found, "" if is_empty and _is_whole(rest) else rest


def _is_whole(text: str) -> bool:
    """Whether no string and no comment is left open in it."""
    try:
        duckdb.extract_statements(text)
    except duckdb.ParserException:
        return False
    return True


def rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of one statement; duckdb.Error says what is wrong with it, KeyboardInterrupt that it was stopped."""
    try:
        result = connection.execute(sql, parameters or [])
        names = [column[0] for column in result.description or []]
        return names, result.fetchall()
    except RuntimeError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # DuckDB's way to say Ctrl-C; its threads are still at work
            connection.interrupt()
            raise error.__cause__ from error
        raise


def frame(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None) -> pandas.DataFrame:
    """The answer to one statement as a pandas frame with Arrow types, for notebooks:

        from pathlib import Path
        from warehouse.query import connect, frame
        prices = frame(connect(Path("dozor-data")), "FROM mart.price_change")

    Integers that may be missing stay integers, money stays decimal, lists and times keep their type. duckdb.Error says what is
    wrong with the statement.
    """
    import pandas  # costs half a second, which the command line does not wait for

    table = connection.execute(sql, parameters or []).to_arrow_table()
    return table.to_pandas(types_mapper=pandas.ArrowDtype)


def as_text(value: Any, width: int = 0) -> str:
    """A value for a terminal: null is empty, control characters are spaces, texts are cut at `width` characters (0: never)."""
    if value is None:
        return ""
    if isinstance(value, float):
        value = f"{value:.6g}"
    if isinstance(value, Decimal):
        value = f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else value  # money is kept with four places
    if isinstance(value, (list, tuple)):
        value = ", ".join(as_text(item) for item in value)
    return one_line(str(value), width)
