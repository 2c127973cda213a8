-- about: mentions that look like spam, and what shows it; nothing is deleted or left out elsewhere for it
-- grain: record_id, project_id, topic_id
-- needs: core.mention, mart.link_farm
-- column marks: copied, link_stuffed, tag_stuffed (transforms/mentions/spam.py); link_farm: it links to a site of mart.link_farm
-- column farm_domains: these sites
WITH farmed AS (
    SELECT record_id, list(domain ORDER BY domain) AS domains
    FROM (SELECT domain, unnest(record_ids) AS record_id FROM mart.link_farm)
    GROUP BY record_id
)
SELECT
    m.record_id,
    m.project_id,
    m.topic_id,
    m.entity_id,
    m.source,
    m.published_date,
    m.author,
    m.copying_author_count,
    list_concat(m.spam_marks, CASE WHEN f.domains IS NOT NULL THEN ['link_farm'] END) AS marks,
    coalesce(f.domains, []) AS farm_domains,
    m.capture_id
FROM core.mention AS m
LEFT JOIN farmed AS f USING (record_id)
WHERE len(m.spam_marks) > 0 OR f.domains IS NOT NULL
