"""robots.txt is asked once a host and day, whichever sources and processes want it, and is nobody's budget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dozor import steps
from dozor.settings import Budget, Settings
from tests.pipeline.nights import Site, at_night, serving, settings_for

HOST = "tea.example"
WATCHLIST = f"""
projects:
- id: p
  title: P
  watches:
  - site: "http://{HOST}:{{port}}/"
  - page: "http://{HOST}:{{port}}/prices"
  - feed: "http://{HOST}:{{port}}/rss"
"""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    site.put(HOST, "/", "<title>Tea</title><h1>Tea</h1><p>All kinds of tea.</p>")
    site.put(HOST, "/prices", "<title>Prices</title><h1>Prices</h1><p>Ten euros.</p>")
    site.put(HOST, "/rss", "<rss version='2.0'><channel><title>News</title></channel></rss>", "application/rss+xml")
    site.put(HOST, "/robots.txt", "User-agent: *\nDisallow: /cart\n", "text/plain")
    site.delays[HOST] = 0.05  # long enough for three sources to meet
    with serving(site):
        yield site


def collect(settings: Settings) -> dict[str, str]:
    """One run of all sources; returns source -> status and what was said."""
    run_id = steps.begin("manual", settings=settings)
    outcomes = steps.collect(run_id, steps.due("manual", run_id, settings=settings), settings=settings)
    return {outcome.source: f"{outcome.status} {outcome.message}".strip() for outcome in outcomes}


def test_three_sources_and_two_runs_of_a_day_ask_a_host_once(site: Site, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, site, WATCHLIST)

    assert collect(settings) == {"site": "ok", "page": "ok", "feed": "ok"}
    collect(settings)
    assert site.seen.count((HOST, "/robots.txt")) == 1

    collect(at_night(settings, 1))
    assert site.seen.count((HOST, "/robots.txt")) == 2


def test_robots_txt_uses_up_no_budget(site: Site, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, site, WATCHLIST, budgets={"page": Budget(requests=1)})

    assert collect(settings)["page"] == "ok"
