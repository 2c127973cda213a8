"""Mentions through the whole build: a night of new texts against many topics, and one topic more over a long archive.

    python -m benchmarks.mentions_build [--texts 200000] [--history 1] [--archive 2000000] [--topics 1000] [--only night,topic]

Posts and topics are those of `benchmarks.matching`; one post in ten is a repost of one of the night with a word changed. `night`
loads and builds one night after `--history` others; `topic` adds a topic to an archive that was built before and builds again.
Every build runs in a process of its own, so that its memory can be told from that of making the texts.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.matching import Posts, brands, topics
from collectors.records import Counters, Publication
from collectors.source import Capture
from transforms.normalise import normalise
from warehouse.batches import write_batch
from warehouse.build import build
from warehouse.files import build_file
from warehouse.load import load_pending
from warehouse.reference import set_reference

START = datetime(2026, 9, 1, 3, tzinfo=UTC)
SOURCE = "telegram_channel"
ROWS_PER_NIGHT = 200_000
ROWS_PER_CAPTURE = 20
REPOST_SHARE = 0.1


def publications(texts: Iterator[str], first: int, day: int, rng: random.Random) -> Iterator[Publication]:
    """A post of each text, spread over the day, by one of a thousand channels."""
    recent: list[str] = []
    for number, fresh in enumerate(texts, first):
        text = f"{rng.choice(recent)} {number}" if recent and rng.random() < REPOST_SHARE else fresh
        recent = [*recent[-99:], text]
        channel = f"channel{number % 1000}"
        yield Publication(
            kind="post",
            native_id=f"{channel}/{number}",
            url=f"https://t.me/{channel}/{number}",
            published_at=START + timedelta(days=day, milliseconds=400 * (number - first)),
            text=text,
            channel=channel,
            channel_title=channel.title(),
            counters=Counters(likes=number % 97, views=number % 1009),
        )


def capture(name: str, at: datetime) -> Capture:
    url = "https://t.me/s/channels"
    return Capture(
        capture_id=name,
        run_id="bench",
        source=SOURCE,
        watch_id="w1",
        fingerprint="f",
        url=url,
        final_url=url,
        fetched_at=at,
        observed_at=at,
    )


def put_night(store: Path, posts: Posts, day: int, first: int, count: int, rng: random.Random) -> None:
    """Write the batch of a night: `count` new texts."""
    at = START + timedelta(days=day, hours=23)
    records = list(publications(posts(count), first, day, rng))
    captured = [
        (capture(f"c{first + start}", at), records[start : start + ROWS_PER_CAPTURE])
        for start in range(0, len(records), ROWS_PER_CAPTURE)
    ]
    table = normalise(captured, "1")["publication"]
    write_batch(store, "publication", SOURCE, at.date(), table, {c.capture_id: "1" for c, _ in captured})


def refer(store: Path, wanted: dict[str, str]) -> None:
    set_reference(
        store,
        {
            "project": [{"project_id": "bench", "title": "Bench"}],
            "watch": [{"watch_id": "w1", "source": SOURCE, "target": "channels", "options": "{}"}],
            "watch_entity": [{"project_id": "bench", "entity_id": None, "watch_id": "w1", "role": "earned"}],
            "topic": [
                {"project_id": "bench", "topic_id": name, "title": name, "query": query, "entity_id": None, "macros": None}
                for name, query in wanted.items()
            ],
        },
    )


def refresh(store: Path) -> tuple[float, float, float, int, int]:
    """Load and build: seconds of each, processor seconds of both, greatest memory of this process and of any it started."""
    began, worked = time.perf_counter(), processor_seconds()
    load_pending(store)
    loaded = time.perf_counter()
    build(store, now=START)
    built = time.perf_counter()
    own, children = (resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return loaded - began, built - loaded, processor_seconds() - worked, own, children


def processor_seconds() -> float:
    """Of this process with all its threads, and of those it started."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def refreshed(store: Path, what: str) -> float:
    """Refresh in a process of its own and say how it went; returns the seconds of load and build."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        loading, building, working, own, children = pool.submit(refresh, store).result()
    with duckdb.connect(str(build_file(store)), read_only=True) as connection:
        (count,) = connection.execute("SELECT count(*) FROM core.mention").fetchone() or (0,)
    print(
        f"{what}: load {loading:.1f} s, build {building:.1f} s, both {working:.1f} s of processors; {count} mentions in all; "
        f"memory {own} MB and {children} MB of the largest process it started",
        flush=True,
    )
    return loading + building


def one_night(posts: Posts, wanted: dict[str, str], texts: int, history: int, rng: random.Random) -> None:
    with TemporaryDirectory() as folder:
        store = Path(folder)
        refer(store, wanted)
        for day in range(history):
            put_night(store, posts, day, day * texts, texts, rng)
            refreshed(store, f"night {day + 1} of {texts} texts, {len(wanted)} topics")
        put_night(store, posts, history, history * texts, texts, rng)
        seconds = refreshed(store, f"one more night of {texts} texts, {len(wanted)} topics")
        print(f"a night of {texts} texts, load and build: {seconds:.1f} s; wanted below {60 * texts / 200_000:.0f} s")


def one_topic(posts: Posts, wanted: dict[str, str], archive: int, rng: random.Random) -> None:
    """A topic added to an archive whose other topics were matched before."""
    names = list(wanted)
    with TemporaryDirectory() as folder:
        store = Path(folder)
        refer(store, {name: wanted[name] for name in names[:-1]})
        for day, first in enumerate(range(0, archive, ROWS_PER_NIGHT)):
            put_night(store, posts, day, first, min(ROWS_PER_NIGHT, archive - first), rng)
        refreshed(store, f"an archive of {archive} texts, {len(names) - 1} topics, all at once")
        refer(store, wanted)
        seconds = refreshed(store, "one topic more")
        print(f"a topic over {archive} texts, load and build: {seconds:.1f} s; wanted below {120 * archive / 2_000_000:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=200_000)
    parser.add_argument("--history", type=int, default=1)
    parser.add_argument("--archive", type=int, default=2_000_000)
    parser.add_argument("--topics", type=int, default=1000)
    parser.add_argument("--only", default="night,topic")
    given = parser.parse_args()
    rng = random.Random(11)
    names = brands(given.topics, rng)
    wanted = topics(names, rng)
    posts = Posts(names, rng)
    if "night" in given.only:
        one_night(posts, wanted, given.texts, given.history, rng)
    if "topic" in given.only:
        one_topic(posts, wanted, given.archive, rng)


if __name__ == "__main__":
    main()
