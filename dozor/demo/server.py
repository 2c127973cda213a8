"""The demo market on loopback: one server, many hosts, what they say depends on the day alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from dozor.demo.market import BRANDS, OUTLETS
from dozor.demo.platforms import ad_library, app_store, forum_search, telegram
from dozor.demo.shops import Answer, outlet, shop

PLATFORMS = {
    "telegram.demo.example": telegram,
    "apps.demo.example": app_store,
    "ads.demo.example": ad_library,
    "forum.demo.example": forum_search,
}
HOSTS = (*(brand.host for brand in BRANDS), *(press.host for press in OUTLETS), *PLATFORMS)


@dataclass(slots=True)
class Market:
    """A running market: its port, and the day that it plays."""

    port: int
    day: date


def answer(host: str, path: str, query: dict[str, str], day: date) -> Answer | None:
    """What a host says; None = there is no such page."""
    for brand in BRANDS:
        if brand.host == host:
            return shop(brand, path, day)
    for press in OUTLETS:
        if press.host == host:
            return outlet(press, path, day)
    return PLATFORMS[host](path, query, day) if host in PLATFORMS else None


@contextmanager
def serve(day: date) -> Iterator[Market]:
    """Serve the market on a free port of the loopback address; change `day` of what is yielded to play another."""
    market = Market(0, day)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(market))
    server.daemon_threads = True
    market.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, name="demo-market", daemon=True)
    thread.start()
    try:
        yield market
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(market: Market) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            host = self.headers.get("Host", "").partition(":")[0]
            found = answer(host, parts.path, dict(parse_qsl(parts.query)), market.day) or Answer(b"<h1>404</h1>", status=404)
            body = found.body.replace(b"{port}", str(market.port).encode())
            etag = f'"{sha256(body).hexdigest()[:20]}"'
            is_known = found.status == 200 and self.headers.get("If-None-Match") == etag
            self.send_response(304 if is_known else found.status)
            self.send_header("ETag", etag)
            if is_known:
                self.end_headers()
                return
            self.send_header("Content-Type", f"{found.media_type}; charset={found.charset}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
            """Quiet: the demo's own lines say what happens."""

    return Handler
