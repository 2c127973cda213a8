"""Commands that read pages and texts given to them, without a store. Each imports what it needs: none waits for the others."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()
topics = typer.Typer(no_args_is_help=True, help="Work on the queries of topics before they run every night.")
app.add_typer(topics, name="topics")

TopicOrQuery = Annotated[
    str, typer.Argument(metavar="TOPIC|QUERY", help="A topic of the watchlist (its id, or project/id), or a query itself.")
]
System = Literal["youscan", "meltwater", "tgstat"]


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
    """Find mentions: reads lines {"id","text"} from standard input and writes what each query found, in order.

    A line may have title, author, source, url, lang, type, country, rating, followers and published_at too, for the fields of a
    query. One that cannot be read is answered with its error; the exit code is 1 then, 2 when a query cannot be read.
    """
    from dozor.match import match_lines, read_queries

    if bool(query) == (queries is not None):
        raise typer.BadParameter("give either --query or --queries")
    wanted = {"query": query} if queries is None else read_queries(queries.read_bytes().splitlines())
    failed = match_lines(wanted, sys.stdin.buffer, sys.stdout)
    raise typer.Exit(1 if failed else 0)


@app.command()
def sentiment(
    model: Annotated[
        Path | None,
        typer.Option("--model", help='Folder of an ONNX model to judge by instead; needs pip install "dozor[onnx]".'),
    ] = None,
) -> None:
    """How texts sound about targets: reads lines {"id","text","targets":[[start,end],...]} and answers one each, in order.

    Places count characters; without targets the tone is that of the whole text. A line that cannot be read is answered with its
    error; the exit code is 1 then.
    """
    from dozor.sentiment import judge_lines

    failed = judge_lines(sys.stdin.buffer, sys.stdout, model)
    raise typer.Exit(1 if failed else 0)


@topics.command("check")
def check_topics(
    topic: Annotated[
        str,
        typer.Argument(metavar="[TOPIC|QUERY]", help="One topic, or a query itself (after -- if it begins with -); else all."),
    ] = "",
) -> None:
    """Read every query of the watchlist, or one: what is wrong with it, and what to think about. Exit code 2 when one cannot be
    read. A single query is printed as it was understood, with its brackets.
    """
    if topic:
        _check_one(topic)
        return
    from collectors.watchlist import load_watchlist
    from dozor.settings import load_settings
    from dozor.topics import check

    count, wrong = 0, False
    for project in load_watchlist(load_settings().watchlist).projects:
        queries = {topic.id: topic.query for topic in project.topics}
        count += len(queries)
        for finding in check(queries, project.macros):
            wrong |= finding.level == "error"
            typer.echo(f"{project.id}/{finding.topic}: {finding.level}: {finding.message}")
    typer.echo(f"{count} topics read." if count else "The watchlist has no topics: add some under `topics:` of a project.")
    if wrong:
        raise typer.Exit(2)


def _check_one(topic: str) -> None:
    from dozor.topics import check
    from transforms.mentions.query import parse
    from transforms.mentions.syntax import unparse

    query, macros, _ = _query_of(topic)
    findings = check({"query": query}, macros)
    for finding in findings:
        typer.echo(f"{finding.level}: {finding.message}")
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(2)
    typer.echo(unparse(parse(query, macros)))


@topics.command("suggest")
def suggest_spellings(topic: TopicOrQuery) -> None:
    """Other spellings that people use and the query does not find yet: in other letters, on the wrong keyboard, in one word."""
    from dozor.topics import suggest

    query, macros, _ = _query_of(topic)
    found = suggest(query, macros)
    for suggestion in found:
        typer.echo(f"{suggestion.term}\t{suggestion.name}\t{suggestion.why}")
    if not found:
        typer.echo("No other spelling comes to mind.")


@topics.command("preview")
def preview_topic(
    topic: TopicOrQuery,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Run a query over the texts of the published warehouse: mentions a week, a sample, and the words that stand near them."""
    from dataclasses import asdict

    from dozor.previewing import describe, texts
    from dozor.settings import load_settings
    from dozor.topics import preview

    query, macros, project = _query_of(topic)
    seen = preview(query, texts(load_settings().store, project), macros)
    if as_json:
        weeks = {monday.isoformat(): count for monday, count in seen.per_week.items()}
        typer.echo(json.dumps({**asdict(seen), "per_week": weeks}, ensure_ascii=False, indent=1, default=str))
    else:
        for line in describe(seen):
            typer.echo(line)


@topics.command("import")
def import_query(
    system: Annotated[System, typer.Argument(help="Where the query was written.", show_choices=True)],
    query: Annotated[str, typer.Argument(help="The query, or - to read it from standard input.")] = "-",
) -> None:
    """Print a query of another system as a query of ours; where it will find something else is said on standard error."""
    from transforms.mentions.importers import IMPORTERS

    imported = IMPORTERS[system](sys.stdin.read() if query == "-" else query)
    typer.echo(imported.query)
    for note in imported.notes:
        typer.echo(f"note: {note}", err=True)


def _query_of(text: str) -> tuple[str, dict[str, str], str | None]:
    """The query of a topic, its macros and its project; a text that names no topic is a query, over all projects."""
    from collectors.watchlist import load_watchlist
    from dozor.settings import load_settings

    path = load_settings().watchlist
    projects = load_watchlist(path).projects if path.exists() else ()
    for project in projects:
        for topic in project.topics:
            if text in (topic.id, f"{project.id}/{topic.id}"):
                return topic.query, dict(project.macros), project.id
    return text, {}, None
