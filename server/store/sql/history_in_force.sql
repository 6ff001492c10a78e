-- The facts that were in force for each of these clients at a time.
WITH v (n, client_id, seen_at) AS ({rows})
SELECT v.n, (SELECT h.content_hash FROM history h
        WHERE h.estate = $1 AND h.client_id = v.client_id AND h.seen_at <= v.seen_at AND h.aside IS NULL
        ORDER BY h.seen_at DESC, h.content_hash DESC LIMIT 1) AS content_hash
FROM v
