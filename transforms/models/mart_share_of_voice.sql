-- about: how often each entity of a project is named, and its share among them
-- grain: project_id, entity_id, source, published_date
-- needs: core.alias_mention
-- by: published_date from core.alias_mention
-- column mention_count: publications that name it
-- column earned_mention_count: of them said by others
-- column mention_share: share of all mentions of the project's entities that day and source (formula sov)
-- column earned_mention_share: the same over what others said (formula sov)
WITH day AS (
    SELECT
        project_id,
        entity_id,
        source,
        published_date,
        count(*) AS mention_count,
        count(*) FILTER (NOT is_owned) AS earned_mention_count
    FROM core.alias_mention
    WHERE published_date IS NOT NULL
    GROUP BY ALL
)
SELECT
    *,
    mention_count / sum(mention_count) OVER together AS mention_share,
    earned_mention_count / nullif(sum(earned_mention_count) OVER together, 0) AS earned_mention_share
FROM day
WINDOW together AS (PARTITION BY project_id, source, published_date)
