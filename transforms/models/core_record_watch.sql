-- about: through which watches a page, offer, review, channel, ad, app or job was found (publications: core.publication_watch)
-- grain: record_id, watch_id
-- needs: obs.page, obs.offer, obs.review, obs.channel, obs.ad, obs.app, obs.job
-- by: record_id from obs.page, obs.offer, obs.review, obs.channel, obs.ad, obs.app, obs.job
-- column first_fetched_at: when it was first read through this watch
-- column last_fetched_at: when it was last read through this watch
SELECT record_id, watch_id, min(fetched_at) AS first_fetched_at, max(fetched_at) AS last_fetched_at
FROM (
    SELECT record_id, watch_id, fetched_at FROM obs.page
    UNION ALL
    SELECT record_id, watch_id, fetched_at FROM obs.offer
    UNION ALL
    SELECT record_id, watch_id, fetched_at FROM obs.review
    UNION ALL
    SELECT record_id, watch_id, fetched_at FROM obs.channel
    UNION ALL
    SELECT record_id, watch_id, fetched_at FROM obs.ad
    UNION ALL
    SELECT record_id, watch_id, fetched_at FROM obs.app
    UNION ALL
    SELECT record_id, watch_id, fetched_at FROM obs.job
)
GROUP BY record_id, watch_id
