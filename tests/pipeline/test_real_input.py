"""Nights over real pages, feeds, sitemaps and robots files: all archived, each failure explained, reruns change nothing."""

from __future__ import annotations

import random
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.archive import read_captures
from dozor.settings import Settings
from dozor.workers import Workers
from tests.corpora import corpus
from tests.pipeline.nights import Site, ask, at_night, contents, night, serving, settings_for

SHOP, PRESS, NEWS, MESSENGER = "pages.example", "press.example", "news.example", "messenger.example"
POSTS = "SELECT count(*), count(text_hash) FROM core.publication WHERE source = 'telegram_channel'"
ARTICLES = (
    "SELECT count(*), count(*) FILTER (length(text) > 300) FROM core.publication LEFT JOIN obs.text USING (text_hash)"
    f" JOIN ops.capture USING (capture_id) WHERE capture.url LIKE '%{NEWS}%/a/%'"
)
CHANGES = "SELECT DISTINCT url[strpos(url, '/p/'):] AS path FROM core.page_change ORDER BY path"
EXPLAINED = ("skip", "denied", "blocked", "failed", "changed")


def files(name: str, archive: str) -> dict[str, bytes]:
    with tarfile.open(corpus(name) / archive) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}  # type: ignore[union-attr]


def sampled(found: dict[str, bytes], count: int | None, largest: int = 400_000) -> list[tuple[str, bytes]]:
    rows = sorted((name, body) for name, body in found.items() if len(body) <= largest)
    return rows if count is None else random.Random(7).sample(rows, min(count, len(rows)))


def real_site(count: int | None) -> tuple[Site, str, list[str]]:
    """A server of real files, the watchlist that watches it, and the paths of its pages."""
    site = Site()
    pages = sampled(files("wcxb", "html.tar.xz"), count) + sampled(
        files("product-extraction-benchmark", "html.tar.xz"), None if count is None else count // 3
    )
    paths = [f"/p/{number}-{Path(name).stem[:40]}.html" for number, (name, _) in enumerate(pages)]
    for path, (_, body) in zip(paths, pages, strict=True):
        site.put(SHOP, path, body, "text/html")
    urls = "".join(f"<url><loc>http://{SHOP}:{{port}}{path}</loc></url>" for path in paths)
    urlset = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    site.put(SHOP, "/sitemap.xml", urlset, "application/xml")
    site.put(SHOP, "/", "<html lang=en><title>Pages</title><h1>Pages</h1><p>All the pages there are, in one list.</p></html>")
    robots = sampled(files("robots", "robots-top10000.tar.xz"), count)
    watches = [f"{{site: 'http://{SHOP}:{{port}}/', options: {{max_pages: 3000, include: '/p/[0-9]+-[^?/]*$'}}}}"]
    for number, (_, body) in enumerate(robots[: 10 if count else 200]):
        host = f"ruled-{number}.example"
        site.put(host, "/robots.txt", body, "text/plain")
        site.put(host, "/", pages[number % len(pages)][1], "text/html")
        watches.append(f"page: 'http://{host}:{{port}}/'")
    for number, (_, body) in enumerate(sampled(files("feeds-real", "feeds.tar.xz"), None if count is None else count // 2)):
        site.put(PRESS, f"/feed/{number}", body, "application/xml")
        watches.append(f"{{feed: 'http://{PRESS}:{{port}}/feed/{number}', options: {{articles: false}}}}")
    for number, (name, body) in enumerate(sampled(files("sitemaps", "files.tar.gz"), None)):
        host = f"mapped-{number}.example"
        site.put(host, "/", "<html lang=en><title>Home</title><h1>Home</h1><p>A home page with a map of the site.</p></html>")
        site.put(host, "/sitemap.xml", body, "application/gzip" if name.endswith(".gz") else "application/xml")
        watches.append(f"site: 'http://{host}:{{port}}/'")
    watches += [*articles(site), channel(site)]
    lines = "\n".join(f"          - {watch}" for watch in watches)
    head = (
        "projects:\n  - id: real\n    title: Real\n    entities:\n      - id: all\n        name: All of them\n        watches:\n"
    )
    return site, f"{head}{lines}\n", paths


def articles(site: Site) -> list[str]:
    """Real news pages behind a feed, which is followed to them."""
    pages = sampled(files("fundus-news", "html.tar.xz"), 5)
    items = ""
    for number, (_, body) in enumerate(pages):
        site.put(NEWS, f"/a/{number}", body, "text/html")
        items += f"<item><title>Piece {number}</title><link>http://{NEWS}:{{port}}/a/{number}</link><guid>n{number}</guid></item>"
    feed = f"<rss version='2.0'><channel><title>News</title><link>http://{NEWS}/</link>{items}</channel></rss>"
    site.put(NEWS, "/feed", feed, "application/rss+xml")
    return [f"feed: 'http://{NEWS}:{{port}}/feed'"]


def channel(site: Site) -> str:
    """A real preview of a channel; before its oldest post there is nothing."""
    with tarfile.open(corpus("telegram-preview") / "pages.tar.gz") as tar:
        feed = tar.extractfile("channel_feed.html").read()  # type: ignore[union-attr]
    site.put(MESSENGER, "/s/durov", feed)
    site.put(MESSENGER, "/s/durov?before=519", re.sub(rb'(?s)<section class="tgme_channel_history.*?</section>', b"", feed))
    return "telegram_channel: '@durov'"


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    with Workers(2) as workers:
        yield workers


def play(folder: Path, pool: Workers, count: int | None) -> None:
    site, watchlist, paths = real_site(count)
    with serving(site):
        messenger = {"telegram_channel": f"http://{MESSENGER}:{site.port}"}
        settings = settings_for(folder, site, watchlist, base_urls=messenger)
        first = night(settings, pool, run_id="first")
        everything_is_archived_and_explained(settings, site, paths)
        for outcome in first:
            assert outcome.status in ("ok", "empty") or outcome.message, f"{outcome.source} {outcome.target}: {outcome.status}"

        assert ask(settings.store, POSTS) == [(20, 19)]  # one is a picture alone
        assert ask(settings.store, ARTICLES) == [(5, 5)]

        before, asked = contents(settings.store), len(site.seen)
        batches = {path: path.read_bytes() for path in (settings.store / "batches").rglob("*.parquet")}
        night(settings, pool, run_id="first")
        assert contents(settings.store) == before
        assert {path: path.read_bytes() for path in (settings.store / "batches").rglob("*.parquet")} == batches
        assert [path for _, path in site.seen[asked:] if path != "/robots.txt" and path in paths] == []

        readable = [
            str(url) for (url,) in ask(settings.store, f"SELECT DISTINCT url FROM core.page WHERE url LIKE '%{SHOP}%/p/%'")
        ]
        found = sorted(path for path in paths if any(url.endswith(path) for url in readable))
        changed, others = found[:5], found[5:10]
        for path, other in zip(changed, others, strict=True):
            site.pages[SHOP, path].body = site.pages[SHOP, other].body
        night(at_night(settings, 1), pool, run_id="second")

    assert ask(settings.store, CHANGES) == [(path,) for path in changed]
    fresh = [c.url for c in read_captures(settings.store) if c.run_id == "second" and c.verdict == "ok"]
    assert sorted(url[url.index("/p/") :] for url in fresh) == changed


def everything_is_archived_and_explained(settings: Settings, site: Site, paths: list[str]) -> None:
    captures = list(read_captures(settings.store))
    archived = {path for c in captures for path in paths if c.url.endswith(path)}
    assert archived == set(paths)
    for capture in captures:
        path = capture.url[capture.url.find("/p/") :]
        if capture.body_state == "stored" and SHOP in capture.url and path in paths:
            assert capture.body == site.pages[SHOP, path].body.replace(b"{port}", str(site.port).encode())
        if capture.verdict in EXPLAINED and capture.label != "probe":
            assert capture.verdict_reason, f"{capture.url}: {capture.verdict}"


def test_real_pages_feeds_sitemaps_and_robots_files_survive_two_nights(tmp_path: Path, pool: Workers) -> None:  # G-2, G-21, G-39
    play(tmp_path, pool, 12)


@pytest.mark.slow
def test_all_real_pages_feeds_sitemaps_and_robots_files_survive_two_nights(
    tmp_path: Path, pool: Workers
) -> None:  # G-2, G-21, G-39
    play(tmp_path, pool, None)
