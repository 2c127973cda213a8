-- about: how long after publication mentions were found, by source
-- grain: project_id, source
-- needs: core.mention, core.publication
-- column mention_count: mentions whose publication time is known
-- column median_lag_hours: median of first sight minus publication, hours (formula discovery_lag)
-- column late_share: share found more than 24 hours after publication
SELECT
    m.project_id,
    m.source,
    count(*) AS mention_count,
    median(epoch(p.first_seen_at - p.published_at) / 3600) AS median_lag_hours,
    count(*) FILTER (p.first_seen_at - p.published_at > INTERVAL 24 HOURS) / count(*) AS late_share
FROM core.mention AS m
JOIN core.publication AS p USING (record_id)
WHERE p.published_at IS NOT NULL
GROUP BY m.project_id, m.source
