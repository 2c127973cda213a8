"""The report: what others wrote does nothing in it, what is unknown is a dash, and what was not seen is said."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from selectolax.lexbor import LexborHTMLParser

from dozor import refreshing
from dozor.workers import Workers
from tests.pipeline.nights import FIRST_NIGHT, Site, at_night, night, serving, settings_for
from warehouse.report import format as formats
from warehouse.report import render
from warehouse.report.charts import draw_charts
from warehouse.report.facts import Facts, List, Project, gather
from warehouse.report.words import words_of

NOW = datetime(2026, 11, 3, 1, 10, tzinfo=UTC)
MARK = "dozorpwned"  # what a payload would set as the title of the document

# R-222, G-12. {js} would run `document.title = MARK` or ask a server for /leak.
PAYLOADS = [
    payload.replace("{js}", f"document.title='{MARK}'")
    for payload in (
        "<script>{js}</script>",
        "<SCRIPT SRC=//127.0.0.1:{port}/leak></SCRIPT>",
        "</td></tr></table><script>{js}</script>",
        "</bdi><script>{js}</script>",
        "</title><script>{js}</script>",
        "</style><script>{js}</script>",
        "--><script>{js}</script>",
        "]]><script>{js}</script>",
        "<img src=x onerror={js}>",
        "<img src=http://127.0.0.1:{port}/leak>",
        '"><img src=x onerror={js}>',
        "'><img src=x onerror={js}>",
        '" onmouseover="{js}" autofocus onfocus="{js}" x="',
        "' onfocus='{js}' autofocus x='",
        "` onfocus=`{js}` autofocus",
        "<svg onload={js}>",
        "<svg><script>{js}</script></svg>",
        "<svg><animate onbegin={js} attributeName=x dur=1s>",
        "<svg><set onbegin={js}>",
        "<svg><use href='data:image/svg+xml,<svg id=x onload={js} />#x'>",
        "<svg><foreignObject><iframe srcdoc='<script>{js}</script>'>",
        "<math><mi xlink:href='javascript:{js}'>x</mi></math>",
        "<math><mtext></table></math><img src onerror={js}>",
        "<body onload={js}>",
        "<iframe src=javascript:{js}></iframe>",
        "<iframe srcdoc='<script>parent.{js}</script>'></iframe>",
        "<iframe src=http://127.0.0.1:{port}/leak></iframe>",
        "<object data=http://127.0.0.1:{port}/leak></object>",
        "<embed src=http://127.0.0.1:{port}/leak>",
        "<video src=http://127.0.0.1:{port}/leak autoplay></video>",
        "<video><source onerror={js}></video>",
        "<audio src=x onerror={js}></audio>",
        "<input autofocus onfocus={js}>",
        "<select autofocus onfocus={js}>",
        "<textarea autofocus onfocus={js}>",
        "<details open ontoggle={js}>",
        "<marquee onstart={js}>",
        "<link rel=stylesheet href=http://127.0.0.1:{port}/leak>",
        "<link rel=preload as=script href=http://127.0.0.1:{port}/leak>",
        "<link rel=dns-prefetch href=//leak.example>",
        "<style>@import 'http://127.0.0.1:{port}/leak';</style>",
        "<style>body{background:url(http://127.0.0.1:{port}/leak)}</style>",
        "<div style='background:url(http://127.0.0.1:{port}/leak)'>x</div>",
        "<meta http-equiv=refresh content='0;url=http://127.0.0.1:{port}/leak'>",
        "<meta http-equiv=refresh content='0;url=javascript:{js}'>",
        "<meta http-equiv=Content-Security-Policy content='script-src *'>",
        "<base href=http://127.0.0.1:{port}/leak/>",
        "<form action=http://127.0.0.1:{port}/leak><input type=submit autofocus></form>",
        "<a href=javascript:{js}>x</a>",
        "<template shadowrootmode=open><script>{js}</script></template>",
        "<noscript><p title='</noscript><img src=x onerror={js}>'>",
        "<xss style=animation-name:x onanimationstart={js}>",
        "<x onclick={js} tabindex=1 id=x autofocus onfocus={js}>",
        "javascript:{js}",
        "JaVaScRiPt:{js}",
        "java\tscript:{js}",
        " javascript:{js}",
        "\x01javascript:{js}",
        "javascript://example.com/%0a{js}",
        "data:text/html,<script>{js}</script>",
        "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
        "vbscript:{js}",
        "file:///etc/passwd",
        "//127.0.0.1:{port}/leak",
        'http://127.0.0.1:1/" onmouseover="{js}" x="',
        "https://example.com/'><script>{js}</script>",
        "https://[::1/<script>{js}</script>",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% raw %}<script>{js}</script>{% endraw %}",
        "${{js}}",
        "&lt;script&gt;{js}&lt;/script&gt;",
        "&#60;script&#62;{js}&#60;/script&#62;",
        "\\u003cscript\\u003e{js}\\u003c/script\\u003e",
        "\uff1cscript\uff1e{js}\uff1c/script\uff1e",
        "+ADw-script+AD4-{js}+ADw-/script+AD4-",
        "<script\x00>{js}</script>",
        "<scr<script>ipt>{js}</scr</script>ipt>",
        "<!--<img src='--><img src=x onerror={js}>",
        "\u202e</bdi><script>{js}</script>",
        "<![CDATA[<script>{js}</script>]]>",
        "<?xml-stylesheet href='javascript:{js}'?>",
    )
]


def project(language: str = "en", title: str = "Tea") -> Project:
    return Project("tea", title, language, "Europe/Moscow" if language == "ru" else "Europe/London", "RUB")


def facts(of: Project | None = None, /, **lists: Any) -> Facts:
    """A report's facts with nothing in them but what is given."""
    empty: dict[str, Any] = {field.name: List([], 0) if field.type == "List" else [] for field in dataclasses.fields(Facts)}
    return Facts(
        **{**empty, "project": of or project(), "now": NOW, "yesterday": NOW - timedelta(days=1), "week": NOW - timedelta(days=7)}
        | {name: List(rows, len(rows)) if isinstance(empty[name], List) else rows for name, rows in lists.items()}
    )


class Anything(dict[str, Any]):
    """A row whose every unnamed column is the hostile text."""

    def __init__(self, hostile: str, **known: Any) -> None:
        super().__init__(known)
        self._hostile = hostile

    def __missing__(self, name: str) -> str:
        return self._hostile


def hostile_row(text: str) -> Anything:
    numbers = ("price_week", "price_day", "page_week", "page_day", "post_week", "post_day", "ad_week", "ad_day", "review_week")
    counts = ("review_day", "reaction_week", "rating_week", "follower_count", "follower_delta", "mention_count", "mention_share")
    more = ("unique_mention_count", "positive_count", "negative_count", "net_sentiment", "change_prev", "usual_count")
    last = (
        "price_amount",
        "previous_price_amount",
        "price_change",
        "change_size",
        "reaction_count",
        "view_count",
        "rating_value",
    )
    times = ("changed_at", "first_seen_at", "published_at", "released_at", "happened_at")
    return Anything(
        text,
        **dict.fromkeys((*numbers, *counts, *more, *last), 1),
        **dict.fromkeys(times, NOW),
        is_fresh=True,
        is_own=True,
        is_name=False,
        changes=[{"change": text, "size": 1, "was": text, "is": text}],
    )


LISTS = ("summary", "prices", "pages", "ads", "top", "apps", "reviews", "unseen", "mentions", "negative", "spikes")


def hostile_page(port: int) -> str:
    payloads = [payload.replace("{port}", str(port)) for payload in PAYLOADS]
    rows = [hostile_row(payload) for payload in payloads]
    series = [{"day": NOW.date(), "entity": payload, "value": 1} for payload in payloads]
    shown = facts(project(title=payloads[0]), **dict.fromkeys(LISTS, rows), posts_by_day=series)
    chart_facts = dataclasses.replace(shown, summary=[{"name": payload} for payload in payloads])
    return render(shown, draw_charts(chart_facts))


@contextmanager
def listening() -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def browsed(page: Path, profile: Path) -> str:
    """The document of a page as a real browser has it after its scripts would have run."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("there is no chromium or google-chrome on this machine")
    quiet = (
        "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
    )
    command = [browser, "--headless", "--no-sandbox", *quiet.split(), f"--user-data-dir={profile}", "--virtual-time-budget=3000"]
    done = subprocess.run([*command, "--dump-dom", page.as_uri()], capture_output=True, timeout=120, check=True)
    return done.stdout.decode()


def test_no_payload_does_anything_in_a_real_browser(tmp_path: Path) -> None:
    assert len(PAYLOADS) >= 60
    with listening() as (port, asked):
        page = tmp_path / "report.html"
        page.write_text(hostile_page(port), encoding="utf-8")
        document = browsed(page, tmp_path / "profile")
    assert asked == []
    tree = LexborHTMLParser(document)
    title = tree.css_first("head > title")
    assert title is not None
    assert title.text() != MARK
    assert len(tree.css("#unseen-list tbody tr")) == len(PAYLOADS)


def test_the_payloads_would_work_in_a_page_that_does_not_escape(tmp_path: Path) -> None:
    page = tmp_path / "open.html"
    page.write_text(f"<!doctype html><title>x</title>{PAYLOADS[8]}", encoding="utf-8")
    assert f"<title>{MARK}</title>" in browsed(page, tmp_path / "profile")


def test_hostile_text_makes_no_element_and_no_attribute() -> None:
    plain, hostile = (
        LexborHTMLParser(text) for text in (render(facts(**{key: [hostile_row("x")] for key in LISTS}), []), hostile_page(9))
    )
    known = {node.tag for node in plain.css("*")} | {
        "svg",
        "g",
        "path",
        "text",
        "title",
        "rect",
        "line",
        "defs",
        "clippath",
        "figure",
        "figcaption",
    }
    assert {node.tag for node in hostile.css("*")} <= known | {"clipPath", "clippath"}
    assert not [name for node in hostile.css("*") for name in node.attributes if name.lower().startswith("on")]
    assert {(node.attributes["href"] or "")[:4] for node in hostile.css("a[href]")} <= {"http", "#uns"}


def test_the_page_forbids_scripts_and_loads_nothing() -> None:  # R-223, G-12
    page = render(facts(), [])
    policy = LexborHTMLParser(page).css_first("meta[http-equiv='Content-Security-Policy']")
    assert policy is not None
    content = policy.attributes["content"] or ""
    assert "default-src 'none'" in content
    assert "script-src" not in content
    assert page.index("Content-Security-Policy") < page.index("<style")
    assert not re.search(r"<script|\bsrc=|@import|url\(", page)


def test_links_give_nothing_away_and_text_of_others_is_set_apart() -> None:
    row = hostile_row("\u202eevil") | {"url": "https://rival.example/a"}
    page = LexborHTMLParser(render(facts(**{name: [Anything("x", **row)] for name in LISTS}), []))
    links = page.css("td a")
    assert links
    assert {link.attributes["rel"] for link in links} == {"noopener noreferrer nofollow"}
    assert all(link.css_first("bdi") is not None for link in links)


def test_an_unknown_figure_is_a_dash_and_never_zero() -> None:
    row = Anything(None, name="Kettle", is_own=False)  # type: ignore[arg-type]
    cells = [cell.text(strip=True) for cell in LexborHTMLParser(render(facts(summary=[row]), [])).css("#summary td.n")]
    assert set(cells) == {formats.UNKNOWN}


def test_a_known_zero_is_a_zero() -> None:
    row = Anything(None, name="Kettle", is_own=False, price_week=0, price_day=0)  # type: ignore[arg-type]
    cell = LexborHTMLParser(render(facts(summary=[row]), [])).css_first("#summary td.n")
    assert cell is not None
    assert cell.text(strip=True) == "0"


@pytest.mark.parametrize(
    ("language", "value", "said"),
    [
        ("ru", 1234567, "1\u202f234\u202f567"),
        ("en", 1234567, "1,234,567"),
        ("ru", 3.5, "3,50"),
        ("en", Decimal("3.5"), "3.50"),
        ("ru", 0, "0"),
        ("ru", None, "–"),
        ("en", -12000, "-12,000"),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(language: str, value: Any, said: str) -> None:
    assert formats.number(language)(value) == said


@pytest.mark.parametrize(
    ("language", "amount", "currency", "said"),
    [
        ("ru", 1290, "RUB", "1\u202f290\u00a0₽"),
        ("en", 8.32, "GBP", "£8.32"),
        ("ru", 8.32, "GBP", "£8,32"),
        ("en", 10, "XYZ", "10\u00a0XYZ"),
        ("en", 10, None, "10"),
        ("en", None, "GBP", "–"),
    ],
)
def test_money_has_its_currency(language: str, amount: Any, currency: str | None, said: str) -> None:
    assert formats.money(language)(amount, currency) == said


def test_a_change_has_its_sign_and_no_change_has_none() -> None:
    assert formats.signed_share("ru")(-0.2) == "−20,0\u202f%"
    assert formats.signed_share("en")(0.125) == "+12.5\u202f%"
    assert formats.signed_share("en")(0.0) == "0\u202f%"
    assert formats.signed_share("en")(None) == "–"


def test_times_are_those_of_the_project() -> None:
    assert formats.moment(datetime(2026, 11, 2, 22, 30), ZoneInfo("Europe/Moscow")) == "2026-11-03 01:30"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '[{"type":"Offer","properties":{"price":"1"}}]',
            '[{"type":"Offer","properties":{"price":"2"}}]',
            ("price: 1", "price: 2"),
        ),
        ('{"a":{"b":1,"c":2}}', '{"a":{"b":1}}', ("a.c: 2", "")),
        ("plain", "text", ("plain", "text")),
        ("{not json", '{"a":1}', ("{not json", '{"a":1}')),
        (None, None, ("", "")),
        ("[" * 100_000, "[1]", ("[" * 100_000, "[1]")),
    ],
)
def test_of_structured_data_only_what_differs_is_shown(old: str | None, new: str | None, said: tuple[str, str]) -> None:
    assert formats.differences(old, new) == said


def test_both_languages_have_the_same_words() -> None:
    assert words_of("ru").keys() == words_of("en").keys()
    assert words_of("fr") is words_of("en")


WATCHLIST = """
projects:
  - id: tea
    title: Tea
    language: en
    timezone: UTC
    currency: GBP
    entities:
      - id: kettle
        name: Kettle
        is_own: true
        domains: [kettle.example]
        watches:
          - page: http://kettle.example:{port}/
          - page: http://kettle.example:{port}/closed
          - page: http://kettle.example:{port}/rated
          - page: http://kettle.example:{port}/pot
          - meta_ads: "100000000000101"
      - id: dark
        name: Dark
        domains: [dark.example]
        watches:
          - page: http://dark.example:{port}/
"""


Seen = tuple[Facts, str, Path]  # the facts, the page written from them, the store


def product(name: str, price: str, availability: str, review_count: int) -> str:
    item = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": name,
        "aggregateRating": {"@type": "AggregateRating", "ratingValue": 4.1, "reviewCount": review_count},
        "offers": {
            "@type": "Offer",
            "price": price,
            "priceCurrency": "GBP",
            "availability": f"https://schema.org/{availability}",
        },
    }
    return (
        f"<title>{name}</title><script type='application/ld+json'>{json.dumps(item)}</script><h1>{name}</h1><p>For four cups.</p>"
    )


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Two nights: one page is well, one vanishes behind an error, one is forbidden by robots.txt, ads lack their token.

    Of two products one gains a review, the other one runs out and changes its name.
    """
    folder = tmp_path_factory.mktemp("report")
    site = Site()
    site.put("kettle.example", "/", "<title>Kettle</title><h1>Kettle</h1><p>Teas of all kinds.</p>")
    site.put("kettle.example", "/robots.txt", "User-agent: *\nDisallow: /closed", "text/plain")
    site.put("dark.example", "/", "<h1>broken</h1>", status=410)
    site.put("kettle.example", "/rated", product("Rated tea", "8.00", "InStock", 10))
    site.put("kettle.example", "/pot", product("Pot", "30.00", "InStock", 2))
    with serving(site), pytest.MonkeyPatch.context() as patch:
        patch.setattr("dozor.parsing.SECONDS_PER_CAPTURE", 60.0)  # the machine of the tests may be busy
        settings = settings_for(folder, site, WATCHLIST)
        with Workers(1) as pool:
            night(settings, pool)
            site.put("kettle.example", "/", "<title>Kettle</title><h1>Kettle</h1><p>Teas of all kinds, and cups.</p>")
            site.put("kettle.example", "/rated", product("Rated tea", "8.00", "InStock", 11))
            site.put("kettle.example", "/pot", product("Small pot", "30.00", "OutOfStock", 2))
            night(at_night(settings, 1), pool)
        later = at_night(settings, 1)
        path = refreshing.report(later)[0]
    from warehouse.query import connect

    with connect(settings.store) as connection:
        of = Project("tea", "Tea", "en", "UTC", "GBP")
        found = gather(connection, of, FIRST_NIGHT + timedelta(days=1, minutes=5))
    return found, Path(path).read_text(encoding="utf-8"), settings.store


def test_a_page_is_one_row_a_look_and_what_is_told_elsewhere_is_no_news(seen: Seen) -> None:
    found, page, _ = seen
    pages = {str(row["url"]).rpartition("/")[2]: {change["change"] for change in row["changes"]} for row in found.pages.rows}
    assert pages == {"": {"text"}, "pot": {"text", "title", "structured_data"}}
    rows = LexborHTMLParser(page).css("#pages tbody tr")
    assert len(rows) == 2
    assert "Small pot" in page


def test_a_product_that_ran_out_is_listed_and_is_no_change_of_price(seen: Seen) -> None:
    found, page, _ = seen
    assert [row["name"] for row in found.prices.rows] == ["Small pot"]
    assert "out of stock" in page
    kettle = next(row for row in found.summary if row["entity_id"] == "kettle")
    assert kettle["price_week"] == 0


def test_a_report_of_a_million_changes_is_small_and_quick(seen: Seen, tmp_path: Path) -> None:
    copy = tmp_path / "warehouse.duckdb"
    shutil.copy((seen[2] / "warehouse.duckdb").resolve(), copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "INSERT INTO mart.price_change "
            "SELECT p.* REPLACE (i AS interval_number) FROM mart.price_change AS p, range(1000000) AS r (i)"
        )
        began = time.process_time()
        found = gather(connection, Project("tea", "Tea", "en", "UTC", "GBP"), seen[0].now)
        page = render(found, draw_charts(found))
        seconds = time.process_time() - began
    assert found.prices.left_out > 999_000
    assert "more in the warehouse" in page
    assert len(page) < 20_000_000
    assert seconds < 5


def test_what_was_not_seen_is_listed_with_its_reason(seen: Seen) -> None:
    found, page, _ = seen
    states = {(str(row["source"]), str(row["status"])) for row in found.unseen}
    assert ("meta_ads", "skipped") in states
    assert {source for source, _ in states} == {"meta_ads", "page"}
    rows = LexborHTMLParser(page).css("#unseen-list tbody tr")
    assert len(rows) == len(found.unseen)
    assert "DOZOR_META_ADS_TOKEN" in page
    assert "/closed" in page


def test_where_nothing_of_a_kind_is_watched_the_summary_has_a_dash(seen: Seen) -> None:
    kettle, dark = (next(row for row in seen[0].summary if row["entity_id"] == name) for name in ("kettle", "dark"))
    assert kettle["page_week"] == 2
    assert kettle["post_week"] is None  # no channel of its own is watched
    assert kettle["ad_week"] is None  # skipped for want of a token: nobody looked
    assert dark["page_week"] is None or dark["page_week"] >= 0
    assert dark["review_week"] is None


def test_what_changed_leads_to_the_stored_page(seen: Seen) -> None:
    found, page, _ = seen
    assert {row["capture_id"] for row in found.pages.rows} <= set(re.findall(r"cap_[0-9a-f]+", page))


def test_held_and_silent_sources_are_named() -> None:
    unseen = [
        {"source": "feed", "target": "obs.publication", "status": "held", "message": "0 rows", "happened_at": NOW},
        {"source": "site", "target": "", "status": "silent", "message": "9", "happened_at": NOW},
    ]
    text = LexborHTMLParser(render(facts(unseen=unseen), [])).css_first("#unseen-list")
    assert text is not None
    assert "held back" in text.text()
    assert "days without a new record:" in text.text()
    assert "9" in text.text()


def test_mentions_have_their_counts_tone_and_evidence() -> None:
    topic = Anything("x", topic="Parcels", is_name=False, mention_count=12, change_prev=0.5, unique_mention_count=9)
    topic |= {"positive_count": 1, "negative_count": 8, "net_sentiment": -0.78}
    said = hostile_row("x") | {"sentence": "The parcel came late.", "capture_id": "cap_1", "url": "https://forum.example/1"}
    page = render(facts(mentions=[topic], negative=[Anything("x", **said)]), [])
    cells = [cell.text(strip=True) for cell in LexborHTMLParser(page).css("#mentions td")]
    assert cells == ["Parcels", "12", "+50.0\u202f%", "9", "1", "8", "-0.78"]
    negative = LexborHTMLParser(page).css_first("#negative tbody")
    assert negative is not None
    assert "The parcel came late." in negative.text()
    assert "cap_1" in negative.text()
