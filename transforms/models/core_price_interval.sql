-- about: how long an offer kept its price and availability
-- grain: record_id, interval_number
-- needs: obs.offer, ops.sighting
-- by: record_id from obs.offer
-- column interval_number: place in the offer's history, from 1
SELECT
    h.record_id,
    h.stretch_number AS interval_number,
    h.price_amount,
    h.old_price_amount,
    h.currency,
    h.availability,
    h.valid_from,
    h.valid_to,
    h.last_seen_at,
    h.look_count,
    h.capture_id
FROM history(obs.offer: price_amount, old_price_amount, currency, availability) AS h
