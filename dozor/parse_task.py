"""What a worker of the parse step does: captures of one row group, read, parsed and normalised.

Apart from the step itself, since each worker loads this module and needs nothing else of it.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from collectors.archive import Group, read_group
from collectors.reading.model import PageError
from collectors.records import Record
from collectors.registry import sources
from collectors.source import Capture, ParseError
from dozor.bounded import bounding
from dozor.tombstones import Erased
from transforms.normalise import DEFAULT_POLICY, Policy, normalise
from transforms.tables import tables

sources(), tables()  # here, so that they are made once, for all workers that are forked from the process that loads this


Captured = list[tuple[Capture, Sequence[Record]]]


@dataclass(frozen=True, slots=True)
class Task:
    """Captures of one row group to parse; all that a worker needs to know."""

    source: str
    path: str
    number: int
    capture_ids: tuple[str, ...]
    version: str
    policies: Mapping[str, Policy]  # watch_id -> policy; watches without an entry hash
    salt: bytes
    erased: Erased  # whose records are left out
    folder: str  # where the rows go: through the disk they come cheaper than through a pipe


@dataclass(slots=True)
class Parsed:
    """What came of a task."""

    rows: dict[str, str] = field(default_factory=dict)  # table -> Arrow file of its rows
    captures: Counter[str] = field(default_factory=Counter)  # tried, per watch
    records: Counter[str] = field(default_factory=Counter)  # per watch
    errors: dict[str, str] = field(default_factory=dict)  # capture_id -> message
    left_out: Counter[str] = field(default_factory=Counter)  # records of erased addresses and people, per watch


def parse_task(task: Task) -> Parsed:
    """Runs in a worker: read, parse, normalise."""
    module = sources()[task.source]
    result = Parsed()
    by_policy: dict[Policy, Captured] = defaultdict(list)
    with bounding() as bounded:
        for capture in read_group(Group(Path(task.path), task.number), set(task.capture_ids).__contains__):
            result.captures[capture.watch_id] += 1
            try:
                with bounded():
                    records = list(module.parse(capture))
            except (ParseError, PageError) as error:
                result.errors[capture.capture_id] = str(error)
                continue
            except Exception as error:  # noqa: BLE001  one odd page must not take its neighbours with it: it is counted and named
                result.errors[capture.capture_id] = f"{type(error).__name__}: {error}"
                continue
            kept = task.erased.without(records, capture, task.salt)
            result.left_out[capture.watch_id] += len(records) - len(kept)
            result.records[capture.watch_id] += len(kept)
            by_policy[task.policies.get(capture.watch_id, DEFAULT_POLICY)].append((capture, kept))
    parts: dict[str, list[pa.Table]] = defaultdict(list)
    for policy, captured in by_policy.items():
        for name, table in _normalised(captured, task, policy, result).items():
            parts[name].append(table)
    result.rows = {
        name: _written(found, Path(task.folder) / f"{name}-{secrets.token_hex(8)}.arrow") for name, found in parts.items()
    }
    return result


def _normalised(captured: Captured, task: Task, policy: Policy, result: Parsed) -> dict[str, pa.Table]:
    """The tables of these captures; one whose record says nothing of what it is gives none, and is named."""
    try:
        return normalise(captured, task.version, policy=policy, salt=task.salt)
    except ValueError as error:
        if len(captured) == 1:
            capture, records = captured[0]
            result.records[capture.watch_id] -= len(records)
            result.errors[capture.capture_id] = str(error)
            return {}
    parts: dict[str, list[pa.Table]] = defaultdict(list)
    for one in captured:
        for name, table in _normalised([one], task, policy, result).items():
            parts[name].append(table)
    return {name: pa.concat_tables(tables) for name, tables in parts.items()}


def _written(parts: Sequence[pa.Table], path: Path) -> str:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, parts[0].schema) as writer:
        for table in parts:
            writer.write_table(table)
    return str(path)
