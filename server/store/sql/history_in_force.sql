-- The facts that were in force for a client at a time.
SELECT content_hash FROM history
WHERE estate = $1 AND client_id = $2 AND seen_at <= $3
ORDER BY seen_at DESC, content_hash DESC LIMIT 1
