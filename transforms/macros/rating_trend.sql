-- about: reviews and ratings of a project's entities in a period [since, until), by week
-- use: FROM rating_trend('project', DATE '2026-11-01', DATE '2026-12-01')
CREATE OR REPLACE MACRO rating_trend(project, since, until) AS TABLE
SELECT
    entity_id,
    store,
    subject,
    date_trunc('week', day_date)::DATE AS week_date,
    sum(review_count)::BIGINT AS review_count,
    sum(rated_count)::BIGINT AS rated_count,
    sum(rating_value * rated_count) / nullif(sum(rated_count), 0) AS rating_value,
    sum(reply_count) / nullif(sum(review_count), 0) AS reply_rate,
    arg_max(store_rating_value, day_date) AS store_rating_value
FROM mart.rating_trend
WHERE project_id = project AND day_date >= since AND day_date < until
GROUP BY ALL
ORDER BY entity_id, store, subject, week_date
