-- about: posts, articles and videos per entity, source and day, with the engagement they have gathered so far
-- grain: project_id, entity_id, role, source, published_date
-- needs: core.publication, core.publication_entity
-- by: published_date from core.publication, core.publication_entity
-- column publication_count: publications of that day
-- column ad_count: of them marked as paid
-- column reaction_count: likes, comments and shares that are known; null when none is (formula reactions)
-- column reaction_parts: which counters entered reaction_count
-- column view_count: views that are known; null when none are
-- column er_view: reactions per view, over publications that show both (formula er_view)
-- note: a day without publications has no row
SELECT
    e.project_id,
    e.entity_id,
    e.role,
    p.source,
    published_date,
    count(*) AS publication_count,
    count(*) FILTER (p.is_ad) AS ad_count,
    sum(p.reaction_count)::BIGINT AS reaction_count,
    list_filter(
        [
            CASE WHEN bool_or(p.comment_count IS NOT NULL) THEN 'comments' END,
            CASE WHEN bool_or(p.like_count IS NOT NULL) THEN 'likes' END,
            CASE WHEN bool_or(p.share_count IS NOT NULL) THEN 'shares' END
        ],
        lambda part: part IS NOT NULL
    ) AS reaction_parts,
    sum(p.view_count)::BIGINT AS view_count,
    sum(p.reaction_count) FILTER (p.view_count > 0) / nullif(sum(p.view_count) FILTER (p.reaction_count IS NOT NULL), 0) AS er_view
FROM core.publication AS p
JOIN core.publication_entity AS e USING (record_id, published_date)
WHERE p.kind <> 'comment'
GROUP BY ALL
