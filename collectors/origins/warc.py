"""Web archive files (WARC 1.0/1.1, ARC; ISO 28500): responses in them as captures, and captures as responses.

A response becomes a capture of the watch that would have asked for its URL, with the time at which it was recorded, and is read
by that watch's source. What no watch asks for is counted and left. A broken record ends the file with a warning: what stood
before it is kept.
"""

from __future__ import annotations

import io
import json
import logging
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from collectors.archive import ArchiveWriter, body_hash, capture_files, read_facts
from collectors.bodies import content_codings, unpack
from collectors.failures import KINDS, FetchError
from collectors.known import WatchKnown
from collectors.registry import SourceModule, sources
from collectors.runs import Run
from collectors.source import Capture, Request, Verdict, Watch, Window, digest
from collectors.urls import normalise_url
from collectors.walls import wall

log = logging.getLogger(__name__)

ORIGIN = "warc"
_Bodies = dict[tuple[str, str], Capture]  # (watch, payload digest) -> the capture that has the body, itself without it
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
    bodies: _Bodies = {}
    try:
        for record in _records(path, result):
            url = (record.rec_headers.get_header("WARC-Target-URI") or record.rec_headers.get_header("uri") or "").strip("<>")
            asked = list(asking.of(url))
            result.unasked += not asked
            found = _recorded(record, max(module.declaration.max_body for module, _, _ in asked)) if asked else None
            if found is None:
                continue
            for module, watch, request in asked:
                name = module.name
                if name not in seen:
                    seen[name] = _imported_before(store, name)
                    writers[name] = ArchiveWriter(store, name, run.day, run.run_id)
                capture = _capture(found, url, run, module, watch, request, now, bodies)
                if capture.capture_id in seen[name]:
                    result.known += 1
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
        start = file.read(512)
        if start.startswith(b"\x1f\x8b"):
            with suppress(zlib.error):  # then it is no archive either
                start = zlib.decompressobj(wbits=31).decompress(start, 64)
        if not start.startswith((b"WARC/", b"filedesc:")):
            raise WarcError(f"{path} is not a web archive (WARC or ARC) file: it begins with {start[:20]!r}")
        file.seek(0)
        try:
            for record in ArchiveIterator(file, arc2warc=True):
                count += 1
                if record.rec_type in ("response", "revisit", "resource"):
                    yield record
        except (ArchiveLoadFailed, EOFError, OSError, ValueError) as error:
            result.warning = f"the file is broken after record {count}, the rest of it is lost: {error}"
            log.warning("%s: %s", path, result.warning)


def _imported_before(store: Path, source: str) -> set[str]:
    found: set[str] = set()
    for path in capture_files(store, source):
        for table in read_facts(path, ["capture_id", "origin"]):
            rows = zip(table["capture_id"].to_pylist(), table["origin"].to_pylist(), strict=True)
            found.update(str(capture_id) for capture_id, origin in rows if origin == ORIGIN)
    return found


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A response as it was recorded, whoever asks for it."""

    is_revisit: bool
    observed_at: datetime
    status: int
    headers: Mapping[str, str]
    media_type: str
    charset: str
    payload: str  # digest, as the file says
    body: bytes | None
    error: str  # a kind of failures.KINDS


def _recorded(record: ArcWarcRecord, limit: int) -> _Recorded | None:
    """The response of a record, its body read once and up to `limit` bytes; None for a record without a time."""
    said = record.rec_headers.get_header
    observed_at = _time(said("WARC-Date") or "")
    if observed_at is None:
        return None
    http: StatusAndHeaders | None = record.http_headers
    headers = {name.lower(): value for name, value in (http.headers if http else ())}
    code = http.get_statuscode() if http else "200"
    media_type, charset = _content_type(headers.get("content-type") or said("Content-Type") or "")
    is_revisit = record.rec_type == "revisit"
    body, error = (None, "") if is_revisit else _body(record, headers, limit)
    return _Recorded(
        is_revisit=is_revisit,
        observed_at=observed_at,
        status=int(code) if code.isdecimal() and 100 <= int(code[:4]) <= 999 else 0,
        headers=headers,
        media_type=media_type,
        charset=charset,
        payload=said("WARC-Payload-Digest") or "",
        body=body,
        error=error,
    )


def _capture(
    found: _Recorded, url: str, run: Run, module: SourceModule, watch: Watch, request: Request, now: datetime, bodies: _Bodies
) -> Capture:
    body, error = found.body, found.error
    hashed = body_hash(body) if body is not None else ""
    # Not by the id of the record: warcio makes those of ARC files up, and one answer may stand in two files.
    named = digest(url, found.observed_at, found.is_revisit, found.status, hashed, watch.watch_id)
    capture_id = f"cap_{int(found.observed_at.timestamp() * 1000):012x}{named[:12]}"
    if body is not None and len(body) > module.declaration.max_body:
        body, hashed, error = None, "", "too_large"
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
        http_status=found.status,
        error=error,
        headers=found.headers,
        media_type=found.media_type,
        charset=found.charset,
        body=body,
        body_hash=hashed,
        body_of=capture_id if body is not None else "",
        body_state="stored" if body is not None else "too_large" if error in ("too_large", "bomb") else "none",
        fetched_at=now,
        observed_at=found.observed_at,
    )
    earlier = bodies.get((watch.watch_id, found.payload)) if found.payload else None
    if found.is_revisit:
        if earlier is None:
            return capture.with_verdict(Verdict("skip", "a revisit whose original is not in the file before it"))
        return _same_body(capture, earlier)
    if found.payload and body is not None:
        bodies[watch.watch_id, found.payload] = replace(capture, body=None)
    if error:
        return capture.with_verdict(Verdict("failed", f"the body of {url} cannot be used: {KINDS[error]}"))
    barrier = wall(found.status, found.headers, found.media_type, body, url, url)
    if barrier is not None:
        return capture.with_verdict(Verdict("skip" if barrier.kind == "soft_404" else "blocked", barrier.reason))
    return capture.with_verdict(module.judge(capture))


def _same_body(capture: Capture, earlier: Capture) -> Capture:
    return replace(capture, verdict="unchanged", body_hash=earlier.body_hash, body_of=earlier.capture_id, body_state="same")


def _body(record: ArcWarcRecord, headers: Mapping[str, str], limit: int) -> tuple[bytes | None, str]:
    """The body, unpacked within bounds (warcio's own unpacking has none), and the kind of failure where it could not be."""
    stream = record.raw_stream
    if headers.get("transfer-encoding", "").lower() == "chunked":
        stream = ChunkedDataReader(stream, decomp_type=None)
    try:
        packed = stream.read(limit + 1)
        if len(packed) > limit:
            return None, "too_large"
        return unpack(packed, content_codings(headers.get("content-encoding", "")), limit), ""
    except FetchError as error:
        return None, error.kind
    except (OSError, EOFError, ValueError):
        return None, "truncated"


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
                record = _record(writer, capture)
                writer.write_record(record)
                record.raw_stream.close()  # a temporary file that warcio leaves open
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
        return writer.create_warc_record(
            capture.url, "revisit", payload=io.BytesIO(), length=0, http_headers=http, warc_headers_dict=said
        )
    said["WARC-Payload-Digest"] = f"sha256:{capture.body_hash}"
    return writer.create_warc_record(
        capture.url,
        "response",
        payload=io.BytesIO(capture.body),
        length=len(capture.body),  # else warcio puts a digest of its own in place of ours, which revisits name
        http_headers=http,
        warc_headers_dict=said,
    )
