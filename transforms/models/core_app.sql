-- about: every app and storefront, as last seen
-- grain: record_id
-- needs: obs.app, ops.sighting
-- by: record_id from obs.app
SELECT
    l.record_id,
    l.source,
    l.native_id,
    l.url,
    l.store,
    l.app_id,
    l.country,
    l.name,
    l.developer,
    l.genre,
    l.app_version,
    l.released_at,
    l.rating_value,
    l.rating_count,
    l.install_count,
    l.price_amount,
    l.currency,
    l.is_available,
    l.is_partial,
    l.observed_at,
    l.first_seen_at,
    l.last_seen_at,
    l.day_seen_count,
    l.observation_count,
    l.capture_id
FROM latest(obs.app) AS l
