"""Rows in the order of a batch without holding them all: sorted runs on disk, merged as they are read.

What fits in one run is sorted in memory and never written. Runs lie in files without a name: a kill leaves none behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import BufferedRandom
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

KEY = ("record_id", "capture_id")
RUN_BYTES = 32 * 1024 * 1024  # of rows sorted at a time
SLICE_BYTES = 512 * 1024  # of each run held while they are merged
MOST_RUNS = 64  # merged at a time: then they become one
GROUP_BYTES = 32 * 1024 * 1024  # of strings in a row group: pages are 15 kB each, posts 1 kB
GROUP_ROWS = 100_000


def in_order(parts: Iterable[pa.Table], folder: Path) -> Iterator[pa.Table]:
    """The rows of parts of one schema by KEY: as one table what fits in one run, more in tables of about SLICE_BYTES and, until
    they are merged, in `folder`."""
    with ExitStack() as files:
        runs: list[Iterator[pa.Table]] = []
        pending: list[pa.Table] = []
        size = 0
        for part in parts:
            if not part.num_rows:
                continue
            if pending and size + part.nbytes > RUN_BYTES:
                runs.append(_spilled(_slices(_sorted(pending)), files.enter_context(TemporaryFile(dir=folder))))
                pending, size = [], 0
                if len(runs) == MOST_RUNS:
                    runs = [_spilled(_merged(runs), files.enter_context(TemporaryFile(dir=folder)))]
            pending.append(part)
            size += part.nbytes
        last = [_sorted(pending)] if pending else []
        del pending
        yield from _merged([*runs, *map(_slices, last)]) if runs else last


def row_groups(rows: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Rows anew, in contiguous tables of at most GROUP_ROWS that end with the row that fills GROUP_BYTES: where they are cut
    depends on the rows alone, not on the tables they come in."""
    pending: list[pa.Table] = []
    count = size = 0
    for table in rows:
        rest, sizes = table, np.cumsum(_sizes(table))
        while rest.num_rows:
            fitting = min(int(np.searchsorted(sizes, GROUP_BYTES - size)) + 1, GROUP_ROWS - count, rest.num_rows)
            pending.append(rest.slice(0, fitting))
            count, size = count + fitting, size + int(sizes[fitting - 1])
            rest, sizes = rest.slice(fitting), sizes[fitting:] - sizes[fitting - 1]
            if count == GROUP_ROWS or size >= GROUP_BYTES:
                yield _joined(pending)
                count = size = 0
    if pending:
        yield _joined(pending)


def _joined(pending: list[pa.Table]) -> pa.Table:
    """The tables as one; the list is emptied, so that they do not stay beside their copy."""
    table = pa.concat_tables(pending)
    pending.clear()
    return table.combine_chunks()


def _sorted(pending: list[pa.Table]) -> pa.Table:
    """The tables as one, in order; the list is emptied, so that they do not stay beside their copy."""
    rows = pa.concat_tables(pending)
    pending.clear()
    return rows.sort_by([(name, "ascending") for name in KEY])


def _slices(rows: pa.Table) -> Iterator[pa.Table]:
    length = _slice_rows(rows)
    yield from (rows.slice(first, length) for first in range(0, rows.num_rows, length))


def _slice_rows(rows: pa.Table) -> int:
    return max(1, SLICE_BYTES * rows.num_rows // max(1, rows.nbytes))


def _spilled(rows: Iterator[pa.Table], file: BufferedRandom) -> Iterator[pa.Table]:
    """The same tables, from disk. What they came from is free again when this returns."""
    first = next(rows)
    with pa.ipc.new_stream(file, first.schema) as writer:
        writer.write_table(first)
        for table in rows:
            writer.write_table(table)
    file.seek(0)
    return _read(file)


def _read(file: BufferedRandom) -> Iterator[pa.Table]:
    with pa.ipc.open_stream(file) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])
    file.close()


def _merged(runs: list[Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """What is in order apart, in order together: a slice of each run in memory, and of all of them the rows that no later slice
    can come before."""
    if len(runs) == 1:
        yield from runs[0]
        return
    heads = {number: head for number, run in enumerate(runs) if (head := next(run, None)) is not None}
    while heads:
        last = min(tuple(head[name][-1].as_py() for name in KEY) for head in heads.values())
        ready: list[pa.Table] = []
        for number, head in list(heads.items()):
            count = _count_up_to(head, last)
            ready.append(head.slice(0, count))
            if count < head.num_rows:
                heads[number] = head.slice(count)
            elif (following := next(runs[number], None)) is not None:
                heads[number] = following
            else:
                del heads[number]
        yield from _slices(_sorted(ready))


def _count_up_to(rows: pa.Table, last: tuple[str, str]) -> int:
    """How many of the rows, which are in order, do not come after a key."""
    record, capture = (rows[name] for name in KEY)
    last_record, last_capture = (pa.scalar(value) for value in last)
    is_before = pc.less(record, last_record)
    is_same = pc.and_(pc.equal(record, last_record), pc.less_equal(capture, last_capture))
    return int(np.count_nonzero(pc.or_(is_before, is_same).to_numpy()))


def _sizes(rows: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Bytes of the strings in each row, lists of them included: what makes one row larger than another."""
    sizes = np.zeros(rows.num_rows, np.int64)
    for column in rows.columns:
        values: Any = column.combine_chunks()
        if pa.types.is_string(column.type):
            sizes += pc.fill_null(pc.binary_length(values), 0).to_numpy(zero_copy_only=False)
        elif pa.types.is_list(column.type):
            lengths = pc.fill_null(pc.binary_length(pc.list_flatten(values)), 0).to_numpy(zero_copy_only=False)
            places = pc.list_parent_indices(values).to_numpy(zero_copy_only=False)
            sizes += np.bincount(places, weights=lengths, minlength=rows.num_rows).astype(np.int64)
    return sizes
