"""Which shards a run collects: what is due, split where it is much, and never more tasks than Airflow maps well."""

from __future__ import annotations

from pathlib import Path

import pytest

from dozor import steps
from dozor.settings import Settings
from dozor.steps import MAX_SHARDS, Shard

HEAD = """
projects:
  - id: tea
    title: Tea
    language: en
    timezone: UTC
    currency: GBP
    watches:
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=tmp_path / "store", watchlist=tmp_path / "watchlist.yml", contact="me@dozor.example")


def due(settings: Settings, kind: str, watches: list[str]) -> list[str]:
    settings.watchlist.write_text(HEAD + "".join(f"      - {watch}\n" for watch in watches), encoding="utf-8")
    return steps.due(kind, steps.begin(kind, settings=settings), settings=settings)


def test_a_source_of_very_many_watches_is_split_and_each_is_in_one_shard(settings: Settings) -> None:
    found = due(settings, "nightly", [f"page: https://shop.example/p/{number}" for number in range(1_200)])
    shards = [Shard.parse(text) for text in found]
    watches = steps.run_watchlist(settings, steps.run_of(settings, steps.latest_run(settings))).watches("page")

    assert found == ["page:1/3", "page:2/3", "page:3/3"]
    assert len(watches) == 1_200
    assert {sum(shard.holds(watch) for shard in shards) for watch in watches} == {1}


def test_however_many_watches_there_are_at_most_64_tasks_are_mapped(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "WATCHES_PER_SHARD", 2)
    pages = [f"page: https://shop.example/p/{number}" for number in range(300)]
    found = due(settings, "nightly", [*pages, "site: https://shop.example", "telegram_channel: '@tea_shop'"])

    assert 32 < len(found) <= MAX_SHARDS
    assert {"site", "telegram_channel"} <= set(found)


@pytest.mark.parametrize("kind", ["weekly", "hourly"])
def test_when_nothing_is_due_the_run_has_nothing_to_do_and_succeeds(kind: str, settings: Settings) -> None:
    assert due(settings, kind, ["page: https://shop.example/p"]) == []
    run_id = steps.latest_run(settings)
    assert steps.collect(run_id, [], settings=settings) == []
    assert steps.failures(run_id, settings) == []
