"""The parse step: captures of one source and day to batches, in worker processes.

Only captures that the partition's batches were not made from yet, or that an older version or another policy on personal data
read, are parsed; the rows of the others stay. A page that hangs or kills its worker costs that page: it is named in the outcome.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from collectors.archive import capture_files, read_facts
from collectors.known import KnownSource
from collectors.reading.version import READING_VERSION
from collectors.registry import SourceModule, sources
from collectors.source import Outcome, OutcomeStatus
from dozor.own_folder import own_folder
from dozor.parse_task import Parsed, Task, parse_task
from dozor.tombstones import Erased, erased
from dozor.workers import Lost, Workers
from transforms.normalise import DEFAULT_POLICY, Policy
from transforms.tables import PERSONAL, TABLE_VERSION, table_of
from warehouse.batches import extend_batch, read_batch_footer
from warehouse.files import batch_path, work_dir

SECONDS_PER_CAPTURE = 5.0
SECONDS_TO_START = 60.0  # a new worker loads the reader first, which takes long on a busy machine
MESSAGES = 5  # errors quoted in an outcome; the rest is counted


@dataclass(slots=True)
class _Sum:
    """What came of a partition."""

    captures: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    errors: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # watch_id -> messages
    left_out: Counter[str] = field(default_factory=Counter)  # records of erased addresses and people

    def add(self, parsed: Parsed, watches: Mapping[str, str]) -> None:
        self.captures.update(parsed.captures)
        self.records.update(parsed.records)
        self.left_out.update(parsed.left_out)
        for capture_id, message in parsed.errors.items():
            self.errors[watches[capture_id]].append(f"{message} (dozor show {capture_id})")


def version_of(module: SourceModule) -> str:
    """The version of a row: source + reading + table."""
    return f"{module.declaration.version}.{READING_VERSION}.{TABLE_VERSION}"


def parse_partition(
    store: Path,
    source: str,
    day: date,
    *,
    run_id: str,
    policies: Mapping[str, Policy],
    salt: bytes,
    workers: Workers,
    now: datetime,
    targets: Mapping[str, str],
) -> list[Outcome]:
    """Parse what is new in a partition and extend its batches; one outcome a watch, none when nothing was new."""
    module = sources()[source]
    version = version_of(module)
    kinds = {table_of(kind).name: kind for kind in module.declaration.kinds}
    reader = _Reader(version, policies if not PERSONAL.keys().isdisjoint(kinds) else {})
    done = _done(store, kinds, source, day)
    with own_folder(work_dir(store), "parse-") as folder:
        tasks, watches = _tasks(store, source, day, reader, done, salt, str(folder), erased(store))
        if not tasks and all(batch_path(store, name, source, day).exists() for name in kinds):
            return []
        total = _Sum()
        rows: dict[str, list[str]] = {name: [] for name in kinds}  # files
        for parsed in _parse(tasks, watches, workers):
            total.add(parsed, watches)
            for name, path in parsed.rows.items():
                rows[name].append(path)
        captures = {capture_id: reader.name(watch_id) for capture_id, watch_id in watches.items()}
        for name in kinds:
            extend_batch(store, name, source, day, _read(rows[name]), captures)
        _note_seen(store, source, (table for paths in rows.values() for table in _read(paths)))
    return [_outcome(run_id, source, watch_id, targets.get(watch_id, ""), now, total) for watch_id in sorted(total.captures)]


@dataclass(frozen=True, slots=True)
class _Reader:
    """What reads the captures of a source, as footers of batches name it: the version, and by which policy names of people are
    written where it is not the default, so that a changed policy reads again what is stored."""

    version: str
    policies: Mapping[str, Policy]  # watch_id -> policy; empty where the source knows no people

    def name(self, watch_id: str) -> str:
        policy = self.policies.get(watch_id, DEFAULT_POLICY)
        return self.version if policy == DEFAULT_POLICY else f"{self.version}+{policy}"

    def has_read(self, read_by: str | None, watch_id: str) -> bool:
        """Whether a capture needs no reading; one whose watch left the list, and has no policy, stays by that it was read by."""
        if watch_id in self.policies:
            return read_by == self.name(watch_id)
        return read_by is not None and read_by.partition("+")[0] == self.version


def _done(store: Path, names: Iterable[str], source: str, day: date) -> dict[str, str]:
    """Captures that every batch of the partition was made from by the same reader, and that reader."""
    paths = [batch_path(store, name, source, day) for name in names]
    first, *others = [read_batch_footer(path).captures if path.exists() else {} for path in paths]
    return {capture_id: read_by for capture_id, read_by in first.items() if all(o.get(capture_id) == read_by for o in others)}


def _tasks(
    store: Path,
    source: str,
    day: date,
    reader: _Reader,
    done: Mapping[str, str],
    salt: bytes,
    folder: str,
    erased: Erased,
) -> tuple[list[Task], dict[str, str]]:
    """What is to parse, and the watch of each capture of it."""
    tasks: list[Task] = []
    watches: dict[str, str] = {}
    for path in capture_files(store, source, day):
        for number, table in enumerate(read_facts(path, ["capture_id", "watch_id", "verdict", "body_state"])):
            is_wanted = pc.and_(pc.equal(table["verdict"], pa.scalar("ok")), pc.equal(table["body_state"], pa.scalar("stored")))
            wanted = table.filter(is_wanted).to_pylist()
            found = {row["capture_id"]: row["watch_id"] for row in wanted}
            fresh = {id_: watch_id for id_, watch_id in found.items() if not reader.has_read(done.get(id_), watch_id)}
            if fresh:
                mine = {watch_id: reader.policies[watch_id] for watch_id in set(fresh.values()) if watch_id in reader.policies}
                tasks.append(Task(source, str(path), number, tuple(fresh), reader.version, mine, salt, erased, folder))
                watches.update(fresh)
    return tasks, watches


def _parse(tasks: Sequence[Task], watches: Mapping[str, str], workers: Workers) -> Iterator[Parsed]:
    for task, result in workers.map(parse_task, tasks, seconds=_seconds, split=_split):
        if isinstance(result, Lost):
            (capture_id,) = task.capture_ids
            yield Parsed(captures=Counter([watches[capture_id]]), errors={capture_id: result.reason})
        else:
            yield result


def _seconds(task: Task) -> float:
    return SECONDS_TO_START + SECONDS_PER_CAPTURE * (1 + len(task.capture_ids) / 8)


def _split(task: Task) -> list[Task]:
    return [replace(task, capture_ids=(capture_id,)) for capture_id in task.capture_ids]


def _read(paths: Iterable[str]) -> Iterator[pa.Table]:
    for path in paths:
        with pa.memory_map(path) as file:
            yield pa.ipc.open_file(file).read_all()


def _note_seen(store: Path, source: str, tables: Iterable[pa.Table]) -> None:
    known = KnownSource(store, source)
    for table in tables:
        if table["native_id"].null_count == table.num_rows:
            continue
        columns = [table[name].to_pylist() for name in ("watch_id", "native_id", "published_at", "fetched_at")]
        for watch_id, native_id, published_at, fetched_at in zip(*columns, strict=True):
            if native_id:
                known.note_seen(watch_id, native_id, published_at, fetched_at)
    known.save()


def _outcome(run_id: str, source: str, watch_id: str, target: str, now: datetime, total: _Sum) -> Outcome:
    records, wrong = total.records[watch_id], total.errors.get(watch_id, [])
    status: OutcomeStatus = ("partial" if records else "failed") if wrong else "ok" if records else "empty"
    words = wrong[:MESSAGES]
    if len(wrong) > MESSAGES:
        words.append(f"and {len(wrong) - MESSAGES} more")
    if left_out := total.left_out[watch_id]:
        words.append(f"records left out because their addresses or authors were erased: {left_out} (erasures/ in the store)")
    return Outcome(
        run_id=run_id,
        source=source,
        watch_id=watch_id,
        step="parse",
        target=target,
        status=status,
        started_at=now,
        ended_at=now,
        captures=total.captures[watch_id],
        records=records,
        errors=len(wrong),
        message="; ".join(words),
    )


def policy_by_watch(rows: Iterable[tuple[str, Policy]]) -> dict[str, Policy]:
    """The policy of each watch: of the projects that share it, the one that protects people most."""
    strength = {"keep": 0, "hash": 1, "drop": 2}
    policies: dict[str, Policy] = {}
    for watch_id, policy in rows:
        policies[watch_id] = max(policy, policies.get(watch_id, policy), key=strength.__getitem__)
    return policies
