"""Which publications and reviews say the same: exact copies and near-duplicates, clustered as they come.

about: texts by the cluster of near-duplicates they belong to, and how many authors published the same
grain: record_id
needs: core.publication, core.review, obs.text
by: record_id from core.publication, core.review
column published_at: when it was published; when first seen where the source does not say
column author: key of who published it
column is_repost: the source says that it repeats another
column text_hash: hash of the normalised words
column signature: MinHash of the word pairs; null for very short texts
column cluster_id: record_id of the earliest member (transforms/mentions/duplicates.py says what makes a pair)
column cluster_started_at: when the earliest member was published
column copying_author_count: authors of the cluster within seven days of this text, itself included, reposts aside
column link_count: links in the text
column tag_count: hashtags in the text
column spam_marks: copied, link_stuffed, tag_stuffed (transforms/mentions/spam.py)
note: a cluster changes only when a new member links two or precedes the earliest
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.mentions.duplicates import SIGNATURE_BYTES, WINDOW, cluster, sign
from transforms.mentions.spam import Post, mark

QUERY = """
SELECT record_id, coalesce(published_at, first_seen_at) AS published_at, coalesce(author, channel, channel_title) AS author,
    repost_of_id IS NOT NULL OR repost_of_url IS NOT NULL AS is_repost, concat_ws(chr(10), title, text) AS text
FROM core.publication LEFT JOIN obs.text USING (text_hash)
UNION ALL
SELECT record_id, coalesce(published_at, first_seen_at), author, FALSE, concat_ws(chr(10), title, text)
FROM core.review LEFT JOIN obs.text USING (text_hash)
"""

ORDER = "published_at, record_id"

# The model's own rows that changed records may affect: clusters that a changed record was in are taken apart (`is_loose`), clusters
# with a member near in time may be joined. `keys` are the changed records, `given` the rows of QUERY of those that still exist.
KNOWN = """
WITH loose AS (SELECT DISTINCT cluster_id FROM core.text_cluster SEMI JOIN keys USING (record_id)),
loose_span AS (SELECT published_at FROM core.text_cluster WHERE cluster_id IN (FROM loose) UNION ALL SELECT published_at FROM given),
near AS (
    SELECT DISTINCT cluster_id FROM core.text_cluster
    WHERE published_at >= (SELECT min(published_at) FROM loose_span) - INTERVAL 7 DAYS
        AND published_at <= (SELECT max(published_at) FROM loose_span) + INTERVAL 7 DAYS
)
SELECT t.*, t.cluster_id IN (FROM loose) AS is_loose
FROM core.text_cluster AS t
WHERE (t.cluster_id IN (FROM near) OR t.cluster_id IN (FROM loose)) AND t.record_id NOT IN (SELECT record_id FROM keys)
"""

_COLUMNS: list[pa.Field[Any]] = [
    pa.field("record_id", pa.string()),
    pa.field("published_at", pa.timestamp("us")),
    pa.field("author", pa.string()),
    pa.field("is_repost", pa.bool_()),
    pa.field("text_hash", pa.binary(16)),
    pa.field("signature", pa.binary(SIGNATURE_BYTES)),
    pa.field("cluster_id", pa.string()),
    pa.field("cluster_started_at", pa.timestamp("us")),
    pa.field("copying_author_count", pa.int64()),
    pa.field("link_count", pa.int64()),
    pa.field("tag_count", pa.int64()),
    pa.field("spam_marks", pa.list_(pa.string())),
]
SCHEMA = pa.schema(_COLUMNS)

_STUFFED = ("link_stuffed", "tag_stuffed")
_SETTLED = ("cluster_id", "cluster_started_at", "copying_author_count", "spam_marks")


def merge(given: pa.Table, known: pa.Table) -> pa.Table:
    """The rows of new texts, and those known rows that the new ones change; `known` are the rows of KNOWN."""
    fresh = _fresh(given)
    loose = [row for row in known.to_pylist() if row.pop("is_loose")]
    firm = [row for row in known.to_pylist() if not row.pop("is_loose")]
    rows = _settled(fresh + loose, firm)
    before = {row["record_id"]: row for row in known.to_pylist()}
    changed = [
        row
        for row in rows
        if row["record_id"] not in before or any(row[name] != before[row["record_id"]][name] for name in _SETTLED)
    ]
    return pa.Table.from_pylist(changed, schema=SCHEMA)


def whole(chunks: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """All rows anew, from chunks of QUERY in order of published_at; memory holds the chunks of one window and the names of clusters."""
    open_rows: list[dict[str, Any]] = []
    for chunk in chunks:
        if not chunk.num_rows:
            continue
        since = pc.min(chunk["published_at"]).as_py() - WINDOW
        open_clusters = {row["cluster_id"] for row in open_rows if row["published_at"] >= since}
        closed = [row for row in open_rows if row["cluster_id"] not in open_clusters]
        if closed:
            yield pa.Table.from_pylist(closed, schema=SCHEMA)
        firm = [row for row in open_rows if row["cluster_id"] in open_clusters]
        open_rows = _settled(_fresh(chunk), firm)
    yield pa.Table.from_pylist(open_rows, schema=SCHEMA)


def _fresh(given: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = given.to_pylist()
    signed = sign([row["text"] or "" for row in rows]).to_pylist()
    plain = mark([_post(row, row["record_id"]) for row in rows])
    return [
        {
            **{name: row[name] for name in ("record_id", "published_at", "author", "is_repost")},
            **signature,
            "link_count": plain[row["record_id"]].link_count,
            "tag_count": plain[row["record_id"]].tag_count,
            "spam_marks": [name for name in plain[row["record_id"]].marks if name in _STUFFED],
        }
        for row, signature in zip(rows, signed, strict=True)
    ]


def _settled(new: list[dict[str, Any]], firm: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """New rows put into clusters beside firm ones, and the firm ones as they are after that."""
    clustering = cluster(_clusterable(new), _clusterable(firm, is_known=True))
    assigned = {row["record_id"]: row for row in clustering.assigned.to_pylist()}
    moved = {row["old_cluster_id"]: row for row in clustering.moved.to_pylist()}
    rows = [{**row, **_cluster_of(assigned[row["record_id"]])} for row in new]
    rows += [{**row, **_cluster_of(moved[row["cluster_id"]])} if row["cluster_id"] in moved else dict(row) for row in firm]
    marks = mark([_post(row, row["cluster_id"]) for row in rows])
    for row in rows:
        found = marks[row["record_id"]]
        row["copying_author_count"] = found.copying_author_count
        row["spam_marks"] = [name for name in found.marks if name == "copied"] + [
            name for name in row["spam_marks"] if name in _STUFFED
        ]
    return rows


def _cluster_of(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"cluster_id": row["cluster_id"], "cluster_started_at": row["cluster_started_at"].astimezone(UTC).replace(tzinfo=None)}


def _clusterable(rows: list[dict[str, Any]], is_known: bool = False) -> pa.Table:
    names = ["record_id", "published_at", "text_hash", "signature"] + (["cluster_id", "cluster_started_at"] if is_known else [])
    table = pa.Table.from_pylist(
        [{name: row[name] for name in names} for row in rows], schema=pa.schema([SCHEMA.field(name) for name in names])
    )
    for name in ("published_at", "cluster_started_at"):
        if name in names:
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, pc.assume_timezone(table[name], "UTC"))
    return table


def _post(row: Mapping[str, Any], cluster_id: str) -> Post:
    at: datetime = row["published_at"]
    return Post(
        record_id=row["record_id"],
        cluster_id=cluster_id,
        author=row["author"],
        published_at=at,
        text=row.get("text") or "",
        is_repost=bool(row["is_repost"]),
    )
