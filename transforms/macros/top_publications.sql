-- about: publications of a project in a period [since, until), most reactions first (formula reactions)
-- use: FROM top_publications('project', DATE '2026-11-01', DATE '2026-12-01') LIMIT 20
CREATE OR REPLACE MACRO top_publications(project, since, until) AS TABLE
SELECT
    e.entity_id,
    e.role,
    p.source,
    p.channel_title,
    p.published_at,
    coalesce(p.title, left(t.text, 120)) AS headline,
    p.reaction_count,
    p.view_count,
    p.is_ad,
    p.url,
    p.capture_id
FROM core.publication AS p
JOIN core.publication_entity AS e USING (record_id)
LEFT JOIN obs.text AS t USING (text_hash)
WHERE e.project_id = project AND p.published_at >= since AND p.published_at < until AND p.kind <> 'comment'
ORDER BY p.reaction_count DESC NULLS LAST, p.view_count DESC NULLS LAST, record_id, e.entity_id
