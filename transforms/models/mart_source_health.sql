-- about: how each source did on each of the last 60 days it ran
-- grain: source, batch_date
-- needs: ops.capture, ops.batch, ref.source, core.page, core.offer, core.ad, core.app, core.job
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
-- column silent_days: days since the source last showed something (else since it was first asked), up to the newest day of any
--         source: a row read anew, or a page, offer, ad, app or job that stood as before; posts and reviews that stay the same are nothing new
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
asked AS (
    SELECT source, batch_date FROM looked
    UNION ALL
    SELECT source, batch_date FROM read
),
shown AS (
    SELECT source, batch_date AS shown_date FROM read WHERE row_count > 0
    UNION ALL
    SELECT source, max(last_seen_at)::DATE FROM core.page GROUP BY source
    UNION ALL
    SELECT source, max(last_seen_at)::DATE FROM core.offer GROUP BY source
    UNION ALL
    SELECT source, max(last_seen_at)::DATE FROM core.ad GROUP BY source
    UNION ALL
    SELECT source, max(last_seen_at)::DATE FROM core.app GROUP BY source
    UNION ALL
    SELECT source, max(last_seen_at)::DATE FROM core.job GROUP BY source
),
newest AS (
    SELECT max(batch_date) AS newest_date FROM asked
),
silence AS (
    SELECT source, greatest(0, date_diff('day', coalesce(last.shown_date, first.batch_date), newest.newest_date)) AS silent_days
    FROM (SELECT source, min(batch_date) AS batch_date FROM asked GROUP BY source) AS first
    LEFT JOIN (SELECT source, max(shown_date) AS shown_date FROM shown GROUP BY source) AS last USING (source)
    CROSS JOIN newest
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
    i.silent_days,
    i.silent_days > s.max_silence_days AS is_silent,
    l.last_fetched_at
FROM looked AS l
FULL JOIN read AS r USING (source, batch_date)
LEFT JOIN silence AS i USING (source)
LEFT JOIN ref.source AS s USING (source)
CROSS JOIN newest
WHERE batch_date > newest.newest_date - 60
