-- about: how each source did on each of the last 60 days it ran
-- grain: source, batch_date
-- needs: ops.capture, ops.batch, ref.source
-- column capture_count: attempts to look
-- column ok_count: answers worth reading, unchanged ones included
-- column blocked_count: challenge, consent and login walls
-- column denied_count: refused by robots.txt or our own address rules
-- column failed_count: network and server errors after all retries
-- column changed_count: answers whose shape a person must look at
-- column block_rate: blocked per capture (formula block_rate)
-- column row_count: observations of the day's batches
-- column held_count: batches held back
-- column held_reason: why, the first by name
-- column silent_days: days since a batch of the source last had rows, up to the newest day of any source
-- column is_silent: silent for longer than the source's max_silence_days
-- column last_fetched_at: last attempt of that day
WITH looked AS (
    SELECT
        source,
        batch_date,
        count(*) AS capture_count,
        count(*) FILTER (verdict IN ('ok', 'empty', 'unchanged')) AS ok_count,
        count(*) FILTER (verdict = 'blocked') AS blocked_count,
        count(*) FILTER (verdict = 'denied') AS denied_count,
        count(*) FILTER (verdict = 'failed') AS failed_count,
        count(*) FILTER (verdict = 'changed') AS changed_count,
        max(fetched_at) AS last_fetched_at
    FROM ops.capture
    GROUP BY source, batch_date
),
read AS (
    SELECT
        source,
        batch_date,
        sum(row_count)::BIGINT AS row_count,
        count(*) FILTER (status = 'held') AS held_count,
        min(table_name || ': ' || reason) FILTER (status = 'held') AS held_reason
    FROM ops.batch
    GROUP BY source, batch_date
),
last AS (
    SELECT source, max(batch_date) FILTER (row_count > 0) AS last_date, min(batch_date) AS first_date FROM read GROUP BY source
),
newest AS (
    SELECT max(batch_date) AS newest_date FROM (SELECT batch_date FROM looked UNION ALL SELECT batch_date FROM read)
)
SELECT
    source,
    batch_date,
    coalesce(l.capture_count, 0) AS capture_count,
    coalesce(l.ok_count, 0) AS ok_count,
    coalesce(l.blocked_count, 0) AS blocked_count,
    coalesce(l.denied_count, 0) AS denied_count,
    coalesce(l.failed_count, 0) AS failed_count,
    coalesce(l.changed_count, 0) AS changed_count,
    l.blocked_count / nullif(l.capture_count, 0) AS block_rate,
    r.row_count,
    coalesce(r.held_count, 0) AS held_count,
    r.held_reason,
    date_diff('day', coalesce(last.last_date, last.first_date), newest.newest_date) AS silent_days,
    date_diff('day', coalesce(last.last_date, last.first_date), newest.newest_date) > s.max_silence_days AS is_silent,
    l.last_fetched_at
FROM looked AS l
FULL JOIN read AS r USING (source, batch_date)
LEFT JOIN last USING (source)
LEFT JOIN ref.source AS s USING (source)
CROSS JOIN newest
WHERE batch_date > newest.newest_date - 60
