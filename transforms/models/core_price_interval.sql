-- about: how long an offer kept its price and availability
-- grain: record_id, interval_number
-- needs: obs.offer, ops.sighting
-- by: record_id from obs.offer
-- column interval_number: place in the offer's history, from 1
-- column valid_from: first look that found it so
-- column valid_to: first look that found it otherwise; null while it holds
-- column last_seen_at: last look that found it so
-- column look_count: looks that found it so
-- column capture_id: the capture that first showed it
WITH look AS (
    SELECT record_id, capture_id, capture_id AS read_id, observed_at, fetched_at, is_partial, hash(price_amount, old_price_amount, currency, availability) AS state
    FROM obs.offer
    UNION ALL
    SELECT o.record_id, s.capture_id, o.capture_id, s.observed_at, s.fetched_at, o.is_partial, hash(o.price_amount, o.old_price_amount, o.currency, o.availability)
    FROM obs.offer AS o
    JOIN ops.sighting AS s ON s.body_of = o.capture_id
),
card AS (
    SELECT record_id FROM obs.offer GROUP BY record_id HAVING bool_and(is_partial)
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
    row_number() OVER history AS interval_number,
    o.price_amount,
    o.old_price_amount,
    o.currency,
    o.availability,
    c.observed_at AS valid_from,
    lead(c.observed_at) OVER history AS valid_to,
    coalesce(lead(c.observed_before) OVER history, e.last_at) AS last_seen_at,
    coalesce(lead(c.place) OVER history, e.look_count + 1) - c.place AS look_count,
    c.capture_id
FROM change AS c
JOIN obs.offer AS o ON o.record_id = c.record_id AND o.capture_id = c.read_id
JOIN total AS e ON e.record_id = c.record_id
WINDOW history AS (PARTITION BY c.record_id ORDER BY c.place)
