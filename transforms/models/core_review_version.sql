-- about: a review in time: as first written, and after each edit of stars, title or text
-- grain: record_id, version_number
-- needs: obs.review, ops.sighting
-- by: record_id from obs.review
-- column version_number: place in the review's history, from 1
-- column valid_from: first look that found it so
-- column last_seen_at: last look that found it so
-- column capture_id: the capture that first showed it
WITH look AS (
    SELECT record_id, capture_id, capture_id AS read_id, observed_at, fetched_at, is_partial, hash(rating_value, title, text_hash) AS state
    FROM obs.review
    UNION ALL
    SELECT o.record_id, s.capture_id, o.capture_id, s.observed_at, s.fetched_at, o.is_partial, hash(o.rating_value, o.title, o.text_hash)
    FROM obs.review AS o
    JOIN ops.sighting AS s ON s.body_of = o.capture_id
),
card AS (
    SELECT record_id FROM obs.review GROUP BY record_id HAVING bool_and(is_partial)
),
step AS (
    SELECT
        record_id,
        capture_id,
        read_id,
        observed_at,
        state,
        row_number() OVER turn AS place,
        lag(state) OVER turn AS state_before,
        lag(observed_at) OVER turn AS observed_before
    FROM look
    WHERE NOT is_partial OR record_id IN (SELECT record_id FROM card)  -- cards count only for records never seen whole
    WINDOW turn AS (PARTITION BY record_id ORDER BY observed_at, fetched_at, capture_id)
),
total AS (
    SELECT record_id, max(place) AS look_count, max(observed_at) AS last_at FROM step GROUP BY record_id
),
change AS (
    SELECT * FROM step WHERE place = 1 OR state <> state_before
)
SELECT
    c.record_id,
    row_number() OVER history AS version_number,
    o.source,
    o.subject,
    o.rating_value,
    o.title,
    o.text_hash,
    c.observed_at AS valid_from,
    coalesce(lead(c.observed_before) OVER history, e.last_at) AS last_seen_at,
    c.capture_id
FROM change AS c
JOIN obs.review AS o ON o.record_id = c.record_id AND o.capture_id = c.read_id
JOIN total AS e ON e.record_id = c.record_id
WINDOW history AS (PARTITION BY c.record_id ORDER BY c.place)
