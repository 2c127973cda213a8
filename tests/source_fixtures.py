"""Hand-made answers of the outside world, in `tests/fixtures/<source>/`.

watch.json            a watch, and the spellings of targets that mean the same
<case>.capture.json   the answer: url, label, context, status, headers, and the name of the body's file
<case>.expected.json  what the source makes of it: verdict, records, further requests
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from collectors.records import Page, Publication, Record
from collectors.registry import SourceModule, sources
from collectors.source import Capture, Fetched, ParseError, Request, Seen, Watch, Window

FIXTURES = Path(__file__).parent / "fixtures"
NIGHT = Window(datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))
OBSERVED_AT = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)


@dataclass(frozen=True)
class NothingKnown:
    """A watch on its first night; `ids` are native ids that were seen before."""

    ids: tuple[str, ...] = ()
    answers: tuple[Fetched, ...] = ()

    def seen(self, native_id: str) -> Seen | None:
        return Seen(native_id, None, OBSERVED_AT, OBSERVED_AT) if native_id in self.ids else None

    def all_seen(self) -> Iterator[Seen]:
        return (Seen(native_id, None, OBSERVED_AT, OBSERVED_AT) for native_id in self.ids)

    def fetched(self, fingerprint: str) -> Fetched | None:
        return next((answer for answer in self.answers if answer.fingerprint == fingerprint), None)

    def all_fetched(self) -> Iterator[Fetched]:
        return iter(self.answers)


@dataclass(frozen=True)
class Case:
    """One fixture of one source."""

    source: str
    name: str

    @property
    def module(self) -> SourceModule:
        return sources()[self.source]

    @property
    def expected_path(self) -> Path:
        return FIXTURES / self.source / f"{self.name}.expected.json"

    def capture(self, **changes: Any) -> Capture:
        meta = json.loads((FIXTURES / self.source / f"{self.name}.capture.json").read_text("utf-8"))
        body = (FIXTURES / self.source / meta.pop("body")).read_bytes()
        return capture(self.source, **{"body": body, **meta, **changes})


def cases(source: str | None = None) -> list[Case]:
    """All fixtures, of one source or of all."""
    paths = sorted(FIXTURES.glob(f"{source or '*'}/*.capture.json"))
    return [Case(path.parent.name, path.name.removesuffix(".capture.json")) for path in paths]


def capture(source: str, *, url: str, body: bytes, **more: Any) -> Capture:
    """A capture as the engine makes one."""
    given: dict[str, Any] = {"final_url": url, "http_status": 200, "media_type": "text/html", "charset": "utf-8", **more}
    return Capture(
        capture_id="cap_fixture",
        run_id="run_fixture",
        source=source,
        watch_id="watch_fixture",
        fingerprint="fingerprint",
        url=url,
        body=body,
        body_state="stored",
        fetched_at=OBSERVED_AT,
        observed_at=OBSERVED_AT,
        **given,
    )


def watch_of(source: str) -> tuple[Watch, Mapping[str, str]]:
    """The watch of a source's fixtures, and spellings of targets with what they mean."""
    meta = json.loads((FIXTURES / source / "watch.json").read_text("utf-8"))
    module = sources()[source]
    options = module.canonical_options(meta["options"])
    return Watch(source=source, target=module.canonical_target(meta["target"]), options=options), meta["spellings"]


def address(request: Request, base_url: str) -> str:
    """Where a request goes."""
    url = request.url or base_url.rstrip("/") + "/" + request.path.lstrip("/")
    params = {name: value for name, value in request.params.items() if value is not None}
    return f"{url}?{urlencode(params, doseq=True)}" if params else url


def answer_of(case: Case) -> dict[str, Any]:
    """What a source makes of a fixture, as JSON."""
    module, captured = case.module, case.capture()
    verdict = module.judge(captured)
    answer: dict[str, Any] = {"verdict": verdict.kind}
    if verdict.reason:
        answer["reason"] = verdict.reason
    if verdict.seconds:
        answer["seconds"] = verdict.seconds
    if verdict.until:
        answer["until"] = verdict.until.isoformat()
    if verdict.kind == "ok":
        try:
            answer["records"] = [plain(record) for record in module.parse(captured)]
            answer["requests"] = [address(request, module.declaration.base_url) for request in further(case)]
        except ParseError as error:
            answer["error"] = str(error)
    return json.loads(json.dumps(answer, ensure_ascii=False, default=str))  # type: ignore[no-any-return]


def further(case: Case) -> list[Request]:
    """What a source asks next, on its first night."""
    follow = case.module.follow
    return list(follow(case.capture(), NothingKnown())) if follow else []


def plain(record: Record) -> dict[str, Any]:
    """A record as JSON values: its kind, and the fields that say something."""
    said = {"record": type(record).__name__}
    for one in fields(record):
        if isinstance(record, Page) and one.name == "kind":
            continue  # what a trained model takes the page for; tests/reading judges that
        value = getattr(record, one.name)
        if one.name == "text" and value and _is_chosen_by_a_model(record):
            value = max(value.split("\n"), key=len)  # the heart of it; whether a heading belongs to it is judged in tests/reading
        default = one.default if one.default is not MISSING else None
        if value not in (None, (), {}) and value != default:
            said[one.name] = _json(value)
    return said


def _is_chosen_by_a_model(record: Record) -> bool:
    """Whether the text is the main text of a page, told from the rest by trained weights that may be trained anew."""
    if isinstance(record, Page):
        return not record.selector
    return isinstance(record, Publication) and record.kind == "article" and not record.is_partial


def _json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            one.name: _json(part) for one in fields(value) if (part := getattr(value, one.name)) is not None and part is not False
        }
    if isinstance(value, Mapping):
        return {name: _json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_json(part) for part in value]
    return value.isoformat() if isinstance(value, datetime) else str(value) if isinstance(value, Decimal) else value
