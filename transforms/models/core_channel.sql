-- about: every channel, account or group, as last seen
-- grain: record_id
-- needs: obs.channel, ops.sighting
-- by: record_id from obs.channel
SELECT
    l.record_id,
    l.source,
    l.native_id,
    l.url,
    l.handle,
    l.title,
    l.description,
    l.kind,
    l.follower_count,
    l.post_count,
    l.is_rounded,
    l.is_verified,
    l.is_partial,
    l.observed_at,
    l.first_seen_at,
    l.last_seen_at,
    l.day_seen_count,
    l.observation_count,
    l.capture_id
FROM latest(obs.channel) AS l
