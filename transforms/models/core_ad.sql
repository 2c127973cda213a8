-- about: every advertisement, with the days it was seen
-- grain: record_id
-- needs: obs.ad, ops.sighting
-- by: record_id from obs.ad
-- column display_days: days from first to last sighting, both included (formula display_length)
SELECT
    l.record_id,
    l.source,
    l.native_id,
    l.url,
    l.advertiser,
    l.advertiser_id,
    l.region,
    l.title,
    l.text,
    l.display_url,
    l.landing_url,
    l.creative_type,
    l.started_date,
    l.stopped_date,
    l.platforms,
    l.impressions_low_count,
    l.impressions_high_count,
    l.spend_low_amount,
    l.spend_high_amount,
    l.currency,
    l.payer,
    l.payer_inn,
    l.erid,
    l.is_partial,
    date_diff('day', l.first_seen_at::DATE, l.last_seen_at::DATE) + 1 AS display_days,
    l.first_seen_at,
    l.last_seen_at,
    l.day_seen_count,
    l.observation_count,
    l.capture_id
FROM latest(obs.ad) AS l
