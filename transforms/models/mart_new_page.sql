-- about: pages that appeared and pages that vanished
-- grain: project_id, entity_id, record_id, event
-- needs: core.page, core.record_entity, core.record_watch, ops.capture
-- column event: new or vanished
-- column happened_at: first look that found it so
-- column happened_date: UTC day of it
-- column capture_id: the capture that showed it
-- note: pages seen on the first day of a watch are the beginning, not news; vanished means the address answers 404 or 410
WITH beginning AS (
    SELECT watch_id, min(first_fetched_at)::DATE AS first_date FROM core.record_watch GROUP BY watch_id
),
event AS (
    SELECT p.record_id, 'new' AS event, p.first_seen_at AS happened_at, p.capture_id
    FROM core.page AS p
    JOIN core.record_watch AS w USING (record_id)
    JOIN beginning AS b USING (watch_id)
    GROUP BY ALL
    HAVING bool_and(p.first_seen_at::DATE > b.first_date)
    UNION ALL
    SELECT p.record_id, 'vanished', min(gone.fetched_at), arg_min(gone.capture_id, ROW(gone.fetched_at, gone.capture_id))
    FROM ops.capture AS gone
    JOIN ops.capture AS was ON was.watch_id = gone.watch_id AND was.fingerprint = gone.fingerprint
    JOIN core.page AS p ON p.capture_id = was.capture_id
    WHERE gone.http_status IN (404, 410) AND gone.fetched_at > p.last_seen_at
    GROUP BY p.record_id
)
SELECT
    e.project_id,
    e.entity_id,
    record_id,
    v.event,
    v.happened_at,
    v.happened_at::DATE AS happened_date,
    p.source,
    p.url,
    p.title,
    p.kind,
    v.capture_id
FROM event AS v
JOIN core.page AS p USING (record_id)
JOIN core.record_entity AS e USING (record_id)
