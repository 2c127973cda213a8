-- about: every app and storefront, as last seen
-- grain: record_id
-- needs: obs.app, ops.sighting
-- by: record_id from obs.app
-- column first_seen_at: when it was first seen (fetched)
-- column last_seen_at: when it was last seen (fetched), looks that found the same page again included
-- column day_seen_count: distinct UTC days on which it was seen (formula days_seen)
-- column observation_count: observations read, looks that found the same page again aside
WITH latest AS (
    SELECT o.*
    FROM obs.app AS o
    JOIN (
        SELECT record_id, arg_max(capture_id, ROW(NOT is_partial, observed_at, fetched_at, capture_id)) AS capture_id
        FROM obs.app
        GROUP BY record_id
    ) AS last USING (record_id, capture_id)
),
look AS (
    SELECT record_id, fetched_at, TRUE AS is_read FROM obs.app
    UNION ALL
    SELECT o.record_id, s.fetched_at, FALSE FROM obs.app AS o JOIN ops.sighting AS s ON s.body_of = o.capture_id
),
seen_day AS (
    SELECT record_id, min(fetched_at) AS first_at, max(fetched_at) AS last_at, count(*) FILTER (is_read) AS observation_count
    FROM look
    GROUP BY record_id, fetched_at::DATE
),
span AS (
    SELECT
        record_id,
        min(first_at) AS first_seen_at,
        max(last_at) AS last_seen_at,
        count(*) AS day_seen_count,
        sum(observation_count)::BIGINT AS observation_count
    FROM seen_day
    GROUP BY record_id
)
SELECT
    record_id,
    l.source,
    l.native_id,
    l.url,
    l.store,
    l.app_id,
    l.country,
    l.name,
    l.developer,
    l.genre,
    l.app_version,
    l.released_at,
    l.rating_value,
    l.rating_count,
    l.install_count,
    l.price_amount,
    l.currency,
    l.is_available,
    l.is_partial,
    l.observed_at,
    span.first_seen_at,
    span.last_seen_at,
    span.day_seen_count,
    span.observation_count,
    l.capture_id
FROM latest AS l
JOIN span USING (record_id)
