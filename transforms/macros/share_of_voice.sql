-- about: how often each entity of a project is named in a period [since, until), and its share (formula sov)
-- use: FROM share_of_voice('project', DATE '2026-11-01', DATE '2026-12-01')
CREATE OR REPLACE MACRO share_of_voice(project, since, until) AS TABLE
SELECT
    entity_id,
    sum(mention_count)::BIGINT AS mention_count,
    sum(mention_count) / sum(sum(mention_count)) OVER () AS mention_share,
    sum(earned_mention_count)::BIGINT AS earned_mention_count,
    sum(earned_mention_count) / nullif(sum(sum(earned_mention_count)) OVER (), 0) AS earned_mention_share
FROM mart.share_of_voice
WHERE project_id = project AND published_date >= since AND published_date < until
GROUP BY entity_id
ORDER BY mention_count DESC, entity_id
