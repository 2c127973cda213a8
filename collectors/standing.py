"""How a host stands with us during a run: asked on, resting for a while, or left alone until the next run."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from collectors.source import Verdict

WAITS_IN_A_ROW = 2  # a host that asks for another wait (each a request that fetch tried three times) is left alone in this run
LONGEST_WAIT = 900.0  # seconds; a host that asks for more is asked again in the next run
BLOCKS_IN_A_ROW = 10  # a host that shows so many walls means us

LEFT_ALONE = frozenset(("paused", "circuit_open", "robots_unreachable"))  # kinds of fetch errors that speak for the whole host


@dataclass(slots=True)
class Standing:
    """One host, through one account, in one run."""

    host: str
    waits: int = 0  # in a row
    blocks: int = 0  # in a row
    rests_until: float = 0.0  # time.monotonic
    closed: Verdict | None = None  # no more requests in this run, and why
    not_found: frozenset[bytes] | None = None  # words of what it answers, with 200, to an address that cannot exist

    def heed(self, verdict: Verdict, error: str) -> float | None:
        """Take in an answer. Seconds after which the same request is to be put again; None when it is not."""
        if error in LEFT_ALONE:
            self.closed = verdict
        elif verdict.kind == "wait":
            self.waits += 1
            if self.waits <= WAITS_IN_A_ROW and verdict.seconds <= LONGEST_WAIT:
                self.rests_until = max(self.rests_until, time.monotonic() + verdict.seconds)
                return verdict.seconds
            self.closed = replace(verdict, reason=f"{self.host} asks to be left alone: {verdict.reason}")
        elif verdict.kind == "blocked":
            self.blocks += 1
            if self.blocks >= BLOCKS_IN_A_ROW:
                self.closed = replace(verdict, reason=f"{self.host} blocked {self.blocks} requests in a row: {verdict.reason}")
        elif verdict.kind in ("ok", "unchanged", "empty"):
            self.waits = self.blocks = 0
        return None
