"""Removal: old pages go and what was read stays; for cause everything goes, and a tombstone stays (R-236, G-32)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from collectors.crash import CRASHED
from dozor import backfilling, refreshing, removal, steps
from dozor.settings import Settings
from dozor.steps import StepError
from dozor.workers import Workers
from tests.pipeline.nights import FIRST_NIGHT, Site, ask, at_night, night, serving, settings_for

WATCHLIST = """
projects:
  - id: tea
    title: Tea
    language: en
    timezone: UTC
    currency: GBP
    personal_data: keep
    entities:
      - id: kettle
        name: Kettle
        is_own: true
        domains: [kettle.example]
        watches:
          - page: http://kettle.example:{port}/about
          - page: http://kettle.example:{port}/other
    watches:
      - feed: http://news.example:{port}/feed
"""
SECRET = "Zanzibarquux"  # stands on the page to erase and nowhere else
AUTHOR = "Yolanda Vexford"

FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><link>http://news.example:{port}/</link>
<item><title>Cups are dear</title><link>http://news.example:{port}/1</link><guid>n1</guid><dc:creator>Yolanda Vexford</dc:creator>
<pubDate>Sat, 31 Oct 2026 10:00:00 GMT</pubDate><description>Cups cost more than pots, says Yolanda Vexford.</description></item>
<item><title>Pots are cheap</title><link>http://news.example:{port}/2</link><guid>n2</guid><dc:creator>Otto Plain</dc:creator>
<pubDate>Sat, 31 Oct 2026 11:00:00 GMT</pubDate><description>Pots cost less than cups.</description></item>
</channel></rss>"""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two nights and their reports; the settings of the second."""
    folder = tmp_path_factory.mktemp("removal")
    site = Site()
    site.put("kettle.example", "/about", f"<title>About</title><h1>About</h1><p>Founded by {SECRET} long ago.</p>")
    site.put("kettle.example", "/other", "<title>Other</title><h1>Other</h1><p>Nothing of note stands here.</p>")
    site.put("news.example", "/feed", FEED, "application/rss+xml")
    site.put("news.example", "/1", "<title>Cups are dear</title><article><p>Cups cost more than pots, we hear.</p></article>")
    site.put("news.example", "/2", "<title>Pots are cheap</title><article><p>Pots cost less than cups, we hear.</p></article>")
    with serving(site), pytest.MonkeyPatch.context() as patch:
        patch.setattr("dozor.parsing.SECONDS_PER_CAPTURE", 60.0)  # the machine of the tests may be busy
        settings = settings_for(folder, site, WATCHLIST)
        with Workers(1) as pool:
            night(settings, pool)
            site.put("kettle.example", "/about", f"<title>About</title><h1>About</h1><p>Founded by {SECRET} in 1970.</p>")
            night(at_night(settings, 1), pool)
    refreshing.report(at_night(settings, 1))
    return at_night(settings, 1)


@pytest.fixture
def store(played: Settings, tmp_path: Path) -> Settings:
    """A copy of the played store to take away from."""
    shutil.copytree(played.store, tmp_path / "store", symlinks=True)
    return played.model_copy(update={"store": tmp_path / "store"})


def traces(store: Path, word: str) -> list[str]:
    """Every place of the store where a word can still be read: parquet cells, database cells, files as they are."""
    found = []
    for path in sorted(path for path in store.rglob("*") if path.is_file() and not path.is_symlink()):
        name = str(path.relative_to(store))
        if path.suffix == ".parquet":
            cells = [cell for column in pq.ParquetFile(path).read().columns for cell in column.to_pylist()]
            if any(word.encode() in cell if isinstance(cell, bytes) else word in str(cell) for cell in cells):
                found.append(name)
        elif path.suffix == ".duckdb":
            found += [f"{name}:{table}" for table in _tables_with(path, word)]
        if word.encode() in path.read_bytes():
            found.append(f"{name} (bytes)")
    return found


def _tables_with(path: Path, word: str) -> list[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY 1").fetchall()
        return [
            table
            for (table,) in tables
            if any(word in str(row) for row in connection.execute(f"SELECT * FROM {table}").fetchall())
        ]


def tombstones(store: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((store / "erasures").glob("*.json"))]


def about(settings: Settings) -> str:
    return str(ask(settings.store, "SELECT url FROM ops.capture WHERE url LIKE '%/about' LIMIT 1")[0][0])


def test_erasing_an_address_leaves_no_trace_of_what_stood_there(store: Settings) -> None:
    assert traces(store.store, SECRET)
    said = removal.erase(url=about(store), reason="takedown", settings=store)
    assert "Erased 2 stored pages" in said
    assert traces(store.store, SECRET) == []
    assert ask(store.store, "SELECT count(*) FROM core.page WHERE title = 'Other'") == [(1,)]
    (stone,) = tombstones(store.store)
    assert (stone["reason"], stone["body_count"]) == ("takedown", 2)
    states = ask(store.store, "SELECT DISTINCT body_state FROM ops.capture WHERE url LIKE '%/about'")
    assert states == [("erased",)]


def test_what_was_erased_does_not_come_back_by_reading_or_refreshing_again(store: Settings) -> None:
    removal.erase(url=about(store), reason="takedown", settings=store)
    with Workers(1) as pool:
        run = steps.begin("manual", settings=store)
        steps.parse(run, settings=store, workers=pool)
    refreshing.refresh(full=True, settings=store)
    assert traces(store.store, SECRET) == []


def test_an_erased_address_is_not_asked_again(tmp_path: Path) -> None:
    site = Site()
    site.put("kettle.example", "/about", f"<title>About</title><h1>About</h1><p>Founded by {SECRET} long ago.</p>")
    site.put("kettle.example", "/moved", "<title>Moved</title><h1>Moved</h1><p>Nothing of note stands here.</p>")
    pages = "{page: 'http://kettle.example:{port}/about'}, {page: 'http://kettle.example:{port}/moved'}"
    watchlist = "projects: [{id: tea, title: Tea, watches: [PAGES]}]".replace("PAGES", pages)
    with serving(site), Workers(1) as pool:
        settings = settings_for(tmp_path, site, watchlist)
        night(settings, pool)
        said = removal.erase(url=f"http://kettle.example:{site.port}/about", reason="takedown", settings=settings)
        site.redirect("kettle.example", "/moved", f"http://kettle.example:{site.port}/about")
        night(at_night(settings, 1), pool)

    assert traces(settings.store, SECRET) == []
    (stone,) = (settings.store / "erasures").glob("*.json")
    assert f"neither asked nor read any more, until {stone} is removed" in said
    assert site.seen.count(("kettle.example", "/about")) == 1
    refused = "SELECT count(*) FROM ops.capture WHERE verdict = 'denied' AND verdict_reason LIKE '%was erased%'"
    assert ask(settings.store, refused) == [(2,)]


def post_address(settings: Settings) -> str:
    return str(ask(settings.store, "SELECT url FROM core.publication WHERE title = 'Cups are dear'")[0][0])


def test_erasing_the_address_of_a_post_takes_it_from_every_page_it_stood_on(store: Settings) -> None:
    assert any("core.publication" in place for place in traces(store.store, "Cups"))
    removal.erase(url=post_address(store).upper().replace("HTTP", "http"), reason="takedown", settings=store)
    assert traces(store.store, "Cups are dear") == traces(store.store, "Cups cost more") == []
    assert ask(store.store, "SELECT title FROM core.publication") == [("Pots are cheap",)]


def test_a_post_that_was_only_seen_on_a_page_of_many_is_erased_and_stays_away(tmp_path: Path) -> None:
    """As in a channel or in the answers of an API: its address was never asked for, and the page goes on showing it."""
    site = Site()
    site.put("news.example", "/feed", FEED, "application/rss+xml")
    watchlist = (
        "projects: [{id: tea, title: Tea, watches: [{feed: 'http://news.example:{port}/feed', options: {articles: false}}]}]"
    )
    posts = "SELECT DISTINCT native_id FROM obs.publication ORDER BY 1"
    with serving(site), Workers(1) as pool:
        settings = settings_for(tmp_path, site, watchlist)
        night(settings, pool)
        said = removal.erase(url=f"http://news.example:{site.port}/1", reason="takedown", settings=settings)
        assert traces(settings.store, "Cups are dear") == []
        assert ask(settings.store, posts) == [("news.example:n2",)]

        outcomes = night(at_night(settings, 1), pool)
        backfilling.backfill(steps.begin("backfill", settings=settings), "reparse", settings=settings)
        refreshing.refresh(settings=settings)
        assert ask(settings.store, posts) == [("news.example:n2",)]
        assert any("their addresses or authors were erased: 1" in outcome.message for outcome in outcomes)

        (stone,) = (settings.store / "erasures").glob("*.json")
        assert str(stone) in said
        stone.unlink()
        site.put("news.example", "/feed", FEED.replace("Pots are cheap", "Pots are cheap again"), "application/rss+xml")
        night(at_night(settings, 2), pool)
        assert ask(settings.store, posts) == [("news.example:n1",), ("news.example:n2",)]


def test_erasing_a_watch_takes_what_came_through_it_only(store: Settings) -> None:
    watch_id = str(ask(store.store, "SELECT watch_id FROM ref.watch WHERE target LIKE '%/about'")[0][0])
    removal.erase(watch_id=watch_id, reason="contract ended", settings=store)
    assert traces(store.store, SECRET) == []
    assert ask(store.store, "SELECT count(*) FROM core.page WHERE title = 'Other'") == [(1,)]


def test_erasing_an_author_takes_the_rows_the_pages_and_the_name(store: Settings) -> None:
    assert traces(store.store, AUTHOR)
    removal.erase(author=AUTHOR, reason="asked to be forgotten", settings=store)
    assert traces(store.store, AUTHOR) == []
    (stone,) = tombstones(store.store)
    assert stone["author"] != AUTHOR
    assert ask(store.store, "SELECT count(*) FROM core.page WHERE title = 'Other'") == [(1,)]


@pytest.mark.parametrize("policy", ["keep", "hash", "drop"])
def test_what_an_erased_author_writes_stays_away(policy: str, tmp_path: Path) -> None:
    site = Site()
    site.put("news.example", "/feed", FEED, "application/rss+xml")
    watchlist = (
        (
            f"projects: [{{id: tea, title: Tea, personal_data: {policy}, "
            "watches: [{{feed: 'http://news.example:{port}/feed', options: {{articles: false}}}}]}}]"
        )
        .replace("{{", "{")
        .replace("}}", "}")
    )
    posts = "SELECT DISTINCT title FROM obs.publication ORDER BY 1"
    with serving(site), Workers(1) as pool:
        settings = settings_for(tmp_path, site, watchlist)
        night(settings, pool)
        said = removal.erase(author=AUTHOR, reason="asked to be forgotten", settings=settings)
        assert ask(settings.store, posts) == [("Pots are cheap",)]

        more = FEED.replace("Cups are dear", "Cups are dearer").replace("Pots are cheap", "Pots are cheaper")
        site.put("news.example", "/feed", more, "application/rss+xml")
        outcomes = night(at_night(settings, 1), pool)
        assert ask(settings.store, posts) == [("Pots are cheap",), ("Pots are cheaper",)]
        assert any("their addresses or authors were erased: 1" in outcome.message for outcome in outcomes)

        (stone,) = (settings.store / "erasures").glob("*.json")
        assert f"until {stone} is removed" in said


def killed(settings: Settings, point: str, given: dict[str, str]) -> None:
    os.environ["DOZOR_CRASH_AT"] = point
    removal.erase(**given, reason="asked to be forgotten", settings=settings)


@pytest.mark.parametrize("point", ["erase.begun", "erase.bodies", "erase.rows", "load.committed"])
def test_an_erasure_that_was_killed_is_finished_by_the_same_command(point: str, store: Settings) -> None:
    process = get_context("forkserver").Process(target=killed, args=(store, point, {"author": AUTHOR}))
    process.start()
    process.join()
    assert process.exitcode == CRASHED
    removal.erase(author=AUTHOR, reason="asked to be forgotten", settings=store)
    assert traces(store.store, AUTHOR) == []
    assert ask(store.store, "SELECT count(*) FROM core.page WHERE title = 'Other'") == [(1,)]


def test_a_large_body_beside_the_archive_goes_too(tmp_path: Path) -> None:
    site = Site()
    large = f"<title>About</title><p>Founded by {SECRET}.</p>" + "<!-- " + "".join(f"{n:x}" for n in range(1_700_000)) + " -->"
    site.put("kettle.example", "/about", large)
    site.put("kettle.example", "/other", "<title>Other</title><p>Nothing of note.</p>")
    site.put("news.example", "/feed", FEED, "application/rss+xml")
    with serving(site), pytest.MonkeyPatch.context() as patch:
        patch.setattr("dozor.parsing.SECONDS_PER_CAPTURE", 60.0)  # the machine of the tests may be busy
        settings = settings_for(tmp_path, site, WATCHLIST)
        with Workers(1) as pool:
            night(settings, pool)
        beside = list(settings.store.rglob("*.zst"))
        assert len(beside) == 1
        removal.erase(url=f"http://kettle.example:{site.port}/about", reason="takedown", settings=settings)
    assert list(settings.store.rglob("*.zst")) == []
    assert traces(settings.store, SECRET) == []


def test_the_older_published_copy_and_the_reports_go_too(store: Settings) -> None:
    copies = sorted(path.name for path in store.store.glob("warehouse-*.duckdb"))
    assert len(copies) == 2
    removal.erase(url=about(store), reason="takedown", settings=store)
    assert traces(store.store, SECRET) == []
    assert ask(store.store, "SELECT 1") == [(1,)]


def test_nothing_found_changes_nothing(store: Settings) -> None:
    before = {path: path.stat().st_mtime_ns for path in store.store.rglob("*.parquet")}
    with pytest.raises(StepError, match="Nothing was found") as found:
        removal.erase(url="https://nowhere.example/", reason="takedown", settings=store)
    assert found.value.exit_code == 1
    assert {path: path.stat().st_mtime_ns for path in store.store.rglob("*.parquet")} == before
    assert tombstones(store.store) == []


@pytest.mark.parametrize("given", [{}, {"url": "https://a.example/", "author": "A"}])
def test_one_thing_to_erase_must_be_named(given: dict[str, str], store: Settings) -> None:
    with pytest.raises(StepError, match="name one of"):
        removal.erase(**given, reason="x", settings=store)


class AtOneMoment(Settings):
    """Settings whose clock stands, as it nearly does in the demo, where each command begins at the same moment."""

    def now(self) -> Callable[[], datetime]:
        return lambda: FIRST_NIGHT


def test_each_erasure_leaves_a_tombstone_of_its_own_even_at_the_same_moment(store: Settings) -> None:
    frozen = AtOneMoment.model_construct(**dict(store))
    removal.erase(url=about(store), reason="takedown", settings=frozen)
    removal.erase(url=post_address(store), reason="takedown", settings=frozen)
    assert len(tombstones(store.store)) == 2


def test_a_removal_needs_a_reason(store: Settings) -> None:
    with pytest.raises(StepError, match="--reason") as found:
        removal.erase(url=about(store), reason=" ", settings=store)
    assert found.value.exit_code == 2
    assert traces(store.store, SECRET)


def test_pruning_drops_old_pages_and_keeps_what_was_read(store: Settings) -> None:
    before = ask(store.store, "SELECT url, title FROM core.page_version ORDER BY ALL")
    said = removal.prune_bodies("2026-11-02", settings=store)
    assert "stay" in said
    refreshing.refresh(settings=store)
    assert ask(store.store, "SELECT url, title FROM core.page_version ORDER BY ALL") == before
    kept = 0
    for path in store.store.glob("captures/source=*/date=*/*.parquet"):
        bodies = [body for body in pq.read_table(path)["body"].to_pylist() if body is not None]
        kept += len(bodies)
        assert not bodies or "date=2026-11-02" in str(path), path
    assert kept


def test_a_day_that_is_none_is_named(store: Settings) -> None:
    with pytest.raises(StepError, match="YYYY-MM-DD"):
        removal.prune_bodies("last year", settings=store)


def test_the_tombstone_says_when(store: Settings) -> None:
    removal.erase(url=about(store), reason="takedown", settings=store)
    (stone,) = tombstones(store.store)
    assert datetime.fromisoformat(str(stone["erased_at"])).astimezone(UTC).year == 2026
