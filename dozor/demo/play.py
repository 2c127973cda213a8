"""Plays four weeks of nights over the demo market, through the same steps as a real night."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import yaml

from dozor import airflow, refreshing, steps
from dozor.demo.platforms import AD_TOKEN
from dozor.demo.server import HOSTS, Market, serve
from dozor.settings import Settings, load_settings
from dozor.workers import Workers

NIGHTS = 28
NIGHT_TIME = time(1, 10)  # UTC, when the nightly DAG runs


@dataclass(frozen=True, slots=True)
class Demo:
    """A played demo: where everything lies."""

    folder: Path
    settings: Settings
    reports: list[str]


def play(
    folder: Path,
    last_day: date,
    *,
    nights: int = NIGHTS,
    say: Callable[[str], None],
    last_night: Callable[[Path], None] | None = None,
) -> Demo:
    """Play `nights` nights, the last of them on `last_day`; a demo of before in the folder is replaced.

    `last_night` plays the last one in place of the plain steps (through Airflow, say); it gets the settings file.
    """
    folder = folder.resolve()
    if folder.exists():
        _check_ours(folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARK).write_text("made by dozor demo; may be deleted\n", encoding="utf-8")
    with _credentials(), serve(last_day) as market:
        watchlist = (Path(__file__).parent / "watchlist.yml").read_text(encoding="utf-8")
        (folder / "watchlist.yml").write_text(watchlist.replace("{port}", str(market.port)), encoding="utf-8")
        days = [last_day - timedelta(days=back) for back in reversed(range(nights))]
        with Workers(os.cpu_count() or 1) as pool:
            for number, day in enumerate(days, 1):
                config = _settings(folder, market, day)
                if number == nights and last_night is not None:
                    say(f"night {number} of {nights}, {day}: in Airflow, which takes a while to start.")
                    last_night(config)
                    continue
                _night(load_settings(config), pool)
                if number % 7 == 0 or number == nights - 1 or number == nights:
                    say(f"night {number} of {nights}, {day}: {refreshing.refresh(settings=load_settings(config))}")
        settings = load_settings(config)
        reports = refreshing.report(settings)
    return Demo(folder, settings, reports)


_MARK = ".dozor-demo"


class NotOursError(Exception):
    """The folder given holds something that the demo did not make."""

    exit_code = 2


def _check_ours(folder: Path) -> None:
    if any(folder.iterdir()) and not (folder / _MARK).exists():
        raise NotOursError(f"{folder} is not empty and was not made by the demo: name another folder")


def _night(settings: Settings, pool: Workers) -> None:
    run_id = steps.begin("demo", settings=settings)
    shards = steps.due("demo", run_id, settings=settings)  # the hourly sources too: a demo has no hours
    steps.collect(run_id, shards, settings=settings)
    steps.parse(run_id, shards, settings=settings, workers=pool)


def night_in_airflow(config: Path) -> None:
    """Play a night as Airflow plays it: the nightly DAG, then the warehouse DAG that its asset wakes."""
    home = airflow.install(config.parent / "airflow", config)
    with home.standalone(), home.api() as api:
        airflow.wait_for_dags(api, ("dozor_warehouse", "dozor_nightly"))
        airflow.switch_on(api, "dozor_warehouse")
        airflow.switch_on(api, "dozor_nightly")
        state = airflow.wait_for_run(api, "dozor_nightly", airflow.begin_run(api, "dozor_nightly"))
        refreshed = airflow.wait_for_run(api, "dozor_warehouse")
    if (state, refreshed) != ("success", "success"):
        raise airflow.AirflowError(f"dozor_nightly: {state}, dozor_warehouse: {refreshed}; the logs are in {home.home / 'logs'}")


def _settings(folder: Path, market: Market, day: date) -> Path:
    """The settings of one night: the demo's own clock, hosts on loopback, no pace. Only tests and the demo may do so."""
    market.day = day
    port = market.port
    path = folder / "dozor.yml"
    settings = {
        "store": "store",
        "watchlist": "watchlist.yml",
        "contact": "https://dozor.example/demo",
        "allow_private_hosts": True,
        "clock": datetime.combine(day, NIGHT_TIME, UTC),
        "connect_to": dict.fromkeys(HOSTS, "127.0.0.1"),
        "base_urls": {
            "telegram_channel": f"http://telegram.demo.example:{port}",
            "app_store_app": f"http://apps.demo.example:{port}",
            "app_store_reviews": f"http://apps.demo.example:{port}",
            "meta_ads": f"http://ads.demo.example:{port}/v24.0",
            "hacker_news": f"http://forum.demo.example:{port}/api/v1",
        },
        "pace_seconds": dict.fromkeys(
            ("site", "page", "feed", "telegram_channel", "app_store_app", "app_store_reviews", "meta_ads", "hacker_news"), 0.0
        ),
    }
    path.write_text(
        "# Written by the demo anew for each night.\n" + yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8"
    )
    return path


@contextmanager
def _credentials() -> Iterator[None]:
    before = os.environ.get("DOZOR_META_ADS_TOKEN")
    os.environ["DOZOR_META_ADS_TOKEN"] = AD_TOKEN
    try:
        yield
    finally:
        if before is None:
            del os.environ["DOZOR_META_ADS_TOKEN"]
        else:
            os.environ["DOZOR_META_ADS_TOKEN"] = before
