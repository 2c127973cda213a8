-- about: a page in time: how long it kept its text, titles, links and structured data
-- grain: record_id, version_number
-- needs: obs.page, ops.sighting
-- by: record_id from obs.page
-- column version_number: place in the page's history, from 1
SELECT
    h.record_id,
    h.stretch_number AS version_number,
    h.source,
    h.watch_id,
    h.url,
    h.title,
    h.description,
    h.h1,
    h.text_hash,
    h.links,
    h.items,
    h.valid_from,
    h.valid_to,
    h.last_seen_at,
    h.look_count,
    h.capture_id
FROM history(obs.page: title, description, h1, text_hash, links, items) AS h
