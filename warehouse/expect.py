"""Whether a batch looks like a normal day of its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from collectors.source import Expect

HISTORY = 14  # earlier batches that say what is normal
ENOUGH_HISTORY = 4  # with fewer only the fixed thresholds speak
FILL_FALL = 0.3  # fall of a column's fill share against its median that counts as breakage
ENOUGH_ROWS = 20  # shares of fewer rows say little
CHANCE = 3.0  # standard deviations of a count (Poisson) that chance may explain


@dataclass(frozen=True, slots=True)
class Size:
    """What is judged of a batch."""

    rows: int  # read that day, or read before and seen again unchanged
    fill: Mapping[str, float]  # column -> share of the rows read that day that have it
    again: int = 0  # of the rows: seen again unchanged

    @property
    def speaks_for_all(self) -> bool:
        """Whether the rows read that day are most of what was seen: few changed pages have shares of their own."""
        return self.again <= self.rows - self.again


def judge_batch(
    batch: Size, source_rows: int, history: Sequence[Size], expect: Expect, *, is_day_over: bool = True
) -> str | None:
    """Why the batch must be held, in words; None when it looks normal.

    `source_rows` are the rows of all tables of the source that day; `history` the loaded batches of earlier days, oldest
    first. While the day goes on (an hourly source) few rows so far are no fall.
    """
    if source_rows < expect.min_records:
        return f"{source_rows} records, at least {expect.min_records} expected"
    for column, least in expect.fill.items():
        share = batch.fill.get(column)
        if share is not None and share < least and batch.speaks_for_all:
            return f"{column} is filled in {share:.0%} of rows, at least {least:.0%} expected"
    recent = history[-HISTORY:]
    if len(recent) < ENOUGH_HISTORY:
        return None
    return _fallen(batch, recent, expect, is_day_over) or _emptied(batch, recent)


def _fallen(batch: Size, recent: Sequence[Size], expect: Expect, is_day_over: bool) -> str | None:
    usual = median(size.rows for size in recent)
    chance = CHANCE * sqrt(usual)
    if is_day_over and batch.rows < usual * (1 - expect.max_fall) and usual - batch.rows > chance:
        return f"{batch.rows} rows, {usual:g} usual: a fall of more than {expect.max_fall:.0%}"
    if usual and batch.rows > usual * expect.max_rise and batch.rows - usual > max(chance, ENOUGH_ROWS):
        return f"{batch.rows} rows, {usual:g} usual: more than {expect.max_rise:g} times as many"
    return None


def _emptied(batch: Size, recent: Sequence[Size]) -> str | None:
    full = [size for size in recent if size.rows >= ENOUGH_ROWS and size.speaks_for_all]
    if batch.rows < ENOUGH_ROWS or not batch.speaks_for_all or len(full) < ENOUGH_HISTORY:
        return None
    for column, share in sorted(batch.fill.items()):
        known = [size.fill[column] for size in full if column in size.fill]
        if len(known) >= ENOUGH_HISTORY and (usual := median(known)) - share >= FILL_FALL:
            return f"{column} is filled in {share:.0%} of rows, {usual:.0%} usual"
    return None
