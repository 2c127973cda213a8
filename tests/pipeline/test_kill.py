"""kill -9 anywhere: what was finished stays, what was not is done again, and readers notice nothing. G-1, G-2, R-146, R-167."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path

import duckdb
import pytest

from collectors import archive
from collectors.crash import CRASHED
from dozor import refreshing, steps
from dozor.settings import Settings
from dozor.workers import Workers
from tests.pipeline.nights import Site, contents, serving, settings_for
from tests.pipeline.test_nights import HOST, WATCHLIST, home, product

ROOT = Path(__file__).resolve().parents[2]
NAMED = sorted(
    {
        name
        for package in ("collectors", "transforms", "warehouse", "dozor")
        for path in (ROOT / package).rglob("*.py")
        for name in re.findall(r'crash_point\("([^"]+)"\)', path.read_text(encoding="utf-8"))
    }
)
OF_COLLECT = [name for name in NAMED if name.startswith(("archive-", "collect-"))]
OF_THE_REST = [name for name in NAMED if name.startswith(("batch.", "load.", "build.", "check.", "publish."))]


def play_collect(settings: Settings, run_id: str) -> None:
    archive.PART_SECONDS = 0.02  # many small parts, so that a kill finds finished ones
    steps.begin("manual", run_id, settings=settings)
    steps.collect(run_id, steps.due("manual", run_id, settings=settings), settings=settings)


def play_rest(settings: Settings, run_id: str) -> None:
    with Workers(1) as pool:
        steps.parse(run_id, settings=settings, workers=pool)
    refreshing.refresh(settings=settings)


def crashing(point: str, play: Callable[[Settings, str], None], settings: Settings, run_id: str) -> None:
    os.environ["DOZOR_CRASH_AT"] = point
    play(settings, run_id)


def in_own_group(play: Callable[..., None], *arguments: object) -> None:
    os.setsid()
    play(*arguments)


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    made = get_context("forkserver")
    made.set_forkserver_preload(["tests.pipeline.test_kill", "dozor.parsing", "collectors.reading.page"])
    return made


@pytest.fixture
def shop() -> Iterator[Site]:
    site = Site()
    site.put(HOST, "/robots.txt", "User-agent: *\nDisallow:\n", "text/plain")
    site.put(HOST, "/", home(*(f"/p/{n}" for n in range(40))))
    for n in range(40):
        site.put(HOST, f"/p/{n}", product(f"Samovar {n}", f"{100 + n}.00"))
    with serving(site):
        yield site


def killed_at_random(
    context: ForkServerContext, chance: random.Random, longest: float, play: Callable[..., None], *arguments: object
) -> bool:
    """Run `play` in a process and kill it after a random time; returns whether it was killed before it ended."""
    process = context.Process(target=in_own_group, args=(play, *arguments))
    process.start()
    process.join(chance.uniform(0.02, longest))
    if process.exitcode is not None:
        assert process.exitcode == 0
        return False
    try:
        os.killpg(process.pid or 0, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.join()
    return True


def opens(store: Path) -> None:
    """Whatever is published can be opened and read."""
    link = store / "warehouse.duckdb"
    if link.exists():
        with duckdb.connect(str(link.resolve()), read_only=True) as connection:
            connection.execute("SELECT count(*) FROM core.page").fetchall()


def records(store: Path) -> list[tuple[object, ...]]:
    """What was read, ids and times of captures aside."""
    with duckdb.connect(str((store / "warehouse.duckdb").resolve()), read_only=True) as connection:
        return connection.execute("SELECT record_id, name, price_amount, currency FROM core.offer ORDER BY ALL").fetchall()


def undisturbed(folder: Path, site: Site) -> Settings:
    folder.mkdir()
    settings = settings_for(folder, site, WATCHLIST)
    play_collect(settings, "night")
    play_rest(settings, "night")
    return settings


def kill_collect(tmp_path: Path, site: Site, context: ForkServerContext, kills: int, seed: int) -> None:
    expected = records(undisturbed(tmp_path / "calm", site).store)
    (tmp_path / "wild").mkdir()
    settings = settings_for(tmp_path / "wild", site, WATCHLIST)
    chance, killed = random.Random(seed), 0
    while killed < kills:
        killed += killed_at_random(context, chance, 0.8, play_collect, settings, "night")
        pairs = [(c.watch_id, c.fingerprint) for c in archive.read_captures(settings.store)]
        assert len(pairs) == len(set(pairs)), "a page that a finished part holds was fetched again"
    play_collect(settings, "night")
    play_rest(settings, "night")

    assert records(settings.store) == expected


def kill_rest(tmp_path: Path, site: Site, context: ForkServerContext, kills: int, seed: int) -> None:
    (tmp_path / "calm").mkdir()
    calm = settings_for(tmp_path / "calm", site, WATCHLIST)
    play_collect(calm, "night")
    shutil.copytree(tmp_path / "calm", tmp_path / "wild")
    wild = settings_for(tmp_path / "wild", site, WATCHLIST)
    started = time.monotonic()
    play_rest(calm, "night")
    longest = time.monotonic() - started
    chance, killed = random.Random(seed), 0
    while killed < kills:
        if not killed_at_random(context, chance, longest, play_rest, wild, "night"):
            for path in (wild.store / "batches").rglob("*.parquet"):
                path.unlink()  # begin again: there must be something left to kill
        else:
            killed += 1
        opens(wild.store)
    play_rest(wild, "night")

    assert whole(wild.store) == whole(calm.store)


def whole(store: Path) -> dict[str, object]:
    """Batches byte for byte, and every row of the warehouse."""
    batches = {path.relative_to(store).as_posix(): path.read_bytes() for path in (store / "batches").rglob("*.parquet")}
    return {**batches, "rows": contents(store)}


def test_a_collect_killed_at_random_moments_ends_with_the_same_records(
    tmp_path: Path, shop: Site, context: ForkServerContext
) -> None:
    kill_collect(tmp_path, shop, context, kills=25, seed=1)


def test_parse_to_publish_killed_at_random_moments_ends_as_if_undisturbed(
    tmp_path: Path, shop: Site, context: ForkServerContext
) -> None:
    kill_rest(tmp_path, shop, context, kills=25, seed=2)


@pytest.mark.slow
def test_a_collect_killed_a_hundred_times(tmp_path: Path, shop: Site, context: ForkServerContext) -> None:
    kill_collect(tmp_path, shop, context, kills=100, seed=3)


@pytest.mark.slow
def test_parse_to_publish_killed_two_hundred_times(tmp_path: Path, shop: Site, context: ForkServerContext) -> None:
    kill_rest(tmp_path, shop, context, kills=200, seed=4)


def test_a_step_killed_at_each_named_point_is_finished_by_the_next_try(
    tmp_path: Path, shop: Site, context: ForkServerContext
) -> None:
    (tmp_path / "calm").mkdir()
    calm = settings_for(tmp_path / "calm", shop, WATCHLIST)
    play_collect(calm, "night")
    shutil.copytree(tmp_path / "calm", tmp_path / "wild")
    wild = settings_for(tmp_path / "wild", shop, WATCHLIST)
    play_rest(calm, "night")
    for point in OF_THE_REST:
        process = context.Process(target=crashing, args=(point, play_rest, wild, "night"))
        process.start()
        process.join()
        assert process.exitcode in (0, CRASHED)
        opens(wild.store)
    play_rest(wild, "night")

    assert whole(wild.store) == whole(calm.store)
    assert len(OF_THE_REST) >= 10


def test_a_collect_killed_at_each_named_point_goes_on_from_there(
    tmp_path: Path, shop: Site, context: ForkServerContext
) -> None:
    expected = records(undisturbed(tmp_path / "calm", shop).store)
    (tmp_path / "wild").mkdir()
    settings = settings_for(tmp_path / "wild", shop, WATCHLIST)
    for point in OF_COLLECT:
        process = context.Process(target=crashing, args=(point, play_collect, settings, "night"))
        process.start()
        process.join()
        assert process.exitcode in (0, CRASHED)
    play_collect(settings, "night")
    play_rest(settings, "night")

    assert records(settings.store) == expected
    assert len(OF_COLLECT) == 4


def test_a_second_copy_of_a_step_beside_the_first_does_no_harm(
    tmp_path: Path, shop: Site, context: ForkServerContext
) -> None:  # G-5, G-6, R-162
    expected = records(undisturbed(tmp_path / "calm", shop).store)
    (tmp_path / "twice").mkdir()
    settings = settings_for(tmp_path / "twice", shop, WATCHLIST)
    steps.begin("manual", "night", settings=settings)
    for play in (play_collect, play_rest):
        copies = [context.Process(target=play, args=(settings, "night")) for _ in range(2)]
        for copy in copies:
            copy.start()
        for copy in copies:
            copy.join()
        assert 0 in [copy.exitcode for copy in copies]
    play_rest(settings, "night")

    assert records(settings.store) == expected
