-- about: the audience of a channel, day by day, as last read that day
-- grain: record_id, seen_date
-- needs: obs.channel
-- by: record_id from obs.channel
-- column seen_date: UTC day of the observation
-- column follower_delta: followers more than on the day before it that was seen (formula follower_delta)
-- column growth_rate: follower_delta per follower of that day (formula growth_rate)
WITH last AS (
    SELECT *, observed_at::DATE AS seen_date
    FROM obs.channel
    QUALIFY row_number() OVER (
        PARTITION BY record_id, observed_at::DATE ORDER BY is_partial, observed_at DESC, fetched_at DESC, capture_id DESC
    ) = 1
)
SELECT
    record_id,
    seen_date,
    source,
    handle,
    title,
    follower_count,
    follower_count - lag(follower_count) OVER turn AS follower_delta,
    (follower_count - lag(follower_count) OVER turn) / nullif(lag(follower_count) OVER turn, 0) AS growth_rate,
    post_count,
    is_rounded,
    capture_id
FROM last
WINDOW turn AS (PARTITION BY record_id ORDER BY seen_date)
