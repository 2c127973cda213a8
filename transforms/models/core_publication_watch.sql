-- about: through which watches a publication was found
-- grain: record_id, watch_id
-- needs: obs.publication
-- by: record_id from obs.publication
-- column first_fetched_at: when it was first read through this watch
-- column last_fetched_at: when it was last read through this watch
SELECT record_id, watch_id, min(fetched_at) AS first_fetched_at, max(fetched_at) AS last_fetched_at
FROM obs.publication
GROUP BY record_id, watch_id
