"""Commands that ask, show, export and remove what was collected. Each imports what it needs: `dozor sql` waits for no crawler."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from dozor.settings import load_settings

if TYPE_CHECKING:
    import duckdb

app = typer.Typer()
console = Console()
complaints = Console(stderr=True)

ROWS = 200  # rows of an answer in a terminal; --all shows the rest


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(help="What to ask; without it, statements are read until Ctrl-D.")] = "",
    everything: Annotated[bool, typer.Option("--all", help=f"Show every row, not the first {ROWS}.")] = False,
) -> None:
    """Ask the published warehouse in SQL (DuckDB's). Read-only: nothing can be changed or broken."""
    import duckdb

    from warehouse.query import connect

    with connect(load_settings().store) as connection:
        is_typed = not statement and sys.stdin.isatty()
        asked = _typed() if is_typed else _statements([statement] if statement else sys.stdin)
        count, failed = 0, False
        for text in asked:
            count += 1
            try:
                _answer(connection, text, everything)
            except duckdb.Error as error:
                failed = True
                _complain(str(error))
            except KeyboardInterrupt:
                if not is_typed:
                    raise
                _complain("Stopped.")
        if statement and not count:
            raise typer.BadParameter("there is no statement in it")
        if failed and not is_typed:
            raise typer.Exit(2)


def _typed() -> Iterator[str]:
    """Statements as a person types them; Ctrl-C drops what is typed."""
    import readline  # noqa: F401  gives `input` its line editing

    from warehouse.query import statements

    console.print("SQL of DuckDB, ended by `;`. `SHOW ALL TABLES;` lists the tables, Ctrl-D ends.")
    text = ""
    while True:
        try:
            text += input("    ...> " if text else "dozor> ") + "\n"
        except EOFError:
            console.print()
            return
        except KeyboardInterrupt:
            console.print()
            text = ""
            continue
        found, text = statements(text)
        yield from found


def _statements(lines: Iterable[str]) -> Iterator[str]:
    """Statements of a script, each as soon as it is whole; the last one may lack its semicolon."""
    from warehouse.query import statements

    text = ""
    for line in lines:
        text += line
        if ";" in line:
            found, text = statements(text)
            yield from found
    found, text = statements(f"{text}\n;")
    yield from [*found, text] if text else found


def _answer(connection: duckdb.DuckDBPyConnection, statement: str, everything: bool) -> None:
    from dozor.showing import CELL, WIDE, answer_table
    from warehouse.query import rows

    names, found = rows(connection, statement)
    shown = found if everything else found[:ROWS]
    if console.is_terminal:
        console.print(answer_table(names, shown, CELL))
    else:
        Console(width=WIDE).print(answer_table(names, shown, 0))  # a pipe has no width: no line is broken, none is cut
    if len(shown) < len(found):
        console.print(f"{len(found) - len(shown)} more rows: --all shows them, `dozor export` writes whole tables.")


@app.command()
def show(
    capture_id: Annotated[str, typer.Argument(help="Every row of the warehouse names one.")],
    facts: Annotated[bool, typer.Option("--facts", help="Show where and when it was seen, not the page.")] = False,
) -> None:
    """Print the stored page that a figure came from, as it was received."""
    from dataclasses import replace

    from collectors.archive import find_capture

    store = load_settings().store
    capture = find_capture(store, capture_id)
    if capture is None:
        _complain(f"There is no capture {capture_id} in {store}.")
        raise typer.Exit(1)
    if facts:
        for name, value in vars(replace(capture, body=None)).items():
            console.print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)
        return
    if capture.body_state == "same":
        capture = find_capture(store, capture.body_of) or capture
    if capture.body is None:
        _complain(f"{capture_id} has no body: {capture.body_state}, {capture.verdict} {capture.verdict_reason}".strip())
        raise typer.Exit(1)
    sys.stdout.buffer.write(capture.body)


def _complain(message: str) -> None:
    """On standard error: the answer may be on its way into a file."""
    complaints.print(message, style="red", markup=False, highlight=False, soft_wrap=True)


@app.command()
def export(
    table: Annotated[str, typer.Argument(help="A table of the warehouse (mart.price_change), or `captures` with --format warc.")],
    form: Annotated[Literal["parquet", "csv", "xlsx", "warc"], typer.Option("--format", help="Kind of file.")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: the table's name here.")] = None,
    source: Annotated[str, typer.Option(help="For warc: captures of this source only.")] = "",
) -> None:
    """Write a table to a file. In csv and xlsx, cells that a spreadsheet would run as formulas are made harmless."""
    settings = load_settings()
    path = out or Path(f"{table}.{'warc.gz' if form == 'warc' else form}")
    if form == "warc":
        from importlib.metadata import version

        from collectors.archive import read_captures
        from collectors.origins.warc import export_warc

        if table != "captures":
            raise typer.BadParameter("only `captures` can be written as warc")
        count = export_warc(read_captures(settings.store, source or None), path, f"dozor/{version('dozor')}")
        console.print(f"Wrote {count} captures to {path}.")
        return
    from warehouse.export import export as export_table
    from warehouse.query import connect

    with connect(settings.store) as connection:
        try:
            count = export_table(connection, table, form, path)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    console.print(f"Wrote {count} rows to {path}.")


@app.command()
def prune(
    older_than: Annotated[
        str, typer.Option("--older-than", help="Drop the bodies of pages fetched before this day, YYYY-MM-DD.")
    ],
) -> None:
    """Drop old pages to save disk. All that was read from them stays; they cannot be read again."""
    from dozor.removal import prune_bodies

    console.print(prune_bodies(older_than))


@app.command()
def erase(
    reason: Annotated[str, typer.Option(help="Why: kept with the tombstone.", prompt=True)],
    url: Annotated[
        str,
        typer.Option(help="Erase what came from this address, or stands under it on other pages."),
    ] = "",
    watch: Annotated[str, typer.Option(help="Erase what came through this watch (watch_id in ref.watch).")] = "",
    author: Annotated[
        str,
        typer.Option(help="Erase what this person (a name, or its pseudonym) wrote, and the pages it stood on; keep it out."),
    ] = "",
) -> None:
    """Remove for cause: stored pages, rows and published copies. A tombstone says that something was there, not what."""
    from dozor.removal import erase as erase_for_cause

    console.print(erase_for_cause(url=url, watch_id=watch, author=author, reason=reason), soft_wrap=True)


@app.command()
def label(
    record: Annotated[str, typer.Argument(help="record_id of the publication or review.")] = "",
    sentiment: Annotated[str, typer.Argument(help="How it really sounds: negative, neutral or positive.")] = "",
    topic: Annotated[str, typer.Option(help="Topic it is about; default: all topics that found it.")] = "",
    csv: Annotated[
        Path | None, typer.Option("--csv", help="A file with the columns record_id, sentiment, optionally topic_id.")
    ] = None,
) -> None:
    """Say how a mention really sounds. People's words win over the model, and measure it (mart.sentiment_confusion)."""
    from dozor.labels import add_label, add_labels

    if csv is None and not (record and sentiment):
        raise typer.BadParameter("name a record and its sentiment, or a file by --csv")
    console.print(add_labels(csv) if csv is not None else add_label(record, sentiment, topic))
