-- about: the days on which an ad was seen
-- grain: record_id, seen_date
-- needs: obs.ad, ops.sighting
-- by: record_id from obs.ad
-- column seen_date: UTC day of the look
-- column is_new: the first day it was seen
WITH look AS (
    SELECT record_id, source, fetched_at FROM obs.ad
    UNION ALL
    SELECT o.record_id, o.source, s.fetched_at FROM obs.ad AS o JOIN ops.sighting AS s ON s.body_of = o.capture_id
)
SELECT
    record_id,
    fetched_at::DATE AS seen_date,
    min(source) AS source,
    row_number() OVER (PARTITION BY record_id ORDER BY fetched_at::DATE) = 1 AS is_new
FROM look
GROUP BY record_id, fetched_at::DATE
