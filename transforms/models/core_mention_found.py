"""What each topic found in publications and reviews, with the tone of the places where: the mention engine's own answers.

about: publications and reviews that a topic of their project found
grain: record_id, project_id, topic_id
needs: core.publication, core.review, core.counter_latest, core.publication_watch, core.record_watch, obs.text,
    ref.watch_entity, ref.topic, ref.sentiment_model
by: record_id from core.publication, core.review
beside core.publication_watch: record_id from core.publication
beside core.record_watch: record_id from core.review
beside core.counter_latest: record_id from core.publication
beside obs.text: text_hash from core.publication, core.review
touch core.publication: SELECT record_id FROM touched GROUP BY record_id HAVING count(*) <> 2 OR count(DISTINCT (
    source, kind, published_at, title, text_hash, author, channel_title, url, lang, is_ad, ad_erid)) > 1
touch core.review: SELECT record_id FROM touched GROUP BY record_id HAVING count(*) <> 2 OR count(DISTINCT (
    source, published_at, title, text_hash, author, url, lang, country, rating_value)) > 1
touch core.counter_latest: SELECT record_id FROM touched GROUP BY record_id
    HAVING count(DISTINCT coalesce(follower_count, -1)) > 1
    AND (SELECT bool_or(query ILIKE '%followers%' OR macros ILIKE '%followers%') FROM ref.topic)
touch core.publication_watch: SELECT record_id FROM touched GROUP BY record_id, watch_id HAVING count(*) <> 2
touch core.record_watch: SELECT record_id FROM touched GROUP BY record_id, watch_id HAVING count(*) <> 2
touch ref.watch_entity: SELECT record_id FROM (FROM core.publication_watch UNION ALL FROM core.record_watch) JOIN touched
    USING (watch_id)
also: project_id, topic_id from ref.topic
column project_id: id of the client's project
column topic_id: id of the topic; `@entity` for the names and aliases of an entity
column entity_id: the entity the topic is about, if one
column kind: article, post, video, comment or review
column domain: registrable domain of the address (news.example.co.uk: example.co.uk), else its host
column matched_terms: words that matched, as written, lower case
column spans: where, as [start, end) character offsets in the text, JSON
column title_spans: where in the title, JSON
column sentence: the sentence of the first place
column model_sentiment: negative, neutral or positive, towards what the topic names; by the model of ref.sentiment_model, if any
column model_score: -1 to 1
column model_confidence: 0-1, probability of the sentiment
column lang: ISO 639-1 code, detected where the source does not say
column categories: kinds of talk (transforms/mentions/categories.yml)
column query_version: hash of the query, its macros and the engine
note: what was only seen again, with other counters, is not matched again;
    a person's word on the sentiment stands in ref.label and wins in core.mention
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from collectors.urls import host_of, registrable_domain
from transforms.mentions.categories import Facts, categorise
from transforms.mentions.evaluate import Document
from transforms.mentions.match import ENGINE_VERSION, QuerySet, compile_each, scanned
from transforms.mentions.onnx_engine import engine_of
from transforms.mentions.toned import Mention, mentions_in

QUERY = """
WITH seen AS (
    SELECT record_id, watch_id FROM core.publication_watch WHERE record_id IN (SELECT record_id FROM core.publication)
    UNION ALL
    SELECT record_id, watch_id FROM core.record_watch WHERE record_id IN (SELECT record_id FROM core.review)
),
seen_for AS (
    SELECT s.record_id, e.project_id, min(e.role) AS role FROM seen AS s JOIN ref.watch_entity AS e USING (watch_id) GROUP BY ALL
),
project AS (
    SELECT record_id, list_sort(list(project_id)) AS project_ids, min(role) AS role FROM seen_for GROUP BY record_id
)
SELECT p.record_id, p.source, p.kind, p.published_at, p.title, t.text, p.author, p.channel_title, p.url, p.lang, NULL AS country,
    NULL AS rating_value, c.follower_count, p.is_ad, p.ad_erid, j.role, j.project_ids
FROM core.publication AS p
JOIN project AS j USING (record_id)
LEFT JOIN obs.text AS t USING (text_hash)
LEFT JOIN core.counter_latest AS c USING (record_id)
UNION ALL
SELECT r.record_id, r.source, 'review', r.published_at, r.title, t.text, r.author, NULL, r.url, r.lang, r.country,
    r.rating_value, NULL, NULL, NULL, j.role, j.project_ids
FROM core.review AS r
JOIN project AS j USING (record_id)
LEFT JOIN obs.text AS t USING (text_hash)
"""

VERSION = f"{ENGINE_VERSION}, words {version('pymorphy3-dicts-ru')} {version('simplemma')}"
MADE_BY = "transforms.mentions"  # the package whose code makes what `prepare` gives

SMALL = {
    "topic": "SELECT project_id, topic_id, query, macros, entity_id FROM ref.topic ORDER BY ALL",
    "sentiment_model": "SELECT folder, version FROM ref.sentiment_model",  # the version: another model in the folder is another
}

_COLUMNS: list[pa.Field[Any]] = [
    pa.field("record_id", pa.string()),
    pa.field("project_id", pa.string()),
    pa.field("topic_id", pa.string()),
    pa.field("entity_id", pa.string()),
    pa.field("source", pa.string()),
    pa.field("kind", pa.string()),
    pa.field("domain", pa.string()),
    pa.field("published_at", pa.timestamp("us")),
    pa.field("matched_terms", pa.list_(pa.string())),
    pa.field("spans", pa.string()),
    pa.field("title_spans", pa.string()),
    pa.field("sentence", pa.string()),
    pa.field("model_sentiment", pa.string()),
    pa.field("model_score", pa.float64()),
    pa.field("model_confidence", pa.float64()),
    pa.field("lang", pa.string()),
    pa.field("categories", pa.list_(pa.string())),
    pa.field("query_version", pa.string()),
]
SCHEMA = pa.schema(_COLUMNS)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What texts are matched with."""

    topics: Mapping[str, Mapping[str, Any]]  # query id -> row of ref.topic
    query_set: QuerySet
    sentiment_model: tuple[Path | None, str]  # folder and version of the model that judges the tone; None: the default engine


LONGEST_SENTENCE = 500
BATCH = 2_000
_END = re.compile(r"[.!?…]+[\s»\"”)]|\n")


def prepare(small: Mapping[str, pa.Table]) -> Prepared:
    """All topics compiled into one set, whatever macros each may use. A query that cannot be read was named when the watchlist
    was validated, and finds nothing.
    """
    topics = {f"{topic['project_id']}/{topic['topic_id']}": topic for topic in small["topic"].to_pylist()}
    queries = ((key, topic["query"], json.loads(topic["macros"] or "{}")) for key, topic in topics.items())
    model = next(((Path(row["folder"]), str(row["version"])) for row in small["sentiment_model"].to_pylist()), (None, ""))
    return Prepared(topics, compile_each(queries)[0], model)


def rows(table: pa.Table, prepared: Prepared) -> pa.Table:
    """The mentions in some publications and reviews."""
    versions = prepared.query_set.version
    engine = engine_of(*prepared.sentiment_model)
    found: list[dict[str, Any]] = []
    for batch in table.to_batches(max_chunksize=BATCH):
        given = cache(_row_of(batch))  # few rows are looked at, so few become Python's
        texts = [scanned(title, text or "") for title, text in zip(_values(batch, "title"), _values(batch, "text"), strict=True)]
        for number, mentions in mentions_in(texts, _document_of(given), prepared.query_set, engine):
            row = given(number)
            wanted = [(prepared.topics[mention.hit.query_id], mention) for mention in mentions]
            wanted = [(topic, mention) for topic, mention in wanted if topic["project_id"] in row["project_ids"]]
            if wanted:
                categories = _categories(row)
                found += [_row(row, categories, mention, topic, versions[mention.hit.query_id]) for topic, mention in wanted]
    return pa.Table.from_pylist(found, schema=SCHEMA)


def _values(batch: pa.RecordBatch, name: str) -> list[str | None]:
    values: list[str | None] = batch.column(name).to_pylist()
    return values


def _row_of(batch: pa.RecordBatch) -> Callable[[int], Mapping[str, Any]]:
    return lambda number: {name: column[number].as_py() for name, column in zip(batch.schema.names, batch.columns, strict=True)}


def _document_of(given: Callable[[int], Mapping[str, Any]]) -> Callable[[int], Document]:
    return lambda number: _document(given(number))


def _document(row: Mapping[str, Any]) -> Document:
    at = row["published_at"]
    return Document(
        text=row["text"] or "",
        title=row["title"],
        author=row["author"] or row["channel_title"],
        source=row["source"],
        url=row["url"],
        lang=row["lang"],
        kind=row["kind"],
        country=row["country"],
        rating=row["rating_value"],
        followers=row["follower_count"],
        published_at=at.replace(tzinfo=UTC) if at is not None else None,
    )


def _categories(row: Mapping[str, Any]) -> list[str]:
    facts = Facts(kind=row["kind"], role=row["role"], is_ad=row["is_ad"], erid=row["ad_erid"])
    return list(categorise("\n".join(filter(None, (row["title"], row["text"]))), facts))


def _row(
    row: Mapping[str, Any], categories: list[str], mention: Mention, topic: Mapping[str, Any], version: str
) -> dict[str, Any]:
    hit, tone = mention.hit, mention.tone
    return {
        "record_id": row["record_id"],
        "project_id": topic["project_id"],
        "topic_id": topic["topic_id"],
        "entity_id": topic["entity_id"],
        "source": row["source"],
        "kind": row["kind"],
        "domain": _domain(row["url"]),
        "published_at": row["published_at"],
        "matched_terms": list(hit.matched_terms),
        "spans": json.dumps(hit.spans),
        "title_spans": json.dumps(hit.title_spans),
        "sentence": _sentence(row["text"], hit.spans) if hit.spans else row["title"],
        "model_sentiment": tone.label,
        "model_score": tone.score,
        "model_confidence": tone.confidence,
        "lang": mention.lang,
        "categories": categories,
        "query_version": version,
    }


def _domain(url: str | None) -> str | None:
    host = host_of(url or "")
    return registrable_domain(host) or host or None


def _sentence(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    """The sentence around the first place, at most LONGEST_SENTENCE characters."""
    start, end = spans[0]
    begin = max(
        (found.end() for found in _END.finditer(text, max(0, start - LONGEST_SENTENCE), start)),
        default=max(0, start - LONGEST_SENTENCE),
    )
    after = _END.search(text, end)
    stop = min(after.end() if after else len(text), end + LONGEST_SENTENCE)
    return text[begin:stop].strip()[:LONGEST_SENTENCE]
