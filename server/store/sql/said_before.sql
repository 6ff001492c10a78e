-- Which of these older readings say what was in force at their time, or were kept before, to the byte.
WITH v (n, client_id, content_hash, seen_at) AS ({rows})
SELECT v.n FROM v
WHERE v.content_hash = (SELECT h.content_hash FROM history h
        WHERE h.estate = $1 AND h.client_id = v.client_id AND h.seen_at <= v.seen_at AND h.aside IS NULL
        ORDER BY h.seen_at DESC, h.content_hash DESC LIMIT 1)
   OR EXISTS (SELECT 1 FROM history h
        WHERE h.estate = $1 AND h.client_id = v.client_id AND h.seen_at = v.seen_at AND h.content_hash = v.content_hash
          AND h.aside IS NULL)
