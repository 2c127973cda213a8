"""The loop of collecting over servers of this machine: what is asked, what is not, and what each answer ends as."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from collectors import standing
from collectors.archive import read_captures
from collectors.auth import Header, from_environment
from collectors.crawl import CrawlJob, Secrets, crawl
from collectors.fetch import Fetcher
from collectors.limits import Limits
from collectors.pruning import prune
from collectors.registry import SourceModule, sources
from collectors.robots import Robots
from collectors.runs import Run
from collectors.source import (
    OK,
    Capture,
    Known,
    Outcome,
    Request,
    Verdict,
    Watch,
    Window,
    stop_source,
    stop_watch,
    wait,
)
from tests.fetching.server import FaultServer, Script, drip, in_turn, ok, redirect, reset, serve, status

NIGHT = datetime(2026, 11, 1, 1, 10, tzinfo=UTC)
WORDS = "Copper samovars keep the water warm for tea all evening long, and each of them is made by hand in our own workshop. "


def page(title: str, *links: str, text: str = WORDS * 3) -> bytes:
    anchors = "".join(f'<a href="{link}">{link}</a> ' for link in links)
    return f"<html lang=en><title>{title}</title><body><h1>{title}</h1><p>{title}. {text}</p>{anchors}</body></html>".encode()


def xml(body: str) -> Script:
    return ok(body.encode(), {"Content-Type": "application/xml"})


class Store:
    """A store, and nights of one source over it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets: Secrets = from_environment
        self.patience = 0.3
        self.total_timeout = 1.0  # of a request: soon enough for servers that hang

    async def night(
        self, module: SourceModule | str, *watches: Watch, number: int = 0, run_id: str = "", notice: Any = None, **job: Any
    ) -> list[Outcome]:
        module = sources()[module] if isinstance(module, str) else module
        module = replace(module, declaration=replace(module.declaration, pace_seconds=0.0))
        began = NIGHT + timedelta(days=number)
        run = Run(run_id=run_id or f"night-{number}", kind="nightly", started_at=began, watchlist_version="1")
        with Limits(self.folder / "limits.sqlite") as limits:
            async with Fetcher(
                limits=limits,
                user_agent="dozor/0 (+https://dozor.example/about)",
                allow_private_hosts=True,
                total_timeout=self.total_timeout,
                first_backoff=0.01,
                patience=self.patience,
            ) as fetcher:
                return await crawl(
                    CrawlJob(
                        store=self.folder,
                        run=run,
                        module=module,
                        watches=watches,
                        window=Window(began - timedelta(days=1), began),
                        **job,
                    ),
                    fetcher=fetcher,
                    robots=Robots(fetcher, module.declaration, day=run.day.isoformat()),
                    secrets=self.secrets,
                    now=lambda: began,
                    notice=notice or (lambda _: None),
                )

    def captures(self, run_id: str = "") -> list[Capture]:
        return [c for c in read_captures(self.folder) if c.label != "probe" and (not run_id or c.run_id == run_id)]

    def verdicts(self, run_id: str = "") -> dict[str, str]:
        """Path -> verdict."""
        return {_path(c.url): c.verdict for c in self.captures(run_id)}


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]


def paths(server: FaultServer) -> list[str]:
    """What was asked of a server, without robots.txt, the guessed sitemap and the address that cannot exist."""
    return [p for p in server.paths() if p not in ("/robots.txt", "/sitemap.xml") and len(p) != 33]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validators are believed for ever: addresses of tests hold a random port, and with it their day of being asked for whole."""
    monkeypatch.setattr("collectors.crawl.FULL_EVERY_DAYS", 10**9)


def site(server: FaultServer, **options: Any) -> Watch:
    budgets = {name: options.pop(name) for name in sources()["site"].declaration.budgets if name in options}
    return Watch(source="site", target=server.url("/"), options=options, budgets=budgets)


# --- a source of the tests ----------------------------------------------------------------------------------------------------


def source_of(
    server: FaultServer,
    first: Iterable[Request] | Callable[[Watch, Window, Known], Iterator[Request]] | None = None,
    judge: Callable[[Capture], Verdict] | None = None,
    follow: Callable[[Capture, Known], Iterator[Request]] | None = None,
    **declared: Any,
) -> SourceModule:
    page = sources()["page"]
    declaration = replace(
        page.declaration, hosts=(), base_url=server.url(""), obeys_robots=declared.pop("obeys_robots", False), **declared
    )
    plan = first if callable(first) else lambda watch, window, known: iter(first or [Request(path="/1")])
    return replace(page, declaration=declaration, plan=plan, judge=judge or page.judge, follow=follow)


def paging(capture: Capture, known: Known) -> Iterator[Request]:
    number = int(capture.url.rpartition("/")[2])
    yield Request(path=f"/{number + 1}")


WATCH = Watch(source="page", target="anything")


# --- sites --------------------------------------------------------------------------------------------------------------------


async def test_a_site_is_followed_within_its_scope_and_each_page_is_asked_once(store: Store) -> None:
    async with serve(
        {
            "/": ok(page("Home", "/a", "/a#top", "/a?utm_source=x", "https://elsewhere.example/", "mailto:a@b.example")),
            "/a": ok(page("A", "/", "/b", "b?PHPSESSID=0123456789abcdef0123456789abcdef")),
            "/b": ok(page("B")),
        }
    ) as server:
        [outcome] = await store.night("site", site(server))

    assert sorted(paths(server)) == ["/", "/a", "/b"]
    assert (outcome.status, outcome.message) == ("ok", "")


async def test_depth_is_counted_in_clicks_from_the_home_page(store: Store) -> None:
    scripts = {"/": ok(page("Home", "/1"))} | {f"/{n}": ok(page(f"Page {n}", f"/{n + 1}")) for n in range(1, 9)}
    async with serve(scripts) as server:
        await store.night("site", site(server, max_depth=3))

    assert paths(server) == ["/", "/1", "/2", "/3"]


async def test_no_night_reaches_deeper_than_the_first(store: Store) -> None:
    scripts = {"/": ok(page("Home", "/1"))} | {f"/{n}": ok(page(f"Page {n}", f"/{n + 1}")) for n in range(1, 9)}
    async with serve(scripts) as server:
        for night in range(3):
            await store.night("site", site(server, max_depth=2), number=night)

    assert paths(server) == ["/", "/1", "/2"] * 3


async def test_a_page_that_comes_nearer_leads_on_from_where_it_is_now(store: Store) -> None:
    scripts = {
        "/": ok(page("Home", "/1")),
        "/1": ok(page("Page 1", "/2")),
        "/2": ok(page("Page 2", "/deep")),
        "/deep": ok(page("Deep", "/x")),
        "/x": ok(page("X", "/y")),
        "/y": ok(page("Y", "/z")),
    }
    async with serve(scripts) as server:
        await store.night("site", site(server, max_depth=3))
        assert set(paths(server)) == {"/", "/1", "/2", "/deep"}
        server.seen.clear()
        server.scripts["/"] = ok(page("Home", "/1", "/deep"))  # one click away, and so /x is two and /y three
        await store.night("site", site(server, max_depth=3), number=1)

    assert set(paths(server)) == {"/", "/1", "/2", "/deep", "/x", "/y"}
    assert max(Counter(paths(server)).values()) == 1


async def test_an_address_whose_secret_was_masked_is_asked_as_it_is_linked(store: Store) -> None:
    linked = "/p/5?access_token=SECRETTOKEN123"
    async with serve({"/": ok(page("Home", linked)), "/p/5": ok(page("Page 5"))}) as server:
        await store.night("site", site(server))
        await store.night("site", site(server), number=1)

    assert paths(server) == ["/", linked] * 2


async def test_a_page_whose_address_is_not_stored_is_looked_at_again_beside_a_sitemap(store: Store) -> None:
    linked = "/p/5?access_token=SECRETTOKEN123"
    listed = xml("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'></urlset>")
    async with serve({"/": ok(page("Home", linked)), "/sitemap.xml": listed, "/p/5": ok(page("Page 5"))}) as server:
        await store.night("site", site(server))
        await store.night("site", site(server), number=1)

    assert paths(server).count(linked) == 2


async def test_a_page_found_by_two_ways_counts_by_the_shorter_one(store: Store) -> None:
    scripts = {
        "/": ok(page("Home", "/1")),
        "/1": ok(page("Page 1", "/2")),
        "/2": ok(page("Page 2", "/3")),
        "/3": ok(page("Page 3")),
        "/new": ok(page("New", "/y")),
        "/y": ok(page("Y", "/z")),
        "/z": ok(page("Z")),
    }
    async with serve(scripts) as server:
        await store.night("site", site(server, max_depth=3))
        server.seen.clear()
        server.scripts["/"] = ok(page("Home", "/1", "/new"))
        server.scripts["/2"] = ok(page("Page 2", "/3", "/y"))  # known before, but three clicks to /y: over /new it is two
        await store.night("site", site(server, max_depth=3), number=1)

    assert set(paths(server)) == {"/", "/1", "/2", "/3", "/new", "/y", "/z"}


@pytest.mark.parametrize(
    "trap",
    [
        lambda n: f"/calendar/{2026 + n}-01/",
        lambda n: f"/p?sid={n:032x}",
        lambda n: f"/list?a=1&b=2&c=3&d=4&e=5&f=6&sort={n}",
        lambda n: "/a/b" * (n + 3),
        lambda n: "/" + "/".join(f"x{k}" for k in range(n + 17)),
        lambda n: f"/list?page={n + 301}",
    ],
    ids=["calendar", "session", "order", "repetition", "depth", "pages"],
)
async def test_addresses_without_end_are_not_walked(store: Store, trap: Callable[[int], str]) -> None:
    links = [trap(n) for n in range(50)]
    scripts = {"/": ok(page("Home", "/a", *links)), "/a": ok(page("A"))}
    async with serve(scripts) as server:
        [outcome] = await store.night("site", site(server))

    assert paths(server) == ["/", "/a"]
    assert outcome.status == "ok"


async def test_the_page_budget_is_a_wall_and_is_named(store: Store) -> None:
    async with serve({"/": ok(page("Home", *(f"/{n}" for n in range(50))))}) as server:
        [outcome] = await store.night("site", site(server, max_pages=5))

    assert len([p for p in server.paths() if p != "/robots.txt"]) <= 5
    assert "the page budget of 5 is used up (options.max_pages)" in outcome.message


async def test_the_time_budget_leaves_the_rest_and_counts_it(store: Store) -> None:
    async with serve({"/": ok(page("Home", *(f"/{n}" for n in range(50))))}) as server:
        [outcome] = await store.night("site", site(server, max_minutes=0))

    assert paths(server) == []
    assert "2 requests were not sent: the time budget of the watch is used up (options.max_minutes)" in outcome.message


async def test_what_robots_txt_forbids_is_a_capture_and_names_the_rule(store: Store) -> None:
    robots = ok(b"User-agent: *\nDisallow: /secret\n", {"Content-Type": "text/plain"})
    async with serve({"/robots.txt": robots, "/": ok(page("Home", "/secret", "/a")), "/a": ok(page("A"))}) as server:
        [outcome] = await store.night("site", site(server))

    assert paths(server) == ["/", "/a"]
    [denied] = [c for c in store.captures() if c.verdict == "denied"]
    assert denied.verdict_reason == "robots.txt of 127.0.0.1: Disallow: /secret"
    assert outcome.status == "ok"
    assert denied.url in outcome.message
    assert denied.capture_id in outcome.message


async def test_a_rule_that_appears_during_a_crawl_is_kept_to_when_the_old_ones_run_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = in_turn(ok(b"", {"Content-Type": "text/plain"}), ok(b"User-agent: *\nDisallow: /\n", {"Content-Type": "text/plain"}))
    scripts = {"/robots.txt": rules, "/": ok(page("Home", "/1"))} | {f"/{n}": ok(page(f"P{n}", f"/{n + 1}")) for n in range(1, 9)}
    monkeypatch.setattr("collectors.robots._kept_until", lambda rules, answer: 0.0)  # every look is a new day
    async with serve(scripts) as server:
        [outcome] = await store.night("site", site(server))

    assert paths(server) == ["/"]
    assert store.verdicts()["/1"] == "denied"
    assert "Disallow: /" in outcome.message


async def test_a_host_without_an_answer_for_robots_txt_is_left_alone(store: Store) -> None:
    scripts = {"/robots.txt": status(503), "/": ok(page("Home"))}
    async with serve(scripts) as server:
        [outcome] = await store.night("site", site(server))

    assert paths(server) == []
    assert outcome.status == "failed"
    assert "robots.txt of 127.0.0.1 is unreachable: 503" in outcome.message
    assert [c.error for c in store.captures()] == ["robots_unreachable"]
    assert "1 request was not sent" in outcome.message


REFUSED = {
    "ftp://files.example/tea": "only http and https are asked, not ftp:",
    "javascript:alert(1)": "only http and https are asked, not javascript:",
    "http://127.0.0.1:22/": "port 22 of 127.0.0.1 is not one where the web is served",
    "http://169.254.169.254/x": "169.254.169.254 leads to 169.254.169.254: cloud metadata",
}


async def test_addresses_that_are_never_asked_are_denied_and_say_why(store: Store) -> None:
    items = "".join(f"<item><title>{link}</title><link>{link}</link><guid>{link}</guid></item>" for link in REFUSED)
    async with serve({"/rss": xml(f"<rss version='2.0'><channel><title>Tea</title>{items}</channel></rss>")}) as server:
        [outcome] = await store.night("feed", Watch(source="feed", target=server.url("/rss")))

    denied = {c.url: (c.verdict, c.error, c.verdict_reason) for c in store.captures() if c.label == "article"}
    assert denied == {
        link: ("denied", "scheme" if reason.startswith("only") else "guard", reason) for link, reason in REFUSED.items()
    }
    assert (outcome.status, outcome.errors) == ("ok", 0)
    assert "4 of 5 requests may not be asked" in outcome.message
    assert "asked again" not in outcome.message


async def test_redirects_are_recorded_and_not_followed_off_the_site(store: Store) -> None:
    async with serve({"/away": ok(page("Away"))}, host="127.0.0.2") as other:
        scripts = {
            "/": ok(page("Home", "/moved", "/away")),
            "/moved": redirect("/new"),
            "/new": ok(page("New")),
            "/away": redirect(other.url("/away")),
        }
        async with serve(scripts) as server:
            [outcome] = await store.night("site", site(server))

    found = {_path(c.url): c for c in store.captures()}
    assert _path(found["/moved"].final_url) == "/new"
    assert [hop[:3] for hop in found["/moved"].redirects] == ["302"]
    assert found["/away"].verdict == "denied"
    assert "127.0.0.2 is not part of this watch" in outcome.message
    assert other.paths() == []


async def test_an_excluded_host_is_not_asked_even_by_a_redirect(store: Store) -> None:
    async with serve({"/": ok(page("Away"))}, host="127.0.0.2") as other, serve({"/": redirect(other.url("/"))}) as server:
        feed = replace(sources()["page"], declaration=replace(sources()["page"].declaration, hosts=("{linked}",)))
        watches = [Watch(source="page", target=server.url("/")), Watch(source="page", target=other.url("/"))]
        outcomes = await store.night(feed, *watches, denied_hosts=frozenset({"127.0.0.2"}))

    assert other.paths() == []
    assert [o.status for o in outcomes] == ["denied", "denied"]
    assert all("127.0.0.2 is excluded (denied_hosts in dozor.yml)" in o.message for o in outcomes)


async def test_a_site_that_shows_its_home_page_for_everything_has_no_page_of_that_kind(store: Store) -> None:
    class Anything(dict[str, Script]):
        def get(self, path: str, default: Any = None) -> Any:
            return self[path] if path in self else ok(home)

    home = page("Home", "/a", "/gone-1", "/gone-2")
    async with serve({}) as server:
        server.scripts = Anything({"/robots.txt": status(404), "/sitemap.xml": status(404), "/a": ok(page("A"))})
        [outcome] = await store.night("site", site(server))

    verdicts = store.verdicts()
    assert (verdicts["/"], verdicts["/a"], verdicts["/gone-1"], verdicts["/gone-2"]) == ("ok", "ok", "skip", "skip")
    assert {c.error for c in store.captures() if c.verdict == "skip" and "gone" in c.url} == {"soft_404"}
    assert outcome.status == "ok"


async def test_a_million_links_cost_little(store: Store) -> None:
    body = b"<html><title>Links</title><body>" + WORDS.encode() * 3 + b"".join(b"<a href=%x>a</a>" % n for n in range(500_000))
    async with serve({"/": ok(body)}) as server:
        [outcome] = await store.night("site", site(server, max_pages=8))

    assert len(paths(server)) <= 8
    assert outcome.status in ("ok", "partial")


async def test_pages_that_the_sitemap_says_are_unchanged_are_not_asked_for(store: Store) -> None:
    def sitemap(day: str) -> Script:
        dates = {"/1": day, "/2": "2026-10-01"}
        urls = "".join(f"<url><loc>{server.url(path)}</loc><lastmod>{date}</lastmod></url>" for path, date in dates.items())
        return xml(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>')

    async with serve({"/": ok(page("Home")), "/1": ok(page("One")), "/2": ok(page("Two"))}) as server:
        server.scripts["/sitemap.xml"] = sitemap("2026-10-02")
        await store.night("site", site(server))
        server.scripts["/sitemap.xml"] = sitemap("2026-11-02")
        before = len(server.seen)
        await store.night("site", site(server), number=1)

    assert sorted({p for p in server.paths()[before:] if len(p) != 33}) == ["/", "/1", "/robots.txt", "/sitemap.xml"]


# --- what was there before ----------------------------------------------------------------------------------------------------


def with_etag(body: bytes) -> Script:
    """200 with an ETag; 304 to whoever names it."""

    async def script(seen: Any) -> None:
        is_known = seen.headers.get("if-none-match") == '"v1"'
        await (ok(b"", {"ETag": '"v1"'}, 304) if is_known else ok(body, {"ETag": '"v1"'}))(seen)

    return script


async def test_a_304_stores_no_body_and_its_links_are_followed_from_the_stored_one(store: Store, trusting: None) -> None:
    async with serve({"/": with_etag(page("Home", "/a")), "/a": with_etag(page("A"))}) as server:
        await store.night("site", site(server))
        [outcome] = await store.night("site", site(server), number=1)

    second = {_path(c.url): c for c in store.captures("night-1")}
    first = {_path(c.url): c for c in store.captures("night-0")}
    assert {(second[p].http_status, second[p].verdict, second[p].body_state) for p in ("/", "/a")} == {(304, "unchanged", "same")}
    assert second["/a"].body_of == first["/a"].capture_id
    assert outcome.status == "ok"


async def test_an_unchanged_body_stands_once_and_is_followed_all_the_same(store: Store) -> None:
    async with serve({"/": ok(page("Home", "/a")), "/a": ok(page("A"))}) as server:
        await store.night("site", site(server))
        await store.night("site", site(server), number=1)

    assert [(c.verdict, c.body) for c in store.captures("night-1") if c.http_status == 200] == [("unchanged", None)] * 2


async def test_a_pruned_body_is_asked_for_whole_where_links_depend_on_it(store: Store, trusting: None) -> None:
    async with serve({"/": with_etag(page("Home", "/a")), "/a": ok(page("A"))}) as server:
        await store.night("site", site(server))
        prune(store.folder, NIGHT.date() + timedelta(days=1))
        await store.night("site", site(server), number=1)

    assert paths(server)[2:].count("/") == 2
    assert "/a" in paths(server)[2:]


async def test_validators_are_not_believed_for_longer_than_two_weeks(store: Store) -> None:
    async with serve({"/": with_etag(page("Home"))}) as server:
        watch = Watch(source="page", target=server.url("/"))
        for number in range(20):
            await store.night("page", watch, number=number)

    statuses = [c.http_status for c in store.captures()]
    whole = [number for number, code in enumerate(statuses) if code == 200]
    assert len(whole) in (2, 3)
    assert all(later - earlier <= 14 for earlier, later in pairwise(whole))
    assert 20 - whole[-1] <= 14


async def test_a_page_that_is_gone_is_known_as_gone_and_asked_without_conditions(store: Store) -> None:
    async with serve({"/": in_turn(with_etag(page("Home")), status(404), ok(page("Home")))}) as server:
        watch = Watch(source="page", target=server.url("/"))
        outcomes = [(await store.night("page", watch, number=n))[0] for n in range(3)]

    assert [o.status for o in outcomes] == ["ok", "empty", "ok"]
    assert "answered 404" in outcomes[1].message
    assert "if-none-match" not in server.seen[-1].headers


# --- started again ------------------------------------------------------------------------------------------------------------


async def test_a_run_started_again_asks_nothing_twice_and_says_the_same(store: Store) -> None:
    async with serve({"/": ok(page("Home", "/a", "/b")), "/a": ok(page("A", "/c")), "/c": ok(page("C"))}) as server:
        [first] = await store.night("site", site(server))
        asked = len(paths(server))
        [second] = await store.night("site", site(server))

    assert len(paths(server)) == asked
    assert (second.status, second.captures, second.message) == (first.status, first.captures, first.message)
    assert second.requests == first.requests


async def test_what_failed_is_tried_again_by_a_run_started_again(store: Store) -> None:
    async with serve({"/": in_turn(reset(), reset(), reset(), ok(page("Home")))}) as server:
        watch = Watch(source="page", target=server.url("/"))
        statuses = [(await store.night("page", watch))[0].status for _ in range(2)]

    assert statuses == ["failed", "ok"]


async def test_a_run_that_goes_on_after_a_kill_still_knows_what_it_fetched(store: Store, trusting: None) -> None:
    async with serve({"/": with_etag(page("Home"))}) as server:
        watch = Watch(source="page", target=server.url("/"))
        await store.night("page", watch)
        (store.folder / "known" / "source=page.parquet").unlink()  # a killed run does not get to write it
        await store.night("page", watch)
        await store.night("page", watch, number=1)

    assert [c.http_status for c in store.captures("night-1")] == [304]


# --- what an answer is worth --------------------------------------------------------------------------------------------------


async def test_every_request_ends_in_one_verdict_or_is_counted_as_not_sent(store: Store) -> None:  # G-21
    links = ("/ok", "/404", "/500", "/empty", "/wall", "/reset", "/secret", "/picture")
    scripts = {
        "/robots.txt": ok(b"User-agent: *\nDisallow: /secret\n", {"Content-Type": "text/plain"}),
        "/": ok(page("Home", *links)),
        "/ok": ok(page("Fine")),
        "/404": status(404),
        "/500": status(500),
        "/empty": ok(b""),
        "/wall": ok(b"<html><title>Just a moment...</title><body>Checking</body></html>"),
        "/reset": reset(),
        "/picture": ok(b"\x89PNG\r\n\x1a\n", {"Content-Type": "image/png"}),
    }
    async with serve(scripts) as server:
        [outcome] = await store.night("site", site(server))

    verdicts = store.verdicts()
    assert {path: verdicts[path] for path in links} == {
        "/ok": "ok",
        "/404": "skip",
        "/500": "failed",
        "/empty": "failed",
        "/wall": "blocked",
        "/reset": "failed",
        "/secret": "denied",
        "/picture": "skip",
    }
    assert outcome.requests == outcome.captures == len(list(read_captures(store.folder)))
    assert outcome.status == "partial"
    for path in ("/500", "/empty", "/reset", "/wall", "/secret"):  # G-39
        capture = next(c for c in store.captures() if _path(c.url) == path)
        assert capture.url in outcome.message or capture.verdict_reason in outcome.message


async def test_a_challenge_page_is_blocked_and_says_so(store: Store) -> None:
    wall = ok(b"<html><title>Attention Required! | Cloudflare</title><body>Why have I been blocked?</body></html>", code=403)
    async with serve({"/": wall}) as server:
        [outcome] = await store.night("page", Watch(source="page", target=server.url("/")))

    assert outcome.status == "blocked"
    assert f"{server.url('/')}: 127.0.0.1 answered with a challenge page" in outcome.message
    assert "Slow down (pace_seconds) or ask the owner" in outcome.message
    assert "dozor show cap_" in outcome.message


async def test_a_host_that_walls_every_page_is_soon_asked_no_more(store: Store) -> None:  # 122-131
    scripts: dict[str, Script] = {"/": ok(page("Home", *(f"/{n}" for n in range(40))))}
    scripts |= {f"/{n}": status(403) for n in range(40)}
    async with serve(scripts) as server:
        [outcome] = await store.night("site", site(server))

    assert len(paths(server)) == 1 + standing.BLOCKS_IN_A_ROW
    assert outcome.status == "partial"
    assert "30 requests were not sent: 127.0.0.1 blocked 10 requests in a row" in outcome.message


async def test_html_where_json_was_due_is_a_changed_source(store: Store) -> None:
    def follow(capture: Capture, known: Known) -> Iterator[Request]:
        yield Request(path="/" + capture.json()["next"])

    async with serve({"/1": ok(page("Hello"))}) as server:
        [outcome] = await store.night(source_of(server, follow=follow), WATCH)

    assert outcome.errors == 1
    assert outcome.status == "partial"
    assert f"expected JSON from {server.url('/1')}, got text/html" in outcome.message


async def test_json_where_html_was_due_is_no_page(store: Store) -> None:
    async with serve({"/": ok(b'{"a": 1}', {"Content-Type": "application/json"})}) as server:
        [outcome] = await store.night("site", site(server))

    assert outcome.status == "empty"
    assert f"{server.url('/')}: not a page: application/json" in outcome.message


async def test_a_source_that_stumbles_loses_that_answer_only(store: Store) -> None:
    def judge(capture: Capture) -> Verdict:
        if capture.url.endswith("/1"):
            raise KeyError("items")
        return OK

    def follow(capture: Capture, known: Known) -> Iterator[Request]:
        yield Request(path="/3")
        raise ValueError("odd")

    first = (Request(path="/1"), Request(path="/2"))
    async with serve({f"/{n}": ok() for n in (1, 2, 3)}) as server:
        [outcome] = await store.night(source_of(server, first, judge, follow), WATCH)

    assert store.verdicts() == {"/1": "changed", "/2": "ok", "/3": "ok"}
    assert outcome.status == "partial"
    assert "KeyError: 'items'" in outcome.message
    assert "ValueError: odd" in outcome.message


# --- pages without end --------------------------------------------------------------------------------------------------------


async def test_the_same_answer_for_every_page_number_ends_the_paging(store: Store) -> None:
    async with serve({f"/{n}": ok(b"[]") for n in range(1, 100)}) as server:
        [outcome] = await store.night(source_of(server, follow=paging), WATCH)

    assert paths(server) == ["/1", "/2"]
    assert "the same answer came again" in outcome.message


async def test_pages_that_always_lead_on_end_at_the_budget(store: Store) -> None:
    async with serve({f"/{n}": ok(b"%d" % n) for n in range(1, 100)}) as server:
        [outcome] = await store.night(source_of(server, follow=paging, max_requests=20), WATCH)

    assert len(paths(server)) == 20
    assert "the page budget of 20 is used up" in outcome.message


@pytest.mark.parametrize("to", ["/1", "/2"])
async def test_a_page_that_leads_to_itself_or_back_ends_the_paging(store: Store, to: str) -> None:
    def follow(capture: Capture, known: Known) -> Iterator[Request]:
        yield Request(path="/2" if capture.url.endswith("/1") else to)

    async with serve({"/1": ok(b"1"), "/2": ok(b"2")}) as server:
        await store.night(source_of(server, follow=follow), WATCH)

    assert paths(server) == ["/1", "/2"]


async def test_polls_may_answer_the_same_until_they_are_done(store: Store) -> None:
    def follow(capture: Capture, known: Known) -> Iterator[Request]:
        if capture.body == b"working":
            count = capture.context["count"] + 1
            yield Request(path="/1", repeat_key=str(count), context={"count": count}, wait_seconds=0.01)

    first = (Request(path="/1", repeat_key="0", context={"count": 0}),)
    async with serve({"/1": in_turn(*[ok(b"working")] * 4, ok(b"done"))}) as server:
        await store.night(source_of(server, first, follow=follow), WATCH)

    assert len(server.seen) == 5


# --- verdicts that stop -------------------------------------------------------------------------------------------------------


async def test_stop_watch_ends_its_watch_and_no_other(store: Store) -> None:
    def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
        yield from (Request(path=f"/{watch.target}/{n}") for n in range(3))

    def judge(capture: Capture) -> Verdict:
        return stop_watch("answered 400: no such shop") if "/bad/" in capture.url else OK

    watches = [Watch(source="page", target=name) for name in ("bad", "good")]
    async with serve({f"/{name}/{n}": ok() for name in ("bad", "good") for n in range(3)}) as server:
        bad, good = await store.night(source_of(server, plan, judge), *watches)

    assert (bad.status, good.status) == ("failed", "ok")
    assert Counter(path[1:4] for path in paths(server)) == {"bad": 1, "goo": 3}
    assert "no such shop" in bad.message
    assert "2 requests were not sent: the watch was ended" in bad.message


async def test_stop_source_ends_all_watches_and_each_says_why(store: Store) -> None:
    def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
        yield from (Request(path=f"/{watch.target}/{n}") for n in range(5))

    watches = [Watch(source="page", target=str(number)) for number in range(3)]
    async with serve({f"/{w}/{n}": ok() for w in range(3) for n in range(5)}) as server:
        outcomes = await store.night(source_of(server, plan, lambda _: stop_source("the token is void")), *watches)

    assert len(paths(server)) <= 3
    assert all(o.status == "failed" and "the token is void" in o.message for o in outcomes)


async def test_a_source_stopped_until_a_time_is_not_asked_before_it_by_the_next_run_either(store: Store) -> None:
    first = [Request(path=f"/{n}") for n in range(3)]
    async with serve({f"/{n}": ok() for n in range(3)}) as server:
        until = datetime.now(UTC) + timedelta(hours=2)
        module = source_of(server, first, lambda _: stop_source("the day's quota is used up", until))
        await store.night(module, WATCH)
        [outcome] = await store.night(source_of(server, first), WATCH)

    assert len(paths(server)) == 1
    assert outcome.status == "pending"
    assert "quota" in outcome.message


async def test_a_wait_is_waited_for_and_the_request_put_again(store: Store) -> None:
    async with serve({"/1": in_turn(ok(b"busy"), ok(b"there"))}) as server:
        module = source_of(server, judge=lambda c: wait(0.05, "busy") if c.body == b"busy" else OK)
        [outcome] = await store.night(module, WATCH)

    assert outcome.status == "ok"
    assert [c.verdict for c in store.captures()] == ["wait", "ok"]


async def test_a_host_that_asks_for_wait_after_wait_is_left_for_the_next_run(store: Store) -> None:
    first = [Request(path=f"/{n}") for n in range(50)]
    async with serve({f"/{n}": ok() for n in range(50)}) as server:
        [outcome] = await store.night(source_of(server, first, lambda _: wait(0.01, "throttled")), WATCH)

    assert len(server.seen) == standing.WAITS_IN_A_ROW + 1
    assert outcome.status == "pending"
    assert "127.0.0.1 asks to be left alone: throttled" in outcome.message
    assert outcome.requests == 50


async def test_429_is_not_multiplied_by_the_engine(store: Store) -> None:
    first = [Request(path=f"/{n}") for n in range(200)]
    async with serve({f"/{n}": status(429, {"Retry-After": "3600"}) for n in range(200)}) as server:
        [outcome] = await store.night(source_of(server, first), WATCH)

    assert len(server.seen) == 1
    assert len(store.captures()) <= 2
    assert outcome.status == "pending"
    assert "199 requests were not sent" in outcome.message or "198 requests were not sent" in outcome.message


async def test_a_host_that_fails_and_fails_leaves_a_few_captures_and_one_sentence(store: Store) -> None:
    first = [Request(path=f"/{n}") for n in range(200)]
    async with serve({f"/{n}": status(500) for n in range(200)}) as server:
        [outcome] = await store.night(source_of(server, first), WATCH)

    assert len(server.seen) <= 6
    assert len(store.captures()) <= 4
    assert outcome.status == "failed"
    assert "requests were not sent: 127.0.0.1" in outcome.message


async def test_one_bad_host_leaves_the_others_untouched(store: Store) -> None:
    bad: dict[str, Script] = {
        "/": drip(b"x", head=b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
        "/robots.txt": status(404),
    }
    async with serve(bad, host="127.0.0.2") as slow, serve({"/": ok(page("Home"))}) as fine:
        started = asyncio.get_running_loop().time()
        watches = [Watch(source="page", target=s.url("/")) for s in (slow, fine)]
        seen: list[tuple[str, float]] = []
        outcomes = await store.night(
            "page", *watches, notice=lambda c: seen.append((c.watch_id, asyncio.get_running_loop().time() - started))
        )

    assert [o.status for o in outcomes] == ["failed", "ok"]
    assert dict(seen)[watches[1].watch_id] < 0.9
    assert "did not finish its answer" in outcomes[0].message


# --- secrets ------------------------------------------------------------------------------------------------------------------


async def test_a_source_without_its_credentials_is_skipped_and_says_what_is_missing(store: Store) -> None:
    async with serve({"/1": ok()}) as server:
        [outcome] = await store.night(source_of(server, auth=Header("X-Api-Key", "api_key")), WATCH)

    assert server.seen == []
    assert outcome.status == "skipped"
    assert "DOZOR_PAGE_API_KEY" in outcome.message


async def test_no_stored_byte_holds_a_secret(store: Store) -> None:  # G-31, R-228
    secrets = [f"s3cret-{number:02d}-{'abcdef'[number % 6] * 12}" for number in range(40)]

    def echo(number: int) -> Script:
        """Says the secret back in its body, its headers and a redirect."""

        async def script(seen: Any) -> None:
            said = seen.headers["x-api-key"]
            if "again" not in seen.path:
                await redirect(f"/{number}?again=1&token={said}", headers={"X-Echo": said, "Set-Cookie": f"session={said}"})(seen)
            else:
                await ok(json.dumps({"you sent": said}).encode(), {"X-Echo": said})(seen)

        return script

    watches = [Watch(source="page", target=str(n), account=str(n)) for n in range(40)]
    store.secrets = lambda source, account: lambda key: secrets[int(account or 0)]
    store.total_timeout = 60.0  # nothing hangs here, but a busy machine may be slow

    def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
        yield Request(path=f"/{watch.target}")

    async with serve({f"/{n}": echo(n) for n in range(40)}) as server:
        outcomes = await store.night(source_of(server, plan, auth=Header("X-Api-Key", "api_key")), *watches)

    assert {o.status for o in outcomes} == {"ok"}
    stored = b"".join(path.read_bytes() for path in store.folder.rglob("*") if path.is_file())
    told = repr(list(read_captures(store.folder))) + repr(outcomes)
    assert [s for s in secrets if s.encode() in stored or s in told] == []
    assert sorted(seen.headers["x-api-key"] for seen in server.seen) == sorted(secrets * 2)
