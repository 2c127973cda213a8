-- about: every review as last seen, with its edits and the owner's answer
-- grain: record_id
-- needs: obs.review, ops.sighting, core.review_version
-- by: record_id from obs.review, core.review_version
-- column published_date: UTC day of publication
-- column edit_count: changes of stars, title or text that were seen
-- column edited_at: first look that found the last edit; null without one
-- column first_rating_value: stars as first seen
-- column rating_change: stars now minus stars first seen; null when one is unknown
-- column reply_hours: hours from the review to the answer
WITH edit AS (
    SELECT
        record_id,
        max(version_number) - 1 AS edit_count,
        max(valid_from) FILTER (version_number > 1) AS edited_at,
        arg_min(rating_value, version_number) AS first_rating_value
    FROM core.review_version
    GROUP BY record_id
)
SELECT
    record_id,
    l.source,
    l.native_id,
    l.url,
    l.published_at,
    l.published_at::DATE AS published_date,
    l.subject,
    l.subject_name,
    l.author,
    l.rating_value,
    l.rating_best,
    l.title,
    l.text_hash,
    l.pros,
    l.cons,
    l.lang,
    l.country,
    l.app_version,
    l.helpful_count,
    edit.edit_count,
    edit.edited_at,
    edit.first_rating_value,
    l.rating_value - edit.first_rating_value AS rating_change,
    l.reply_text,
    l.reply_at,
    date_diff('minute', l.published_at, l.reply_at) / 60.0 AS reply_hours,
    l.is_partial,
    l.first_seen_at,
    l.last_seen_at,
    l.day_seen_count,
    l.observation_count,
    l.capture_id
FROM latest(obs.review) AS l
JOIN edit USING (record_id)
