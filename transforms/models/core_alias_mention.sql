-- about: publications that name an entity by its name or an alias, as whole words
-- grain: record_id, project_id, entity_id
-- needs: core.publication, core.publication_entity, obs.text, ref.entity
-- by: record_id from core.publication, core.publication_entity
-- beside obs.text: text_hash from core.publication
-- touch core.publication: SELECT record_id FROM touched GROUP BY record_id HAVING count(*) <> 2 OR count(DISTINCT (
--     source, published_date, title, text_hash)) > 1
-- touch core.publication_entity: SELECT record_id FROM touched GROUP BY record_id, project_id, entity_id, role HAVING count(*) <> 2
-- column is_owned: found in a channel of an entity of the project, not said by others
-- column published_date: UTC day of publication
-- note: plain matching without word forms; topics with a query language are matched by the mention engine;
--   looks that only count likes anew are not searched again
WITH name AS (
    SELECT DISTINCT project_id, entity_id, lower(trim(unnest(list_append(coalesce(aliases, []), name)))) AS alias
    FROM ref.entity
),
term AS (
    SELECT project_id, entity_id, alias, ' ' || regexp_replace(alias, '([^\p{L}\p{N}])', ' \1 ', 'g') || ' ' AS spaced
    FROM name
    WHERE alias <> ''
),
found AS (
    SELECT record_id, project_id, bool_or(role = 'owned') AS is_owned FROM core.publication_entity GROUP BY record_id, project_id
),
said AS (
    SELECT p.record_id, p.source, p.published_date, lower(concat_ws(chr(10), p.title, t.text)) AS words
    FROM core.publication AS p
    LEFT JOIN obs.text AS t USING (text_hash)
),
likely AS MATERIALIZED (
    SELECT s.record_id, f.project_id, n.entity_id, s.source, s.published_date, f.is_owned, s.words, n.spaced
    FROM said AS s
    JOIN found AS f USING (record_id)
    JOIN term AS n ON n.project_id = f.project_id AND contains(s.words, n.alias)
)
-- With spaces around whatever is no letter or digit, whole words are found by plain search: an expression per alias would be
-- compiled anew for every row.
SELECT DISTINCT record_id, project_id, entity_id, source, published_date, is_owned
FROM likely
WHERE contains(' ' || regexp_replace(words, '([^\p{L}\p{N}])', ' \1 ', 'g') || ' ', spaced)
