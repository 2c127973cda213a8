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
    SELECT record_id, capture_id, observed_at, fetched_at, is_partial, price_amount, old_price_amount, currency, availability
    FROM obs.offer
    UNION ALL
    SELECT o.record_id, s.capture_id, s.observed_at, s.fetched_at, o.is_partial, o.price_amount, o.old_price_amount, o.currency, o.availability
    FROM obs.offer AS o
    JOIN ops.sighting AS s ON s.body_of = o.capture_id
),
whole AS (
    -- Cards and listing rows count only for records never seen whole.
    SELECT * FROM look QUALIFY NOT is_partial OR bool_and(is_partial) OVER (PARTITION BY record_id)
),
step AS (
    SELECT
        *,
        row_number() OVER turn = 1 OR ROW(price_amount, old_price_amount, currency, availability) IS DISTINCT FROM lag(ROW(price_amount, old_price_amount, currency, availability)) OVER turn AS is_new
    FROM whole
    WINDOW turn AS (PARTITION BY record_id ORDER BY observed_at, fetched_at, capture_id)
),
numbered AS (
    SELECT *, count(*) FILTER (is_new) OVER (PARTITION BY record_id ORDER BY observed_at, fetched_at, capture_id) AS number
    FROM step
),
span AS (
    SELECT
        record_id,
        number AS interval_number,
        any_value(price_amount) AS price_amount,
        any_value(old_price_amount) AS old_price_amount,
        any_value(currency) AS currency,
        any_value(availability) AS availability,
        min(observed_at) AS valid_from,
        max(observed_at) AS last_seen_at,
        count(*) AS look_count,
        arg_min(capture_id, ROW(observed_at, fetched_at, capture_id)) AS capture_id
    FROM numbered
    GROUP BY record_id, number
)
SELECT
    record_id,
    interval_number,
    price_amount,
    old_price_amount,
    currency,
    availability,
    valid_from,
    lead(valid_from) OVER (PARTITION BY record_id ORDER BY interval_number) AS valid_to,
    last_seen_at,
    look_count,
    capture_id
FROM span
