"""What was seen before, per watch: derived from the archive, rebuilt from it at any time.

    known/source=S.parquet      `fetched` rows: the last stored answer per request fingerprint
                                `seen` rows: first and last sight of each native id

It serves conditional requests, "until the last seen id", sitemap lastmod and the re-observation of counters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collectors.archive import capture_files, facts, locked, replacing
from collectors.source import Capture, Fetched, Seen

_time = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [  # type: ignore[arg-type]  # the stubs want one type for all fields
        ("watch_id", pa.string()),
        ("kind", pa.string()),
        ("key", pa.string()),
        ("url", pa.string()),
        ("capture_id", pa.string()),
        ("body_hash", pa.string()),
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        ("http_status", pa.int16()),
        ("published_at", _time),
        ("first_fetched_at", _time),
        ("last_fetched_at", _time),
        ("gone_since", _time),
        ("depth", pa.int16()),
    ]
)
GONE = (404, 410)
_FETCHED = [field.name for field in fields(Fetched) if field.name != "fingerprint"]
_SEEN = [field.name for field in fields(Seen) if field.name != "native_id"]


@dataclass(slots=True)
class WatchKnown:
    """The view of one watch; satisfies `collectors.source.Known`."""

    _fetched: dict[str, Fetched] = field(default_factory=dict)
    _seen: dict[str, Seen] = field(default_factory=dict)

    def seen(self, native_id: str) -> Seen | None:
        return self._seen.get(native_id)

    def all_seen(self) -> Iterator[Seen]:
        return iter(tuple(self._seen.values()))

    def fetched(self, fingerprint: str) -> Fetched | None:
        return self._fetched.get(fingerprint)

    def all_fetched(self) -> Iterator[Fetched]:
        return iter(tuple(self._fetched.values()))


class KnownSource:
    """What is known of all watches of one source: read once, noted during a run, saved at its end."""

    def __init__(self, store: Path, source: str) -> None:
        self._path = store / "known" / f"source={source}.parquet"
        self._table = _read(self._path)
        self._places = _places(self._table)
        self._watches: dict[str, WatchKnown] = {}
        self._changed: set[tuple[str, str, str]] = set()  # watch, kind, key

    def of(self, watch_id: str) -> WatchKnown:
        """The view of one watch, empty for one never seen. It does not move while a run notes new things."""
        known = self._of(watch_id)
        return WatchKnown(dict(known._fetched), dict(known._seen))

    def _of(self, watch_id: str) -> WatchKnown:
        """What is known of a watch, made of its rows when it is first asked for."""
        known = self._watches.get(watch_id)
        if known is None:
            known = self._watches[watch_id] = WatchKnown()
            for first, length in self._places.get(watch_id, ()):
                for row in self._table.slice(first, length).to_pylist():
                    _put(known, row)
        return known

    def note_capture(self, capture: Capture) -> None:
        """Remember an answer: its body, validators, or that the thing is gone."""
        if capture.origin != "live":
            return
        fetched = self._of(capture.watch_id)._fetched
        before = fetched.get(capture.fingerprint)
        after = _after(before, capture)
        if after is not None:
            fetched[capture.fingerprint] = after
            self._changed.add((capture.watch_id, "fetched", capture.fingerprint))

    def note_seen(self, watch_id: str, native_id: str, published_at: datetime | None, fetched_at: datetime) -> None:
        """Remember a sight of a native id."""
        seen = self._of(watch_id)._seen
        before = seen.get(native_id)
        if before is None:
            seen[native_id] = Seen(native_id, published_at, fetched_at, fetched_at)
        else:
            seen[native_id] = replace(
                before,
                published_at=before.published_at or published_at,
                first_fetched_at=min(before.first_fetched_at, fetched_at),
                last_fetched_at=max(before.last_fetched_at, fetched_at),
            )
        if seen[native_id] != before:
            self._changed.add((watch_id, "seen", native_id))

    def save(self) -> None:
        """Merge what was noted into the file; another process that saved meanwhile loses nothing."""
        if not self._changed:
            return
        changed = pa.array(["\0".join(key) for key in self._changed])
        with locked(self._path.with_suffix(".lock")):
            table = _read(self._path)
            is_changed = pc.is_in(_keys(table), changed)
            before = {(row["watch_id"], row["kind"], row["key"]): row for row in table.filter(is_changed).to_pylist()}
            rows = [_later(before.get(key), self._row(*key)) for key in sorted(self._changed)]
            _write(self._path, pa.concat_tables([table.filter(pc.invert(is_changed)), _table(rows)]))
        self._changed.clear()

    def _row(self, watch_id: str, kind: str, key: str) -> dict[str, Any]:
        known = self._watches[watch_id]
        thing: Fetched | Seen = known._fetched[key] if kind == "fetched" else known._seen[key]
        return {"watch_id": watch_id, "kind": kind, "key": key} | {
            name: getattr(thing, name, None) for name in SCHEMA.names if name not in ("watch_id", "kind", "key")
        }


def _after(before: Fetched | None, capture: Capture) -> Fetched | None:
    at = capture.fetched_at
    first = before.first_fetched_at if before else at
    if capture.verdict in ("ok", "empty", "unchanged") and capture.body_of:
        return Fetched(
            fingerprint=capture.fingerprint,
            url=capture.url,
            capture_id=capture.body_of,
            body_hash=capture.body_hash or (before.body_hash if before else ""),
            etag=capture.headers.get("etag") or (before.etag if before and capture.verdict == "unchanged" else None),
            last_modified=capture.headers.get("last-modified")
            or (before.last_modified if before and capture.verdict == "unchanged" else None),
            first_fetched_at=first,
            last_fetched_at=at,
            http_status=200 if capture.http_status == 304 else capture.http_status,
            depth=min(before.depth, capture.depth) if before else capture.depth,
        )
    if before is not None and (capture.http_status in GONE or capture.error == "soft_404"):
        return replace(before, gone_since=before.gone_since or at, http_status=capture.http_status, last_fetched_at=at)
    return None


def _later(a: dict[str, Any] | None, b: dict[str, Any]) -> dict[str, Any]:
    """Two notes of the same thing: the later one, with the earliest first sight and the shortest way."""
    if a is None:
        return b
    late = b if b["last_fetched_at"] >= a["last_fetched_at"] else a
    return {
        **late,
        "first_fetched_at": min(a["first_fetched_at"], b["first_fetched_at"]),
        "published_at": late["published_at"] or a["published_at"] or b["published_at"],
        "depth": min(a["depth"] or 0, b["depth"] or 0),
    }


def _put(known: WatchKnown, row: dict[str, Any]) -> None:
    facts = {name: row[name] for name in (_FETCHED if row["kind"] == "fetched" else _SEEN)}
    if row["kind"] == "fetched":
        facts["depth"] = facts["depth"] or 0  # a file of before depths were kept
        known._fetched[row["key"]] = Fetched(row["key"], **facts)
    else:
        known._seen[row["key"]] = Seen(row["key"], **facts)


def _keys(table: pa.Table) -> Any:
    return pc.call_function("binary_join_element_wise", [table["watch_id"], table["kind"], table["key"], pa.scalar("\0")])


def _places(table: pa.Table) -> dict[str, list[tuple[int, int]]]:
    """Where the rows of each watch lie: runs of (first row, how many)."""
    runs = pc.call_function("run_end_encode", [table["watch_id"].combine_chunks()])
    places: dict[str, list[tuple[int, int]]] = {}
    first = 0
    for watch_id, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        places.setdefault(watch_id, []).append((first, end - first))
        first = end
    return places


def _read(path: Path) -> pa.Table:
    return pq.read_table(path, schema=SCHEMA) if path.exists() else SCHEMA.empty_table()


def _table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def _write(path: Path, table: pa.Table) -> None:
    """Sorted, so that the same knowledge makes the same file and the rows of a watch lie together."""
    with replacing(path) as beside:
        pq.write_table(table.sort_by([(name, "ascending") for name in ("watch_id", "kind", "key")]), beside, compression="zstd")


def rebuild(store: Path, source: str) -> None:
    """Make the `fetched` half of a source's file anew from its captures (the `seen` half comes back with `parse`)."""
    path = store / "known" / f"source={source}.parquet"
    path.unlink(missing_ok=True)
    known = KnownSource(store, source)
    for file in capture_files(store, source):
        for capture in facts(file):
            known.note_capture(capture)
    known.save()


def forget(store: Path, source: str, capture_ids: set[str]) -> None:
    """Drop what is known through these captures, so that their addresses are asked anew and not answered by an erased body."""
    path = store / "known" / f"source={source}.parquet"
    with locked(path.with_suffix(".lock")):
        table = _read(path)
        _write(path, table.filter(pc.invert(pc.is_in(table["capture_id"], pa.array(sorted(capture_ids), pa.string())))))
