"""Load, build, check and publish a store, in a process of its own that a test can let die."""

import sys
from pathlib import Path

from tests.warehouse.nights import capture, day_of, offer, page, post, put, refresh
from transforms.normalise import normalise
from warehouse.batches import write_batch


def first_night(store: Path) -> None:
    put(store, 0, [(capture("c1"), [page(), offer(), post(1)])])
    refresh(store, 0)


def second_night(store: Path) -> None:
    """Write the batches of a second night and refresh: what the tests kill."""
    captured = [(capture("c2", 1), [page(text="Other line"), offer(price="90"), post(1), post(2)])]
    for name, rows in normalise(captured, "1").items():
        write_batch(store, name, "site", day_of(1), rows, {"c2": "1"})
    refresh(store, 1)


if __name__ == "__main__":
    second_night(Path(sys.argv[1]))
