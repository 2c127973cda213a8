-- about: reviews per entity, subject and day, beside the rating the store shows
-- grain: project_id, entity_id, store, subject, day_date
-- needs: core.review, core.record_entity, obs.app
-- column store: the app store; where no app of that id was looked at, the source of the reviews
-- column day_date: UTC day of the reviews, or of the look at the store
-- column review_count: reviews published that day
-- column rated_count: of them with stars
-- column rating_value: mean stars of these
-- column low_rating_count: of the reviews with at most two stars of five
-- column reply_count: reviews answered
-- column reply_rate: answered per review (formula reply_rate)
-- column median_reply_hours: median hours until the answer (formula median_reply_hours)
-- column edit_count: reviews edited since first seen
-- column store_rating_value: mean rating the store shows that day
-- column store_rating_count: ratings the store shows that day
-- column subject: native id of what is reviewed
WITH app AS (
    -- an app's looks and its reviews come from sources of their own, both named after the store (app_store_app, app_store_reviews)
    SELECT DISTINCT store, coalesce(native_id, app_id) AS subject FROM obs.app
),
review AS (
    SELECT
        e.project_id,
        e.entity_id,
        coalesce(app.store, r.source) AS store,
        r.subject,
        r.published_date AS day_date,
        count(*) AS review_count,
        count(r.rating_value) AS rated_count,
        avg(r.rating_value) AS rating_value,
        count(*) FILTER (r.rating_value <= 2 AND coalesce(r.rating_best, 5) = 5) AS low_rating_count,
        count(r.reply_text) AS reply_count,
        median(r.reply_hours) AS median_reply_hours,
        count(*) FILTER (r.edit_count > 0) AS edit_count
    FROM core.review AS r
    JOIN core.record_entity AS e USING (record_id)
    LEFT JOIN app ON app.subject = r.subject AND starts_with(r.source, app.store || '_')
    WHERE r.published_date IS NOT NULL
    GROUP BY ALL
),
shown AS (
    SELECT
        e.project_id,
        e.entity_id,
        a.store,
        coalesce(a.native_id, a.app_id) AS subject,
        a.observed_at::DATE AS day_date,
        arg_max(a.rating_value, ROW(a.observed_at, a.capture_id)) AS store_rating_value,
        arg_max(a.rating_count, ROW(a.observed_at, a.capture_id)) AS store_rating_count
    FROM obs.app AS a
    JOIN core.record_entity AS e USING (record_id)
    GROUP BY ALL
)
SELECT
    project_id,
    entity_id,
    store,
    subject,
    day_date,
    coalesce(review_count, 0) AS review_count,
    coalesce(rated_count, 0) AS rated_count,
    rating_value,
    coalesce(low_rating_count, 0) AS low_rating_count,
    coalesce(reply_count, 0) AS reply_count,
    reply_count / nullif(review_count, 0) AS reply_rate,
    median_reply_hours,
    coalesce(edit_count, 0) AS edit_count,
    store_rating_value,
    store_rating_count
FROM review
FULL JOIN shown USING (project_id, entity_id, store, subject, day_date)
