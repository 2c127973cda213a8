-- about: whose page, offer, review, channel, ad, app or job it is: one row per record, project and entity
-- grain: record_id, project_id, entity_id
-- needs: core.record_watch, ref.watch_entity
-- by: record_id from core.record_watch
-- column entity_id: id of the brand or company; empty: the market as a whole
-- note: role is owned where any owned watch of the entity found it, else earned, else market
SELECT
    record_id,
    we.project_id,
    coalesce(we.entity_id, '') AS entity_id,
    CASE min(CASE we.role WHEN 'owned' THEN 1 WHEN 'earned' THEN 2 ELSE 3 END) WHEN 1 THEN 'owned' WHEN 2 THEN 'earned' ELSE 'market' END
        AS role
FROM core.record_watch AS rw
JOIN ref.watch_entity AS we
    ON we.watch_id = rw.watch_id
    AND (we.valid_from IS NULL OR rw.last_fetched_at >= we.valid_from)
    AND (we.valid_to IS NULL OR rw.first_fetched_at < we.valid_to)
GROUP BY record_id, we.project_id, coalesce(we.entity_id, '')
