"""What erasures left: who erased what and why, and which addresses and people must not come back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectors.records import Record
from collectors.source import Capture
from collectors.urls import normalise_url
from transforms.normalise import pseudonym

FOLDER = "erasures"


def tombstones(store: Path) -> Iterator[dict[str, Any]]:
    """Every tombstone, oldest first."""
    for path in sorted((store / FOLDER).glob("*.json")):
        stone: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        yield stone


@dataclass(frozen=True, slots=True)
class Erased:
    """What is not read again, however it comes."""

    addresses: frozenset[str] = frozenset()  # normalised
    people: frozenset[str] = frozenset()  # pseudonyms

    def without(self, records: Sequence[Record], capture: Capture, salt: bytes) -> Sequence[Record]:
        """The records of a capture that neither stand under an erased address nor were written by an erased person."""
        if not self.addresses and not self.people:
            return records
        if not self.addresses.isdisjoint(map(normalise_url, (capture.url, capture.final_url))):
            return []
        return [record for record in records if not (self._has_address(record) or self._has_author(record, salt))]

    def _has_address(self, record: Record) -> bool:
        return record.url is not None and normalise_url(record.url) in self.addresses

    def _has_author(self, record: Record, salt: bytes) -> bool:
        author = getattr(record, "author", None) if self.people else None
        return author is not None and pseudonym(author, salt) in self.people


def erased(store: Path) -> Erased:
    """All that was erased by address or by author."""
    stones = list(tombstones(store))
    return Erased(
        frozenset(normalise_url(stone["url"]) for stone in stones if stone["url"]),
        frozenset(stone["author"] for stone in stones if stone["author"]),
    )
