"""Loading: publications from records in memory to rows in DuckDB, against dlt; and one more night on a short and a long history.

    python -m benchmarks.load rows --rows 1000000 --peer-rows 20000
    python -m benchmarks.load nights --rows 50000

`rows` normalises, writes batches and loads them, one process a side; dlt gets the same rows as dicts and loads them into DuckDB.
`nights` loads and builds one more night on warehouses of 30 and of 365 nights; two fifths of a night are new publications, the
rest are those of the nights before with grown counters, and every tenth night replaces its predecessor's batch once.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
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
from transforms.normalise import normalise
from transforms.tables import UTC_TIME
from warehouse.batches import write_batch
from warehouse.build import build
from warehouse.checks import check
from warehouse.files import build_file
from warehouse.load import load_pending
from warehouse.publish import publish
from warehouse.reference import set_reference

START = datetime(2025, 11, 1, 3, tzinfo=UTC)
SOURCE = "telegram_channel"
ROWS_PER_CAPTURE = 20
ROWS_PER_BATCH = 50_000
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


def copied(numbers: pa.Array) -> pa.Array:
    """Whose text each post has: of twenty one repeats the one before it."""
    given = numbers.to_numpy()
    return pa.array(np.where(given % 20 == 19, given - 1, given))


def texts(numbers: pa.Array) -> pa.Array:
    """A text of about 400 characters for each number."""
    given = copied(numbers).to_numpy()
    mixed = [((given + 1) * (2_654_435_761 + 2 * place) >> 7) % 1000 for place in range(6)]
    parts = [sentences().take(pa.array(places)) for places in mixed]
    return pc.binary_join_element_wise(pc.cast(pa.array(given), pa.string()), *parts, " ")


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


def ours(rows: int) -> float:
    """Rows per second from records in memory to DuckDB, a batch of 50 000 a day; making the records is not counted."""
    spent = dict.fromkeys(("normalise", "batch", "load"), 0.0)
    with TemporaryDirectory() as folder:
        store = Path(folder)
        for first in range(0, rows, ROWS_PER_BATCH):
            at = START + timedelta(days=first // ROWS_PER_BATCH)
            records = list(publications(first, min(ROWS_PER_BATCH, rows - first)))
            captured = [
                (capture(f"c{first + start}", at), records[start : start + ROWS_PER_CAPTURE])
                for start in range(0, len(records), ROWS_PER_CAPTURE)
            ]
            began = time.perf_counter()
            table = normalise(captured, "1")["publication"]
            normalised = time.perf_counter()
            write_batch(store, "publication", SOURCE, at.date(), table, {c.capture_id: "1" for c, _ in captured})
            spent["normalise"] += normalised - began
            spent["batch"] += time.perf_counter() - normalised
        began = time.perf_counter()
        report = load_pending(store)
        spent["load"] = time.perf_counter() - began
        assert report.rows == rows, report
    rate = rows / sum(spent.values())
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in spent.items())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"dozor: {rows} rows in {len(range(0, rows, ROWS_PER_BATCH))} batches, {parts}, peak {peak:.0f} MB: {rate:.0f} rows/s")
    return rate


def peer(rows: int) -> float:
    """Rows per second of dlt with the same rows as dicts."""
    import dlt

    dicts = []
    for record in publications(0, rows):
        names = [name for name in record.__slots__ if name not in ("counters", "extra")]
        row = {name: getattr(record, name) for name in names}
        row |= {f"{name}_count": getattr(record.counters, name) for name in ("likes", "comments", "shares", "views")}
        row |= {name: list(row[name]) for name in ("tags", "links", "media")}
        row |= {"capture_id": f"c{len(dicts) // ROWS_PER_CAPTURE}", "watch_id": "w1", "source": SOURCE, "fetched_at": START}
        dicts.append(row)
    with TemporaryDirectory() as folder:
        target = dlt.destinations.duckdb(str(Path(folder) / "peer.duckdb"))
        pipeline = dlt.pipeline("bench", destination=target, dataset_name="obs", pipelines_dir=folder)
        began = time.perf_counter()
        pipeline.run(dicts, table_name="publication")
        rate = rows / (time.perf_counter() - began)
    print(f"dlt {dlt.__version__}: {rows} rows as dicts: {rate:.0f} rows/s")
    return rate


def night(template: pa.Table, day: int, rows: int) -> pa.Table:
    """The batch of a night: the template's rows under other ids, times and counters."""
    fresh = rows * 2 // 5
    numbers = pa.array([*range(day * fresh, (day + 1) * fresh)])
    ages = range(1, 4)
    old = [n for age in ages if day >= age for n in range((day - age) * fresh, (day - age) * fresh + rows // 5)]
    numbers = pa.concat_arrays([numbers, pa.array(old, pa.int64())])[:rows]
    count = len(numbers)
    table = template.slice(0, count)
    text = pc.cast(numbers, pa.string())
    at = pa.repeat(pa.scalar(START + timedelta(days=day), UTC_TIME), count)
    columns = {
        "record_id": pc.binary_join_element_wise(
            pc.utf8_slice_codeunits(table["record_id"], 0, 0), "0" * 20, pc.utf8_lpad(text, 12, "0"), ""
        ),
        "capture_id": pc.binary_join_element_wise(
            pa.scalar(f"c{day}-"), pc.cast(pc.divide(numbers, ROWS_PER_CAPTURE), pa.string()), ""
        ),
        "text_hash": pc.binary_join_element_wise(
            pa.scalar("a" * 20), pc.utf8_lpad(pc.cast(copied(numbers), pa.string()), 12, "0"), ""
        ),
        "text": texts(numbers),
        "native_id": text,
        "published_at": pc.add(
            pa.scalar(START, UTC_TIME), pc.cast(pc.multiply(numbers, 86_400_000_000 // fresh), pa.duration("us"))
        ),
        "fetched_at": at,
        "observed_at": at,
    }
    for name, column in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), pc.cast(column, table.schema.field(name).type))
    return table


def nights(rows: int, short: int, long: int) -> None:
    """One more night on a short and a long history: load and build; publishing apart."""
    template = normalise([(capture("c", START), list(publications(0, rows)))], "1")["publication"]
    took = {}
    for history in (short, long):
        with TemporaryDirectory() as folder:
            store = Path(folder)
            set_reference(
                store,
                {
                    "entity": [
                        {"project_id": "tea", "entity_id": n, "name": n, "aliases": [f"{n} tea"]} for n in ("north", "south")
                    ],
                    "watch_entity": [{"project_id": "tea", "entity_id": "north", "watch_id": "w1", "role": "owned"}],
                },
            )
            for day in range(history):
                put(store, template, day, rows)
            load_pending(store)
            build(store, now=START)
            put(store, template, history, rows)
            began = time.perf_counter()
            load_pending(store)
            loaded = time.perf_counter()
            report = build(store, now=START)
            took[history] = time.perf_counter() - began
            assert "core.publication" in report.parts, report
            assert not check(store)
            size = build_file(store).stat().st_size / 1e9
            publishing = time.perf_counter()
            publish(store)
            publishing = time.perf_counter() - publishing
            print(
                f"{history} nights of {rows}: one more in {took[history]:.2f} s (load {loaded - began:.2f}), "
                f"publish {publishing:.2f} s for {size:.2f} GB: {publishing / size:.2f} s/GB"
            )
    allowed = 1.5 * took[short] + long * rows / 1e7
    print(f"ratio {took[long] / took[short]:.2f}; allowed for {long} nights {allowed:.2f} s, took {took[long]:.2f} s")


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
    given = parser.parse_args()
    if given.what == "ours":
        ours(given.rows or 1_000_000)
    elif given.what == "peer":
        peer(given.peer_rows)
    elif given.what == "nights":
        nights(given.rows or 50_000, given.short, given.long)
    else:
        # A process a side: neither inherits the other's memory or imports.
        rates = []
        for side in ("peer", "ours"):
            command = [
                sys.executable,
                "-m",
                "benchmarks.load",
                side,
                "--rows",
                str(given.rows or 1_000_000),
                "--peer-rows",
                str(given.peer_rows),
            ]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(said, end="")
            rates.append(float(said.split(" rows/s")[0].rsplit(" ", 1)[1]))
        print(f"ratio {rates[1] / rates[0]:.1f}")


if __name__ == "__main__":
    main()
