-- about: counters of one publication each time they were read
-- use: FROM growth_curve('https://t.me/example/1')
CREATE OR REPLACE MACRO growth_curve(address) AS TABLE
SELECT c.observed_at, c.age_hours, c.view_count, c.like_count, c.comment_count, c.share_count, c.reaction_count, c.capture_id
FROM core.counter AS c
JOIN core.publication AS p USING (record_id)
WHERE p.url = address
ORDER BY c.observed_at, c.fetched_at, c.capture_id
