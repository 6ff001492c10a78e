-- How complete the newest upload of a feed is that says so. Where the feed has spoken through another server only, or of
-- other sites, it begins here without a report.
INSERT INTO feeds (estate, site, sender, way, shard, first_at, last_at, reports, day, spoke,
    n0, n1, n2, n3, n4, n5, n6, n7, asked, answered, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $6, 0, $7, 1, 0, 0, 0, 0, 0, 0, 0, 0, $8, $9, $6)
ON CONFLICT (estate, site, sender, way, shard) DO UPDATE SET
    asked = excluded.asked, answered = excluded.answered, asked_at = excluded.asked_at
WHERE feeds.asked_at IS NULL OR feeds.asked_at <= excluded.asked_at
