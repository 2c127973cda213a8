"""Which texts are the same text: exact copies, and reposts with a few words changed.

A text has a hash of its normalised words (equal hash: an exact copy) and a MinHash signature of its word pairs, whose share of
equal values estimates the Jaccard similarity of two texts (`signatures.py`). Both are short binary columns, so a night compares
its new texts with stored signatures and never reads an old text again.

A cluster is a connected component of pairs that are at least `THRESHOLD` alike and at most `window` apart in time; its id is the
record id of its earliest member. So it changes only when a new member links two clusters, or precedes the earliest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transforms.mentions.signatures import BANDS, Signatures, bands, matrix

THRESHOLD = 0.6
WINDOW = timedelta(days=7)
NEIGHBOURS = 64  # texts of one bucket that each text is compared with; keeps a flood of variants linear

_PRESENT_BITS = 26  # of the bitmap that tells most bands apart from those wanted: 64 MB
_ROWS_AT_ONCE = 20_000  # bounds the memory of their bands' keys

_CLUSTER: list[pa.Field[Any]] = [pa.field("cluster_id", pa.string()), pa.field("cluster_started_at", pa.timestamp("us", "UTC"))]
_RECORD: list[pa.Field[Any]] = [pa.field("record_id", pa.string())]
_OLD: list[pa.Field[Any]] = [pa.field("old_cluster_id", pa.string())]
ASSIGNED = pa.schema(_RECORD + _CLUSTER)
MOVED = pa.schema(_OLD + _CLUSTER)

Ints = npt.NDArray[np.int64]
Pairs = Iterable[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Clustering:
    """What a night changes: the clusters of the new rows, and the known clusters that go by another id from now on."""

    assigned: pa.Table  # record_id, cluster_id, cluster_started_at: one row per new record
    moved: pa.Table  # old_cluster_id, cluster_id, cluster_started_at: merged into, or preceded by, another


def cluster(new: pa.Table, known: pa.Table, *, window: timedelta = WINDOW, threshold: float = THRESHOLD) -> Clustering:
    """Clusters of new records, given the known ones.

    `new`: record_id, published_at (timestamp, not null), text_hash, signature. `known`: the same and cluster_id,
    cluster_started_at; it must hold every known record within `window` of a new one and may hold more. Empty tables are
    fine. Known records keep their clusters but for those named in `moved`. The result does not depend on how records are cut
    into nights, as long as no bucket of alike texts holds more than NEIGHBOURS different ones within a window.
    """
    rows = _Rows.of(new, known)
    components = _Components(len(rows.times))
    components.join_all(_same_cluster(rows))
    span = int(window / timedelta(microseconds=1))
    runs = _runs(rows, span)
    components.join_all(runs.links)
    components.join_all(_near(rows, runs, span, threshold, components))
    return _named(rows, components)


def relevant(new: pa.Table, known: Callable[[], Iterable[pa.Table]]) -> pa.Table:
    """The known records that `cluster` must see: those of clusters with a member that shares hash or band with a new record.

    The columns are those of `cluster`. A night looks at all texts of the weeks around it, and few are like one of its own: so
    `known` is called twice, for the clusters and then for their records, and each time gives all of them in parts.
    """
    wanted = _Wanted(new)
    clusters = pa.chunked_array([part["cluster_id"].filter(wanted.in_(part)).combine_chunks() for part in known()], pa.string())
    ids = pc.unique(clusters)
    return pa.concat_tables([part.filter(pc.is_in(part["cluster_id"], value_set=ids)) for part in known()])


class _Wanted:
    """The hashes of new records, and the bands of their signatures."""

    def __init__(self, new: pa.Table) -> None:
        self._hashes = pc.unique(pc.drop_null(new["text_hash"]))
        signatures = matrix(new["signature"])[pc.is_valid(new["signature"]).to_numpy()]
        # np.unique would make a hash table of millions first, at 50 times the cost
        self._keys = np.sort(_band_keys(signatures), axis=None)
        self._present = np.zeros(1 << _PRESENT_BITS, bool)
        self._present[self._keys >> np.uint64(64 - _PRESENT_BITS)] = True

    def in_(self, known: pa.Table) -> pa.Array[Any]:
        """Which of the known records share a hash or a band with a new one."""
        same: npt.NDArray[np.bool_] = pc.is_in(known["text_hash"], value_set=self._hashes).to_numpy().copy()
        if len(self._keys):
            left = np.flatnonzero(~same & pc.is_valid(known["signature"]).to_numpy())
            signatures = matrix(known["signature"])
            for first in range(0, len(left), _ROWS_AT_ONCE):
                rows = left[first : first + _ROWS_AT_ONCE]
                keys = _band_keys(signatures[rows])
                maybe, bands_of = np.nonzero(self._present[keys >> np.uint64(64 - _PRESENT_BITS)])
                found = keys[maybe, bands_of]
                place = np.minimum(np.searchsorted(self._keys, found), len(self._keys) - 1)
                same[rows[maybe[self._keys[place] == found]]] = True
        return pa.array(same)


def _band_keys(signatures: Signatures) -> npt.NDArray[np.uint64]:
    """(rows, BANDS): well-spread numbers, so that those of all bands go into one table."""
    keys = bands(signatures) * np.uint64(0x9E3779B97F4A7C15)
    keys ^= keys >> np.uint64(29)
    keys += np.arange(BANDS, dtype=np.uint64)
    keys *= np.uint64(0xBF58476D1CE4E5B9)
    return keys


@dataclass(frozen=True, slots=True)
class _Rows:
    """New and known records in one order: by time, then by id."""

    ids: pa.Array[Any]
    times: Ints  # microseconds
    hashes: Ints  # a number for each hash; -1 for rows without
    signatures: Signatures  # zeros where there is none
    has_signature: npt.NDArray[np.bool_]
    clusters: Ints  # of known records, a number for each cluster; -1 for new ones
    cluster_ids: list[str]  # by that number
    cluster_starts: Ints  # microseconds; likewise

    @classmethod
    def of(cls, new: pa.Table, known: pa.Table) -> _Rows:
        ids = _both(new["record_id"], known["record_id"])
        times = np.concatenate([_micros(new["published_at"]), _micros(known["published_at"])])
        order = pc.sort_indices(pa.table({"time": times, "id": ids}), [("time", "ascending"), ("id", "ascending")]).to_numpy()
        hashes = _both(new["text_hash"], known["text_hash"]).dictionary_encode()
        known_ids: Any = known["cluster_id"].combine_chunks() if known.num_rows else pa.array([], pa.string())
        named = known_ids.dictionary_encode()
        clusters = _numbers(named)
        starts = np.zeros(len(named.dictionary), np.int64)
        if known.num_rows:
            starts[clusters] = _micros(known["cluster_started_at"])
        return cls(
            ids=ids.take(pa.array(order)),
            times=times[order],
            hashes=_numbers(hashes)[order],
            signatures=np.concatenate([matrix(new["signature"]), matrix(known["signature"])])[order],
            has_signature=np.concatenate([pc.is_valid(table["signature"]).to_numpy() for table in (new, known)])[order],
            clusters=np.concatenate([np.full(new.num_rows, -1, np.int64), clusters])[order],
            cluster_ids=named.dictionary.to_pylist(),
            cluster_starts=starts,
        )


def _both(one: pa.ChunkedArray[Any], other: pa.ChunkedArray[Any]) -> pa.Array[Any]:
    return pa.concat_arrays([*one.chunks, *other.cast(one.type).chunks]) if len(one) + len(other) else pa.array([], one.type)


def _numbers(encoded: Any) -> Ints:
    """Of a dictionary array; -1 for nulls."""
    numbers: Any = pc.fill_null(encoded.indices, -1)
    return np.asarray(numbers.to_numpy(), np.int64)


def _micros(column: pa.ChunkedArray[Any]) -> Ints:
    if column.null_count:
        raise ValueError(f"{column.null_count} of {len(column)} records have no time: give the time they were observed")
    return np.asarray(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)


class _Components:
    """Union-find with path halving."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))
        self.joined: set[int] = set()  # rows that were named in a pair: all others stand alone

    def root(self, node: int) -> int:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def roots(self) -> Ints:
        """Of all nodes."""
        roots = np.array(self._parent, np.int64)
        while not np.array_equal(above := roots[roots], roots):
            roots = above
        return roots

    def join_all(self, pairs: Pairs) -> None:
        for one, other in pairs:
            self.joined.add(one)
            self.joined.add(other)
            low, high = sorted((self.root(one), self.root(other)))
            self._parent[high] = low


def _same_cluster(rows: _Rows) -> Pairs:
    known = np.flatnonzero(rows.clusters >= 0)
    clusters = rows.clusters[known]
    first = np.zeros(len(rows.cluster_ids), np.int64)
    first[clusters[::-1]] = known[::-1]  # of several the last one stays: the earliest
    return _pairs(first[clusters], known)


def _pairs(one: Ints, other: Ints) -> Pairs:
    return zip(one.tolist(), other.tolist(), strict=True)


@dataclass(frozen=True, slots=True)
class _Runs:
    """Copies of one text, each at most a window after the one before: they share signature and cluster. In order of time."""

    links: Pairs  # rows that follow each other in a run
    first: Ints  # row that stands for each run
    since: Ints  # microseconds
    until: Ints
    is_new: npt.NDArray[np.bool_]  # a run with a new record


def _runs(rows: _Rows, span: int) -> _Runs:
    order = np.argsort(rows.hashes, kind="stable")
    hashes, times, is_new = rows.hashes[order], rows.times[order], rows.clusters[order] < 0
    follows = (hashes[1:] == hashes[:-1]) & (hashes[1:] >= 0) & (times[1:] - times[:-1] <= span)
    begins = np.flatnonzero(np.append(True, ~follows)) if len(order) else order
    ends = np.append(begins[1:], len(order)) - 1 if len(order) else order
    by_time = np.argsort(order[begins])
    return _Runs(
        links=_pairs(order[:-1][follows], order[1:][follows]),
        first=order[begins][by_time],
        since=times[begins][by_time],
        until=times[ends][by_time],
        is_new=(np.logical_or.reduceat(is_new, begins) if len(order) else is_new)[by_time],
    )


def _near(rows: _Rows, runs: _Runs, span: int, threshold: float, components: _Components) -> Iterator[tuple[int, int]]:
    """Pairs of runs that share a band, are near in time and alike enough, at least one of them new."""
    signed = np.flatnonzero(rows.has_signature[runs.first])
    first, since, until = (each[signed] for each in (runs.first, runs.since, runs.until))
    is_new = runs.is_new[signed]
    signatures = rows.signatures[first]
    of_bands = np.ascontiguousarray(bands(signatures).T)
    for keys in of_bands:
        order = _alike(keys)
        ordered = keys[order]
        roots = components.roots()[first]
        for step in range(1, NEIGHBOURS + 1):
            here = np.flatnonzero(ordered[:-step] == ordered[step:])
            if not len(here):
                break
            one, other = order[here], order[here + step]
            wanted = (since[other] - until[one] <= span) & (is_new[one] | is_new[other])
            one, other = _apart(one[wanted], other[wanted], roots)
            for part in range(0, len(one), 10_000):  # bounds the memory of the comparison
                left, right = one[part : part + 10_000], other[part : part + 10_000]
                alike = (signatures[left] == signatures[right]).mean(axis=1) >= threshold
                yield from _pairs(first[left[alike]], first[right[alike]])


def _alike(keys: npt.NDArray[np.uint64]) -> Ints:
    """The places of keys that occur more than once, equal ones together and in order."""
    order = np.argsort(keys)
    equal = keys[order[1:]] == keys[order[:-1]]
    places = order[np.append(equal, False) | np.append(False, equal)] if len(order) else order  # few
    return places[np.lexsort((places, keys[places]))]


def _apart(one: Ints, other: Ints, roots: Ints) -> tuple[Ints, Ints]:
    """Drops pairs already in one component: another proof would change nothing."""
    apart = roots[one] != roots[other]
    return one[apart], other[apart]


def _named(rows: _Rows, components: _Components) -> Clustering:
    joined = sorted(components.joined)
    named: list[Any] = rows.ids.take(pa.array(joined, pa.int64())).to_pylist()
    ids = dict(zip(joined, named, strict=True))
    roots = {row: components.root(row) for row in joined}
    earliest: dict[int, tuple[int, str]] = {}
    for row, root in roots.items():
        known = rows.clusters[row]
        member = (int(rows.times[row]), ids[row]) if known < 0 else (int(rows.cluster_starts[known]), rows.cluster_ids[known])
        earliest[root] = min(earliest.get(root, member), member)
    assigned, moved = [], {}
    for row, root in roots.items():
        started, cluster_id = earliest[root]
        known = rows.clusters[row]
        if known < 0:
            assigned.append((ids[row], cluster_id, started))
        elif (known_id := rows.cluster_ids[known]) != cluster_id:
            moved[known_id] = (known_id, cluster_id, started)
    alone = rows.clusters < 0
    alone[joined] = False
    own = rows.ids.filter(pa.array(alone))
    by_themselves = pa.table([own, own, pa.array(rows.times[alone]).cast(ASSIGNED.field(2).type)], schema=ASSIGNED)
    return Clustering(pa.concat_tables([by_themselves, _table(assigned, ASSIGNED)]), _table(list(moved.values()), MOVED))


def _table(found: list[tuple[str, str, int]], schema: pa.Schema) -> pa.Table:
    old, new, started = zip(*found, strict=True) if found else ((), (), ())
    times = pa.array(np.array(started, np.int64)).cast(schema.field(2).type)  # ten times as fast as number by number
    return pa.table([pa.array(old, pa.string()), pa.array(new, pa.string()), times], schema=schema)
