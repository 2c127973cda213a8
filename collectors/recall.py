"""What a crawl needs back from the archive: what its own run had before it was started again, and bodies that did not change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from collectors.archive import Group, capture_files, facts, locate, read_group
from collectors.source import Capture

ASKED_AGAIN = ("wait", "failed", "stop_watch", "stop_source")  # by a run that is started again: perhaps it is mended
KEPT_GROUPS = 2  # row groups held with their bodies: neighbours in the archive are asked for one after the other


class Recall:
    """Answers from the archive, for one source and run."""

    def __init__(self, store: Path, source: str, day: date, run_id: str) -> None:
        self._store, self._source = store, source
        self._own: dict[str, dict[str, Capture]] = {}  # watch_id -> fingerprint -> the last answer, without its body
        self._groups: dict[Group, dict[str, Capture]] = {}
        for path in capture_files(store, source, day):
            if path.name.startswith(f"{run_id}-"):
                for capture in facts(path):
                    self._own.setdefault(capture.watch_id, {})[capture.fingerprint] = capture

    def of(self, watch_id: str) -> Iterator[Capture]:
        """What this run asked for a watch before, without bodies."""
        return iter(self._own.get(watch_id, {}).values())

    def answer(self, watch_id: str, fingerprint: str) -> Capture | None:
        """This run's earlier answer to a request, where it stands; with its body, where that lies with it."""
        capture = self._own.get(watch_id, {}).get(fingerprint)
        if capture is None or capture.verdict in ASKED_AGAIN:
            return None
        return self._find(capture.capture_id) if capture.body_state == "stored" else capture

    def body(self, capture_id: str) -> bytes | None:
        """The body that a capture brought; None when it was pruned or erased since."""
        found = self._find(capture_id)
        return found.body if found else None

    def _find(self, capture_id: str) -> Capture | None:
        for captures in self._groups.values():
            if capture_id in captures:
                return captures[capture_id]
        group = locate(self._store, capture_id, self._source)
        if group is None:
            return None
        if len(self._groups) >= KEPT_GROUPS:
            del self._groups[next(iter(self._groups))]
        self._groups[group] = {capture.capture_id: capture for capture in read_group(group)}
        return self._groups[group].get(capture_id)
