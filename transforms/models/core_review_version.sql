-- about: a review in time: as first written, and after each edit of stars, title or text
-- grain: record_id, version_number
-- needs: obs.review, ops.sighting
-- by: record_id from obs.review
-- column version_number: place in the review's history, from 1
SELECT
    h.record_id,
    h.stretch_number AS version_number,
    h.source,
    h.subject,
    h.rating_value,
    h.title,
    h.text_hash,
    h.valid_from,
    h.last_seen_at,
    h.capture_id
FROM history(obs.review: rating_value, title, text_hash) AS h
