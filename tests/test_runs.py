"""Runs on disk: what began, with which watchlist, and what came of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from collectors.runs import Run, begin_run, find_run, last_answered, recent_runs, run_folder, write_outcomes
from collectors.source import Outcome, OutcomeStatus

STARTED = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


def run(run_id: str = "night-1", started_at: datetime = STARTED) -> Run:
    return Run(run_id=run_id, kind="nightly", started_at=started_at, watchlist_version="abc")


def test_a_run_is_found_again_with_the_watchlist_it_used(tmp_path: Path) -> None:
    begin_run(tmp_path, run(), "projects: []\n")

    assert find_run(tmp_path, "night-1") == run()
    assert (run_folder(tmp_path, date(2026, 11, 20), "night-1") / "watchlist.yml").read_text() == "projects: []\n"


def test_a_resumed_run_keeps_its_beginning_and_its_watchlist(tmp_path: Path) -> None:
    begin_run(tmp_path, run(), "first")
    later = run(started_at=datetime(2026, 11, 21, 1, 0, tzinfo=UTC))

    assert begin_run(tmp_path, later, "second") == run()
    assert (run_folder(tmp_path, date(2026, 11, 20), "night-1") / "watchlist.yml").read_text() == "first"


def test_an_unknown_run_is_none(tmp_path: Path) -> None:
    assert find_run(tmp_path, "night-1") is None


def test_recent_runs_come_newest_first(tmp_path: Path) -> None:
    for day in (18, 20, 19):
        begin_run(tmp_path, run(f"night-{day}", datetime(2026, 11, day, 2, 0, tzinfo=UTC)), "")

    assert [one.run_id for one in recent_runs(tmp_path, 2)] == ["night-20", "night-19"]


def looked(store: Path, day: int, status: OutcomeStatus, kind: str = "nightly") -> None:
    began = datetime(2026, 11, day, 1, 10, tzinfo=UTC)
    of = Run(run_id=f"{kind}-{day}", kind=kind, started_at=began, watchlist_version="abc")
    begin_run(store, of, "")
    outcome = Outcome(
        run_id=of.run_id,
        source="hacker_news",
        watch_id="w1",
        step="collect",
        target="tea",
        status=status,
        started_at=began,
        ended_at=began,
    )
    write_outcomes(store, of, "hacker_news", "collect", "1of1", [outcome])


def test_the_last_answer_of_a_source_is_that_of_a_night_that_went_well(tmp_path: Path) -> None:
    looked(tmp_path, 10, "ok")
    looked(tmp_path, 12, "partial")
    looked(tmp_path, 14, "failed")
    looked(tmp_path, 15, "ok", kind="backfill")  # it was asked for the past
    night = datetime(2026, 11, 16, 1, 10, tzinfo=UTC)

    assert last_answered(tmp_path, "hacker_news", night, 31) == date(2026, 11, 12)
    assert last_answered(tmp_path, "hacker_news", datetime(2026, 11, 12, 1, 10, tzinfo=UTC), 31) == date(2026, 11, 10)
    assert last_answered(tmp_path, "hacker_news", night, 2) is None
    assert last_answered(tmp_path, "meta_ads", night, 31) is None


@pytest.mark.parametrize("run_id", ["../up", "a/b", "", "a b"])
def test_a_run_id_that_is_no_file_name_is_refused(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(ValueError, match="run"):
        begin_run(tmp_path, run(run_id), "")


def test_the_partition_of_a_run_is_its_day_in_utc() -> None:
    assert run(started_at=datetime.fromisoformat("2026-11-21T02:00:00+03:00")).day == date(2026, 11, 20)
