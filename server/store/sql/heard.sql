-- A group of reports, counted for those who sent them: one row a site, sender and way. A day that begins anew takes over
-- the place of the day eight days before it.
WITH v (site, sender, way, first_at, last_at, reports, day, n0, n1, n2, n3, n4, n5, n6, n7) AS ({rows})
INSERT INTO feeds (estate, site, sender, way, shard, first_at, last_at, reports, day, spoke,
    n0, n1, n2, n3, n4, n5, n6, n7)
SELECT $1, site, sender, way, $2, first_at, last_at, reports, day, 1, n0, n1, n2, n3, n4, n5, n6, n7
FROM v WHERE TRUE ORDER BY site, sender, way
ON CONFLICT (estate, site, sender, way, shard) DO UPDATE SET
    last_at = CASE WHEN excluded.last_at > feeds.last_at THEN excluded.last_at ELSE feeds.last_at END,
    reports = feeds.reports + excluded.reports,
    day = CASE WHEN excluded.day > feeds.day THEN excluded.day ELSE feeds.day END,
    spoke = CASE
        WHEN excluded.day - feeds.day >= 62 THEN 1
        WHEN excluded.day > feeds.day
        THEN ((feeds.spoke << CAST(excluded.day - feeds.day AS INTEGER)) & 4611686018427387903) | 1
        WHEN feeds.day - excluded.day < 62
        THEN feeds.spoke | (CAST(1 AS BIGINT) << CAST(feeds.day - excluded.day AS INTEGER))
        ELSE feeds.spoke END,
    n0 = CASE WHEN excluded.day > feeds.day AND excluded.n0 > 0 THEN excluded.n0 ELSE feeds.n0 + excluded.n0 END,
    n1 = CASE WHEN excluded.day > feeds.day AND excluded.n1 > 0 THEN excluded.n1 ELSE feeds.n1 + excluded.n1 END,
    n2 = CASE WHEN excluded.day > feeds.day AND excluded.n2 > 0 THEN excluded.n2 ELSE feeds.n2 + excluded.n2 END,
    n3 = CASE WHEN excluded.day > feeds.day AND excluded.n3 > 0 THEN excluded.n3 ELSE feeds.n3 + excluded.n3 END,
    n4 = CASE WHEN excluded.day > feeds.day AND excluded.n4 > 0 THEN excluded.n4 ELSE feeds.n4 + excluded.n4 END,
    n5 = CASE WHEN excluded.day > feeds.day AND excluded.n5 > 0 THEN excluded.n5 ELSE feeds.n5 + excluded.n5 END,
    n6 = CASE WHEN excluded.day > feeds.day AND excluded.n6 > 0 THEN excluded.n6 ELSE feeds.n6 + excluded.n6 END,
    n7 = CASE WHEN excluded.day > feeds.day AND excluded.n7 > 0 THEN excluded.n7 ELSE feeds.n7 + excluded.n7 END
RETURNING site
