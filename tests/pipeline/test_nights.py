"""From a watchlist to the published file, night after night, over a small shop on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dozor import backfilling, refreshing, steps
from dozor.settings import Settings
from dozor.workers import Workers
from tests.pipeline.nights import Site, ask, at_night, contents, night, serving, settings_for

HOST = "samovar.example"
WATCHLIST = """
projects:
  - id: tea
    title: Tea
    entities:
      - id: samovar
        name: Samovar
        watches:
          - site: http://samovar.example:{port}/
  - id: coffee
    title: Coffee
    entities:
      - id: rival
        name: Rival of another client
        watches:
          - site: http://samovar.example:{port}/
"""


def product(name: str, price: str, stock: str = "InStock") -> str:
    offer = f'{{"price":"{price}","priceCurrency":"GBP","availability":"https://schema.org/{stock}"}}'
    facts = f'{{"@type":"Product","name":"{name}","sku":"{name}","offers":{offer}}}'
    about = f"<p>The {name} is a vessel of brass in which water is kept warm for tea, all evening long, without a fuss.</p>" * 3
    script = f'<script type="application/ld+json">{facts}</script>'
    return f"<html lang=en><title>{name}</title><main><h1>{name}</h1>{about}</main>{script}</html>"


def home(*paths: str) -> str:
    links = "".join(f'<li><a href="{path}">{path}</a>' for path in paths)
    about = "<h1>Shop</h1><p>We sell samovars, large and small, since long ago.</p>"
    return f"<html lang=en><title>Home</title><main>{about}<ul>{links}</ul></main></html>"


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    with Workers(2) as workers:
        yield workers


@pytest.fixture
def shop() -> Iterator[Site]:
    site = Site()
    site.put(HOST, "/robots.txt", "User-agent: *\nDisallow: /secret\n", "text/plain")
    site.put(HOST, "/", home("/p/a", "/p/b", "/secret"))
    site.put(HOST, "/p/a", product("Brass", "120.00"))
    site.put(HOST, "/p/b", product("Copper", "90.00"))
    with serving(site):
        yield site


@pytest.fixture
def settings(tmp_path: Path, shop: Site) -> Settings:
    return settings_for(tmp_path, shop, WATCHLIST)


def test_a_night_brings_every_page_and_offer_and_what_was_forbidden(settings: Settings, pool: Workers) -> None:
    outcomes = night(settings, pool)

    assert [(o.step, o.status) for o in outcomes] == [("collect", "ok"), ("parse", "ok")]
    offers = ask(settings.store, "SELECT name, price_amount::VARCHAR, currency, availability FROM core.offer ORDER BY name")
    assert offers == [("Brass", "120.0000", "GBP", "InStock"), ("Copper", "90.0000", "GBP", "InStock")]
    assert ask(settings.store, "SELECT url LIKE '%/secret' FROM ops.capture WHERE verdict = 'denied'") == [(True,)]


def test_what_two_clients_watch_is_fetched_once(settings: Settings, pool: Workers, shop: Site) -> None:
    night(settings, pool)

    assert len(shop.seen) == len(set(shop.seen))
    entities = ask(settings.store, "SELECT DISTINCT project_id, entity_id FROM core.record_entity ORDER BY ALL")
    assert entities == [("coffee", "rival"), ("tea", "samovar")]


# R-204, G-2
def test_the_same_run_started_again_fetches_nothing_and_changes_nothing(settings: Settings, pool: Workers, shop: Site) -> None:
    night(settings, pool, run_id="one")
    before, asked = contents(settings.store), len([path for _, path in shop.seen if path != "/robots.txt"])
    batches = {path: path.read_bytes() for path in (settings.store / "batches").rglob("*.parquet")}
    night(settings, pool, run_id="one")

    assert len([path for _, path in shop.seen if path != "/robots.txt"]) == asked
    assert contents(settings.store) == before
    assert {path: path.read_bytes() for path in (settings.store / "batches").rglob("*.parquet")} == batches


def test_a_second_night_shows_exactly_what_changed(settings: Settings, pool: Workers, shop: Site) -> None:
    night(settings, pool)
    shop.put(HOST, "/p/a", product("Brass", "99.00"))
    shop.put(HOST, "/p/c", product("Silver", "300.00"))
    shop.put(HOST, "/", home("/p/a", "/p/c"))
    shop.pages.pop((HOST, "/p/b"))
    night(at_night(settings, 1), pool)

    prices = ask(settings.store, "SELECT DISTINCT name, previous_price_amount::INT, price_amount::INT FROM mart.price_change")
    assert prices == [("Brass", 120, 99)]
    pages = ask(settings.store, "SELECT DISTINCT event, url[-4:] FROM mart.new_page ORDER BY ALL")
    assert ("new", "/p/c") in pages
    unchanged = ask(settings.store, "SELECT count(*) FROM ops.capture WHERE verdict = 'unchanged' AND body_state = 'same'")
    assert unchanged[0][0] == 0  # nothing here stayed the same but robots.txt, which is no capture


def test_a_night_without_changes_stores_no_body_and_parses_nothing(settings: Settings, pool: Workers) -> None:
    night(settings, pool)
    before = contents(settings.store, skip=lambda name: name.endswith(("_day", "health")))
    outcomes = night(at_night(settings, 1), pool)

    assert [o.step for o in outcomes] == ["collect"]
    assert ask(
        settings.store,
        "SELECT count(*) FROM ops.capture WHERE batch_date = DATE '2026-11-02' AND body_state = 'stored' AND verdict <> 'skip'",
    ) == [(0,)]
    assert ask(settings.store, "SELECT count(*) FROM ops.batch WHERE status = 'held'") == [(0,)]
    after = contents(settings.store, skip=lambda name: name.endswith(("_day", "health")))
    assert {k: v.split()[0] for k, v in after.items()} == {k: v.split()[0] for k, v in before.items()}


def test_every_row_leads_back_to_its_stored_page(settings: Settings, pool: Workers) -> None:
    from collectors.archive import find_capture

    night(settings, pool)
    rows = ask(settings.store, "SELECT name, capture_id FROM core.offer")

    for name, capture_id in rows:
        found = find_capture(settings.store, str(capture_id))
        assert found is not None
        assert str(name).encode() in (found.body or b"")


def test_the_past_is_asked_only_of_sources_that_can_answer_for_it(settings: Settings) -> None:
    run_id = steps.begin("backfill", settings=settings)
    lines = backfilling.backfill(run_id, "past", since="2026-10-01", until="2026-10-02", settings=settings)

    assert any(line.startswith("site: can only be seen as it is now") for line in lines)


def test_a_source_without_a_contact_is_not_asked(settings: Settings) -> None:
    from dozor.settings import SettingsError

    nameless = settings.model_copy(update={"contact": ""})
    run_id = steps.begin("manual", settings=nameless)
    with pytest.raises(SettingsError, match="contact"):
        steps.collect(run_id, ["site"], settings=nameless)


def test_a_host_that_is_down_fails_alone(settings: Settings, pool: Workers, shop: Site, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        address = f"http://127.0.0.1:{closed_soon.getsockname()[1]}/"
    down = WATCHLIST + f"          - page: {address}\n"
    (tmp_path / "watchlist.yml").write_text(down.replace("{port}", str(shop.port)), encoding="utf-8")
    outcomes = night(settings, pool)

    assert {(o.source, o.step, o.status) for o in outcomes if o.step == "collect"} == {
        ("site", "collect", "ok"),
        ("page", "collect", "failed"),
    }
    assert ask(settings.store, "SELECT count(*) FROM core.offer") == [(2,)]
    run_id = steps.latest_run(settings)
    assert any(f"page {address}" in line for line in steps.failures(run_id, settings))


def test_status_names_a_source_that_was_not_seen_for_longer_than_it_may(
    settings: Settings, pool: Workers, shop: Site, tmp_path: Path
) -> None:
    shop.put(HOST, "/terms", home())
    watched = WATCHLIST + "          - page: http://samovar.example:{port}/terms\n"
    (tmp_path / "watchlist.yml").write_text(watched.replace("{port}", str(shop.port)), encoding="utf-8")
    night(settings, pool)
    assert refreshing.status(settings).silent == []
    for path in ("/", "/p/a", "/p/b"):
        shop.put(HOST, path, "<h1>Not for you</h1>", status=403)
    night(at_night(settings, 8), pool)

    (told,) = refreshing.status(settings).silent
    assert told.startswith("SILENT site: no new record for 8 days, more than 7.")


def test_a_query_that_cannot_be_read_holds_up_nothing_and_is_named_wherever_one_looks(
    settings: Settings, pool: Workers, shop: Site, tmp_path: Path
) -> None:
    topics = "    topics:\n      - {id: open, query: 'tea AND ('}\n      - {id: whole, query: tea}\n"
    (tmp_path / "watchlist.yml").write_text((WATCHLIST + topics).replace("{port}", str(shop.port)), encoding="utf-8")
    night(settings, pool)

    (told,) = refreshing.status(settings).unread
    assert "/open finds nothing: a bracket is not closed. Add the missing )." in told
    assert told in str(refreshing.refresh(settings=settings))
    assert ask(settings.store, "SELECT topic_id FROM ref.topic WHERE problem IS NOT NULL") == [("open",)]
    written = [Path(path).read_text(encoding="utf-8") for path in refreshing.report(settings)]
    assert sum("a bracket is not closed. Add the missing )." in text for text in written) == 1  # of two clients


def test_a_changed_parser_reads_the_archive_again(settings: Settings, pool: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    night(settings, pool)
    before = contents(settings.store)
    monkeypatch.setattr("dozor.parsing.READING_VERSION", 999)
    run_id = steps.begin("backfill", settings=settings)
    lines = backfilling.backfill(run_id, "reparse", settings=settings)
    refreshing.refresh(settings=settings)

    assert any("records read again" in line for line in lines)
    assert {name: rows for name, rows in contents(settings.store).items() if name.startswith(("core", "mart"))} == {
        name: rows for name, rows in before.items() if name.startswith(("core", "mart"))
    }


def reviewed(author: str) -> str:
    review = f'{{"@type":"Review","author":"{author}","reviewBody":"Keeps warm.","reviewRating":{{"ratingValue":5}}}}'
    return product("Brass", "120.00").replace('"sku"', f'"review":{review},"sku"')


def test_a_changed_policy_on_personal_data_reads_again_what_is_stored(
    settings: Settings, pool: Workers, shop: Site, tmp_path: Path
) -> None:
    def reviewers(policy: str) -> tuple[list[str], list[tuple[object, ...]]]:
        """What a reparse says under this policy of both clients, and who reviewed."""
        watchlist = WATCHLIST.replace("    title: ", f"    personal_data: {policy}\n    title: ")
        (tmp_path / "watchlist.yml").write_text(watchlist.replace("{port}", str(shop.port)), encoding="utf-8")
        lines = backfilling.backfill(steps.begin("backfill", settings=settings), "reparse", settings=settings)
        refreshing.refresh(settings=settings)
        return lines, ask(settings.store, "SELECT author FROM obs.review")

    shop.put(HOST, "/p/a", reviewed("Ann Reader"))
    night(settings, pool)
    ((hashed,),) = ask(settings.store, "SELECT author FROM obs.review")
    assert str(hashed).startswith("person_")

    assert reviewers("keep")[1] == [("Ann Reader",)]
    assert reviewers("drop")[1] == [(None,)]
    assert reviewers("hash")[1] == [(hashed,)]
    assert reviewers("hash")[0] == ["Nothing to read again: every capture was read by today's parsers."]


def test_what_a_watch_gave_that_left_the_list_stays_as_its_policy_had_it(
    settings: Settings, pool: Workers, shop: Site, tmp_path: Path
) -> None:
    shop.put(HOST, "/p/a", reviewed("Ann Reader"))
    kept = WATCHLIST.replace("    title: ", "    personal_data: keep\n    title: ").replace("{port}", str(shop.port))
    (tmp_path / "watchlist.yml").write_text(kept, encoding="utf-8")
    night(settings, pool)
    (tmp_path / "watchlist.yml").write_text("projects: [{id: tea, title: Tea}]", encoding="utf-8")
    backfilling.backfill(steps.begin("backfill", settings=settings), "reparse", settings=settings)
    refreshing.refresh(settings=settings)

    assert ask(settings.store, "SELECT author FROM obs.review") == [("Ann Reader",)]
