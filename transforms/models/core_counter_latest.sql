-- about: the counters of a publication as last read
-- grain: record_id
-- needs: core.counter
-- by: record_id from core.counter
SELECT *
FROM core.counter
QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY observed_at DESC, fetched_at DESC, capture_id DESC) = 1
