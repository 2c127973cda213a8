-- about: every article, post, video and comment, as last seen whole
-- grain: record_id
-- needs: obs.publication, ops.sighting
-- by: record_id from obs.publication
-- column published_date: UTC day of publication
-- column reaction_count: likes, comments and shares that are known; null when none is (formula reactions)
-- column reaction_parts: which counters entered reaction_count
-- column counted_at: when a counter was last seen
-- column is_partial: never seen whole, only as a card, listing row or feed summary
-- note: texts stand in obs.text, by text_hash
WITH turn AS (
    SELECT
        record_id,
        observed_at,
        like_count, dislike_count, comment_count, share_count, view_count, save_count,
        row_number() OVER (PARTITION BY record_id ORDER BY observed_at, fetched_at, capture_id) AS place
    FROM obs.publication
    WHERE coalesce(like_count, dislike_count, comment_count, share_count, view_count, save_count) IS NOT NULL
),
counted AS (
    -- Counters are taken each as last known, from cards too: a page that stops showing views does not take them back.
    SELECT
        record_id,
        arg_max(like_count, place) FILTER (like_count IS NOT NULL) AS like_count,
        arg_max(dislike_count, place) FILTER (dislike_count IS NOT NULL) AS dislike_count,
        arg_max(comment_count, place) FILTER (comment_count IS NOT NULL) AS comment_count,
        arg_max(share_count, place) FILTER (share_count IS NOT NULL) AS share_count,
        arg_max(view_count, place) FILTER (view_count IS NOT NULL) AS view_count,
        arg_max(save_count, place) FILTER (save_count IS NOT NULL) AS save_count,
        max(observed_at) AS counted_at
    FROM turn
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
    c.like_count,
    c.dislike_count,
    c.comment_count,
    c.share_count,
    c.view_count,
    c.save_count,
    CASE WHEN coalesce(c.like_count, c.comment_count, c.share_count) IS NOT NULL
        THEN coalesce(c.like_count, 0) + coalesce(c.comment_count, 0) + coalesce(c.share_count, 0) END AS reaction_count,
    list_filter(
        [
            CASE WHEN c.like_count IS NOT NULL THEN 'likes' END,
            CASE WHEN c.comment_count IS NOT NULL THEN 'comments' END,
            CASE WHEN c.share_count IS NOT NULL THEN 'shares' END
        ],
        lambda part: part IS NOT NULL
    ) AS reaction_parts,
    c.counted_at,
    l.is_ad,
    l.ad_erid,
    l.ad_payer_name,
    l.ad_payer_inn,
    l.is_partial,
    l.first_seen_at,
    l.last_seen_at,
    l.day_seen_count,
    l.observation_count,
    l.capture_id
FROM latest(obs.publication) AS l
LEFT JOIN counted AS c USING (record_id)
