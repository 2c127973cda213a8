-- about: which offer each observed record counts for: a card of a listing and the page of its product are one offer
-- grain: record_id
-- needs: obs.offer
-- by: address_id from obs.offer
-- touch obs.offer: SELECT o.address_id FROM obs.offer AS o SEMI JOIN touched USING (record_id)
--   UNION SELECT i.address_id FROM core.offer_identity AS i SEMI JOIN touched USING (record_id)
-- column offer_id: record_id of the offer in core.offer: the record's own, but for a card whose address one product has
-- note: where a page has several products or variants, a card that names none of them stays an offer of its own
WITH known AS (
    SELECT DISTINCT record_id, address_id FROM obs.offer
),
product AS (
    SELECT address_id, min(record_id) AS offer_id
    FROM known
    WHERE record_id <> address_id
    GROUP BY address_id
    HAVING count(*) = 1
)
SELECT record_id, address_id, CASE WHEN record_id = address_id THEN coalesce(p.offer_id, record_id) ELSE record_id END AS offer_id
FROM known
LEFT JOIN product AS p USING (address_id)
