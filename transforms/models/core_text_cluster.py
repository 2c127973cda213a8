"""Which publications and reviews say the same: exact copies and near-duplicates, clustered as they come.

about: texts by the cluster of near-duplicates they belong to, and how many authors published the same
grain: record_id
needs: core.publication, core.review, obs.text
by: record_id from core.publication, core.review
beside obs.text: text_hash from core.publication, core.review
touch core.publication: SELECT record_id FROM touched GROUP BY record_id HAVING count(*) <> 2 OR count(DISTINCT (
    coalesce(published_at, first_seen_at), author, channel, channel_title, repost_of_id, repost_of_url, title, text_hash)) > 1
touch core.review: SELECT record_id FROM touched GROUP BY record_id HAVING count(*) <> 2 OR count(DISTINCT (
    coalesce(published_at, first_seen_at), author, title, text_hash)) > 1
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
column spam_marks: copied, link_stuffed, tag_stuffed (transforms/mentions/spam.py); link farms are in mart.mention_spam
note: looks that only count likes anew are not compared again;
    a cluster changes only when a new member links two or precedes the earliest
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transforms.mentions.duplicates import WINDOW, cluster, relevant
from transforms.mentions.signatures import SIGNATURE_BYTES, sign
from transforms.mentions.spam import Post, copying_authors, is_copied, stuffing

QUERY = """
SELECT record_id, coalesce(published_at, first_seen_at) AS published_at, coalesce(author, channel, channel_title) AS author,
    repost_of_id IS NOT NULL OR repost_of_url IS NOT NULL AS is_repost, concat_ws(chr(10), title, text) AS text
FROM core.publication LEFT JOIN obs.text USING (text_hash)
UNION ALL
SELECT record_id, coalesce(published_at, first_seen_at), author, FALSE, concat_ws(chr(10), title, text)
FROM core.review LEFT JOIN obs.text USING (text_hash)
"""

ORDER = "published_at, record_id"

# The model's own rows that changed records may affect: clusters that a changed record was in are taken apart (`is_loose`),
# clusters with a member near in time may be joined. `keys` are the changed records, `given` the rows of QUERY that they have now.
# Rows lie in order of time and no member is earlier than its cluster, so all but the first statement look at a stretch of them;
# they are found by their columns of few bytes and fetched by their place: signatures of a long history are not read.
KNOWN = (
    """
    CREATE OR REPLACE TEMP TABLE loose AS
    WITH place AS (SELECT t.rowid AS place FROM core.text_cluster AS t SEMI JOIN keys USING (record_id))
    SELECT DISTINCT cluster_id, cluster_started_at FROM core.text_cluster AS t JOIN place ON t.rowid = place
    """,
    "SET VARIABLE loose_since = (SELECT min(cluster_started_at) FROM loose)",
    """
    CREATE OR REPLACE TEMP TABLE span AS
    SELECT published_at FROM core.text_cluster SEMI JOIN loose USING (cluster_id)
    WHERE published_at >= getvariable('loose_since')
    UNION ALL
    SELECT published_at FROM given
    """,
    "SET VARIABLE near_since = (SELECT min(published_at) - INTERVAL 7 DAYS FROM span)",
    "SET VARIABLE near_until = (SELECT max(published_at) + INTERVAL 7 DAYS FROM span)",
    """
    CREATE OR REPLACE TEMP TABLE near AS
    SELECT DISTINCT cluster_id, cluster_started_at FROM core.text_cluster
    WHERE published_at BETWEEN getvariable('near_since') AND getvariable('near_until')
    UNION
    FROM loose
    """,
    "SET VARIABLE known_since = (SELECT min(cluster_started_at) FROM near)",
    """
    WITH place AS (
        SELECT t.rowid AS place
        FROM core.text_cluster AS t SEMI JOIN near USING (cluster_id) ANTI JOIN keys USING (record_id)
        WHERE published_at >= getvariable('known_since')
    )
    SELECT t.*, t.cluster_id IN (SELECT cluster_id FROM loose) AS is_loose
    FROM core.text_cluster AS t JOIN place ON t.rowid = place
    """,
)

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

ROWS_AT_ONCE = 100_000

_SETTLED = ("cluster_id", "cluster_started_at", "copying_author_count", "spam_marks")
_COUNTED = ("record_id", "cluster_id", "author", "published_at", "is_repost", "spam_marks")


def merge(given: pa.Table, known: Callable[[], Iterable[pa.Table]]) -> pa.Table:
    """The rows of new texts, and those known rows that the new ones change; `known` gives the rows of KNOWN."""
    fresh = _fresh(given)
    loose = pa.concat_tables([_own(part.filter(part["is_loose"])) for part in known()])
    new = pa.concat_tables([fresh, _alone(loose)])
    firm = relevant(new, lambda: (_own(part.filter(pc.invert(part["is_loose"]))) for part in known()))
    rows = _settled(new, firm)
    before = pa.concat_tables([loose, firm])
    places = pc.index_in(rows["record_id"], value_set=before["record_id"].combine_chunks())
    earlier = before.take(places)
    changed = pc.is_null(places)
    for name in _SETTLED:
        changed = pc.or_(changed, pc.invert(_equal(rows[name], earlier[name])))
    return rows.filter(changed)


def whole(chunks: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """All rows anew, from chunks of QUERY in order of published_at. Memory holds the clusters of one window and a few chunks."""
    kept = SCHEMA.empty_table()
    for chunk in _gathered(chunks):
        since = pa.scalar(pc.min(chunk["published_at"]).as_py() - WINDOW, pa.timestamp("us"))
        recent = pc.unique(kept.filter(pc.greater_equal(kept["published_at"], since))["cluster_id"])
        is_open = pc.is_in(kept["cluster_id"], value_set=recent)
        yield kept.filter(pc.invert(is_open))
        kept = kept.filter(is_open)
        fresh = _fresh(chunk)
        firm = relevant(fresh, lambda kept=kept: [kept])  # type: ignore[misc]
        apart = pc.invert(pc.is_in(kept["cluster_id"], value_set=pc.unique(firm["cluster_id"])))
        kept = pa.concat_tables([kept.filter(apart), _settled(fresh, firm)]).combine_chunks()
    yield kept


def _gathered(chunks: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in chunks of at least ROWS_AT_ONCE, but for the last: each one looks through all that is kept."""
    waiting: list[pa.Table] = []
    for chunk in chunks:
        waiting.append(chunk)
        if sum(one.num_rows for one in waiting) >= ROWS_AT_ONCE:
            yield pa.concat_tables(waiting)
            waiting = []
    if any(one.num_rows for one in waiting):
        yield pa.concat_tables(waiting)


def _alone(rows: pa.Table) -> pa.Table:
    """The rows as if no other text were like them: what a cluster that is taken apart leaves may be that."""
    earned: list[Any] = rows["spam_marks"].to_pylist()
    marks = [[name for name in found if name != "copied"] for found in earned]
    rows = rows.set_column(_place("spam_marks"), "spam_marks", pa.array(marks, pa.list_(pa.string())))
    return rows.set_column(_place("copying_author_count"), "copying_author_count", pa.array([1] * len(marks), pa.int64()))


def _own(rows: pa.Table) -> pa.Table:
    return rows.select(SCHEMA.names).cast(SCHEMA)


def _fresh(given: pa.Table) -> pa.Table:
    """Rows of new texts, each a cluster of its own."""
    texts: Any = pc.fill_null(given["text"], pa.scalar(""))
    signed = sign(texts)
    count = given.num_rows
    columns: dict[str, Any] = {name: given[name] for name in ("record_id", "published_at", "author", "is_repost")}
    columns |= {
        "text_hash": signed["text_hash"],
        "signature": signed["signature"],
        "cluster_id": given["record_id"],
        "cluster_started_at": given["published_at"],
        "copying_author_count": pa.repeat(1, count),
        "link_count": pa.repeat(0, count),
        "tag_count": pa.repeat(0, count),
        "spam_marks": pa.array([[]], pa.list_(pa.string())).take(pa.repeat(0, count)),
    }
    rows = pa.table(columns).cast(SCHEMA)
    places = np.flatnonzero(pc.match_substring_regex(texts, "http|www[.]|#").to_numpy())  # others have neither links nor tags
    stuffed = [stuffing(text) for text in texts.take(places).to_pylist()]
    for place, name in enumerate(("link_count", "tag_count", "spam_marks")):
        rows = _with(rows, name, places, [found[place] for found in stuffed])
    return rows


def _with(rows: pa.Table, name: str, places: npt.NDArray[np.int64], values: Sequence[Any]) -> pa.Table:
    """The rows with these values at these places of a column."""
    if not len(places):
        return rows
    column = rows[name]
    chosen = np.arange(len(column))
    chosen[places] = len(column) + np.arange(len(places))
    both = pa.chunked_array([*column.chunks, pa.array(values, column.type)])
    return rows.set_column(_place(name), name, both.take(chosen))


def _settled(new: pa.Table, firm: pa.Table) -> pa.Table:
    """New rows put into clusters beside firm ones, and the firm ones as they are after that."""
    clustering = cluster(_clusterable(new), _clusterable(firm))
    new = _renamed(new, "record_id", clustering.assigned, "record_id")
    rows = pa.concat_tables([new, _renamed(firm, "cluster_id", clustering.moved, "old_cluster_id")])
    return _counted(rows, clustering.assigned["cluster_id"].combine_chunks())


def _renamed(rows: pa.Table, key: str, names: pa.Table, names_key: str) -> pa.Table:
    """The rows with the cluster that `names` gives them by key; those it does not name as they are."""
    found = names.take(pc.index_in(rows[key], value_set=names[names_key].combine_chunks()))
    started = found["cluster_started_at"].cast(pa.timestamp("us"))
    rows = rows.set_column(_place("cluster_started_at"), "cluster_started_at", pc.coalesce(started, rows["cluster_started_at"]))
    return rows.set_column(_place("cluster_id"), "cluster_id", pc.coalesce(found["cluster_id"], rows["cluster_id"]))


def _counted(rows: pa.Table, clusters: pa.Array[Any]) -> pa.Table:
    """The rows with authors counted and marked anew in these clusters, those of one member aside: it counts itself only."""
    sizes: Any = rows["cluster_id"].value_counts()
    shared = sizes.field("values").filter(pc.greater(sizes.field("counts"), pa.scalar(1, pa.int64())))
    of_shared: Any = pc.is_in(rows["cluster_id"], value_set=shared.filter(pc.is_in(shared, value_set=clusters)))
    places = np.flatnonzero(of_shared.to_numpy())
    members = rows.take(places).select(_COUNTED).to_pylist()
    authors = copying_authors([_post(row) for row in members])
    counts = [authors.get(row["record_id"], 1) for row in members]
    stuffed = [[name for name in row["spam_marks"] if name != "copied"] for row in members]
    copied = [is_copied(count, row["is_repost"]) for count, row in zip(counts, members, strict=True)]
    rows = _with(rows, "copying_author_count", places, counts)
    return _with(rows, "spam_marks", places, [["copied"] * is_one + marks for is_one, marks in zip(copied, stuffed, strict=True)])


def _post(row: Mapping[str, Any]) -> Post:
    return Post(
        record_id=row["record_id"],
        cluster_id=row["cluster_id"],
        author=row["author"],
        published_at=row["published_at"],
        is_repost=row["is_repost"],
    )


def _clusterable(rows: pa.Table) -> pa.Table:
    names = ["record_id", "published_at", "text_hash", "signature", "cluster_id", "cluster_started_at"]
    table = rows.select(names)
    for name in ("published_at", "cluster_started_at"):
        table = table.set_column(names.index(name), name, pc.assume_timezone(table[name], "UTC"))
    return table


def _place(name: str) -> int:
    return int(SCHEMA.get_field_index(name))


def _equal(one: Any, other: Any) -> Any:
    """Element by element, null equal to none; lists by their joined words, since lists are not compared."""
    if pa.types.is_list(one.type):
        one, other = pc.binary_join(one, " "), pc.binary_join(other, " ")
    return pc.fill_null(pc.equal(one, other), False)
