"""Builders for the warehouse tests: captures, batches and refreshes of an invented market."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from collectors.records import Offer, Page, Publication, Record
from collectors.source import Capture, digest
from transforms.normalise import normalise
from warehouse.batches import write_batch
from warehouse.build import build
from warehouse.checks import check
from warehouse.load import load_pending
from warehouse.publish import publish

START = datetime(2026, 11, 1, 3, tzinfo=UTC)

CAPTURE_COLUMNS = {
    "http_status": pa.int16(),
    "fetched_at": pa.timestamp("us", tz="UTC"),
    "observed_at": pa.timestamp("us", tz="UTC"),
    "elapsed_ms": pa.int32(),
    "attempt": pa.int16(),
    "depth": pa.int16(),
}
FACTS = [
    "capture_id",
    "run_id",
    "source",
    "watch_id",
    "origin",
    "label",
    "fingerprint",
    "method",
    "url",
    "final_url",
    "http_status",
    "verdict",
    "verdict_reason",
    "error",
    "media_type",
    "body_hash",
    "body_of",
    "body_state",
    "fetched_at",
    "observed_at",
    "elapsed_ms",
    "attempt",
    "depth",
]


def capture(name: str, day: int = 0, *, watch: str = "w1", source: str = "site", url: str = "", **facts: Any) -> Capture:
    """A capture of night `day`; its fingerprint is that of the URL."""
    at = START + timedelta(days=day)
    url = url or f"https://shop.example/{name}"
    facts = {"http_status": 200, "body_of": name, "body_state": "stored", "media_type": "text/html", **facts}
    return Capture(
        **{
            "capture_id": name,
            "run_id": f"run-{day}",
            "source": source,
            "watch_id": watch,
            "fingerprint": digest(url),
            "url": url,
            "final_url": url,
            "fetched_at": at,
            "observed_at": at,
            **facts,
        }
    )


def day_of(day: int) -> date:
    return (START + timedelta(days=day)).date()


def archive(store: Path, day: int, captures: Sequence[Capture], source: str = "site") -> None:
    """The captures as the archive keeps them, without bodies."""
    folder = store / "captures" / f"source={source}" / f"date={day_of(day).isoformat()}"
    folder.mkdir(parents=True, exist_ok=True)
    columns = {name: pa.array([getattr(c, name) for c in captures], CAPTURE_COLUMNS.get(name, pa.string())) for name in FACTS}
    pq.write_table(pa.table(columns), folder / "part.parquet")


def put(
    store: Path,
    day: int,
    captured: Sequence[tuple[Capture, Sequence[Record]]],
    *,
    source: str = "site",
    kinds: Sequence[type] = (),
    version: str = "1",
    erased: Sequence[str] = (),
) -> None:
    """Archive the captures and write the batches of the night."""
    archive(store, day, [c for c, _ in captured], source)
    known = {c.capture_id: version for c, _ in captured}
    for name, rows in normalise(captured, version, kinds=kinds).items():
        write_batch(store, name, source, day_of(day), rows, known, erased=erased)


def refresh(store: Path, day: int = 0, **options: Any) -> None:
    """Load, build, check, publish, at the end of night `day`."""
    load_pending(store, **options)
    build(store, now=START + timedelta(days=day, hours=1))
    assert check(store) == []
    publish(store)


def contents(path: Path, schemas: Sequence[str] = ("ref", "obs", "core", "mart", "ops")) -> dict[str, list[tuple[Any, ...]]]:
    """Every table's rows in order of their values, by name."""
    found = {}
    with duckdb.connect(str(path.resolve()), read_only=True) as connection:
        names = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE list_contains(?, schema_name) "
            "UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE list_contains(?, schema_name) ORDER BY 1",
            [list(schemas), list(schemas)],
        ).fetchall()
        for (name,) in names:
            found[name] = connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
    return found


def ask(store: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of a query on the published file."""
    with duckdb.connect(str((store / "warehouse.duckdb").resolve()), read_only=True) as connection:
        return connection.execute(sql, list(parameters)).fetchall()


def offer(name: str = "Samovar", price: str | None = "100", **fields: Any) -> Offer:
    amount = None if price is None else Decimal(price)
    return Offer(
        **{"url": f"https://shop.example/{name.lower()}", "name": name, "price_amount": amount, "currency": "RUB", **fields}
    )


def page(name: str = "samovar", text: str | None = "One line", **fields: Any) -> Page:
    return Page(**{"url": f"https://shop.example/{name}", "title": name.title(), "text": text, **fields})


def post(number: int = 1, text: str = "A post", **fields: Any) -> Publication:
    return Publication(
        **{
            "kind": "post",
            "native_id": f"tea/{number}",
            "url": f"https://t.me/tea/{number}",
            "published_at": START + timedelta(hours=number),
            "text": text,
            **fields,
        }
    )
