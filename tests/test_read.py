"""`dozor read`: pages to JSON."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from collectors.reading.model import PageError
from dozor.read import explain, read_lines, read_one
from dozor.settings import SettingsError

PAGE = (
    '<html lang="ru"><head><title>Чайник</title><meta charset="utf-8"></head><body><h1>Чайник «Север»</h1>'
    "<p>Чайник кипятит воду за три минуты и держит тепло до вечера, а корпус не нагревается.</p></body></html>"
)
KEYS = {
    "id",
    "url",
    "canonical_url",
    "kind",
    "title",
    "description",
    "h1",
    "authors",
    "site_name",
    "lang",
    "published_at",
    "modified_at",
    "text",
    "comments",
    "items",
    "offers",
    "breadcrumbs",
    "links",
    "feeds",
    "technical_ids",
    "ad_marking",
    "error",
}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE, encoding="utf-8")
    return path


def answers(*lines: object) -> list[dict[str, object]]:
    target = io.StringIO()
    read_lines([line if isinstance(line, str) else json.dumps(line) for line in lines], target)
    return [json.loads(line) for line in target.getvalue().splitlines()]


def test_a_file_is_read_to_all_keys_of_a_reading(page: Path) -> None:
    answer = read_one(str(page))

    assert answer.keys() >= KEYS
    assert (answer["title"], answer["lang"], answer["error"]) == ("Чайник", "ru", None)


def test_standard_input_is_read() -> None:
    assert read_one("-", io.BytesIO(PAGE.encode()))["h1"] == "Чайник «Север»"


def test_a_page_that_cannot_be_read_says_why() -> None:
    with pytest.raises(PageError, match="nested too deeply"):
        read_one("-", io.BytesIO(b"<div>" * 50_000))


def test_explain_speaks_of_every_block(page: Path) -> None:
    assert [block["text"].split()[0] for block in explain(str(page))["blocks"]] == ["Чайник", "Чайник"]


def test_lines_are_answered_in_order_and_a_bad_one_stops_nothing(page: Path, tmp_path: Path) -> None:
    deep = tmp_path / "deep.html"
    deep.write_bytes(b"<div>" * 50_000)
    found = answers(
        {"id": 1, "url": "https://shop.example/1", "html_path": str(page)},
        "not json",
        {"id": 3, "url": "https://shop.example/3"},
        {"id": 4, "html_path": str(tmp_path / "absent.html")},
        {"id": 5, "url": "", "html_path": str(deep)},
        {"id": 6, "html_path": str(page), "fetched_at": "yesterday"},
        *({"id": number, "html_path": str(page)} for number in range(7, 30)),
    )

    assert [answer["id"] for answer in found] == [1, None, 3, 4, 5, 6, *range(7, 30)]
    errors = {answer["id"]: str(answer["error"]) for answer in found if answer["error"]}
    assert errors.keys() == {None, 3, 4, 5, 6}
    assert "line 3: 'html_path' is missing" in errors[3]
    assert "nested too deeply" in errors[5]


def test_values_are_plain_json(page: Path) -> None:
    page.write_text(
        '<title>Cup</title><meta property="article:published_time" content="2026-05-01T10:00:00+03:00">'
        '<script type="application/ld+json">{"@type": "Product", "name": "Cup",'
        ' "offers": {"price": "12.50", "priceCurrency": "EUR"}}'
        '</script><h1>Cup</h1><a rel="nofollow" href="https://shop.example/2">Saucer</a>',
        encoding="utf-8",
    )
    answer = read_one(str(page))

    assert answer["published_at"] == "2026-05-01T10:00:00+03:00"
    assert json.loads(json.dumps(answer))["offers"][0]["price_amount"] == "12.50"
    assert answer["links"] == [{"url": "https://shop.example/2", "text": "Saucer", "rel": ["nofollow"]}]


class _Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404 if "absent" in self.path else 302 if "moved" in self.path else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if "moved" in self.path:
            self.send_header("Location", "/cart/1")
        self.end_headers()
        self.wfile.write(b"User-agent: *\nDisallow: /cart\n" if self.path == "/robots.txt" else PAGE.encode())

    def log_message(self, *_: object) -> None:
        """A test says nothing of its requests."""


@pytest.fixture
def shop() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "dozor.yml"
    path.write_text("contact: https://agency.example/about\n", encoding="utf-8")
    monkeypatch.setenv("DOZOR_CONFIG", str(path))
    monkeypatch.delenv("DOZOR_CONTACT", raising=False)
    return path


def test_an_address_is_fetched_and_read(shop: str, settings: Path) -> None:
    settings.write_text("contact: https://agency.example/about\nallow_private_hosts: true\n", encoding="utf-8")

    answer = read_one(f"{shop}/tea")

    assert (answer["url"], answer["h1"], answer["error"]) == (f"{shop}/tea", "Чайник «Север»", None)
    with pytest.raises(PageError, match="404"):
        read_one(f"{shop}/absent")


def test_an_address_of_the_own_network_is_refused(shop: str, settings: Path) -> None:
    with pytest.raises(PageError, match=r"127\.0\.0\.1"):
        read_one(f"{shop}/tea")


def test_a_denied_host_is_not_asked(settings: Path) -> None:
    settings.write_text("contact: https://agency.example/about\ndenied_hosts: [shop.example]\n", encoding="utf-8")

    with pytest.raises(PageError, match="denied_hosts"):
        read_one("https://shop.example/tea")


def test_a_denied_host_is_denied_with_its_subdomains(settings: Path) -> None:
    settings.write_text("contact: https://agency.example/about\ndenied_hosts: [Shop.example]\n", encoding="utf-8")

    with pytest.raises(PageError, match="denied_hosts"):
        read_one("https://m.shop.example/tea")


def test_robots_txt_is_asked_before_an_address(shop: str, settings: Path) -> None:
    settings.write_text("contact: https://agency.example/about\nallow_private_hosts: true\n", encoding="utf-8")

    for path in ("/cart/1", "/moved-to-cart"):
        with pytest.raises(PageError, match=r"robots\.txt of 127\.0\.0\.1: Disallow: /cart"):
            read_one(f"{shop}{path}")


def test_an_address_is_connected_to_as_in_a_run(shop: str, settings: Path) -> None:
    settings.write_text(
        "contact: https://agency.example/about\nallow_private_hosts: true\nconnect_to: {shop.example: 127.0.0.1}\n",
        encoding="utf-8",
    )
    address = shop.replace("127.0.0.1", "shop.example") + "/tea"

    assert read_one(address)["url"] == address


def test_nobody_is_asked_without_a_contact(settings: Path) -> None:
    settings.write_text("{}", encoding="utf-8")

    with pytest.raises(SettingsError, match="DOZOR_CONTACT"):
        read_one("https://shop.example/tea")
