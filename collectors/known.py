"""What was seen before, per watch: derived from the archive, rebuilt from it at any time.

    known/source=S.parquet      `fetched` rows: the last stored answer per request fingerprint
                                `seen` rows: first and last sight of each native id

It serves conditional requests, "until the last seen id", sitemap lastmod and the re-observation of counters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collectors.archive import capture_files, facts, locked, replacing
from collectors.source import Capture, Fetched, Seen

_time = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
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
    ]
)
GONE = (404, 410)


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
    """What is known of all watches of one source: loaded once, noted during a run, saved at its end."""

    def __init__(self, store: Path, source: str) -> None:
        self._path = store / "known" / f"source={source}.parquet"
        self._watches: dict[str, WatchKnown] = {}
        self._changed: set[tuple[str, str, str]] = set()  # watch, kind, key
        for row in _rows(self._path):
            self._put(row)

    def of(self, watch_id: str) -> WatchKnown:
        """The view of one watch, empty for one never seen. It does not move while a run notes new things."""
        known = self._watches.get(watch_id, WatchKnown())
        return WatchKnown(dict(known._fetched), dict(known._seen))

    def note_capture(self, capture: Capture) -> None:
        """Remember an answer: its body, validators, or that the thing is gone."""
        if capture.origin != "live":
            return
        fetched = self._watches.setdefault(capture.watch_id, WatchKnown())._fetched
        before = fetched.get(capture.fingerprint)
        after = _after(before, capture)
        if after is not None:
            fetched[capture.fingerprint] = after
            self._changed.add((capture.watch_id, "fetched", capture.fingerprint))

    def note_seen(self, watch_id: str, native_id: str, published_at: datetime | None, fetched_at: datetime) -> None:
        """Remember a sight of a native id."""
        seen = self._watches.setdefault(watch_id, WatchKnown())._seen
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
        with locked(self._path.with_suffix(".lock")):
            merged = {(r["watch_id"], r["kind"], r["key"]): r for r in _rows(self._path)}
            for watch_id, kind, key in self._changed:
                row = self._row(watch_id, kind, key)
                before = merged.get((watch_id, kind, key))
                merged[watch_id, kind, key] = row if before is None else _later(before, row)
            _write_rows(self._path, [merged[key] for key in sorted(merged)])
        self._changed.clear()

    def _put(self, row: dict[str, Any]) -> None:
        known = self._watches.setdefault(row["watch_id"], WatchKnown())
        first, last, gone = row["first_fetched_at"], row["last_fetched_at"], row["gone_since"]
        if row["kind"] == "fetched":
            known._fetched[row["key"]] = Fetched(
                row["key"],
                row["url"],
                row["capture_id"],
                row["body_hash"],
                row["etag"],
                row["last_modified"],
                first,
                last,
                row["http_status"],
                gone,
            )
        else:
            known._seen[row["key"]] = Seen(row["key"], row["published_at"], first, last, gone)

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
        )
    if capture.http_status in GONE and before is not None:
        return replace(before, gone_since=before.gone_since or at, http_status=capture.http_status, last_fetched_at=at)
    return None


def _later(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Two notes of the same thing: the later one, with the earliest first sight."""
    late = b if b["last_fetched_at"] >= a["last_fetched_at"] else a
    return {
        **late,
        "first_fetched_at": min(a["first_fetched_at"], b["first_fetched_at"]),
        "published_at": late["published_at"] or a["published_at"] or b["published_at"],
    }


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    if not path.exists():
        return []
    rows: list[dict[str, Any]] = pq.read_table(path, schema=SCHEMA).to_pylist()
    return rows


def _write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    with replacing(path) as beside:
        columns = {name: pa.array([row[name] for row in rows], SCHEMA.field(name).type) for name in SCHEMA.names}
        pq.write_table(pa.table(columns, schema=SCHEMA), beside, compression="zstd")


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
        kept = [row for row in _rows(path) if row["capture_id"] not in capture_ids]
        _write_rows(path, kept)
