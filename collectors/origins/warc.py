"""Web archive files (WARC 1.0/1.1, ARC; ISO 28500): responses in them as captures, and captures as responses.

A response becomes a capture of the watch that would have asked for its URL, with the time at which it was recorded, and is read
by that watch's source. What no watch asks for is counted and left. A broken record ends the file with a warning: what stood
before it is kept.
"""

from __future__ import annotations

import io
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from collectors.archive import ArchiveWriter, body_hash, capture_files, read_facts
from collectors.known import WatchKnown
from collectors.registry import SourceModule, sources
from collectors.runs import Run
from collectors.source import Capture, Request, Verdict, Watch, Window, digest
from collectors.urls import normalise_url
from collectors.walls import wall

log = logging.getLogger(__name__)

ORIGIN = "warc"
_EPOCH = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(slots=True)
class Imported:
    """What came of a file."""

    captures: Counter[str] = field(default_factory=Counter)  # per source
    known: int = 0  # records that were imported before
    unasked: int = 0  # responses that no watch asks for
    warning: str = ""

    def __str__(self) -> str:
        made = ", ".join(f"{count} captures of {source}" for source, count in sorted(self.captures.items())) or "no captures"
        parts = [made, f"{self.unasked} responses no watch asks for"]
        if self.known:
            parts.append(f"{self.known} imported before")
        if self.warning:
            parts.append(f"WARNING {self.warning}")
        return "; ".join(parts)


class WarcError(Exception):
    """A file that is no web archive; says which."""

    exit_code = 1


def import_warc(store: Path, run: Run, path: Path, watches: Sequence[Watch], now: datetime) -> Imported:
    """Archive the responses of a file as captures of the watches that ask for them, in the partition of the run's day.

    Importing a file again changes nothing. WarcError when it cannot be read at all.
    """
    result = Imported()
    asking = _Asking(watches)
    writers: dict[str, ArchiveWriter] = {}
    seen: dict[str, set[str]] = {}
    bodies: dict[tuple[str, str], Capture] = {}  # (watch, payload digest) -> capture that has the body
    try:
        for record in _records(path, result):
            url = (record.rec_headers.get_header("WARC-Target-URI") or record.rec_headers.get_header("uri") or "").strip("<>")
            asked = list(asking.of(url))
            result.unasked += not asked
            for module, watch, request in asked:
                name = module.name
                if name not in seen:
                    seen[name] = _imported_before(store, name)
                    writers[name] = ArchiveWriter(store, name, run.day, run.run_id)
                capture = _capture(record, url, run, module, watch, request, now, bodies)
                if capture is None or capture.capture_id in seen[name]:
                    result.known += capture is not None
                    continue
                seen[name].add(capture.capture_id)
                writers[name].add(capture)
                result.captures[name] += 1
                if writers[name].is_full:
                    writers[name].flush()
    finally:
        for writer in writers.values():
            writer.close()
    return result


class _Asking:
    """Which watches would ask for a URL, and how."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._plain: dict[str, list[tuple[SourceModule, Watch, Request]]] = {}
        self._wide: list[tuple[SourceModule, Watch]] = []
        for watch in watches:
            module = sources()[watch.source]
            if module.request_for is not None:
                self._wide.append((module, watch))
                continue
            for request in module.plan(watch, Window(_EPOCH, datetime.now(UTC)), WatchKnown()):
                if request.method == "GET" and request.url:
                    self._plain.setdefault(normalise_url(request.url), []).append((module, watch, request))

    def of(self, url: str) -> Iterator[tuple[SourceModule, Watch, Request]]:
        yield from self._plain.get(normalise_url(url), ())
        for module, watch in self._wide:
            assert module.request_for is not None
            request = module.request_for(watch, url)
            if request is not None:
                yield module, watch, request


def _records(path: Path, result: Imported) -> Iterator[ArcWarcRecord]:
    count = 0
    with path.open("rb") as file:
        try:
            for record in ArchiveIterator(file, arc2warc=True):
                count += 1
                if record.rec_type in ("response", "revisit", "resource"):
                    yield record
        except (ArchiveLoadFailed, EOFError, OSError, ValueError, UnicodeDecodeError) as error:
            if not count:
                raise WarcError(f"{path} is not a web archive (WARC or ARC) file: {error}") from error
            result.warning = f"the file is broken after record {count}, the rest of it is lost: {error}"
            log.warning("%s: %s", path, result.warning)


def _imported_before(store: Path, source: str) -> set[str]:
    found: set[str] = set()
    for path in capture_files(store, source):
        for table in read_facts(path, ["capture_id", "origin"]):
            rows = zip(table["capture_id"].to_pylist(), table["origin"].to_pylist(), strict=True)
            found.update(str(capture_id) for capture_id, origin in rows if origin == ORIGIN)
    return found


def _capture(
    record: ArcWarcRecord,
    url: str,
    run: Run,
    module: SourceModule,
    watch: Watch,
    request: Request,
    now: datetime,
    bodies: dict[tuple[str, str], Capture],
) -> Capture | None:
    observed_at = _time(record.rec_headers.get_header("WARC-Date") or "")
    if observed_at is None:
        return None
    http: StatusAndHeaders | None = record.http_headers
    headers = {name.lower(): value for name, value in (http.headers if http else ())}
    media_type, charset = _content_type(headers.get("content-type") or record.rec_headers.get_header("Content-Type") or "")
    status = int(http.get_statuscode()) if http and http.get_statuscode().isdigit() else 200
    payload = record.rec_headers.get_header("WARC-Payload-Digest") or ""
    record_id = record.rec_headers.get_header("WARC-Record-ID") or f"{url} {observed_at}"
    capture_id = f"cap_{int(observed_at.timestamp() * 1000):012x}{digest(record_id, watch.watch_id)[:12]}"
    body, error = (None, "") if record.rec_type == "revisit" else _body(record, module.declaration.max_body)
    capture = Capture(
        capture_id=capture_id,
        run_id=run.run_id,
        source=module.name,
        watch_id=watch.watch_id,
        origin=ORIGIN,
        label=request.label,
        context=request.context,
        fingerprint=request.fingerprint,
        url=url,
        final_url=url,
        http_status=status,
        error=error,
        headers=headers,
        media_type=media_type,
        charset=charset,
        body=body,
        body_hash=body_hash(body) if body is not None else "",
        body_of=capture_id if body is not None else "",
        body_state="stored" if body is not None else "too_large" if error == "too_large" else "none",
        fetched_at=now,
        observed_at=observed_at,
    )
    earlier = bodies.get((watch.watch_id, payload)) if payload else None
    if record.rec_type == "revisit":
        if earlier is None:
            return capture.with_verdict(Verdict("skip", "a revisit whose original is not in the file before it"))
        return _same_body(capture, earlier)
    if payload and body is not None:
        bodies[watch.watch_id, payload] = capture
    if error:
        return capture.with_verdict(Verdict("failed", f"the body of {url} is {error.replace('_', ' ')}"))
    found = wall(status, headers, media_type, body, url, url)
    return capture.with_verdict(Verdict("blocked", found.reason) if found else module.judge(capture))


def _same_body(capture: Capture, earlier: Capture) -> Capture:
    return replace(capture, verdict="unchanged", body_hash=earlier.body_hash, body_of=earlier.capture_id, body_state="same")


def _body(record: ArcWarcRecord, limit: int) -> tuple[bytes | None, str]:
    """The body, unpacked, and what was wrong with it. Reads no more than one byte past the limit."""
    try:
        body = record.content_stream().read(limit + 1)
    except (OSError, EOFError, ValueError) as error:
        log.warning("%s: a body could not be unpacked: %s", record.rec_headers.get_header("WARC-Target-URI"), error)
        return None, "decode"
    return (None, "too_large") if len(body) > limit else (body, "")


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _content_type(text: str) -> tuple[str, str]:
    message = Message()
    message["content-type"] = text
    return message.get_content_type() if text else "", message.get_content_charset() or ""


def export_warc(captures: Iterable[Capture], path: Path, software: str) -> int:
    """Write captures that have an HTTP answer as WARC 1.1 records, each its own gzip member; returns how many.

    Bodies are written unpacked, so the headers that spoke of their packing are left out; unchanged bodies become revisits.
    """
    count = 0
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
        info: dict[str, Any] = {"software": software, "format": "WARC File Format 1.1"}
        writer.write_record(writer.create_warcinfo_record(path.name, info))
        for capture in captures:
            if capture.http_status is not None and (capture.body is not None or capture.body_state == "same"):
                writer.write_record(_record(writer, capture))
                count += 1
    return count


def _record(writer: WARCWriter, capture: Capture) -> ArcWarcRecord:
    dropped = ("content-encoding", "transfer-encoding", "content-length")
    headers = [(name, value) for name, value in capture.headers.items() if name not in dropped]
    http = StatusAndHeaders(
        f"{capture.http_status} ", [*headers, ("content-length", str(len(capture.body or b"")))], protocol="HTTP/1.1"
    )
    said = {
        "WARC-Date": capture.observed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "X-Dozor-Capture": json.dumps({"capture_id": capture.capture_id, "source": capture.source, "verdict": capture.verdict}),
    }
    if capture.body is None:
        said |= {
            "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
            "WARC-Payload-Digest": f"sha256:{capture.body_hash}",
        }
        return writer.create_warc_record(capture.url, "revisit", payload=io.BytesIO(), http_headers=http, warc_headers_dict=said)
    said["WARC-Payload-Digest"] = f"sha256:{capture.body_hash}"
    return writer.create_warc_record(
        capture.url, "response", payload=io.BytesIO(capture.body), http_headers=http, warc_headers_dict=said
    )
