-- about: how long an offer kept its price and availability
-- grain: record_id, interval_number
-- needs: obs.offer, ops.sighting, core.offer_identity
-- by: record_id from obs.offer
-- touch core.offer_identity: SELECT offer_id AS record_id FROM touched
-- rows obs.offer: SELECT i.record_id FROM core.offer_identity AS i JOIN keys AS k ON k.record_id = i.offer_id
-- column interval_number: place in the offer's history, from 1
-- column is_partial: begun by a card of a listing, before the page was read
SELECT
    h.record_id,
    h.stretch_number AS interval_number,
    h.price_amount,
    h.old_price_amount,
    h.currency,
    h.availability,
    h.is_partial,
    h.valid_from,
    h.valid_to,
    h.last_seen_at,
    h.look_count,
    h.capture_id
FROM history(obs.offer as core.offer_identity: price_amount, old_price_amount, currency, availability) AS h
