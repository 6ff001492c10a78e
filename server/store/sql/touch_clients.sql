-- The same facts again, later: only the times move, and no index is touched. The guard decides the order of
-- reports; a client that needs more than this (stale, left out, judged by older rules) takes the long way.
WITH v (client_id, content_hash, ruleset, future, trust, collected_at, received_at, seen_at, stale_at, report_id) AS ({rows})
UPDATE clients
SET collected_at = v.collected_at, received_at = v.received_at, seen_at = v.seen_at,
    stale_at = v.stale_at, report_id = v.report_id
FROM v
WHERE clients.estate = $1 AND clients.id = v.client_id
  AND clients.seen_at < v.seen_at AND clients.content_hash = v.content_hash AND clients.ruleset = v.ruleset
  AND clients.sources = 1 AND clients.trust = v.trust AND clients.future = v.future AND clients.standing = clients.verdict AND v.stale_at > $2
  AND clients.listing IN ('expected', 'unlisted', 'returned')
RETURNING clients.id
