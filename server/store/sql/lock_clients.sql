-- Clients that may change, locked in the order of their ids. PostgreSQL only: SQLite has one writer.
WITH v (client_id) AS ({rows})
SELECT c.id, c.seen_at, c.content_hash, c.sources, c.touched, c.whole, c.trust, c.verdict, c.os_key,
       c.sent_token, c.sent_from
FROM clients c WHERE c.estate = $1 AND c.id IN (SELECT client_id FROM v)
ORDER BY c.id FOR UPDATE OF c
