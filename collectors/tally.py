"""What became of the requests of one watch: each ended one way, or was left for a reason. Makes the outcome of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from collectors.source import OutcomeStatus, VerdictKind

GOOD = ("ok", "unchanged", "empty")
MOST_QUOTED = 3  # reasons of one kind that are quoted; the others are counted
# The query of an address that lists dozens of fields would bury the sentence; the capture has it whole.
_LONG_QUERY = re.compile(r"(https?://[^\s?]{1,500}\?)(\S{100,})")

# Worst first: what the status of a watch without a good answer says.
_STATUS: tuple[tuple[VerdictKind, OutcomeStatus], ...] = (
    ("changed", "changed"),
    ("blocked", "blocked"),
    ("failed", "failed"),
    ("stop_source", "failed"),
    ("stop_watch", "failed"),
    ("wait", "pending"),
    ("denied", "denied"),
)
_SAID: Mapping[str, str] = {
    "changed": "changed their shape",
    "blocked": "were blocked",
    "failed": "failed",
    "stop_source": "ended the source for this run",
    "stop_watch": "ended the watch for this run",
    "wait": "were put off",
    "denied": "may not be asked",
    "skip": "have no answer",
}
_NEXT: Mapping[str, str] = {
    "changed": "Nothing was read from them: the source needs a look.",
    "blocked": "Nothing was read from them, earlier data stays. Slow down (pace_seconds) or ask the owner.",
    "failed": "They are asked again in the next run.",
    "wait": "They are asked again in the next run.",
}


@dataclass(frozen=True, slots=True)
class End:
    """How one request ended."""

    kind: VerdictKind
    reason: str
    url: str
    capture_id: str


@dataclass(slots=True)
class Tally:
    """The ends of a watch's requests by fingerprint, and those that were never sent."""

    ends: dict[str, End] = field(default_factory=dict)
    left: Counter[tuple[VerdictKind, str]] = field(default_factory=Counter)  # (status it means, reason) -> requests not asked
    faults: dict[str, VerdictKind] = field(default_factory=dict)  # what could not be understood -> what it means
    notes: dict[str, None] = field(default_factory=dict)

    def leave(self, kind: VerdictKind, reason: str) -> None:
        """A request that is not sent. The kind `skip` marks a choice of ours that says nothing about the source."""
        self.left[kind, reason] += 1

    def fault(self, kind: VerdictKind, text: str) -> None:
        """An answer that was archived, and then could not be gone on from."""
        self.faults[text] = kind

    def note(self, text: str) -> None:
        self.notes[text] = None

    @property
    def kinds(self) -> Counter[str]:
        return Counter(end.kind for end in self.ends.values())

    @property
    def errors(self) -> int:
        kinds = self.kinds
        return len(self.faults) + sum(kinds[kind] for kind in ("failed", "blocked", "changed", "stop_source", "stop_watch"))

    @property
    def status(self) -> OutcomeStatus:
        """One word. Good answers beside bad ones make `partial`; being refused a part is what robots.txt is for."""
        kinds = self.kinds
        met = {*kinds, *self.faults.values(), *(kind for kind, _ in self.left)}
        found = next((status for kind, status in _STATUS if kind in met), None)
        if not any(kinds[kind] for kind in GOOD):
            return found or "empty"
        if found not in (None, "denied"):
            return "partial"
        return "ok" if kinds["ok"] or kinds["unchanged"] else "empty"

    @property
    def message(self) -> str:
        """What, where and what now: one sentence a kind of trouble, the first address of each reason, and how to see it."""
        is_good = any(self.kinds[kind] for kind in GOOD)
        told: dict[str, list[End]] = {}
        for end in self.ends.values():
            if end.kind not in GOOD and not (end.kind == "skip" and (is_good or not end.reason)):
                told.setdefault(end.kind, []).append(end)
        parts = [self._sentence(kind, told[kind]) for kind in _SAID if kind in told]
        parts += [
            f"{count} {'request was' if count == 1 else 'requests were'} not sent: {reason}"
            for (_, reason), count in self.left.items()
        ]
        return _LONG_QUERY.sub(_cut, " · ".join([*parts, *list(self.faults)[:MOST_QUOTED], *self.notes]))

    def _sentence(self, kind: str, ends: list[End]) -> str:
        reasons: dict[str, list[End]] = {}
        for end in ends:
            reasons.setdefault(end.reason, []).append(end)
        quoted = [
            f"{same[0].url}{f' and {len(same) - 1} more' if len(same) > 1 else ''}: {reason or 'no reason given'}"
            f" (dozor show {same[0].capture_id})"
            for reason, same in list(reasons.items())[:MOST_QUOTED]
        ]
        if len(reasons) > MOST_QUOTED:
            quoted.append(f"and {len(reasons) - MOST_QUOTED} other reasons")
        return f"{len(ends)} of {len(self.ends)} requests {_SAID[kind]}: {'; '.join(quoted)}. {_NEXT.get(kind, '')}".rstrip()


def _cut(address: re.Match[str]) -> str:
    """An address without its query; the punctuation of the sentence behind it stays."""
    return f"{address[1]}…{address[2][len(address[2].rstrip('.,:;)')) :]}"
