-- about: how long after publication mentions were found, by source
-- grain: project_id, source
-- needs: core.mention
-- column mention_count: mentions whose publication time is known
-- column median_lag_hours: median of first sight minus publication, hours (formula discovery_lag)
-- column late_share: share found more than 24 hours after publication
SELECT
    project_id,
    source,
    count(*) AS mention_count,
    median(epoch(first_seen_at - published_at) / 3600) AS median_lag_hours,
    count(*) FILTER (first_seen_at - published_at > INTERVAL 24 HOURS) / count(*) AS late_share
FROM core.mention
WHERE published_at IS NOT NULL
GROUP BY project_id, source
