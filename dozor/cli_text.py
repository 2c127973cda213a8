"""Commands that read pages and texts given to them, without a store. Each imports what it needs: none waits for the others."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def read(
    page: Annotated[str, typer.Argument(help="A file, an address, or - for standard input.")] = "",
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Read lines {"id","url","html_path"} from standard input, answer one each.')
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say for each block of the page why it was kept or dropped.")
    ] = False,
) -> None:
    """Print what a page says, as JSON: title, dates, text, offers, structured data, links, tags."""
    from dozor.read import explain as explain_page
    from dozor.read import read_lines, read_one

    if jsonl:
        failed = read_lines(sys.stdin, sys.stdout)
        raise typer.Exit(1 if failed else 0)
    if not page:
        raise typer.BadParameter("name a file or an address, or - for standard input; or use --jsonl")
    if explain:
        typer.echo(json.dumps(explain_page(page), ensure_ascii=False, indent=1))
        return
    typer.echo(json.dumps(read_one(page), ensure_ascii=False, indent=1))


@app.command()
def match(
    query: Annotated[str, typer.Option("--query", "-q", help="One query.")] = "",
    queries: Annotated[Path | None, typer.Option("--queries", help='A file of lines {"id","query"}.')] = None,
) -> None:
    """Find mentions: reads lines {"id","text"} from standard input and writes what each query found, in order."""
    from dozor.match import match_lines, read_queries

    if bool(query) == (queries is not None):
        raise typer.BadParameter("give either --query or --queries")
    wanted = {"query": query} if queries is None else read_queries(queries.read_text(encoding="utf-8").splitlines())
    match_lines(wanted, sys.stdin, sys.stdout)


@app.command()
def sentiment() -> None:
    """How texts sound about targets: reads lines {"id","text","targets":[[start,end],...]} and answers one each, in order."""
    from dozor.sentiment import judge_lines

    judge_lines(sys.stdin, sys.stdout)
