"""Plays nights over a loopback site, through the same steps as a real night, and says what the store then holds."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

import duckdb

from collectors.source import Outcome
from dozor import refreshing, steps
from dozor.settings import Settings
from dozor.workers import Workers

FIRST_NIGHT = datetime(2026, 11, 1, 1, 10, tzinfo=UTC)


@dataclass(slots=True)
class Page:
    """What a path answers."""

    body: bytes
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    location: str = ""  # where it redirects to


@dataclass(slots=True)
class Site:
    """A loopback server of pages by host and path, and the requests it saw."""

    pages: dict[tuple[str, str], Page] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    delays: dict[str, float] = field(default_factory=dict)  # host -> seconds before it answers
    port: int = 0
    lock: Lock = field(default_factory=Lock)

    def put(
        self, host: str, path: str, body: bytes | str, media_type: str = "text/html; charset=utf-8", status: int = 200
    ) -> None:
        self.pages[host, path] = Page(body.encode() if isinstance(body, str) else body, media_type, status)

    def redirect(self, host: str, path: str, location: str) -> None:
        self.pages[host, path] = Page(b"", status=301, location=location)


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            host = self.headers.get("Host", "").partition(":")[0]
            with site.lock:
                site.seen.append((host, self.path))
            time.sleep(site.delays.get(host, 0.0))
            page = site.pages.get((host, self.path)) or Page(b"<h1>Not found</h1>", status=404)
            body = page.body.replace(b"{port}", str(site.port).encode())
            self.send_response(page.status)
            self.send_header("Content-Type", page.media_type)
            self.send_header("Content-Length", str(len(body)))
            if page.location:
                self.send_header("Location", page.location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def settings_for(folder: Path, site: Site, watchlist: str, night: datetime = FIRST_NIGHT, **more: object) -> Settings:
    (folder / "watchlist.yml").write_text(watchlist.replace("{port}", str(site.port)), encoding="utf-8")
    hosts = {host for host, _ in site.pages}
    names = ("site", "page", "feed", "telegram_channel", "app_store_app", "app_store_reviews", "meta_ads", "hacker_news")
    return Settings.model_validate(
        {
            "store": folder / "store",
            "watchlist": folder / "watchlist.yml",
            "contact": "https://dozor.example/tests",
            "allow_private_hosts": True,
            "clock": night,
            "connect_to": dict.fromkeys(hosts, "127.0.0.1"),
            "pace_seconds": dict.fromkeys(names, 0.0),
            "workers": 2,
            **more,
        }
    )


def at_night(settings: Settings, number: int) -> Settings:
    """The settings of the night after so many."""
    return settings.model_copy(update={"clock": FIRST_NIGHT + timedelta(days=number)})


def night(settings: Settings, pool: Workers, run_id: str = "") -> list[Outcome]:
    """One night: collect, parse, refresh; returns all outcomes."""
    run_id = steps.begin("manual", run_id, settings=settings)
    shards = steps.due("manual", run_id, settings=settings)
    steps.collect(run_id, shards, settings=settings)
    steps.parse(run_id, shards, settings=settings, workers=pool)
    refreshing.refresh(settings=settings)
    return steps.outcomes(run_id, settings)


VOLATILE = {"capture_id", "run_id", "body_of", "fetched_at", "observed_at", "elapsed_ms"}


def contents(store: Path, skip: Callable[[str], bool] = lambda _: False) -> Mapping[str, str]:
    """A hash of the rows of every published table, whatever their order; ids and times of captures aside."""
    found = {}
    with duckdb.connect(str((store / "warehouse.duckdb").resolve()), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('obs', 'core', 'mart') ORDER BY ALL"
        ).fetchall()
        for schema, table in tables:
            if skip(f"{schema}.{table}"):
                continue
            rows = connection.execute(f"SELECT * FROM {schema}.{table}")
            names = [column[0] for column in rows.description or []]
            keep = [n for n, name in enumerate(names) if not (name in VOLATILE or name.endswith(("_at", "_from", "_to")))]
            lines = sorted(repr([row[n] for n in keep]) for row in rows.fetchall())
            found[f"{schema}.{table}"] = f"{len(lines)} {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:16]}"
    return found


def ask(store: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str((store / "warehouse.duckdb").resolve()), read_only=True) as connection:
        return connection.execute(sql).fetchall()
