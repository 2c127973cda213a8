-- about: mentions of each topic by day: how many, by whom, how they sound
-- grain: project_id, topic_id, source, published_date
-- needs: core.mention
-- by: published_date from core.mention
-- column mention_count: mentions (formula mentions)
-- column unique_mention_count: texts that say something of their own: clusters of near-duplicates (formula unique_mentions)
-- column dup_ratio: part of the mentions that repeats another: near-duplicates (formula dup_ratio)
-- column author_count: distinct authors, outlets for news (formula authors)
-- column domain_count: distinct registrable domains they stand on (formula sources)
-- column passion: mentions per author (formula passion)
-- column negative_count: mentions that sound negative
-- column neutral_count: mentions that sound neutral
-- column positive_count: mentions that sound positive
-- column negative_share: part of the mentions that sounds negative (formula negative_share)
-- column mfi: positive mentions per negative one; null without a negative one (formula mfi)
-- column net_sentiment: -1 all negative to 1 all positive; null below ten toned mentions (formula net_sentiment)
-- column reaction_count: reactions to the mentioning publications, known ones (formula engagement_total)
-- column avg_reaction_count: reactions per mention with known ones (formula avg_engagement)
-- column ad_count: mentions marked as paid
SELECT
    project_id,
    topic_id,
    any_value(entity_id) AS entity_id,
    source,
    published_date,
    count(*) AS mention_count,
    count(DISTINCT cluster_id) AS unique_mention_count,
    1 - count(DISTINCT cluster_id) / count(*) AS dup_ratio,
    count(DISTINCT author) AS author_count,
    count(DISTINCT domain) AS domain_count,
    count(*) / nullif(count(DISTINCT author), 0) AS passion,
    count(*) FILTER (sentiment = 'negative') AS negative_count,
    count(*) FILTER (sentiment = 'neutral') AS neutral_count,
    count(*) FILTER (sentiment = 'positive') AS positive_count,
    count(*) FILTER (sentiment = 'negative') / count(*) AS negative_share,
    count(*) FILTER (sentiment = 'positive') / nullif(count(*) FILTER (sentiment = 'negative'), 0) AS mfi,
    CASE
        WHEN count(*) FILTER (sentiment <> 'neutral') >= 10 THEN
            (count(*) FILTER (sentiment = 'positive') - count(*) FILTER (sentiment = 'negative'))
            / count(*) FILTER (sentiment <> 'neutral')
    END AS net_sentiment,
    sum(reaction_count)::BIGINT AS reaction_count,
    avg(reaction_count) AS avg_reaction_count,
    count(*) FILTER (list_contains(categories, 'paid')) AS ad_count
FROM core.mention
WHERE published_date IS NOT NULL
GROUP BY project_id, topic_id, source, published_date
