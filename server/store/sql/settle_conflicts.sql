-- When clients were last seen using an old protocol, and the standing that it gives: see assess::SeenOld. A verdict that
-- is neither of these two, and one that is too old, stays.
WITH v (client_id, seen_old_at) AS ({rows})
UPDATE clients SET
    seen_old_at = v.seen_old_at,
    standing = CASE WHEN clients.standing NOT IN ('ready', 'restart_pending', 'conflict') THEN clients.standing
        WHEN (v.seen_old_at >= COALESCE(clients.oldest_at, clients.seen_at)
                OR (clients.verdict = 'ready' AND v.seen_old_at >= clients.well_since))
            AND v.seen_old_at > COALESCE(clients.oldest_at, clients.seen_at) - 2592000000 THEN 'conflict' ELSE clients.verdict END
FROM v
WHERE clients.estate = $1 AND clients.id = v.client_id AND (clients.seen_old_at IS NULL OR clients.seen_old_at < v.seen_old_at)
RETURNING clients.id
