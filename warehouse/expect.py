"""Whether a batch looks like a normal day of its source (cases 119, 120, 132-138, 141 of the catalogue of faults)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import sqrt
from statistics import mean, median
from typing import Any, NamedTuple

from collectors.source import Expect

HISTORY = 14  # earlier batches that say what is normal
ENOUGH_HISTORY = 4  # with fewer only the fixed thresholds speak
FILL_FALL = 0.3  # fall of a column's fill share against its median that counts as breakage
ENOUGH_ROWS = 20  # shares of fewer rows say little
MEDIAN_SHIFT = 10.0  # factor of a median amount: kopecks for roubles, another currency; no sale goes so far
MIX_SHIFT = 0.5  # share of the rows that speak another language or currency than usual
MANY_VALUES = 0.5  # values per row of a column that tells rows apart, a name or an address
FEW_VALUES = 0.1  # values per row that such a column must not fall to
CHANCE = 3.0  # standard deviations of a count (Poisson) that chance may explain


class Day(NamedTuple):
    """What is judged of a batch."""

    rows: int  # read that day, or read before and seen again unchanged
    fill: Mapping[str, float]  # column -> share of the rows read that day that have it
    again: int = 0  # of the rows: seen again unchanged
    profile: Mapping[str, Mapping[str, Any]] = {}  # column -> its values (warehouse/profile.py)

    @property
    def speaks_for_all(self) -> bool:
        """Whether the rows read that day are most of what was seen: few changed pages have shares of their own."""
        return self.again <= self.rows - self.again


def judge_batch(batch: Day, source_rows: int, history: Sequence[Day], expect: Expect, *, is_day_over: bool = True) -> str | None:
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
    return _fallen(batch, recent, expect, is_day_over) or _drifted(batch, recent)


def _fallen(batch: Day, recent: Sequence[Day], expect: Expect, is_day_over: bool) -> str | None:
    usual = median(day.rows for day in recent)
    chance = CHANCE * sqrt(usual)
    if is_day_over and batch.rows < usual * (1 - expect.max_fall) and usual - batch.rows > chance:
        return f"{batch.rows} rows, {usual:g} usual: a fall of more than {expect.max_fall:.0%}"
    if usual and batch.rows > usual * expect.max_rise and batch.rows - usual > max(chance, ENOUGH_ROWS):
        return f"{batch.rows} rows, {usual:g} usual: more than {expect.max_rise:g} times as many"
    return None


def _drifted(batch: Day, recent: Sequence[Day]) -> str | None:
    """What the columns say, where there are rows enough on the day and on earlier ones."""
    full = [day for day in recent if day.rows >= ENOUGH_ROWS and day.speaks_for_all]
    if batch.rows < ENOUGH_ROWS or not batch.speaks_for_all or len(full) < ENOUGH_HISTORY:
        return None
    rules: tuple[Callable[[Day, Sequence[Day]], Iterator[str]], ...] = (_emptied, _shifted, _remixed, _collapsed)
    return next((word for rule in rules for word in rule(batch, full)), None)


def _emptied(batch: Day, full: Sequence[Day]) -> Iterator[str]:
    for column, share in sorted(batch.fill.items()):
        known = [day.fill[column] for day in full if column in day.fill]
        if len(known) >= ENOUGH_HISTORY and (usual := median(known)) - share >= FILL_FALL:
            yield f"{column} is filled in {share:.0%} of rows, {usual:.0%} usual"


def _shifted(batch: Day, full: Sequence[Day]) -> Iterator[str]:
    for column, now, known in _facts(batch, full, "median"):
        usual = median(known)
        if min(usual, now) > 0 and not 1 / MEDIAN_SHIFT < now / usual < MEDIAN_SHIFT:
            yield f"median of {column} is {now:g}, {usual:g} usual: other units, or another currency?"


def _remixed(batch: Day, full: Sequence[Day]) -> Iterator[str]:
    for column, now, known in _facts(batch, full, "shares"):
        usual = {
            word: mean(shares.get(word, 0.0) for shares in known) for word in {*now, *(w for shares in known for w in shares)}
        }
        gained = max(usual, key=lambda word: (now.get(word, 0.0) - usual[word], word))
        if now.get(gained, 0.0) - usual[gained] >= MIX_SHIFT:
            yield f"{column} is {gained} in {now[gained]:.0%} of rows, {usual[gained]:.0%} usual"


def _collapsed(batch: Day, full: Sequence[Day]) -> Iterator[str]:
    for column, now, known in _facts(batch, full, "distinct"):
        if (usual := median(known)) >= MANY_VALUES and now <= FEW_VALUES:
            yield f"{column} has {now * 100:.3g} different values per 100 rows, {usual * 100:.3g} usual"


def _facts(batch: Day, full: Sequence[Day], fact: str) -> Iterator[tuple[str, Any, list[Any]]]:
    """(column, of the batch, of the days before) of a fact that enough days know."""
    for column, facts in sorted(batch.profile.items()):
        if batch.fill.get(column, 1.0) * (batch.rows - batch.again) < ENOUGH_ROWS:
            continue
        known = [day.profile[column][fact] for day in full if fact in day.profile.get(column, {})]
        if fact in facts and len(known) >= ENOUGH_HISTORY:
            yield column, facts[fact], known
