-- about: texts that were said more than once about a topic: who published one first, and how it spread
-- grain: project_id, topic_id, cluster_id
-- needs: core.mention
-- by: cluster_id from core.mention
-- column entity_id: the entity the topic is about, if one
-- column mention_count: mentions that say the same (formula mentions)
-- column author_count: distinct authors of them (formula authors)
-- column domain_count: distinct registrable domains they stand on (formula sources)
-- column reaction_count: reactions to them, known ones (formula engagement_total)
-- column first_record_id: the earliest of them
-- column first_at: when it was published
-- column first_source: where it was seen
-- column first_author: who published it
-- column first_domain: registrable domain it stands on
-- column last_at: when the latest was published
-- column spread: who published it, each once, in the order in which they did: [{author, domain, source, published_at}], the first hundred
-- column sentence: what the earliest says
-- column capture_id: the capture that shows the earliest
-- note: mentions without a time of publication are counted and have no place in the order
WITH told AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY project_id, topic_id, cluster_id ORDER BY published_at NULLS LAST, record_id) AS place,
        row_number() OVER (
            PARTITION BY project_id, topic_id, cluster_id, author, domain, source ORDER BY published_at NULLS LAST, record_id
        ) AS own_place
    FROM core.mention
)
SELECT
    project_id,
    topic_id,
    cluster_id,
    any_value(entity_id) AS entity_id,
    count(*) AS mention_count,
    count(DISTINCT author) AS author_count,
    count(DISTINCT domain) AS domain_count,
    sum(reaction_count)::BIGINT AS reaction_count,
    min(record_id) FILTER (place = 1) AS first_record_id,
    min(published_at) AS first_at,
    min(source) FILTER (place = 1) AS first_source,
    min(author) FILTER (place = 1) AS first_author,
    min(domain) FILTER (place = 1) AS first_domain,
    max(published_at) AS last_at,
    list_slice(
        list({'author': author, 'domain': domain, 'source': source, 'published_at': published_at} ORDER BY place)
            FILTER (own_place = 1 AND published_at IS NOT NULL),
        1,
        100
    ) AS spread,
    min(sentence) FILTER (place = 1) AS sentence,
    min(capture_id) FILTER (place = 1) AS capture_id
FROM told
GROUP BY project_id, topic_id, cluster_id
HAVING count(*) > 1
