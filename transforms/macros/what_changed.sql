-- about: what changed on the pages of a project's entities in a period [since, until)
-- use: FROM what_changed('project', DATE '2026-11-01', DATE '2026-11-08')
CREATE OR REPLACE MACRO what_changed(project, since, until) AS TABLE
SELECT e.entity_id, c.changed_at, c.change, c.change_size, c.price_change, c.url, c.old_value, c.new_value, c.capture_id
FROM core.page_change AS c
JOIN core.record_entity AS e USING (record_id)
WHERE e.project_id = project AND c.changed_at >= since AND c.changed_at < until
UNION ALL
SELECT n.entity_id, n.happened_at, n.event || ' page', 1, NULL, n.url, NULL, n.title, n.capture_id
FROM mart.new_page AS n
WHERE n.project_id = project AND n.happened_at >= since AND n.happened_at < until
ORDER BY changed_at DESC, entity_id, url, change
