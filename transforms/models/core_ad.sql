-- about: every advertisement, with the days it was seen
-- grain: record_id
-- needs: obs.ad, ops.sighting
-- by: record_id from obs.ad
-- column first_seen_at: when it was first seen (fetched)
-- column last_seen_at: when it was last seen (fetched), looks that found the same page again included
-- column day_seen_count: distinct UTC days on which it was seen (formula days_seen)
-- column observation_count: observations read, looks that found the same page again aside
-- column display_days: days from first to last sighting, both included (formula display_length)
WITH latest AS (
    SELECT o.*
    FROM obs.ad AS o
    JOIN (
        SELECT record_id, arg_max(capture_id, ROW(NOT is_partial, observed_at, fetched_at, capture_id)) AS capture_id
        FROM obs.ad
        GROUP BY record_id
    ) AS last USING (record_id, capture_id)
),
look AS (
    SELECT record_id, fetched_at, TRUE AS is_read FROM obs.ad
    UNION ALL
    SELECT o.record_id, s.fetched_at, FALSE FROM obs.ad AS o JOIN ops.sighting AS s ON s.body_of = o.capture_id
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
    l.advertiser,
    l.advertiser_id,
    l.region,
    l.title,
    l.text,
    l.display_url,
    l.landing_url,
    l.creative_type,
    l.started_date,
    l.stopped_date,
    l.platforms,
    l.impressions_low_count,
    l.impressions_high_count,
    l.spend_low_amount,
    l.spend_high_amount,
    l.currency,
    l.payer,
    l.payer_inn,
    l.erid,
    l.is_partial,
    date_diff('day', span.first_seen_at::DATE, span.last_seen_at::DATE) + 1 AS display_days,
    span.first_seen_at,
    span.last_seen_at,
    span.day_seen_count,
    span.observation_count,
    l.capture_id
FROM latest AS l
JOIN span USING (record_id)
