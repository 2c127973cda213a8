-- about: every product on offer, as last seen
-- grain: record_id
-- needs: obs.offer, ops.sighting, core.offer_identity
-- by: record_id from obs.offer
-- touch core.offer_identity: SELECT offer_id AS record_id FROM touched
-- rows obs.offer: SELECT i.record_id FROM core.offer_identity AS i JOIN keys AS k ON k.record_id = i.offer_id
SELECT
    l.record_id,
    l.source,
    l.native_id,
    l.url,
    l.name,
    l.variant,
    l.sku,
    l.gtin,
    l.mpn,
    l.brand,
    l.category,
    l.price_text,
    l.price_amount,
    l.old_price_amount,
    l.price_high_amount,
    l.currency,
    l.availability,
    l.availability_text,
    l.seller,
    l.rating_value,
    l.rating_best,
    l.rating_count,
    l.image_url,
    l.is_partial,
    l.observed_at,
    l.first_seen_at,
    l.last_seen_at,
    l.day_seen_count,
    l.observation_count,
    l.capture_id
FROM latest(obs.offer as core.offer_identity) AS l
