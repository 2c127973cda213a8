-- about: every open position, as last seen
-- grain: record_id
-- needs: obs.job, ops.sighting
-- by: record_id from obs.job
-- column first_seen_at: when it was first seen (fetched)
-- column last_seen_at: when it was last seen (fetched), looks that found the same page again included
-- column day_seen_count: distinct UTC days on which it was seen (formula days_seen)
-- column observation_count: observations read, looks that found the same page again aside
WITH latest AS (
    SELECT o.*
    FROM obs.job AS o
    JOIN (
        SELECT record_id, arg_max(capture_id, ROW(NOT is_partial, observed_at, fetched_at, capture_id)) AS capture_id
        FROM obs.job
        GROUP BY record_id
    ) AS last USING (record_id, capture_id)
),
look AS (
    SELECT record_id, fetched_at, TRUE AS is_read FROM obs.job
    UNION ALL
    SELECT o.record_id, s.fetched_at, FALSE FROM obs.job AS o JOIN ops.sighting AS s ON s.body_of = o.capture_id
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
    l.published_at,
    l.title,
    l.company,
    l.location,
    l.is_remote,
    l.employment_type,
    l.salary_low_amount,
    l.salary_high_amount,
    l.currency,
    l.salary_period,
    l.valid_until_date,
    l.text_hash,
    l.is_partial,
    span.first_seen_at,
    span.last_seen_at,
    span.day_seen_count,
    span.observation_count,
    l.capture_id
FROM latest AS l
JOIN span USING (record_id)
