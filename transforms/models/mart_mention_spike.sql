-- about: days on which a topic is talked about far more than usual, with the text that drives it and where it began
-- grain: project_id, topic_id, published_date
-- needs: mart.mention_day, core.mention
-- column mention_count: mentions of the day, all sources (formula mentions)
-- column usual_count: median of the same weekday in the eight weeks before, days without mentions as 0
-- column spike_score: how far above the usual count, in usual deviations (formula spike)
-- column driver_cluster_id: the cluster with most mentions that day
-- column driver_count: its mentions that day
-- column driver_started_at: when the topic was first mentioned in it, be it days before
-- column driver_sentence: what that mention says
-- column driver_source: where it was seen
-- column driver_author: who published it
-- column driver_domain: registrable domain it stands on
-- column driver_url_capture_id: the capture that shows it
-- note: a spike needs a score of 3, ten mentions and four weeks of history; sources added meanwhile may cause one
WITH day AS (
    SELECT project_id, topic_id, published_date, sum(mention_count) AS mention_count
    FROM mart.mention_day
    GROUP BY ALL
),
beginning AS (
    SELECT project_id, topic_id, min(published_date) AS first_date FROM day GROUP BY ALL
),
before AS (
    SELECT
        d.project_id,
        d.topic_id,
        d.published_date,
        d.mention_count,
        list(coalesce(e.mention_count, 0) ORDER BY w.week) AS counts
    FROM day AS d
    JOIN beginning AS b USING (project_id, topic_id)
    CROSS JOIN (SELECT unnest(range(1, 9)) AS week) AS w
    LEFT JOIN day AS e ON e.project_id = d.project_id AND e.topic_id = d.topic_id
        AND e.published_date = d.published_date - (7 * w.week)::INTEGER
    WHERE d.published_date - (7 * w.week)::INTEGER >= b.first_date
    GROUP BY ALL
),
usual AS (
    SELECT *, list_median(counts) AS usual_count, len(counts) AS week_count FROM before
),
scored AS (
    SELECT
        * EXCLUDE (counts),
        (mention_count - usual_count) / greatest(
            1.4826 * list_median(list_transform(counts, lambda x: abs(x - usual_count))), sqrt(usual_count), 1
        ) AS spike_score
    FROM usual
),
spike AS (
    SELECT * FROM scored WHERE spike_score >= 3 AND mention_count >= 10 AND week_count >= 4
),
driver AS (
    SELECT m.project_id, m.topic_id, m.published_date, m.cluster_id, count(*) AS driver_count
    FROM core.mention AS m
    SEMI JOIN spike USING (project_id, topic_id, published_date)
    GROUP BY m.project_id, m.topic_id, m.published_date, m.cluster_id
    QUALIFY row_number() OVER (PARTITION BY project_id, topic_id, published_date ORDER BY driver_count DESC, cluster_id) = 1
),
beginner AS (
    SELECT project_id, topic_id, cluster_id, sentence, source, author, domain, published_at, capture_id
    FROM core.mention
    SEMI JOIN driver USING (project_id, topic_id, cluster_id)
    WHERE published_at IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY project_id, topic_id, cluster_id ORDER BY published_at, record_id) = 1
)
SELECT
    s.project_id,
    s.topic_id,
    s.published_date,
    s.mention_count::BIGINT AS mention_count,
    s.usual_count,
    s.spike_score,
    d.cluster_id AS driver_cluster_id,
    d.driver_count,
    b.published_at AS driver_started_at,
    b.sentence AS driver_sentence,
    b.source AS driver_source,
    b.author AS driver_author,
    b.domain AS driver_domain,
    b.capture_id AS driver_url_capture_id
FROM spike AS s
JOIN driver AS d USING (project_id, topic_id, published_date)
JOIN beginner AS b USING (project_id, topic_id, cluster_id)
