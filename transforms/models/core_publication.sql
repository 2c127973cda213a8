-- about: every article, post, video and comment, as last seen whole
-- grain: record_id
-- needs: obs.publication, ops.sighting
-- by: record_id from obs.publication
-- column published_date: UTC day of publication
-- column first_seen_at: when it was first seen (fetched)
-- column last_seen_at: when it was last seen (fetched), looks that found the same page again included
-- column day_seen_count: distinct UTC days on which it was seen
-- column observation_count: observations read, looks that found the same page again aside
-- column reaction_count: likes, comments and shares that are known; null when none is (formula reactions)
-- column reaction_parts: which counters entered reaction_count
-- column counted_at: when a counter was last seen
-- column is_partial: never seen whole, only as a card, listing row or feed summary
-- note: texts stand in obs.text, by text_hash
WITH latest AS (
    SELECT o.*, c.* EXCLUDE (record_id)
    FROM (
        SELECT * EXCLUDE (like_count, dislike_count, comment_count, share_count, view_count, save_count)
        FROM obs.publication
        QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY is_partial, observed_at DESC, fetched_at DESC, capture_id DESC) = 1
    ) AS o
    JOIN (
        -- Counters are taken each as last known, from cards too: a page that stops showing views does not take them back.
        SELECT
            record_id,
            arg_max(like_count, (observed_at, fetched_at, capture_id)) FILTER (like_count IS NOT NULL) AS like_count,
            arg_max(dislike_count, (observed_at, fetched_at, capture_id)) FILTER (dislike_count IS NOT NULL) AS dislike_count,
            arg_max(comment_count, (observed_at, fetched_at, capture_id)) FILTER (comment_count IS NOT NULL) AS comment_count,
            arg_max(share_count, (observed_at, fetched_at, capture_id)) FILTER (share_count IS NOT NULL) AS share_count,
            arg_max(view_count, (observed_at, fetched_at, capture_id)) FILTER (view_count IS NOT NULL) AS view_count,
            arg_max(save_count, (observed_at, fetched_at, capture_id)) FILTER (save_count IS NOT NULL) AS save_count,
            max(observed_at) FILTER (
                coalesce(like_count, dislike_count, comment_count, share_count, view_count, save_count) IS NOT NULL
            ) AS counted_at
        FROM obs.publication
        GROUP BY record_id
    ) AS c USING (record_id)
),
look AS (
    SELECT record_id, fetched_at, TRUE AS is_own FROM obs.publication
    UNION ALL
    SELECT o.record_id, s.fetched_at, FALSE FROM obs.publication AS o JOIN ops.sighting AS s ON s.body_of = o.capture_id
),
seen_day AS (
    SELECT record_id, min(fetched_at) AS first_at, max(fetched_at) AS last_at, count(*) FILTER (is_own) AS observation_count
    FROM look
    GROUP BY record_id, fetched_at::DATE
),
span AS (
    SELECT
        record_id,
        min(first_at) AS first_seen_at,
        max(last_at) AS last_seen_at,
        count(*) AS day_seen_count,
        sum(observation_count)::BIGINT AS observation_count
    FROM seen_day
    GROUP BY record_id
)
SELECT
    record_id,
    l.source,
    l.kind,
    l.native_id,
    l.url,
    l.published_at,
    l.published_at::DATE AS published_date,
    l.modified_at,
    l.is_edited,
    l.title,
    l.text_hash,
    l.lang,
    l.author,
    l.author_url,
    l.channel,
    l.channel_title,
    l.parent_id,
    l.thread_id,
    l.repost_of_id,
    l.repost_of_url,
    l.repost_of_name,
    l.section,
    l.tags,
    l.links,
    l.media,
    l.image_url,
    l.like_count,
    l.dislike_count,
    l.comment_count,
    l.share_count,
    l.view_count,
    l.save_count,
    CASE WHEN coalesce(l.like_count, l.comment_count, l.share_count) IS NOT NULL
        THEN coalesce(l.like_count, 0) + coalesce(l.comment_count, 0) + coalesce(l.share_count, 0) END AS reaction_count,
    list_filter(
        [
            CASE WHEN l.like_count IS NOT NULL THEN 'likes' END,
            CASE WHEN l.comment_count IS NOT NULL THEN 'comments' END,
            CASE WHEN l.share_count IS NOT NULL THEN 'shares' END
        ],
        lambda part: part IS NOT NULL
    ) AS reaction_parts,
    l.counted_at,
    l.is_ad,
    l.ad_erid,
    l.ad_payer_name,
    l.ad_payer_inn,
    l.is_partial,
    span.first_seen_at,
    span.last_seen_at,
    span.day_seen_count,
    span.observation_count,
    l.capture_id
FROM latest AS l
JOIN span USING (record_id)
