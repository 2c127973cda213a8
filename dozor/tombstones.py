"""What erasures left: who erased what and why, and which addresses must not come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from collectors.urls import normalise_url

FOLDER = "erasures"


def tombstones(store: Path) -> Iterator[dict[str, Any]]:
    """Every tombstone, oldest first."""
    for path in sorted((store / FOLDER).glob("*.json")):
        stone: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        yield stone


def erased_addresses(store: Path) -> frozenset[str]:
    """The addresses that were erased, normalised: what stands under them is not read again, however it comes."""
    return frozenset(normalise_url(stone["url"]) for stone in tombstones(store) if stone["url"])
