-- about: a review in time: as first written, and after each edit of stars, title or text
-- grain: record_id, version_number
-- needs: obs.review, ops.sighting
-- by: record_id from obs.review
-- column version_number: place in the review's history, from 1
-- column valid_from: first look that found it so
-- column last_seen_at: last look that found it so
-- column capture_id: the capture that first showed it
WITH look AS (
    SELECT record_id, capture_id, observed_at, fetched_at, is_partial, source, subject, rating_value, title, text_hash, reply_text, reply_at
    FROM obs.review
    UNION ALL
    SELECT o.record_id, s.capture_id, s.observed_at, s.fetched_at, o.is_partial, o.source, o.subject, o.rating_value, o.title, o.text_hash, o.reply_text, o.reply_at
    FROM obs.review AS o
    JOIN ops.sighting AS s ON s.body_of = o.capture_id
),
whole AS (
    -- Cards and listing rows count only for records never seen whole.
    SELECT * FROM look QUALIFY NOT is_partial OR bool_and(is_partial) OVER (PARTITION BY record_id)
),
step AS (
    SELECT
        *,
        row_number() OVER turn = 1 OR ROW(rating_value, title, text_hash) IS DISTINCT FROM lag(ROW(rating_value, title, text_hash)) OVER turn AS is_new
    FROM whole
    WINDOW turn AS (PARTITION BY record_id ORDER BY observed_at, fetched_at, capture_id)
),
numbered AS (
    SELECT *, count(*) FILTER (is_new) OVER (PARTITION BY record_id ORDER BY observed_at, fetched_at, capture_id) AS number
    FROM step
)
SELECT
    record_id,
    number AS version_number,
    any_value(source) AS source,
    min(subject) AS subject,
    any_value(rating_value) AS rating_value,
    any_value(title) AS title,
    any_value(text_hash) AS text_hash,
    min(observed_at) AS valid_from,
    max(observed_at) AS last_seen_at,
    arg_min(capture_id, ROW(observed_at, fetched_at, capture_id)) AS capture_id
FROM numbered
GROUP BY record_id, number
