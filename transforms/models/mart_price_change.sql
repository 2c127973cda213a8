-- about: every change of price or availability of an offer, with the price before
-- grain: project_id, entity_id, record_id, interval_number
-- needs: core.price_interval, core.offer, core.record_entity
-- by: record_id from core.price_interval, core.offer, core.record_entity
-- column changed_at: first look that found it changed
-- column changed_date: UTC day of it
-- column previous_price_amount: price before
-- column previous_currency: currency before
-- column previous_availability: availability before
-- column price_change: relative change of the price; null when a price is unknown or the currency changed (formula price_change)
WITH step AS (
    SELECT
        i.*,
        lag(i.interval_number) OVER turn AS previous_number,
        lag(i.is_partial) OVER turn AS was_card,
        lag(i.price_amount) OVER turn AS previous_price_amount,
        lag(i.currency) OVER turn AS previous_currency,
        lag(i.availability) OVER turn AS previous_availability
    FROM core.price_interval AS i
    WINDOW turn AS (PARTITION BY i.record_id ORDER BY i.interval_number)
)
SELECT
    e.project_id,
    e.entity_id,
    record_id,
    s.interval_number,
    s.valid_from AS changed_at,
    s.valid_from::DATE AS changed_date,
    o.source,
    o.name,
    o.url,
    s.previous_price_amount,
    s.price_amount,
    s.previous_currency,
    s.currency,
    CASE WHEN s.currency IS NOT DISTINCT FROM s.previous_currency
        THEN ((s.price_amount - s.previous_price_amount) / nullif(s.previous_price_amount, 0))::DOUBLE END AS price_change,
    s.previous_availability,
    s.availability,
    s.capture_id
FROM step AS s
JOIN core.offer AS o USING (record_id)
JOIN core.record_entity AS e USING (record_id)
WHERE s.previous_number IS NOT NULL
    -- A card need not say the availability: to learn it from the page is no change.
    AND NOT (
        s.was_card
        AND s.previous_availability IS NULL
        AND ROW(s.price_amount, s.currency) IS NOT DISTINCT FROM ROW(s.previous_price_amount, s.previous_currency)
    )
