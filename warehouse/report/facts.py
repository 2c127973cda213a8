"""What a report says: asked of the published warehouse, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from collectors.records import Ad, Offer, Page, Publication, Review
from collectors.registry import sources

Row = Mapping[str, Any]

ROWS = 40  # of a list; the rest is counted and left to SQL
TOP_ROWS = 10
TREND_DAYS = 56

# Properties of structured data whose changes are told elsewhere: as prices, as availability, as ratings. A page on which nothing
# else changed is no news of its own.
TOLD_ELSEWHERE = (
    r'"(price|lowPrice|highPrice|availability|priceValidUntil|ratingValue|reviewCount|ratingCount)":'
    r'("(\\.|[^"\\])*"|\[[^\]]*\]|[^,}\]]*)'
)


@dataclass(frozen=True, slots=True)
class Project:
    """A client, as ref.project has it."""

    project_id: str
    title: str
    language: str
    timezone: str
    currency: str | None


@dataclass(frozen=True, slots=True)
class List:
    """The first rows of an answer, and how many there are in all."""

    rows: list[Row]
    total: int

    @property
    def left_out(self) -> int:
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the report of one project shows. Times are UTC; `yesterday` and `week` begin the two periods."""

    project: Project
    now: datetime
    yesterday: datetime
    week: datetime
    summary: list[Row]
    prices: List
    pages: List
    ads: List
    mentions: list[Row]
    negative: List
    spikes: list[Row]
    top: list[Row]
    apps: List
    reviews: List
    unseen: list[Row]
    share_by_week: list[Row]
    posts_by_day: list[Row]
    followers_by_day: list[Row]
    rating_by_week: list[Row]
    prices_by_day: list[Row]


def projects(connection: duckdb.DuckDBPyConnection) -> list[Project]:
    """The projects of the watchlist, by id."""
    rows = connection.execute("SELECT project_id, title, language, timezone, currency FROM ref.project ORDER BY project_id")
    return [Project(*row) for row in rows.fetchall()]


def newest_sight(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the newest capture was fetched, UTC; None where there is none."""
    row = connection.execute("SELECT max(fetched_at) FROM ops.capture").fetchone()
    return row[0].replace(tzinfo=UTC) + timedelta(microseconds=1) if row and row[0] else None  # periods leave their end out


def gather(connection: duckdb.DuckDBPyConnection, project: Project, now: datetime) -> Facts:
    """Ask everything for one project. `yesterday` is 24 hours before `now`, `week` seven days before it."""
    yesterday, week = now - timedelta(days=1), now - timedelta(days=7)
    given = {
        "project": project.project_id,
        "now": now.replace(tzinfo=None),
        "yesterday": yesterday.replace(tzinfo=None),
        "week": week.replace(tzinfo=None),
        "trend": (now - timedelta(days=TREND_DAYS)).date(),
        "told": TOLD_ELSEWHERE,
    }

    def answer(sql: str) -> list[Row]:
        result = connection.execute(sql, {key: value for key, value in given.items() if f"${key}" in sql})
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def ask(name: str) -> list[Row]:
        return answer(_QUESTIONS[name])

    def listed(name: str) -> List:
        rows = answer(f"{_QUESTIONS[name]} LIMIT {ROWS + 1}")
        if len(rows) <= ROWS:
            return List(rows, len(rows))
        return List(rows[:ROWS], int(answer(f"SELECT count(*) AS total FROM ({_QUESTIONS[name]})")[0]["total"]))

    looked = [
        (row["entity_id"], row["role"], kind.__name__)
        for row in ask("looked")
        if row["source"] in sources()
        for kind in sources()[row["source"]].declaration.kinds
    ]
    return Facts(
        project=project,
        now=now,
        yesterday=yesterday,
        week=week,
        summary=[_known(row, looked) for row in ask("summary")],
        prices=listed("prices"),
        pages=listed("pages"),
        ads=listed("ads"),
        mentions=[_mentioned(row, looked) for row in ask("mentions")],
        negative=listed("negative"),
        spikes=ask("spikes"),
        top=ask("top"),
        apps=listed("apps"),
        reviews=listed("reviews"),
        unseen=ask("unseen"),
        share_by_week=ask("share_by_week"),
        posts_by_day=ask("posts_by_day"),
        followers_by_day=ask("followers_by_day"),
        rating_by_week=ask("rating_by_week"),
        prices_by_day=ask("prices_by_day"),
    )


# Counts of the summary -> what must have been looked at in the week for "none" to be zero; otherwise it is unknown.
_COUNTED = {
    ("price_week", "price_day"): (Offer.__name__, None),
    ("page_week", "page_day"): (Page.__name__, None),
    ("post_week", "post_day"): (Publication.__name__, "owned"),
    ("ad_week", "ad_day"): (Ad.__name__, None),
    ("review_week", "review_day"): (Review.__name__, None),
}
_MENTION_COUNTS = ("mention_count", "unique_mention_count", "positive_count", "negative_count")


def _known(row: Row, looked: Sequence[tuple[str | None, str, str]]) -> Row:
    """A row of the summary: zero where we looked and saw nothing, null where nobody looked."""
    known = dict(row)
    for names, (kind, role) in _COUNTED.items():
        if any(e == row["entity_id"] and k == kind and role in (None, r) for e, r, k in looked):
            known.update({name: row[name] or 0 for name in names})
    if _texts_were_seen(looked):
        known["mention_count"] = row["mention_count"] or 0
    return known


def _mentioned(row: Row, looked: Sequence[tuple[str | None, str, str]]) -> Row:
    """A topic's row, with the same care."""
    return {**row, **{name: row[name] or 0 for name in _MENTION_COUNTS}} if _texts_were_seen(looked) else row


def _texts_were_seen(looked: Sequence[tuple[str | None, str, str]]) -> bool:
    return any(kind in (Publication.__name__, Review.__name__) for _, _, kind in looked)


# Changes of pages that are news, one row a page, look and kind of change.
_PAGE_CHANGE = """
    SELECT * FROM what_changed($project, $week, $now)
    WHERE change NOT IN ('price', 'availability') AND NOT (
        change = 'structured_data'
        AND left(regexp_replace(old_value, $told, '', 'g'), 3500)
            IS NOT DISTINCT FROM left(regexp_replace(new_value, $told, '', 'g'), 3500)
    )
"""
_QUESTIONS = {
    "looked": """
SELECT DISTINCT e.entity_id, e.role, o.source
FROM ops.outcome AS o JOIN ref.watch_entity AS e USING (watch_id)
WHERE e.project_id = $project AND e.valid_to IS NULL AND o.step = 'collect' AND o.status IN ('ok', 'empty', 'partial')
    AND o.ended_at >= $week AND o.ended_at <= $now
""",
    "mentions": """
SELECT t.title AS topic, t.entity_id IS NOT NULL AND t.topic_id[1] = '@' AS is_name, m.*
FROM ref.topic AS t LEFT JOIN mentions($project, $week::DATE, $now::DATE + 1) AS m USING (topic_id)
WHERE t.project_id = $project
ORDER BY is_name, m.mention_count DESC NULLS LAST, t.title
""",
    "negative": """
SELECT m.*, t.title AS topic, coalesce(p.url, r.url) AS url, coalesce(m.published_at >= $yesterday, false) AS is_fresh
FROM core.mention AS m JOIN ref.topic AS t USING (project_id, topic_id)
LEFT JOIN core.publication AS p USING (record_id) LEFT JOIN core.review AS r USING (record_id)
WHERE m.project_id = $project AND m.sentiment = 'negative' AND m.published_at >= $week AND m.published_at <= $now
    AND NOT m.is_repost
QUALIFY row_number() OVER (PARTITION BY m.record_id ORDER BY m.topic_id[1] = '@', m.score, m.topic_id) = 1
ORDER BY m.reaction_count DESC NULLS LAST, m.score, m.record_id
""",
    "spikes": """
SELECT s.*, t.title AS topic
FROM mart.mention_spike AS s JOIN ref.topic AS t USING (project_id, topic_id)
WHERE s.project_id = $project AND s.published_date >= $week::DATE AND s.published_date <= $now::DATE
ORDER BY s.spike_score DESC, s.topic_id
""",
    "summary": f"""
WITH price AS (
    SELECT entity_id, count(*) AS price_week, count(*) FILTER (changed_at >= $yesterday) AS price_day
    FROM mart.price_change
    WHERE project_id = $project AND changed_at >= $week AND changed_at <= $now AND price_change IS DISTINCT FROM 0
    GROUP BY 1
),
page AS (
    SELECT entity_id, count(DISTINCT (url, changed_at)) AS page_week,
        count(DISTINCT (url, changed_at)) FILTER (changed_at >= $yesterday) AS page_day
    FROM ({_PAGE_CHANGE}) GROUP BY 1
),
post AS (
    SELECT e.entity_id, count(*) AS post_week, count(*) FILTER (p.published_at >= $yesterday) AS post_day,
        sum(p.reaction_count) AS reaction_week
    FROM core.publication AS p JOIN core.publication_entity AS e USING (record_id)
    WHERE e.project_id = $project AND e.role = 'owned' AND p.kind <> 'comment'
        AND p.published_at >= $week AND p.published_at <= $now
    GROUP BY 1
),
ad AS (
    SELECT e.entity_id, count(*) AS ad_week, count(*) FILTER (a.first_seen_at >= $yesterday) AS ad_day
    FROM core.ad AS a JOIN core.record_entity AS e USING (record_id)
    WHERE e.project_id = $project AND a.first_seen_at >= $week AND a.first_seen_at <= $now GROUP BY 1
),
review AS (
    SELECT e.entity_id, count(*) AS review_week, count(*) FILTER (r.published_at >= $yesterday) AS review_day,
        avg(r.rating_value) AS rating_week
    FROM core.review AS r JOIN core.record_entity AS e USING (record_id)
    WHERE e.project_id = $project AND r.published_at >= $week AND r.published_at <= $now GROUP BY 1
),
follower AS (
    SELECT entity_id, sum(latest) AS follower_count, sum(latest - earlier) AS follower_delta
    FROM (
        SELECT e.entity_id, c.record_id, arg_max(c.follower_count, c.seen_date) AS latest,
            arg_max(c.follower_count, c.seen_date) FILTER (c.seen_date <= $week::DATE) AS earlier
        FROM core.channel_day AS c JOIN core.record_entity AS e USING (record_id)
        WHERE e.project_id = $project AND e.role = 'owned' AND c.seen_date <= $now::DATE GROUP BY 1, 2
    ) GROUP BY 1
),
mention AS (
    SELECT entity_id, mention_count, mention_share
    FROM mentions($project, $week::DATE, $now::DATE + 1) WHERE topic_id = '@' || entity_id
)
SELECT n.entity_id, n.name, n.is_own, price.* EXCLUDE (entity_id), page.* EXCLUDE (entity_id), post.* EXCLUDE (entity_id),
    ad.* EXCLUDE (entity_id), review.* EXCLUDE (entity_id), follower.* EXCLUDE (entity_id), mention.* EXCLUDE (entity_id)
FROM ref.entity AS n
LEFT JOIN price USING (entity_id) LEFT JOIN page USING (entity_id) LEFT JOIN post USING (entity_id) LEFT JOIN ad USING (entity_id)
LEFT JOIN review USING (entity_id) LEFT JOIN follower USING (entity_id) LEFT JOIN mention USING (entity_id)
WHERE n.project_id = $project
ORDER BY n.is_own DESC, n.name
""",
    "prices": """
SELECT p.*, n.name AS entity, changed_at >= $yesterday AS is_fresh
FROM mart.price_change AS p JOIN ref.entity AS n USING (project_id, entity_id)
WHERE p.project_id = $project AND p.changed_at >= $week AND p.changed_at <= $now
ORDER BY p.changed_at DESC, abs(p.price_change) DESC NULLS LAST, p.name
""",
    "pages": f"""
SELECT n.name AS entity, c.url, c.changed_at, c.changed_at >= $yesterday AS is_fresh, c.capture_id, any_value(p.title) AS title,
    list({{'change': c.change, 'size': c.change_size, 'was': c.old_value, 'is': c.new_value}} ORDER BY c.change DESC) AS changes
FROM ({_PAGE_CHANGE}) AS c JOIN ref.entity AS n ON n.project_id = $project AND n.entity_id = c.entity_id
LEFT JOIN (SELECT url, max(title) AS title FROM core.page GROUP BY url) AS p USING (url)
GROUP BY n.name, c.url, c.changed_at, c.capture_id
ORDER BY c.changed_at DESC, bool_or(c.change LIKE '% page') DESC, max(c.change_size) DESC NULLS LAST, c.url
""",
    "ads": """
SELECT a.*, n.name AS entity, a.first_seen_at >= $yesterday AS is_fresh
FROM core.ad AS a JOIN core.record_entity AS e USING (record_id) JOIN ref.entity AS n USING (project_id, entity_id)
WHERE e.project_id = $project AND a.first_seen_at >= $week AND a.first_seen_at <= $now
ORDER BY a.first_seen_at DESC, a.title
""",
    "top": f"""
SELECT t.*, n.name AS entity, t.published_at >= $yesterday AS is_fresh
FROM top_publications($project, $week, $now) AS t JOIN ref.entity AS n ON n.project_id = $project AND n.entity_id = t.entity_id
WHERE t.reaction_count IS NOT NULL
ORDER BY t.reaction_count DESC, t.published_at DESC LIMIT {TOP_ROWS}
""",
    "apps": """
SELECT a.*, n.name AS entity, a.first_seen_at >= $yesterday AS is_fresh
FROM core.app_version AS a JOIN core.record_entity AS e USING (record_id) JOIN ref.entity AS n USING (project_id, entity_id)
WHERE e.project_id = $project AND coalesce(a.released_at, a.first_seen_at) >= $week AND a.first_seen_at <= $now
ORDER BY a.released_at DESC, a.name
""",
    "reviews": """
SELECT r.*, t.text, n.name AS entity, r.published_at >= $yesterday AS is_fresh
FROM core.review AS r JOIN core.record_entity AS e USING (record_id) JOIN ref.entity AS n USING (project_id, entity_id)
LEFT JOIN obs.text AS t USING (text_hash)
WHERE e.project_id = $project AND r.published_at >= $week AND r.published_at <= $now AND r.rating_value <= 2
ORDER BY r.published_at DESC, r.record_id
""",
    "unseen": """
WITH mine AS (
    SELECT DISTINCT w.watch_id, w.source, w.target FROM ref.watch AS w JOIN ref.watch_entity AS e USING (watch_id)
    WHERE e.project_id = $project AND e.valid_to IS NULL
),
latest AS (
    SELECT watch_id, step, arg_max(o, ended_at) AS o FROM ops.outcome AS o WHERE ended_at <= $now GROUP BY 1, 2
)
SELECT m.source, m.target, l.o.status AS status, l.o.message AS message, l.o.ended_at AS happened_at
FROM latest AS l JOIN mine AS m USING (watch_id)
WHERE l.o.status NOT IN ('ok', 'empty') AND l.o.ended_at >= $week
UNION ALL
SELECT DISTINCT b.source, b.table_name, 'held', b.reason, b.batch_date::TIMESTAMP
FROM ops.batch AS b JOIN mine AS m USING (source) WHERE b.status = 'held'
UNION ALL
SELECT h.source, '', 'silent', h.silent_days::VARCHAR, h.last_fetched_at
FROM mart.source_health AS h WHERE h.is_silent AND h.source IN (SELECT source FROM mine)
QUALIFY row_number() OVER (PARTITION BY h.source ORDER BY h.batch_date DESC) = 1
UNION ALL
SELECT 'topics', topic_id, 'unread', problem, $now FROM ref.topic WHERE project_id = $project AND problem IS NOT NULL
ORDER BY 3, 1, 2
""",
    "share_by_week": """
SELECT date_trunc('week', m.published_date)::DATE AS day, n.name AS entity, sum(m.mention_count)::BIGINT AS value
FROM mart.mention_day AS m JOIN ref.entity AS n USING (project_id, entity_id)
WHERE m.project_id = $project AND m.topic_id = '@' || m.entity_id
    AND m.published_date >= $trend AND m.published_date <= $now::DATE
GROUP BY 1, 2 ORDER BY 1, 2
""",
    "posts_by_day": """
SELECT p.published_date AS day, n.name AS entity, sum(p.publication_count)::BIGINT AS value
FROM mart.publication_day AS p JOIN ref.entity AS n USING (project_id, entity_id)
WHERE p.project_id = $project AND p.role = 'owned' AND p.published_date >= $trend AND p.published_date <= $now::DATE
GROUP BY 1, 2 ORDER BY 1, 2
""",
    "followers_by_day": """
SELECT c.seen_date AS day, n.name AS entity, sum(c.follower_count)::BIGINT AS value
FROM core.channel_day AS c JOIN core.record_entity AS e USING (record_id) JOIN ref.entity AS n USING (project_id, entity_id)
WHERE e.project_id = $project AND e.role = 'owned' AND c.follower_count IS NOT NULL AND c.seen_date >= $trend
    AND c.seen_date <= $now::DATE
GROUP BY 1, 2 ORDER BY 1, 2
""",
    "rating_by_week": """
SELECT r.week_date AS day, n.name AS entity, sum(r.rating_value * r.rated_count) / sum(r.rated_count) AS value
FROM rating_trend($project, $trend, $now::DATE + 1) AS r
JOIN ref.entity AS n ON n.project_id = $project AND n.entity_id = r.entity_id
WHERE r.rated_count > 0 GROUP BY 1, 2 ORDER BY 1, 2
""",
    "prices_by_day": """
SELECT p.changed_date AS day, n.name AS entity, count(*) AS value
FROM mart.price_change AS p JOIN ref.entity AS n USING (project_id, entity_id)
WHERE p.project_id = $project AND p.changed_date >= $trend AND p.changed_date <= $now::DATE AND p.price_change IS DISTINCT FROM 0
GROUP BY 1, 2 ORDER BY 1, 2
""",
}
