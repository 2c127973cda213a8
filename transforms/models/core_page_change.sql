-- about: what changed on a page from one look to the next: price, availability, text, title, meta, links, structured data
-- grain: record_id, changed_at, change, subject
-- needs: core.page_version, core.price_interval, core.offer, obs.page, obs.text, ref.ignore_rule
-- by: record_id from core.page_version
-- beside obs.page: record_id from core.page_version
-- beside obs.text: text_hash from core.page_version
-- touch core.price_interval: SELECT p.record_id FROM touched AS t JOIN obs.page AS p USING (capture_id)
-- column changed_at: first look that found it changed
-- column change: price, availability, text, title, meta, links or structured_data
-- column subject: for price and availability the offer's record_id, else empty
-- column old_value: what was there: for text and links the lines and addresses that went, at most 20
-- column new_value: what is there: for text and links the lines and addresses that came, at most 20
-- column change_size: 0-1: for text and links formula text_change over words and addresses, for price the relative change without
--   sign, else 1; null where one side is unknown
-- column price_change: relative change of the price with its sign (formula price_change)
-- column capture_id: the capture that first showed the change
-- note: text that an ignore rule of the watch matches does not count, nor does a heading that stayed the same, which may stand
--   in the text on one night and not on the next; to learn from a page the availability that a card did not say is no change
WITH rule AS (
    SELECT watch_id, string_agg('(?:' || pattern || ')', '|' ORDER BY pattern) AS pattern
    FROM ref.ignore_rule
    WHERE problem IS NULL
    GROUP BY watch_id
),
version AS (
    SELECT
        v.* EXCLUDE (valid_to, last_seen_at, look_count),
        lag(v.version_number) OVER turn AS old_number,
        lag(v.title) OVER turn AS old_title,
        lag(v.h1) OVER turn AS old_h1,
        lag(v.description) OVER turn AS old_description,
        lag(v.text_hash) OVER turn AS old_text_hash,
        lag(v.links) OVER turn AS old_links,
        lag(v.items) OVER turn AS old_items
    FROM core.page_version AS v
    WINDOW turn AS (PARTITION BY v.record_id ORDER BY v.version_number)
),
pair AS (
    SELECT *, CASE WHEN h1 = old_h1 THEN h1 END AS kept_h1 FROM version WHERE old_number IS NOT NULL
),
body AS (
    SELECT
        p.record_id,
        p.version_number,
        list_filter(
            string_split(
                coalesce(CASE WHEN r.pattern IS NULL THEN was.text ELSE regexp_replace(was.text, r.pattern, '', 'g') END, ''), chr(10)
            ),
            lambda line: trim(line) IS DISTINCT FROM p.kept_h1
        ) AS old_lines,
        list_filter(
            string_split(
                coalesce(CASE WHEN r.pattern IS NULL THEN now.text ELSE regexp_replace(now.text, r.pattern, '', 'g') END, ''), chr(10)
            ),
            lambda line: trim(line) IS DISTINCT FROM p.kept_h1
        ) AS new_lines
    FROM pair AS p
    LEFT JOIN obs.text AS was ON was.text_hash = p.old_text_hash
    LEFT JOIN obs.text AS now ON now.text_hash = p.text_hash
    LEFT JOIN rule AS r ON r.watch_id = p.watch_id
    WHERE p.text_hash IS DISTINCT FROM p.old_text_hash
),
part AS (
    SELECT record_id, version_number, 'text' AS change, 'old' AS side, old_lines AS parts FROM body
    UNION ALL
    SELECT record_id, version_number, 'text', 'new', new_lines FROM body
    UNION ALL
    SELECT record_id, version_number, 'words', 'old', string_split_regex(array_to_string(old_lines, ' '), '\s+') FROM body
    UNION ALL
    SELECT record_id, version_number, 'words', 'new', string_split_regex(array_to_string(new_lines, ' '), '\s+') FROM body
    UNION ALL
    SELECT record_id, version_number, 'links', 'old', old_links FROM pair WHERE links IS DISTINCT FROM old_links
    UNION ALL
    SELECT record_id, version_number, 'links', 'new', links FROM pair WHERE links IS DISTINCT FROM old_links
),
element AS (
    SELECT record_id, version_number, change, side, trim(unnest(parts)) AS part, generate_subscripts(parts, 1) AS place
    FROM part
),
compared AS (
    SELECT
        record_id,
        version_number,
        change,
        part,
        bool_or(side = 'old') AS was_there,
        bool_or(side = 'new') AS is_there,
        min(place) AS place
    FROM element
    WHERE part <> ''
    GROUP BY record_id, version_number, change, part
),
difference AS (
    SELECT
        record_id,
        version_number,
        change,
        1 - count(*) FILTER (was_there AND is_there) / count(*) AS change_size,
        array_to_string((list(part ORDER BY place, part) FILTER (NOT is_there))[:20], chr(10)) AS old_value,
        array_to_string((list(part ORDER BY place, part) FILTER (NOT was_there))[:20], chr(10)) AS new_value
    FROM compared
    GROUP BY record_id, version_number, change
),
found AS (
    SELECT
        d.record_id,
        d.version_number,
        d.change,
        d.old_value,
        d.new_value,
        CASE d.change WHEN 'text' THEN coalesce(w.change_size, d.change_size) ELSE d.change_size END AS change_size
    FROM difference AS d
    LEFT JOIN difference AS w
        ON w.record_id = d.record_id AND w.version_number = d.version_number AND w.change = 'words' AND d.change = 'text'
    WHERE d.change <> 'words' AND d.change_size > 0
    UNION ALL
    SELECT record_id, version_number, 'title', concat_ws(' · ', old_title, old_h1), concat_ws(' · ', title, h1), 1
    FROM pair
    WHERE ROW(title, h1) IS DISTINCT FROM ROW(old_title, old_h1)
    UNION ALL
    SELECT record_id, version_number, 'meta', old_description, description, 1
    FROM pair
    WHERE description IS DISTINCT FROM old_description
    UNION ALL
    SELECT record_id, version_number, 'structured_data', left(old_items::VARCHAR, 4000), left(items::VARCHAR, 4000), 1
    FROM pair
    WHERE items::VARCHAR IS DISTINCT FROM old_items::VARCHAR
),
priced AS (
    SELECT
        i.record_id AS subject,
        i.capture_id,
        i.valid_from AS changed_at,
        i.price_amount,
        i.currency,
        i.availability,
        lag(i.interval_number) OVER turn AS old_number,
        lag(i.is_partial) OVER turn AS was_card,
        lag(i.price_amount) OVER turn AS old_price,
        lag(i.currency) OVER turn AS old_currency,
        lag(i.availability) OVER turn AS old_availability
    FROM core.price_interval AS i
    WHERE i.record_id IN (SELECT j.record_id FROM core.price_interval AS j JOIN obs.page AS p USING (capture_id))
    WINDOW turn AS (PARTITION BY i.record_id ORDER BY i.interval_number)
),
on_page AS (
    SELECT DISTINCT ON (p.record_id, i.subject, i.changed_at) i.*, p.record_id, p.source, p.watch_id, o.url
    FROM core.page_version AS v
    JOIN obs.page AS p ON p.record_id = v.record_id
    JOIN priced AS i ON i.capture_id = p.capture_id
    JOIN core.offer AS o ON o.record_id = i.subject
    WHERE i.old_number IS NOT NULL
    ORDER BY i.capture_id
)
SELECT
    p.record_id,
    p.valid_from AS changed_at,
    f.change,
    '' AS subject,
    p.source,
    p.watch_id,
    p.url,
    f.old_value,
    f.new_value,
    f.change_size::DOUBLE AS change_size,
    NULL::DOUBLE AS price_change,
    p.capture_id
FROM found AS f
JOIN pair AS p USING (record_id, version_number)
UNION ALL
SELECT
    record_id,
    changed_at,
    'price',
    subject,
    source,
    watch_id,
    url,
    old_price::VARCHAR || ' ' || coalesce(old_currency, ''),
    price_amount::VARCHAR || ' ' || coalesce(currency, ''),
    CASE WHEN currency IS NOT DISTINCT FROM old_currency THEN abs((price_amount - old_price) / nullif(old_price, 0))::DOUBLE END,
    CASE WHEN currency IS NOT DISTINCT FROM old_currency THEN ((price_amount - old_price) / nullif(old_price, 0))::DOUBLE END,
    capture_id
FROM on_page
WHERE ROW(price_amount, currency) IS DISTINCT FROM ROW(old_price, old_currency)
UNION ALL
SELECT record_id, changed_at, 'availability', subject, source, watch_id, url, old_availability, availability, 1, NULL, capture_id
FROM on_page
WHERE availability IS DISTINCT FROM old_availability AND (old_availability IS NOT NULL OR NOT was_card)
