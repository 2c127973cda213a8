"""dozor: collect, parse, load."""

from __future__ import annotations

import sys
from pathlib import Path

from dozor.garbage import collect_rarely

collect_rarely()  # before all else, as the command does

# ruff: noqa: E402
from collectors.registry import sources
from dozor import steps
from dozor.settings import Settings
from warehouse.load import load_pending
from warehouse.writer import Limits


def main(port: str, pages: str, work: str) -> None:
    folder = Path(work)
    (folder / "watchlist.yml").write_text(
        f"""
projects:
  - id: bench
    title: Benchmark
    entities:
      - id: rival
        name: Rival
        watches:
          - site: http://127.0.0.1:{port}/
            options: {{include: ["/pages/[0-9]+$"], max_pages: {int(pages) + 50}, max_depth: 1}}
""",
        encoding="utf-8",
    )
    settings = Settings(
        store=folder / "store",
        watchlist=folder / "watchlist.yml",
        contact="https://dozor.example/bench",
        allow_private_hosts=True,
        pace_seconds={"site": 0.0},
        workers=1,  # CPU seconds are counted: two readers at once slow each other down
    )
    run_id = steps.begin("manual", settings=settings)
    shards = steps.due("manual", run_id, settings=settings)
    (collected,) = steps.collect(run_id, shards, settings=settings)
    (parsed,) = steps.parse(run_id, shards, settings=settings)
    expects = {name: module.declaration.expect for name, module in sources().items()}
    loaded = load_pending(settings.store, expects=expects, limits=Limits(memory="256MB", threads=1))
    read = f"{collected.captures} captures, {parsed.records} records, {parsed.errors} errors"
    print(f"{read}, {loaded.rows} rows loaded, held: {loaded.held}")
    if loaded.rows < int(pages) * 0.95:
        raise SystemExit("pages are missing: the figure would not count")


if __name__ == "__main__":
    main(*sys.argv[1:])
