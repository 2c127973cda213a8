-- about: which ads ran when for a project in a period [since, until)
-- use: FROM ad_calendar('project', DATE '2026-11-01', DATE '2026-12-01')
CREATE OR REPLACE MACRO ad_calendar(project, since, until) AS TABLE
SELECT
    e.entity_id,
    a.source,
    a.advertiser,
    a.title,
    left(a.text, 200) AS text,
    min(d.seen_date) AS first_date,
    max(d.seen_date) AS last_date,
    count(DISTINCT d.seen_date) AS day_seen_count,
    bool_or(d.is_new) AS is_new,
    a.landing_url,
    a.capture_id
FROM core.ad_day AS d
JOIN core.ad AS a USING (record_id)
JOIN core.record_entity AS e USING (record_id)
WHERE e.project_id = project AND d.seen_date >= since AND d.seen_date < until
GROUP BY record_id, e.entity_id, a.source, a.advertiser, a.title, a.text, a.landing_url, a.capture_id
ORDER BY first_date, e.entity_id, a.title, a.capture_id
