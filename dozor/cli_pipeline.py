"""Commands of the pipeline: from a watchlist to a published warehouse and a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Column, Table

from collectors.archive import replacing
from collectors.registry import sources as all_sources
from collectors.source import Outcome
from collectors.watchlist import json_schema, load_watchlist
from dozor import backfilling, refreshing, steps
from dozor.progress import collecting
from dozor.settings import SettingsError, load_settings
from dozor.showing import print_watches

app = typer.Typer()
console = Console()

RunId = Annotated[str, typer.Option("--run", help="Id of a run to go on with; default: a new one.")]
Cadence = Annotated[
    Literal["hourly", "nightly", "weekly", "manual"],
    typer.Option(help="Only sources that are due hourly, nightly or weekly; manual: all of them."),
]
Sources = Annotated[list[str] | None, typer.Option("--source", "-s", help="Only this source; may be given again.")]


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path()) -> None:
    """Write a commented watchlist.yml and dozor.yml to start from, and a JSON Schema for editors."""
    start = Path(__file__).parent
    texts = {
        "watchlist.yml": (start / "start_watchlist.yml").read_text(encoding="utf-8"),
        "dozor.yml": (start / "start_settings.yml").read_text(encoding="utf-8"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        path = folder / name
        if path.exists():
            console.print(f"{path} is already there: left as it is.")
            continue
        with replacing(path) as beside:
            beside.write_text(text, encoding="utf-8")
        console.print(f"Wrote {path}.")
    _write_schema(folder / "watchlist.schema.json")
    console.print("Next: edit both files, then `dozor validate`.")


def _write_schema(path: Path) -> None:
    with replacing(path) as beside:
        beside.write_text(json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@app.command()
def validate(
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of the watchlist for editors, and do nothing else.")
    ] = False,
) -> None:
    """Check the watchlist and the queries of its topics; say which sources lack credentials, and how to give them."""
    from dozor.validating import validated

    if schema:
        typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=1))
        return
    settings = load_settings()
    if not settings.watchlist.exists():
        raise SettingsError(f"there is no watchlist {settings.watchlist}; `dozor init` writes one to start from")
    found = validated(settings.watchlist)
    watchlist = found.watchlist
    table = Table("source", "watches", "credentials")
    for name in all_sources():
        if watches := watchlist.watches(name):
            missing = [line for account in {w.account for w in watches} for line in steps.missing(name, account)]
            table.add_row(name, str(len(watches)), "\n".join(missing) or "complete")
    for line in found.warnings:
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print(f"{settings.watchlist} is valid: projects {len(watchlist.projects)}, watches {len(watchlist.watches())}.")
    console.print(table)
    if settings.contact:
        console.print("Next: `dozor run`.")
    else:
        console.print(
            "No contact yet: set `contact:` in dozor.yml, by which site owners can reach you. Then: `dozor run`.",
            soft_wrap=True,
        )


@app.command("sources")
def list_sources() -> None:
    """List the sources that can be watched, with what a target looks like."""
    table = Table(
        *(Column(name, no_wrap=name in ("source", "credentials")) for name in ("source", "gives", "asked", "credentials"))
    )
    targets = []
    for name, module in all_sources().items():
        source = module.declaration
        kinds = ", ".join(kind.__name__ for kind in source.kinds)
        asked = f"{source.cadence}, {'any period' if source.mode == 'interval' else 'as it is now'}"
        table.add_row(name, kinds, asked, "needed" if source.auth else "none")
        targets.append(f"{name}: {source.target}")
    console.print(table)
    console.print("What a target looks like:")
    for line in targets:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def run(
    cadence: Cadence = "manual",
    only: Sources = None,
    run_id: RunId = "",
) -> None:
    """Do the whole job: collect, parse, refresh the warehouse, report."""
    steps.check_asking(only or (), run_id)
    run_id = steps.begin(cadence, run_id)
    console.print(f"Run {run_id} begins.", highlight=False)
    shards = steps.due(cadence, run_id, only or ())
    with collecting(_watch_counts(shards), console) as notice:
        steps.collect(run_id, shards, notice=notice)
    console.print(f"Run {run_id}: collected. Parsing ...")
    steps.parse(run_id, shards)
    console.print(str(refreshing.refresh()), markup=False, soft_wrap=True)
    for path in refreshing.report():
        console.print(f"Report: {path}", soft_wrap=True)
    _print_outcomes(steps.outcomes(run_id))
    _exit_with(run_id)


@app.command()
def collect(cadence: Cadence = "manual", only: Sources = None, run_id: RunId = "") -> None:
    """Look at what is watched and archive what comes back; nothing is read from it yet."""
    steps.check_asking(only or (), run_id)
    run_id = steps.begin(cadence, run_id)
    console.print(f"Run {run_id} begins.", highlight=False)
    shards = steps.due(cadence, run_id, only or ())
    with collecting(_watch_counts(shards), console) as notice:
        _print_outcomes(steps.collect(run_id, shards, notice=notice))
    console.print(f"Run {run_id}. Next: `dozor parse --run {run_id}`.")
    _exit_with(run_id, is_parsed=False)


@app.command()
def parse(
    run_id: Annotated[str, typer.Option("--run", help="Id of the run; default: the latest.")] = "", only: Sources = None
) -> None:
    """Read records from what a run archived, into batches."""
    run_id = run_id or steps.latest_run()
    outcomes = steps.parse(run_id, only or ())
    _print_outcomes(outcomes)
    if not outcomes:
        console.print("Nothing new to parse.")
    if any(outcome.status in steps.BAD for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def refresh(full: Annotated[bool, typer.Option("--full", help="Build everything anew from the batches.")] = False) -> None:
    """Load pending batches, build, check and publish the warehouse."""
    console.print(str(refreshing.refresh(full=full)), markup=False, soft_wrap=True)


@app.command()
def report() -> None:
    """Write one HTML report per project from the published warehouse."""
    for path in refreshing.report():
        console.print(f"Report: {path}", soft_wrap=True)


@app.command()
def backfill(
    warc: Annotated[list[Path] | None, typer.Option("--warc", help="Read this WARC file; may be given again.")] = None,
    since: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")] = "",
    until: Annotated[str, typer.Option(help="Day after the last, YYYY-MM-DD.")] = "",
    reparse: Annotated[bool, typer.Option("--reparse", help="Read the archive again with today's parsers.")] = False,
    only: Sources = None,
    run_id: RunId = "",
) -> None:
    """Fill in the past: ask sources for a period, read the archive again, or read WARC files.

    Only sources that can be asked for a period are; the others are named. Without a mode the past is asked, so --since is needed.
    """
    mode = "warc" if warc else "reparse" if reparse else "past"
    files = [str(path) for path in warc or ()]
    backfilling.check_words(mode, since=since, until=until, only=only or (), files=files)
    run_id = steps.begin("backfill", run_id)
    console.print(f"Run {run_id} begins.", highlight=False)
    for line in backfilling.backfill(run_id, mode, since=since, until=until, only=only or (), files=files):
        console.print(line)
    console.print(str(refreshing.refresh()), markup=False, soft_wrap=True)
    _print_outcomes(steps.outcomes(run_id))
    _exit_with(run_id)


@app.command()
def accept(
    source: Annotated[str, typer.Argument(help="Source of the held batch.")],
    table: Annotated[str, typer.Argument(help="Observation table of the held batch, as `dozor status` names it.")],
    day: Annotated[str, typer.Argument(help="Its day, YYYY-MM-DD.")],
    reason: Annotated[str, typer.Option(help="Why it is right after all.", prompt=True)],
) -> None:
    """Release a held batch: the next refresh loads it. Who and why are kept."""
    console.print(refreshing.accept_batch(source, table, day, reason), markup=False, highlight=False, soft_wrap=True)


@app.command()
def status() -> None:
    """What was seen last, what is held back or silent, what failed, and what to do about it."""
    facts = refreshing.status()
    console.print(f"Store {facts.store}; newest warehouse: {facts.published or 'none yet'}", soft_wrap=True)
    if not facts.rows:
        console.print("Nothing was looked at yet. Next: `dozor validate`, then `dozor run`.")
        return
    print_watches(console, ("source", "target", "last looked", "outcome", "records"), ((row[:5], row[5]) for row in facts.rows))
    for line in [*facts.held, *facts.silent, *facts.unread]:
        console.print(line, style="yellow", markup=False, soft_wrap=True)


def _watch_counts(shards: list[str]) -> dict[str, int]:
    watchlist = load_watchlist(load_settings().watchlist)
    names = dict.fromkeys(steps.Shard.parse(shard).source for shard in shards)
    return {name: len(watchlist.watches(name)) for name in names}


def _print_outcomes(outcomes: list[Outcome]) -> None:
    if outcomes:
        print_watches(
            console,
            ("source", "step", "target", "outcome", "captures", "records"),
            (((o.source, o.step, o.target, o.status, str(o.captures), str(o.records)), o.message) for o in outcomes),
        )


def _exit_with(run_id: str, *, is_parsed: bool = True) -> None:
    if steps.failures(run_id, is_parsed=is_parsed):
        raise typer.Exit(1)
