"""Days are days in UTC, wherever the machine stands and whatever its clocks do that night."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from collectors.registry import sources
from dozor.steps import nightly_window
from tests.warehouse.nights import START, ask, capture, contents, offer, page, post, put, refresh

# Nights around which clocks change (Europe, America, Lord Howe Island), a leap day, and the 53rd week of 2026.
NIGHTS = [
    (date(*day) - START.date()).days
    for day in ((2026, 3, 29), (2026, 4, 5), (2026, 10, 4), (2026, 10, 25), (2026, 12, 31), (2027, 1, 1), (2028, 2, 29))
]
ZONES = ["UTC", "Europe/Moscow", "America/New_York", "Australia/Lord_Howe"]


def play(store: Path) -> dict[str, str]:
    """The same nights, as a hash of every table."""
    for number, day in enumerate(NIGHTS):
        records = [page(text=f"Line {number}"), offer(price=str(100 + number)), post(day * 24)]
        put(store, day, [(capture(f"c{number}", day), records)])
    refresh(store, NIGHTS[-1])
    rows = contents(store / "warehouse.duckdb")
    return {name: hashlib.sha256(repr(found).encode()).hexdigest() for name, found in rows.items()}


if __name__ == "__main__":
    print(json.dumps(play(Path(sys.argv[1]))))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, str]]]:
    """The nights in each zone: the store, and what came of it."""
    stores = {zone: tmp_path_factory.mktemp("zone") for zone in ZONES}
    command = [sys.executable, "-m", "tests.warehouse.test_time"]
    running = {
        zone: subprocess.Popen([*command, str(store)], env={**os.environ, "TZ": zone}, stdout=subprocess.PIPE, text=True)
        for zone, store in stores.items()
    }
    return {zone: (stores[zone], json.loads(process.communicate()[0])) for zone, process in running.items()}


@pytest.mark.parametrize("zone", ZONES[1:])
def test_every_table_is_the_same_in_every_time_zone(  # R-190, G-33
    zone: str, played: dict[str, tuple[Path, dict[str, str]]]
) -> None:
    assert played[zone][1] == played["UTC"][1]


def test_leap_days_and_the_53rd_week_are_days_like_others(played: dict[str, tuple[Path, dict[str, str]]]) -> None:
    store = played["UTC"][0]
    days = [row[0] for row in ask(store, "SELECT DISTINCT batch_date FROM obs.offer ORDER BY 1")]
    assert days == sorted((START + timedelta(days=day)).date() for day in NIGHTS)
    assert {date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1)} <= set(days)
    weeks = ask(
        store, "SELECT DISTINCT week(batch_date), yearweek(batch_date) FROM obs.offer WHERE batch_date >= DATE '2026-12-31'"
    )
    assert (53, 202653) in weeks


@pytest.mark.parametrize("source", [name for name, module in sources().items() if module.declaration.mode == "interval"])
def test_windows_of_nights_leave_no_gap(source: str) -> None:  # G-33
    declaration = sources()[source].declaration
    nights = [datetime(2026, 3, 27, 1, 10, tzinfo=UTC) + timedelta(days=day) for day in range(5)]
    windows = [nightly_window(declaration, night) for night in nights]
    for earlier, later in pairwise(windows):
        assert earlier.since < later.since <= earlier.until < later.until
    outage = nightly_window(declaration, nights[4], answered=nights[0].date())
    assert outage.since <= windows[0].until
    assert outage.until == nights[4]
