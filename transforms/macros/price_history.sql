-- about: prices and availability in time of offers whose name or address contains a text
-- use: FROM price_history('samovar')
CREATE OR REPLACE MACRO price_history(words) AS TABLE
SELECT
    o.name,
    o.url,
    i.valid_from,
    i.valid_to,
    i.last_seen_at,
    i.price_amount,
    i.old_price_amount,
    i.currency,
    i.availability,
    i.capture_id
FROM core.price_interval AS i
JOIN core.offer AS o USING (record_id)
WHERE contains(lower(coalesce(o.name, '')), lower(words)) OR contains(lower(coalesce(o.url, '')), lower(words))
ORDER BY o.name, o.url, record_id, i.interval_number
