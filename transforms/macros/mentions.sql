-- about: mentions of each topic of a project in a period [since, until), with the change against the equal period before (formulas mentions, unique_mentions, dup_ratio, sov, sov_unique, sov_engagement, engagement_total, avg_engagement, authors, sources, passion, negative_share, mfi, net_sentiment, change_prev); shares are of the names of entities (topic_id = '@' || entity_id), null for other topics
-- use: FROM mentions('project', DATE '2026-11-01', DATE '2026-12-01')
CREATE OR REPLACE MACRO mentions(project, since, until) AS TABLE
WITH period AS (
    SELECT *, published_date >= since AS is_now
    FROM core.mention
    WHERE project_id = project AND published_date >= since - (until - since)::INTEGER AND published_date < until
),
counted AS (
    SELECT
        topic_id,
        any_value(entity_id) AS entity_id,
        topic_id = '@' || any_value(entity_id) AS is_name, -- other topics of an entity may find the same mentions again
        count(*) FILTER (is_now) AS mention_count,
        count(*) FILTER (NOT is_now) AS mention_count_before,
        count(DISTINCT cluster_id) FILTER (is_now) AS unique_mention_count,
        count(DISTINCT cluster_id) FILTER (NOT is_now) AS unique_mention_count_before,
        count(DISTINCT author) FILTER (is_now) AS author_count,
        count(DISTINCT domain) FILTER (is_now) AS domain_count,
        count(*) FILTER (is_now AND sentiment = 'positive') AS positive_count,
        count(*) FILTER (is_now AND sentiment = 'negative') AS negative_count,
        sum(reaction_count) FILTER (is_now) AS reaction_count,
        sum(reaction_count) FILTER (NOT is_now) AS reaction_count_before,
        avg(reaction_count) FILTER (is_now) AS avg_reaction_count
    FROM period
    GROUP BY topic_id
)
SELECT
    topic_id,
    entity_id,
    mention_count,
    CASE WHEN is_name THEN mention_count / nullif(sum(mention_count) FILTER (is_name) OVER (), 0) END AS mention_share,
    unique_mention_count,
    CASE WHEN is_name THEN unique_mention_count / nullif(sum(unique_mention_count) FILTER (is_name) OVER (), 0) END AS unique_mention_share,
    1 - unique_mention_count / nullif(mention_count, 0) AS dup_ratio,
    reaction_count,
    avg_reaction_count,
    CASE WHEN is_name THEN reaction_count / nullif(sum(reaction_count) FILTER (is_name) OVER (), 0) END AS reaction_share,
    author_count,
    domain_count,
    mention_count / nullif(author_count, 0) AS passion,
    positive_count,
    negative_count,
    negative_count / nullif(mention_count, 0) AS negative_share,
    positive_count / nullif(negative_count, 0) AS mfi,
    CASE WHEN positive_count + negative_count >= 10 THEN (positive_count - negative_count) / (positive_count + negative_count) END
        AS net_sentiment,
    (mention_count - mention_count_before) / nullif(mention_count_before, 0) AS change_prev,
    (unique_mention_count - unique_mention_count_before) / nullif(unique_mention_count_before, 0) AS unique_change_prev,
    (reaction_count - reaction_count_before) / nullif(reaction_count_before, 0) AS reaction_change_prev
FROM counted
ORDER BY mention_count DESC, topic_id
