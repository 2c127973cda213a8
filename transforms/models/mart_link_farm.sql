-- about: sites that live from copies, in the last 30 days: many authors link to them, nearly all in texts that others publish too
-- grain: domain
-- needs: core.publication, core.text_cluster
-- column domain: host linked to, without www
-- column author_count: authors that link to it, at least 5
-- column publication_count: publications that link to it
-- column copied_share: share of them whose text at least one other author published within seven days, at least 0.8
-- column record_ids: these publications
-- note: a mark to look at, never a reason to delete
WITH linking AS (
    SELECT DISTINCT
        record_id,
        coalesce(author, channel, channel_title) AS author,
        regexp_replace(regexp_extract(lower(unnest(links)), '^https?://([^/:?#]+)', 1), '^www\.', '') AS domain
    FROM core.publication
    WHERE first_seen_at >= (SELECT max(first_seen_at) FROM core.publication) - INTERVAL 30 DAYS
)
SELECT
    domain,
    count(DISTINCT l.author) AS author_count,
    count(*) AS publication_count,
    count(*) FILTER (c.copying_author_count > 1) / count(*) AS copied_share,
    list(record_id ORDER BY record_id) AS record_ids
FROM linking AS l
JOIN core.text_cluster AS c USING (record_id)
WHERE domain <> ''
GROUP BY domain
HAVING count(DISTINCT l.author) >= 5 AND count(*) FILTER (c.copying_author_count > 1) >= 0.8 * count(*)
