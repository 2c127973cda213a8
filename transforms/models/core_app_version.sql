-- about: the versions an app went through in a storefront
-- grain: record_id, app_version
-- needs: obs.app
-- by: record_id from obs.app
-- column app_version: version of the app
-- column first_seen_at: when this version was first seen
-- column last_seen_at: when this version was last read
-- column capture_id: the capture that first showed it
SELECT
    record_id,
    app_version,
    min(source) AS source,
    min(store) AS store,
    min(app_id) AS app_id,
    min(country) AS country,
    arg_max(name, ROW(observed_at, fetched_at, capture_id)) AS name,
    min(released_at) AS released_at,
    arg_max(release_notes, ROW(observed_at, fetched_at, capture_id)) AS release_notes,
    min(observed_at) AS first_seen_at,
    max(observed_at) AS last_seen_at,
    arg_min(capture_id, ROW(observed_at, fetched_at, capture_id)) AS capture_id
FROM obs.app
WHERE app_version IS NOT NULL
GROUP BY record_id, app_version
