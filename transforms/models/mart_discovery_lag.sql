-- about: how long after publication mentions were found, by source
-- grain: project_id, source
-- needs: core.mention, core.publication, core.review
-- column mention_count: mentions whose publication time is known
-- column median_lag_hours: median of first sight minus publication, hours (formula discovery_lag)
-- column late_share: share found more than 24 hours after publication
WITH seen AS (
    SELECT record_id, published_at, first_seen_at FROM core.publication
    UNION ALL
    SELECT record_id, published_at, first_seen_at FROM core.review
)
SELECT
    m.project_id,
    m.source,
    count(*) AS mention_count,
    median(epoch(s.first_seen_at - s.published_at) / 3600) AS median_lag_hours,
    count(*) FILTER (s.first_seen_at - s.published_at > INTERVAL 24 HOURS) / count(*) AS late_share
FROM core.mention AS m
JOIN seen AS s USING (record_id)
WHERE s.published_at IS NOT NULL
GROUP BY m.project_id, m.source
