-- The same facts again, later: only the times move, and no index is touched. The guard decides the order of
-- reports; a client that needs more than this (stale, left out, judged by older rules, heard with another token before)
-- takes the long way.
WITH v (client_id, content_hash, ruleset, future, trust, collected_at, received_at, seen_at, stale_at, report_id,
        sent_token, sent_from) AS ({rows})
UPDATE clients
SET collected_at = v.collected_at, received_at = v.received_at, seen_at = v.seen_at,
    stale_at = v.stale_at, report_id = v.report_id, sent_from = v.sent_from
FROM v
WHERE clients.estate = $1 AND clients.id = v.client_id
  AND clients.seen_at < v.seen_at AND v.stale_at > $2
  -- Negated, so that no planner takes these for a way to find the row.
  AND NOT (clients.content_hash <> v.content_hash OR clients.ruleset <> v.ruleset OR clients.trust <> v.trust
    OR clients.sent_token <> v.sent_token OR clients.future <> v.future OR clients.standing <> clients.verdict OR clients.sources <> 1)
  AND clients.listing IN ('expected', 'unlisted', 'returned')
RETURNING clients.id
