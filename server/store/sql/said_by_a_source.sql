-- Which of these readings a source of their client has said, believed as far.
WITH v (n, client_id, content_hash, trust) AS ({rows})
SELECT v.n FROM v CROSS JOIN evidence e
WHERE e.estate = $1 AND e.client_id = v.client_id AND e.content_hash = v.content_hash AND e.trust = v.trust
