"""Loading: publications from records in memory to rows in DuckDB, against dlt; and one more night on a short and a long history.

    python -m benchmarks.load rows --rows 1000000 --peer-rows 20000
    python -m benchmarks.load nights --rows 50000

`rows` normalises, writes batches and loads them, one process a side; dlt gets the same rows as dicts and loads them into DuckDB.
`nights` loads and builds one more night on warehouses of 30 and of 365 nights; two fifths of a night are new publications, the
rest are those of the three nights before with grown counters. The history before it is loaded and built at once: 18 million
observations take about an hour of processor time. Seconds are those of the clock; on a machine that others use too, the seconds
of processors are what can be compared, with `--threads 1`: threads of DuckDB that wait for one another work on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collectors.records import Counters, Publication
from collectors.source import Capture
from transforms.normalise import normalise, record_id, text_hash
from transforms.tables import UTC_TIME
from warehouse.batches import write_batch
from warehouse.build import build
from warehouse.checks import check
from warehouse.files import build_file
from warehouse.load import load_pending
from warehouse.publish import publish
from warehouse.reference import set_reference
from warehouse.writer import Limits

START = datetime(2025, 11, 1, 3, tzinfo=UTC)
SOURCE = "telegram_channel"
ROWS_PER_CAPTURE = 20
ROWS_PER_BATCH = 50_000
MARKET: dict[str, list[dict[str, object]]] = {
    "entity": [{"project_id": "tea", "entity_id": n, "name": n, "aliases": [f"{n} tea"]} for n in ("north", "south")],
    "watch_entity": [{"project_id": "tea", "entity_id": "north", "watch_id": "w1", "role": "owned"}],
    "topic": [
        {"project_id": "tea", "topic_id": f"@{n}", "title": n, "query": f'"{n} tea"', "entity_id": n, "macros": None}
        for n in ("north", "south")
    ],
}
WORDS = [
    "чай",
    "самовар",
    "доставка",
    "цена",
    "новый",
    "вкус",
    "склад",
    "акция",
    "магазин",
    "сегодня",
    "tea",
    "price",
    "shop",
    "delivery",
    "offer",
]


def publications(first: int, count: int, likes: int = 0) -> Iterator[Publication]:
    """Posts of about 400 characters with the fields a channel gives."""
    for number in range(first, first + count):
        words = [WORDS[(number * 7 + place * 3) % len(WORDS)] for place in range(60)]
        yield Publication(
            kind="post",
            native_id=f"tea/{number}",
            url=f"https://t.me/tea/{number}",
            published_at=START + timedelta(seconds=number),
            title=f"Post {number}",
            text=f"{number} " + " ".join(words),
            lang="ru",
            channel="tea",
            channel_title="Tea",
            tags=("tea", "price"),
            links=(f"https://shop.example/{number}",),
            media=("photo",),
            counters=Counters(
                likes=number % 97 + likes, comments=number % 11, shares=number % 5, views=number % 1009 + 10 * likes
            ),
            follower_count=10_000,
        )


@cache
def sentences() -> pa.Array:
    """A thousand sentences of invented words: posts made of some of them differ as people's do."""
    random = Random(1)
    syllables = ["са", "мо", "вар", "чай", "ту", "ла", "ник", "дос", "тав", "ка", "tea", "pot", "le", "af", "nor", "th"]
    words = ["".join(random.choices(syllables, k=random.randint(2, 4))) for _ in range(5000)]
    return pa.array([" ".join(random.choices(words, k=8)) + "." for _ in range(1000)])


def texts(numbers: np.ndarray) -> pa.Array:
    """A text of about 400 characters for each number: six sentences, drawn independently. Of twenty one repeats the one before,
    of 25 one names the brand."""
    given = np.where(numbers % 20 == 19, numbers - 1, numbers)
    parts = [sentences().take(pa.array(drawn(given * 6 + place))) for place in range(6)]
    names = pa.array(np.where(given % 25 == 0, "North Tea", "..."))
    return pc.binary_join_element_wise(pc.cast(pa.array(given), pa.string()), *parts, names, " ")


def drawn(seeds: np.ndarray) -> np.ndarray:
    """For each seed a number below 1000 that says nothing of its neighbours' (the mixing of splitmix64)."""
    mixed = (seeds.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ mixed >> np.uint64(shift)) * np.uint64(factor)
    return (mixed >> np.uint64(33)) % np.uint64(1000)


def capture(name: str, at: datetime) -> Capture:
    return Capture(
        capture_id=name,
        run_id="bench",
        source=SOURCE,
        watch_id="w1",
        fingerprint="f",
        url="https://t.me/s/tea",
        final_url="https://t.me/s/tea",
        fetched_at=at,
        observed_at=at,
    )


class Timed:
    """Seconds and processor seconds of named steps, those of started processes included."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.worked: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began, used = time.perf_counter(), processor_seconds()
        yield
        self.seconds[name] = self.seconds.get(name, 0) + time.perf_counter() - began
        self.worked[name] = self.worked.get(name, 0) + processor_seconds() - used

    def sum(self, *names: str) -> tuple[float, float]:
        """Seconds and processor seconds of these steps, of all where none is named."""
        wanted = names or tuple(self.seconds)
        return sum(self.seconds[name] for name in wanted), sum(self.worked[name] for name in wanted)

    def __str__(self) -> str:
        return ", ".join(f"{name} {seconds:.1f} s ({self.worked[name]:.1f})" for name, seconds in self.seconds.items())


def processor_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def rates(rows: int, spent: Timed) -> str:
    seconds, worked = spent.sum()
    return f"{rows / seconds:.0f} rows/s, {rows / worked:.0f} rows per processor second"


def ours(rows: int) -> None:
    """From records in memory to DuckDB, a batch of 50 000 a day; making the records is not counted."""
    spent = Timed()
    with TemporaryDirectory() as folder:
        store = Path(folder)
        for first in range(0, rows, ROWS_PER_BATCH):
            at = START + timedelta(days=first // ROWS_PER_BATCH)
            records = list(publications(first, min(ROWS_PER_BATCH, rows - first)))
            captured = [
                (capture(f"c{first + start}", at), records[start : start + ROWS_PER_CAPTURE])
                for start in range(0, len(records), ROWS_PER_CAPTURE)
            ]
            with spent.step("normalise"):
                table = normalise(captured, "1")["publication"]
            with spent.step("batch"):
                write_batch(store, "publication", SOURCE, at.date(), table, {c.capture_id: "1" for c, _ in captured})
        with spent.step("load"):
            report = load_pending(store)
        assert report.rows == rows, report
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    batches = len(range(0, rows, ROWS_PER_BATCH))
    print(f"dozor: {rows} rows in {batches} batches, {spent}, peak {peak:.0f} MB: {rates(rows, spent)}")


def peer(rows: int) -> None:
    """dlt with the same rows as dicts."""
    import dlt

    dicts = []
    for record in publications(0, rows):
        names = [name for name in record.__slots__ if name not in ("counters", "extra")]
        row = {name: getattr(record, name) for name in names}
        row |= {f"{name}_count": getattr(record.counters, name) for name in ("likes", "comments", "shares", "views")}
        row |= {name: list(row[name]) for name in ("tags", "links", "media")}
        row |= {"capture_id": f"c{len(dicts) // ROWS_PER_CAPTURE}", "watch_id": "w1", "source": SOURCE, "fetched_at": START}
        dicts.append(row)
    spent = Timed()
    with TemporaryDirectory() as folder:
        target = dlt.destinations.duckdb(str(Path(folder) / "peer.duckdb"))
        pipeline = dlt.pipeline("bench", destination=target, dataset_name="obs", pipelines_dir=folder)
        with spent.step("run"):
            pipeline.run(dicts, table_name="publication")
    print(f"dlt {dlt.__version__}: {rows} rows as dicts: {rates(rows, spent)}")


def night(template: pa.Table, day: int, rows: int) -> pa.Table:
    """The batch of a night: the template's rows under the ids, texts, times and counters of other posts."""
    fresh = rows * 2 // 5
    numbers = np.concatenate(
        [
            np.arange(day * fresh, (day + 1) * fresh),
            *(np.arange((day - age) * fresh, (day - age) * fresh + rows // 5) for age in range(1, 4) if day >= age),
        ]
    )[:rows]
    table = template.slice(0, len(numbers))
    ages = day - numbers // fresh
    now = START + timedelta(days=day)
    at, asked = pa.repeat(pa.scalar(now, UTC_TIME), len(numbers)), int(now.timestamp() * 1000)
    names = [f"tea/{number}" for number in numbers.tolist()]
    text = texts(numbers)
    columns = {
        "record_id": [record_id("publication", SOURCE, [name]) for name in names],
        "capture_id": [f"cap_{asked:012x}{number // ROWS_PER_CAPTURE:012x}" for number in numbers.tolist()],
        "native_id": names,
        "url": [f"https://t.me/{name}" for name in names],
        "title": [f"Post {name}" for name in names],
        "links": [[f"https://shop.example/{name}"] for name in names],
        "text_hash": [text_hash(each) for each in text.to_pylist()],
        "text": text,
        "like_count": numbers % 97 + ages,
        "view_count": numbers % 1009 + 10 * ages,
        "published_at": pc.add(pa.scalar(START, UTC_TIME), pa.array(numbers * (86_400_000_000 // fresh)).cast(pa.duration("us"))),
        "fetched_at": at,
        "observed_at": at,
    }
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(name)
        table = table.set_column(place, field, pa.array(values, field.type) if not isinstance(values, pa.Array) else values)
    return table


def nights(rows: int, short: int, long: int, limits: Limits) -> None:
    """One more night on a short and a long history: load and build; checks and publishing apart."""
    took = {}
    for history in (short, long):
        with TemporaryDirectory() as folder:
            took[history] = one_more(Path(folder), history, rows, limits)
    for place, unit in enumerate(("seconds", "processor seconds")):
        few, many = took[short][place], took[long][place]
        allowed = 1.5 * few + long * rows / 1e7
        print(f"{unit}: ratio {many / few:.2f}; allowed for {long} nights {allowed:.1f}, took {many:.1f}")


def one_more(store: Path, history: int, rows: int, limits: Limits) -> tuple[float, float]:
    """Seconds and processor seconds of loading and building a night after others."""
    template = normalise([(capture("c", START), list(publications(0, rows)))], "1")["publication"]
    set_reference(store, MARKET)
    spent, before = Timed(), Timed()
    with before.step("write"):
        for day in range(history):
            put(store, template, day, rows)
    with before.step("load"):
        load_pending(store, limits=limits)
    with before.step("build"):
        build(store, now=START, limits=limits)
    put(store, template, history, rows)
    print(f"{history} nights of {rows}, all at once: {before}", flush=True)
    with spent.step("load"):
        load_pending(store, limits=limits)
    with spent.step("build"):
        report = build(store, now=START, limits=limits)
    assert "core.publication" in report.parts, report
    with spent.step("check"):
        assert not check(store, limits=limits)
    size = build_file(store).stat().st_size / 1e9
    with spent.step("publish"):
        publish(store, limits=limits)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = spent.seconds["publish"]
    print(f"one more: {spent}; published {size:.2f} GB, {seconds / size:.1f} s/GB; peak {peak:.0f} MB", flush=True)
    return spent.sum("load", "build")


def put(store: Path, template: pa.Table, day: int, rows: int) -> None:
    table = night(template, day, rows)
    captures = dict.fromkeys(pc.unique(table["capture_id"]).to_pylist(), "1")
    write_batch(store, "publication", SOURCE, (START + timedelta(days=day)).date(), table, captures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("rows", "nights", "ours", "peer"))
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--peer-rows", type=int, default=20_000)
    parser.add_argument("--short", type=int, default=30)
    parser.add_argument("--long", type=int, default=365)
    parser.add_argument("--threads", type=int, default=0, help="of the warehouse, for nights; default: as many as cores")
    given = parser.parse_args()
    if given.what == "ours":
        ours(given.rows or 1_000_000)
    elif given.what == "peer":
        peer(given.peer_rows)
    elif given.what == "nights":
        nights(given.rows or 50_000, given.short, given.long, Limits(threads=given.threads))
    else:
        # A process a side: neither inherits the other's memory or imports.
        found = []
        for side in ("peer", "ours"):
            options = ["--rows", str(given.rows or 1_000_000), "--peer-rows", str(given.peer_rows)]
            command = [sys.executable, "-m", "benchmarks.load", side, *options]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(said, end="")
            found.append([float(number) for number in re.findall(r"(\d+) rows(?:/s| per)", said)])
        (peer_rate, peer_work), (rate, work) = found
        print(f"ratio {rate / peer_rate:.1f} in rows/s, {work / peer_work:.1f} in rows per processor second")


if __name__ == "__main__":
    main()
