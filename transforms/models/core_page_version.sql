-- about: a page in time: how long it kept its text, titles, links and structured data
-- grain: record_id, version_number
-- needs: obs.page, ops.sighting
-- by: record_id from obs.page
-- column version_number: place in the page's history, from 1
-- column valid_from: first look that found it so
-- column valid_to: first look that found it otherwise; null while it holds
-- column last_seen_at: last look that found it so
-- column look_count: looks that found it so
-- column capture_id: the capture that first showed it
WITH look AS (
    SELECT record_id, capture_id, observed_at, fetched_at, is_partial, url, source, watch_id, title, description, h1, text_hash, links, items
    FROM obs.page
    UNION ALL
    SELECT o.record_id, s.capture_id, s.observed_at, s.fetched_at, o.is_partial, o.url, o.source, o.watch_id, o.title, o.description, o.h1, o.text_hash, o.links, o.items
    FROM obs.page AS o
    JOIN ops.sighting AS s ON s.body_of = o.capture_id
),
whole AS (
    -- Cards and listing rows count only for records never seen whole.
    SELECT * FROM look QUALIFY NOT is_partial OR bool_and(is_partial) OVER (PARTITION BY record_id)
),
step AS (
    SELECT
        *,
        row_number() OVER turn = 1 OR ROW(title, description, h1, text_hash, links, items) IS DISTINCT FROM lag(ROW(title, description, h1, text_hash, links, items)) OVER turn AS is_new
    FROM whole
    WINDOW turn AS (PARTITION BY record_id ORDER BY observed_at, fetched_at, capture_id)
),
numbered AS (
    SELECT *, count(*) FILTER (is_new) OVER (PARTITION BY record_id ORDER BY observed_at, fetched_at, capture_id) AS number
    FROM step
),
span AS (
    SELECT
        record_id,
        number AS version_number,
        any_value(source) AS source,
        min(watch_id) AS watch_id,
        min(url) AS url,
        any_value(title) AS title,
        any_value(description) AS description,
        any_value(h1) AS h1,
        any_value(text_hash) AS text_hash,
        any_value(links) AS links,
        any_value(items) AS items,
        min(observed_at) AS valid_from,
        max(observed_at) AS last_seen_at,
        count(*) AS look_count,
        arg_min(capture_id, ROW(observed_at, fetched_at, capture_id)) AS capture_id
    FROM numbered
    GROUP BY record_id, number
)
SELECT
    record_id,
    version_number,
    source,
    watch_id,
    url,
    title,
    description,
    h1,
    text_hash,
    links,
    items,
    valid_from,
    lead(valid_from) OVER (PARTITION BY record_id ORDER BY version_number) AS valid_to,
    last_seen_at,
    look_count,
    capture_id
FROM span
