-- about: every open position, as last seen
-- grain: record_id
-- needs: obs.job, ops.sighting
-- by: record_id from obs.job
SELECT
    l.record_id,
    l.source,
    l.native_id,
    l.url,
    l.published_at,
    l.title,
    l.company,
    l.location,
    l.is_remote,
    l.employment_type,
    l.salary_low_amount,
    l.salary_high_amount,
    l.currency,
    l.salary_period,
    l.valid_until_date,
    l.text_hash,
    l.is_partial,
    l.first_seen_at,
    l.last_seen_at,
    l.day_seen_count,
    l.observation_count,
    l.capture_id
FROM latest(obs.job) AS l
