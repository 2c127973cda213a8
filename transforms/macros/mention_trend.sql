-- about: mentions of each topic of a project through a period [since, until), by hour, day or week as its length asks for (formulas bucket_rule, mentions, unique_mentions, engagement_total, net_sentiment); buckets without any are there
-- use: FROM mention_trend('project', DATE '2026-11-01', DATE '2026-12-01')
CREATE OR REPLACE MACRO mention_trend(project, since, until) AS TABLE
WITH step AS (
    SELECT CASE
        WHEN until::DATE - since::DATE < 4 THEN INTERVAL 1 HOUR
        WHEN until::DATE - since::DATE < 120 THEN INTERVAL 1 DAY
        ELSE INTERVAL 7 DAYS
    END AS width
),
mention AS (
    SELECT *, time_bucket((SELECT width FROM step), published_at, since::TIMESTAMP) AS bucket_at
    FROM core.mention
    WHERE project_id = project AND published_at >= since::TIMESTAMP AND published_at < until::TIMESTAMP
),
bucket AS (
    SELECT topic_id, entity_id, unnest(range(since::TIMESTAMP, until::TIMESTAMP, (SELECT width FROM step))) AS bucket_at
    FROM (SELECT topic_id, any_value(entity_id) AS entity_id FROM mention GROUP BY topic_id)
)
SELECT
    b.topic_id,
    b.entity_id,
    b.bucket_at,
    (SELECT width FROM step) AS bucket_width,
    count(m.record_id) AS mention_count,
    count(DISTINCT m.cluster_id) AS unique_mention_count,
    count(*) FILTER (m.sentiment = 'positive') AS positive_count,
    count(*) FILTER (m.sentiment = 'negative') AS negative_count,
    CASE WHEN count(*) FILTER (m.sentiment <> 'neutral') >= 10 THEN
        (count(*) FILTER (m.sentiment = 'positive') - count(*) FILTER (m.sentiment = 'negative'))
        / count(*) FILTER (m.sentiment <> 'neutral')
    END AS net_sentiment,
    sum(m.reaction_count)::BIGINT AS reaction_count
FROM bucket AS b
LEFT JOIN mention AS m ON m.topic_id = b.topic_id AND m.bucket_at = b.bucket_at
GROUP BY b.topic_id, b.entity_id, b.bucket_at
ORDER BY b.topic_id, b.bucket_at
