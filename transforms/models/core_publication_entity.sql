-- about: whose publication it is: one row per publication, project and entity, whatever watches found it
-- grain: record_id, project_id, entity_id, role
-- needs: core.publication, core.publication_watch, ref.watch_entity
-- by: record_id from core.publication, core.publication_watch
-- column entity_id: id of the brand or company; empty: the market as a whole
-- column published_date: UTC day of publication
-- note: role is owned where any owned watch of the entity found it, else earned, else market
SELECT
    record_id,
    we.project_id,
    coalesce(we.entity_id, '') AS entity_id,
    CASE min(CASE we.role WHEN 'owned' THEN 1 WHEN 'earned' THEN 2 ELSE 3 END) WHEN 1 THEN 'owned' WHEN 2 THEN 'earned' ELSE 'market' END
        AS role,
    p.published_date
FROM core.publication AS p
JOIN core.publication_watch AS pw USING (record_id)
JOIN ref.watch_entity AS we
    ON we.watch_id = pw.watch_id
    AND (we.valid_from IS NULL OR pw.last_fetched_at >= we.valid_from)
    AND (we.valid_to IS NULL OR pw.first_fetched_at < we.valid_to)
GROUP BY record_id, we.project_id, coalesce(we.entity_id, ''), p.published_date
