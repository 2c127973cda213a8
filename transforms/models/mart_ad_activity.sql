-- about: ads seen per entity, source and day
-- grain: project_id, entity_id, source, seen_date
-- needs: core.ad_day, core.record_entity
-- by: seen_date from core.ad_day
-- touch core.record_entity: SELECT d.seen_date FROM touched AS t JOIN core.ad_day AS d USING (record_id)
-- column ad_count: ads seen that day
-- column new_ad_count: of them seen for the first time
SELECT
    e.project_id,
    e.entity_id,
    d.source,
    seen_date,
    count(*) AS ad_count,
    count(*) FILTER (d.is_new) AS new_ad_count
FROM core.ad_day AS d
JOIN core.record_entity AS e USING (record_id)
GROUP BY ALL
