-- about: every page, as last seen
-- grain: record_id
-- needs: obs.page, ops.sighting
-- by: record_id from obs.page
-- note: texts stand in obs.text, by text_hash
SELECT
    l.record_id,
    l.source,
    l.native_id,
    l.url,
    l.kind,
    l.title,
    l.description,
    l.h1,
    l.lang,
    l.published_at,
    l.modified_at,
    l.text_hash,
    l.selector,
    l.ad_erid,
    l.is_partial,
    l.observed_at,
    l.first_seen_at,
    l.last_seen_at,
    l.day_seen_count,
    l.observation_count,
    l.capture_id
FROM latest(obs.page) AS l
