-- about: mentions: publications and reviews that a topic found, with the tone that holds, their cluster and spam marks
-- grain: record_id, project_id, topic_id
-- needs: core.mention_found, core.text_cluster, core.publication, core.review, ref.label
-- by: record_id from core.mention_found, core.text_cluster, core.publication, core.review
-- touch ref.label: SELECT record_id FROM touched
-- column published_date: UTC day of publication
-- column author: who wrote it: the author, else the channel
-- column sentiment: negative, neutral or positive: a person's word where there is one, else the model's
-- column score: -1 to 1
-- column confidence: 0-1; 1 where a person said so
-- column is_labelled: a person said so
-- column cluster_id: record_id of the earliest text that says the same (near-duplicates)
-- column cluster_started_at: when that one was published
-- column is_repost: the source says so, or the text stood elsewhere before
-- column reaction_count: likes, comments and shares of the publication (formula reactions)
-- column copying_author_count: authors that published the same text within seven days, itself included
-- column spam_marks: copied, link_stuffed, tag_stuffed
WITH word AS (
    SELECT record_id, topic_id, sentiment FROM ref.label -- an empty topic_id: all topics
)
SELECT
    f.record_id,
    f.project_id,
    f.topic_id,
    f.entity_id,
    f.source,
    f.kind,
    f.published_at,
    f.published_at::DATE AS published_date,
    coalesce(p.first_seen_at, r.first_seen_at) AS first_seen_at,
    coalesce(p.author, p.channel_title, p.channel, r.author) AS author,
    f.domain,
    f.matched_terms,
    f.spans,
    f.title_spans,
    f.sentence,
    coalesce(w.sentiment, a.sentiment, f.model_sentiment) AS sentiment,
    CASE coalesce(w.sentiment, a.sentiment)
        WHEN 'negative' THEN -1.0 WHEN 'neutral' THEN 0.0 WHEN 'positive' THEN 1.0 ELSE f.model_score
    END AS score,
    CASE WHEN coalesce(w.sentiment, a.sentiment) IS NULL THEN f.model_confidence ELSE 1.0 END AS confidence,
    coalesce(w.sentiment, a.sentiment) IS NOT NULL AS is_labelled,
    f.model_sentiment,
    f.lang,
    f.categories,
    coalesce(c.cluster_id, f.record_id) AS cluster_id,
    coalesce(c.cluster_started_at, f.published_at) AS cluster_started_at,
    p.repost_of_id IS NOT NULL OR p.repost_of_url IS NOT NULL OR coalesce(c.cluster_id, f.record_id) <> f.record_id AS is_repost,
    p.reaction_count,
    coalesce(c.copying_author_count, 1) AS copying_author_count,
    c.spam_marks,
    f.query_version,
    coalesce(p.capture_id, r.capture_id) AS capture_id
FROM core.mention_found AS f
LEFT JOIN core.publication AS p USING (record_id)
LEFT JOIN core.review AS r USING (record_id)
LEFT JOIN core.text_cluster AS c USING (record_id)
LEFT JOIN word AS w ON w.record_id = f.record_id AND w.topic_id = f.topic_id
LEFT JOIN word AS a ON a.record_id = f.record_id AND a.topic_id = ''
