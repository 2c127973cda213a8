-- about: growth curve: the counters of a publication each time they were read
-- grain: record_id, capture_id
-- needs: obs.publication
-- kind: view
-- column age_hours: hours between publication and observation; null when the source gives no time
-- column reaction_count: likes, comments and shares that are known; null when none is (formula reactions)
SELECT
    record_id,
    capture_id,
    source,
    observed_at,
    fetched_at,
    date_diff('minute', published_at, observed_at) / 60.0 AS age_hours,
    like_count,
    dislike_count,
    comment_count,
    share_count,
    view_count,
    save_count,
    reaction_types,
    CASE WHEN coalesce(like_count, comment_count, share_count) IS NOT NULL
        THEN coalesce(like_count, 0) + coalesce(comment_count, 0) + coalesce(share_count, 0) END AS reaction_count,
    is_counter_rounded,
    follower_count
FROM obs.publication
WHERE coalesce(like_count, dislike_count, comment_count, share_count, view_count, save_count) IS NOT NULL
