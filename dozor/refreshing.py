"""The steps after collecting: pending batches to a published warehouse, and to reports."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from getpass import getuser
from pathlib import Path
from typing import Any

from collectors.registry import sources
from collectors.runs import read_outcomes, recent_runs
from collectors.source import Outcome
from collectors.watchlist import load_watchlist
from dozor.labels import read_labels
from dozor.settings import Settings, load_settings
from dozor.steps import BAD, UsageError, day_of
from transforms.mentions.onnx_engine import ModelError, model_version
from transforms.mentions.query import parse
from transforms.mentions.query_errors import QueryError
from warehouse.build import build
from warehouse.checks import check
from warehouse.load import accept, load_pending
from warehouse.publish import Published, current_file, publish
from warehouse.query import DamagedWarehouse, connect
from warehouse.reference import set_reference
from warehouse.report import write_reports
from warehouse.writer import Limits, start_anew

Row = dict[str, Any]

STATUS_RUNS = 60  # how far back `dozor status` looks for the last sight of a watch


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did."""

    loaded: list[str]
    held: dict[str, str]
    rows: int
    unread: list[str]  # what is wrong with topics that find nothing
    published: Published

    def __str__(self) -> str:
        lines = [f"Loaded {len(self.loaded)} batches, {self.rows} rows."]
        lines += [f"HELD {name}: {why}" for name, why in self.held.items()]
        lines += self.unread
        state = "Published" if self.published.is_new else "Nothing changed; published before:"
        lines.append(f"{state} {self.published.path} ({self.published.size_bytes / 1e6:.1f} MB).")
        return "\n".join(lines)


def refresh(*, full: bool = False, settings: Settings | None = None) -> Refreshed:
    """Load what is pending, build, check, publish. One at a time: raises WriterBusy when another is at it."""
    settings = settings or load_settings()
    store, limits = settings.store, Limits(memory=f"{settings.memory_limit_mb}MB", threads=settings.workers)
    now = settings.now()()
    if full:
        start_anew(store)
    reference = _reference(settings, now)
    set_reference(store, reference)
    loaded = load_pending(store, expects={name: module.declaration.expect for name, module in sources().items()}, limits=limits)
    build(store, now=now, full=full, limits=limits)
    check(store, limits=limits)
    return Refreshed(loaded.loaded, loaded.held, loaded.rows, _unread(reference), publish(store, limits=limits))


def _unread(reference: Mapping[str, list[Row]]) -> list[str]:
    return [
        f"UNREAD topic {row['project_id']}/{row['topic_id']} finds nothing: {problem} `dozor validate` says where."
        for row in reference.get("topic", ())
        if (problem := row.get("problem"))
    ]


def _reference(settings: Settings, now: datetime) -> dict[str, list[Row]]:
    """The ref tables: the watchlist as it is now, and the past of watches that left it."""
    reference = load_watchlist(settings.watchlist).reference()
    reference["watch_entity"], gone = _with_past(settings.store, reference["watch_entity"], now)
    reference["topic"] = _topics(reference)
    reference["label"] = read_labels(settings.store)
    reference["sentiment_model"] = _sentiment_model(settings.sentiment_model)
    listed = {row["watch_id"] for row in reference["watch"]}
    reference["watch"] += [row for row in gone if row["watch_id"] not in listed]
    reference["source"] = [
        {
            "source": name,
            "cadence": module.declaration.cadence,
            "mode": module.declaration.mode,
            "max_silence_days": module.declaration.expect.max_silence_days,
            "terms_url": module.declaration.terms_url,
        }
        for name, module in sources().items()
    ]
    return reference


def _sentiment_model(folder: Path | None) -> list[Row]:
    """The model that judges the tone, if one is set. Raises ModelError, before anything is built, when it cannot be used."""
    if folder is None:
        return []
    try:
        return [{"folder": str(folder.resolve()), "version": model_version(folder)}]
    except ModelError as error:
        raise ModelError(f"sentiment_model in dozor.yml: {error}") from error


def _topics(reference: dict[str, list[Row]]) -> list[Row]:
    """The topics with the macros their project has, and one for each entity: its name and aliases, as phrases."""
    macros: dict[str, dict[str, str]] = {}
    for row in reference["macro"]:
        macros.setdefault(row["project_id"], {})[row["name"]] = row["query"]
    topics = []
    for row in reference["topic"]:
        named = macros.get(row["project_id"], {})
        topics.append({**row, "macros": _macros_used(row["query"], named), "problem": _problem(row["query"], named)})
    for row in reference["entity"]:
        names = dict.fromkeys(name.strip(' "«»“”„') for name in (row["name"], *row["aliases"]))
        query = " OR ".join(f'"{name}"' for name in names if name and '"' not in name)
        topics.append(
            {
                "project_id": row["project_id"],
                "topic_id": f"@{row['entity_id']}",
                "title": row["name"],
                "query": query,
                "entity_id": row["entity_id"],
                "macros": None,
                "problem": None,
            }
        )
    return topics


def _problem(query: str, macros: Mapping[str, str]) -> str | None:
    """Why a query cannot be read, in one line. It holds up nobody: the night goes on, and says so."""
    try:
        parse(query, macros)
    except QueryError as error:
        return f"{error.message}. {error.hint}".strip()
    return None


def _macros_used(query: str, macros: dict[str, str]) -> str | None:
    """The macros that a query names, and those that these name, as JSON: a change of another one does not touch the topic."""
    used: dict[str, str] = {}
    pending = [query]
    while pending:
        for name in re.findall(r"\$([\w-]+)", pending.pop()):
            if name in macros and name not in used:
                used[name] = macros[name]
                pending.append(macros[name])
    return json.dumps(used, ensure_ascii=False, sort_keys=True) if used else None


def _last_reference(store: Path) -> dict[str, list[Row]]:
    """The ref tables of the last refresh; empty before the first."""
    path = store / "work" / "reference.json"
    reference: dict[str, list[Row]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return reference


def _with_past(store: Path, rows: list[Row], now: datetime) -> tuple[list[Row], list[Row]]:
    """The watch_entity rows with those that earlier watchlists had and this one has not, ended now; and the watches of those."""
    before = _last_reference(store)
    key = ("project_id", "entity_id", "watch_id", "role")
    listed = {tuple(row[name] for name in key) for row in rows}
    ended = [
        {**row, "valid_to": row.get("valid_to") or now.isoformat()}
        for row in before.get("watch_entity", [])
        if tuple(row[name] for name in key) not in listed
    ]
    gone = {row["watch_id"] for row in ended}
    return rows + ended, [row for row in before.get("watch", []) if row["watch_id"] in gone]


def report(settings: Settings | None = None) -> list[str]:
    """Write one HTML file per project from the published warehouse; returns their paths."""
    settings = settings or load_settings()
    return [str(path) for path in write_reports(settings.store, settings.now()())]


def accept_batch(source: str, table: str, day: str, reason: str, settings: Settings | None = None) -> str:
    """Release a held batch; the next refresh loads it."""
    settings = settings or load_settings()
    if not reason.strip():
        raise UsageError("--reason: say why the batch is right after all; it is kept with your name")
    try:
        word = accept(
            settings.store, source, day_of(day, date.min, "day"), table, by=getuser(), reason=reason, now=settings.now()()
        )
    except (FileNotFoundError, ValueError) as error:
        raise UsageError(f"{error}; `dozor status` lists what is held") from error
    return f"{table}/{source}/{day} is accepted ({word}); `dozor refresh` loads it."


@dataclass(frozen=True, slots=True)
class Status:
    """What `dozor status` shows."""

    store: Path
    published: Path | None
    rows: list[tuple[str, str, str, str, str, str]]  # source, target, last looked, outcome, records, said
    held: list[str]  # or why that cannot be told
    silent: list[str]
    unread: list[str]  # topics whose query cannot be read


def status(settings: Settings | None = None) -> Status:
    """The last outcome of every watch, batches that are held, sources that are silent, and topics whose query cannot be read."""
    settings = settings or load_settings()
    last: dict[tuple[str, str], dict[str, Outcome]] = {}
    for run in recent_runs(settings.store, STATUS_RUNS):
        for outcome in read_outcomes(settings.store, run.run_id):
            last.setdefault((outcome.source, outcome.watch_id), {}).setdefault(outcome.step, outcome)
    rows: list[tuple[str, str, str, str, str, str]] = []
    for (source, _), steps in sorted(last.items()):
        seen = max(steps.values(), key=lambda o: o.ended_at)
        worst = next((o for o in steps.values() if o.status in BAD), seen)
        records = str(steps["parse"].records) if "parse" in steps else "-"
        rows.append((source, seen.target, f"{seen.ended_at:%Y-%m-%d %H:%M}", worst.status, records, worst.message))
    published = current_file(settings.store)
    try:
        held, silent = (_held(settings.store), _silent(settings.store)) if published else ([], [])
    except DamagedWarehouse as error:
        held, silent = [str(error)], []
    return Status(settings.store, published, rows, held, silent, _unread(_last_reference(settings.store)))


def _held(store: Path) -> list[str]:
    with connect(store) as connection:
        held = connection.execute(
            "SELECT source, batch_date, reason, list(table_name ORDER BY table_name) FROM ops.batch WHERE status = 'held' "
            "GROUP BY ALL ORDER BY ALL"
        )
        return [
            f"HELD {source} {day} {', '.join(names)}: {why}. A good batch replaces it; if it is right after all: "
            f"dozor accept {source} {names[0] if len(names) == 1 else 'TABLE'} {day} --reason '...'"
            for source, day, why, names in held.fetchall()
        ]


def _silent(store: Path) -> list[str]:
    with connect(store) as connection:
        silent = connection.execute(
            "SELECT source, silent_days, max_silence_days FROM mart.source_health JOIN ref.source USING (source) "
            "WHERE is_silent AND source IN (SELECT w.source FROM ref.watch AS w JOIN ref.watch_entity AS e USING (watch_id) "
            "WHERE e.valid_to IS NULL) GROUP BY ALL ORDER BY ALL"
        )
        return [
            f"SILENT {source}: no new record for {days} days, more than {most}. What it answered: "
            f"dozor sql \"FROM ops.capture WHERE source = '{source}' ORDER BY fetched_at DESC LIMIT 20\""
            for source, days, most in silent.fetchall()
        ]
