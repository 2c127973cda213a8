-- about: every review as last seen, with its edits and the owner's answer
-- grain: record_id
-- needs: obs.review, ops.sighting, core.review_version
-- by: record_id from obs.review, core.review_version
-- column published_date: UTC day of publication
-- column edit_count: changes of stars, title or text that were seen
-- column edited_at: first look that found the last edit; null without one
-- column first_rating_value: stars as first seen
-- column rating_change: stars now minus stars first seen; null when one is unknown
-- column reply_hours: hours from the review to the answer
-- column first_seen_at: when it was first seen (fetched)
-- column last_seen_at: when it was last seen (fetched), looks that found the same page again included
-- column day_seen_count: distinct UTC days on which it was seen (formula days_seen)
-- column observation_count: observations read, looks that found the same page again aside
WITH latest AS (
    SELECT o.*
    FROM obs.review AS o
    JOIN (
        SELECT record_id, arg_max(capture_id, ROW(NOT is_partial, observed_at, fetched_at, capture_id)) AS capture_id
        FROM obs.review
        GROUP BY record_id
    ) AS last USING (record_id, capture_id)
),
look AS (
    SELECT record_id, fetched_at, TRUE AS is_read FROM obs.review
    UNION ALL
    SELECT o.record_id, s.fetched_at, FALSE FROM obs.review AS o JOIN ops.sighting AS s ON s.body_of = o.capture_id
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
),
edit AS (
    SELECT
        record_id,
        max(version_number) - 1 AS edit_count,
        max(valid_from) FILTER (version_number > 1) AS edited_at,
        arg_min(rating_value, version_number) AS first_rating_value
    FROM core.review_version
    GROUP BY record_id
)
SELECT
    record_id,
    l.source,
    l.native_id,
    l.url,
    l.published_at,
    l.published_at::DATE AS published_date,
    l.subject,
    l.subject_name,
    l.author,
    l.rating_value,
    l.rating_best,
    l.title,
    l.text_hash,
    l.pros,
    l.cons,
    l.lang,
    l.country,
    l.app_version,
    l.helpful_count,
    edit.edit_count,
    edit.edited_at,
    edit.first_rating_value,
    l.rating_value - edit.first_rating_value AS rating_change,
    l.reply_text,
    l.reply_at,
    date_diff('minute', l.published_at, l.reply_at) / 60.0 AS reply_hours,
    l.is_partial,
    span.first_seen_at,
    span.last_seen_at,
    span.day_seen_count,
    span.observation_count,
    l.capture_id
FROM latest AS l
JOIN span USING (record_id)
JOIN edit USING (record_id)
