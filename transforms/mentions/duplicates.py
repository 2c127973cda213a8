"""Which texts are the same text: exact copies, and reposts with a few words changed.

A text has a hash of its normalised words (equal hash: an exact copy) and a MinHash signature of its word pairs, whose share of
equal values estimates the Jaccard similarity of two texts (Broder 1997; R-MinHash of the `rensa` library: 85 000 posts a second
on one core against 18 500 of datasketch, with the same error). Of each value the lower 16 bits are kept (b-bit minwise hashing,
Li and König 2010): two values that differ agree in them once in 65 536. Both are short binary columns, so a night compares its
new texts with stored signatures and never reads an old text again.

A cluster is a connected component of pairs that are at least `THRESHOLD` alike and at most `window` apart in time; its id is the
record id of its earliest member. So it changes only when a new member links two clusters, or precedes the earliest.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rensa import RMinHash

PERMUTATIONS = 128  # standard error of the estimate 0.03
BANDS = 32  # of 4 values: a pair 0.6 alike is found with probability 0.99, one 0.7 alike with 0.9998
THRESHOLD = 0.6
WINDOW = timedelta(days=7)
SIGNATURE_BYTES = 2 * PERMUTATIONS
LEAST_WORDS = 5  # "thank you so much" is nobody's text: shorter ones are compared by hash only
MOST_WORDS = 2_000  # what follows is not compared
NEIGHBOURS = 64  # texts of one bucket that each text is compared with; keeps a flood of variants linear

_PRESENT_BITS = 26  # of the bitmap that tells most bands apart from those wanted: 64 MB
_ROWS_AT_ONCE = 20_000  # bounds the memory of their bands' keys
_SEED = 20_260_101  # a signature is only comparable with one of the same seed: changing it means signing all texts again
_LINK = re.compile(r"https?://\S+|www\.\S+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_WORD = re.compile(r"\w+")

SIGNED = pa.schema([("text_hash", pa.binary(16)), ("signature", pa.binary(SIGNATURE_BYTES))])
_CLUSTER: list[pa.Field[Any]] = [pa.field("cluster_id", pa.string()), pa.field("cluster_started_at", pa.timestamp("us", "UTC"))]
_RECORD: list[pa.Field[Any]] = [pa.field("record_id", pa.string())]
_OLD: list[pa.Field[Any]] = [pa.field("old_cluster_id", pa.string())]
ASSIGNED = pa.schema(_RECORD + _CLUSTER)
MOVED = pa.schema(_OLD + _CLUSTER)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Clustering:
    """What a night changes: the clusters of the new rows, and the known clusters that go by another id from now on."""

    assigned: pa.Table  # record_id, cluster_id, cluster_started_at: one row per new record
    moved: pa.Table  # old_cluster_id, cluster_id, cluster_started_at: merged into, or preceded by, another


def words(text: str) -> list[str]:
    """The words that count for sameness: no case, punctuation, emoji, links or invisible characters; ё = е."""
    text = text[: 40 * MOST_WORDS]
    if "http" in text or "www." in text:
        text = _LINK.sub(" ", text)
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub(" ", text)
    return _WORD.findall(text.lower().replace("ё", "е"))[:MOST_WORDS]


def sign(texts: Sequence[str]) -> pa.Table:
    """Hash and signature of each text, in order (columns of SIGNED). No hash without words, no signature below LEAST_WORDS."""
    hashes: list[bytes | None] = []
    values, is_signed = array("I"), []
    for text in texts:
        found = words(text)
        hashes.append(blake2b(" ".join(found).encode(), digest_size=16).digest() if found else None)
        is_signed.append(len(found) >= LEAST_WORDS)
        if is_signed[-1]:
            values.extend(_signature(found))
    kept = iter(np.frombuffer(values, np.uint32).astype(np.uint16).reshape(-1, PERMUTATIONS))  # the lower 16 bits
    signatures = [next(kept).tobytes() if signed else None for signed in is_signed]
    return pa.table({"text_hash": hashes, "signature": signatures}, schema=SIGNED)


def likeness(one: bytes, other: bytes) -> float:
    """Estimated Jaccard similarity of the word pairs of two signed texts, 0-1."""
    return float(np.mean(np.frombuffer(one, np.uint16) == np.frombuffer(other, np.uint16)))


def cluster(new: pa.Table, known: pa.Table, *, window: timedelta = WINDOW, threshold: float = THRESHOLD) -> Clustering:
    """Clusters of new records, given the known ones.

    `new`: record_id, published_at (timestamp, not null), text_hash, signature. `known`: the same and cluster_id,
    cluster_started_at; it must hold every known record within `window` of a new one and may hold more. Empty tables are
    fine. Known records keep their clusters but for those named in `moved`. The result does not depend on how records are cut
    into nights, as long as no bucket of alike texts holds more than NEIGHBOURS different ones within a window.
    """
    rows = _Rows.of(new, known)
    parents = _Components(len(rows.times))
    for one, other in _same_cluster(rows):
        parents.join(one, other)
    span = int(window / timedelta(microseconds=1))
    segments = _segments(rows, span)
    for one, other in segments.links:
        parents.join(one, other)
    for one, other in _near(rows, segments, span, threshold, parents):
        parents.join(one, other)
    return _named(rows, parents)


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
        signatures = _matrix(new["signature"])[pc.is_valid(new["signature"]).to_numpy()]
        self._keys = np.unique(_band_keys(signatures))
        self._present = np.zeros(1 << _PRESENT_BITS, bool)
        self._present[self._keys >> np.uint64(64 - _PRESENT_BITS)] = True

    def in_(self, known: pa.Table) -> pa.Array[Any]:
        """Which of the known records share a hash or a band with a new one."""
        same: npt.NDArray[np.bool_] = pc.is_in(known["text_hash"], value_set=self._hashes).to_numpy().copy()
        if len(self._keys):
            left = np.flatnonzero(~same & pc.is_valid(known["signature"]).to_numpy())
            signatures = _matrix(known["signature"])
            for first in range(0, len(left), _ROWS_AT_ONCE):
                rows = left[first : first + _ROWS_AT_ONCE]
                keys = _band_keys(signatures[rows])
                maybe, bands = np.nonzero(self._present[keys >> np.uint64(64 - _PRESENT_BITS)])
                found = keys[maybe, bands]
                place = np.minimum(np.searchsorted(self._keys, found), len(self._keys) - 1)
                same[rows[maybe[self._keys[place] == found]]] = True
        return pa.array(same)


def _matrix(signatures: pa.ChunkedArray[Any]) -> npt.NDArray[np.uint16]:
    """(rows, PERMUTATIONS), zeros where there is no signature."""
    blank = pa.scalar(bytes(SIGNATURE_BYTES), pa.binary(SIGNATURE_BYTES))
    parts = [np.zeros((0, PERMUTATIONS), np.uint16)]
    for chunk in signatures.chunks:
        filled: Any = pc.fill_null(chunk.cast(blank.type), blank)
        values = np.frombuffer(filled.buffers()[1], np.uint16, len(chunk) * PERMUTATIONS, filled.offset * SIGNATURE_BYTES)
        parts.append(values.reshape(-1, PERMUTATIONS))
    return np.concatenate(parts)


def _bands(signatures: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint64]:
    """(rows, BANDS): the four values of a band as one number."""
    return np.ascontiguousarray(signatures).view(np.uint64)


def _band_keys(signatures: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint64]:
    """(rows, BANDS): well-spread numbers, so that those of all bands go into one table."""
    keys = _bands(signatures) * np.uint64(0x9E3779B97F4A7C15)
    keys ^= keys >> np.uint64(29)
    keys += np.arange(BANDS, dtype=np.uint64)
    keys *= np.uint64(0xBF58476D1CE4E5B9)
    return keys


def _signature(found: list[str]) -> list[int]:
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=_SEED)
    sketch.update([f"{one} {other}" for one, other in pairwise(found)])
    values: list[int] = sketch.digest()
    return values


@dataclass(frozen=True, slots=True)
class _Rows:
    """New and known records in one order: by time, then by id."""

    ids: list[str]
    times: Ints  # microseconds
    hashes: list[bytes | None]
    signatures: npt.NDArray[np.uint16]  # (rows, PERMUTATIONS); zeros where there is none
    has_signature: npt.NDArray[np.bool_]
    clusters: list[str | None]  # of known records
    starts: list[int | None]  # microseconds, of the clusters of known records

    @classmethod
    def of(cls, new: pa.Table, known: pa.Table) -> _Rows:
        ids = [str(record_id) for table in (new, known) for record_id in table["record_id"].to_pylist()]
        times = np.concatenate([_micros(new["published_at"]), _micros(known["published_at"])])
        moments = pa.table({"time": times, "id": pa.array(ids, pa.string())})
        order = pc.sort_indices(moments, [("time", "ascending"), ("id", "ascending")]).to_numpy()
        hashes = [*new["text_hash"].to_pylist(), *known["text_hash"].to_pylist()]
        matrix = np.concatenate([_matrix(new["signature"]), _matrix(known["signature"])])
        has_signature = np.concatenate([pc.is_valid(table["signature"]).to_numpy() for table in (new, known)])
        clusters: list[str | None] = [None] * new.num_rows
        starts: list[int | None] = [None] * new.num_rows
        if known.num_rows:
            clusters += known["cluster_id"].to_pylist()
            starts += _micros(known["cluster_started_at"]).tolist()
        return cls(
            ids=[ids[row] for row in order],
            times=times[order],
            hashes=[hashes[row] for row in order],
            signatures=matrix[order],
            has_signature=has_signature[order],
            clusters=[clusters[row] for row in order],
            starts=[starts[row] for row in order],
        )


def _micros(column: pa.ChunkedArray[Any]) -> Ints:
    if column.null_count:
        raise ValueError(f"{column.null_count} of {len(column)} records have no time: give the time they were observed")
    return np.asarray(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)


class _Components:
    """Union-find with path halving."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, node: int) -> int:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low


def _same_cluster(rows: _Rows) -> Iterator[tuple[int, int]]:
    first: dict[str, int] = {}
    for row, cluster_id in enumerate(rows.clusters):
        if cluster_id is not None:
            yield first.setdefault(cluster_id, row), row


@dataclass(frozen=True, slots=True)
class _Segments:
    """Runs of copies of one text, each at most a window after the one before: they share signature and cluster."""

    links: list[tuple[int, int]]  # rows that follow each other in a run
    first: Ints  # row that stands for each run
    since: Ints  # microseconds
    until: Ints
    is_new: npt.NDArray[np.bool_]  # a run with a new record


def _segments(rows: _Rows, span: int) -> _Segments:
    last: dict[bytes, tuple[int, int]] = {}  # hash -> latest run, latest row
    links: list[tuple[int, int]] = []
    first: list[int] = []
    until: list[int] = []
    is_new: list[bool] = []
    for row, text_hash in enumerate(rows.hashes):
        moment, fresh = int(rows.times[row]), rows.clusters[row] is None
        run, before = last.get(text_hash, (-1, -1)) if text_hash is not None else (-1, -1)
        if run >= 0 and moment - int(rows.times[before]) <= span:
            links.append((before, row))
            until[run] = moment
            is_new[run] |= fresh
        else:
            run = len(first)
            first.append(row)
            until.append(moment)
            is_new.append(fresh)
        if text_hash is not None:
            last[text_hash] = (run, row)
    rows_of = np.array(first, np.int64)
    return _Segments(links, rows_of, rows.times[rows_of] if first else rows_of, np.array(until, np.int64), np.array(is_new, bool))


def _near(rows: _Rows, segments: _Segments, span: int, threshold: float, parents: _Components) -> Iterator[tuple[int, int]]:
    """Pairs of runs that share a band, are near in time and alike enough, at least one of them new."""
    runs = np.flatnonzero(rows.has_signature[segments.first]) if len(segments.first) else segments.first
    signatures = rows.signatures[segments.first[runs]]
    for band in range(BANDS):
        keys = _bands(signatures)[:, band]
        order = np.lexsort((runs, keys))  # runs are numbered in order of time
        ordered = keys[order]
        for step in range(1, NEIGHBOURS + 1):
            here = np.flatnonzero(ordered[:-step] == ordered[step:])
            if not len(here):
                break
            one, other = order[here], order[here + step]
            gap = segments.since[runs[other]] - segments.until[runs[one]]
            wanted = (gap <= span) & (segments.is_new[runs[one]] | segments.is_new[runs[other]])
            one, other = _apart(one[wanted], other[wanted], segments.first[runs], parents)
            for part in range(0, len(one), 10_000):  # bounds the memory of the comparison
                left, right = one[part : part + 10_000], other[part : part + 10_000]
                alike = (signatures[left] == signatures[right]).mean(axis=1) >= threshold
                rows_left, rows_right = segments.first[runs[left[alike]]], segments.first[runs[right[alike]]]
                yield from zip(rows_left.tolist(), rows_right.tolist(), strict=True)


def _apart(one: Ints, other: Ints, first: Ints, parents: _Components) -> tuple[Ints, Ints]:
    """Drops pairs already in one component: another proof would change nothing."""
    keep = [
        place
        for place, (left, right) in enumerate(zip(first[one].tolist(), first[other].tolist(), strict=True))
        if parents.root(left) != parents.root(right)
    ]
    return one[keep], other[keep]


def _named(rows: _Rows, parents: _Components) -> Clustering:
    roots = [parents.root(row) for row in range(len(rows.ids))]
    earliest: dict[int, tuple[int, str]] = {}
    for row, root in enumerate(roots):
        known_id, started = rows.clusters[row], rows.starts[row]
        member = (int(rows.times[row]), rows.ids[row])
        if known_id is not None and started is not None:
            member = (started, known_id)
        earliest[root] = min(earliest.get(root, member), member)
    assigned, moved = [], {}
    for row, root in enumerate(roots):
        started, cluster_id = earliest[root]
        known_id = rows.clusters[row]
        if known_id is None:
            assigned.append((rows.ids[row], cluster_id, started))
        elif known_id != cluster_id:
            moved[known_id] = (known_id, cluster_id, started)
    return Clustering(_table(assigned, ASSIGNED), _table(list(moved.values()), MOVED))


def _table(found: list[tuple[str, str, int]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*found, strict=True)) if found else [(), (), ()]
    return pa.table([_column(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array[Any]:
    if pa.types.is_timestamp(kind):
        return pa.array(np.array(values, np.int64)).cast(kind)  # ten times as fast as number by number
    return pa.array(values, kind)
