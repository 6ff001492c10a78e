-- A report that only repeats what was contradicted by a connection does not end the conflict (assess::SeenOld). Who stands as
-- ready since such a report, is in conflict again.
UPDATE clients SET standing = 'conflict'
WHERE seen_old_at IS NOT NULL AND standing IN ('ready', 'restart_pending')
  AND (seen_old_at >= COALESCE(oldest_at, seen_at) OR seen_old_at >= verdict_since)
  AND seen_old_at > COALESCE(oldest_at, seen_at) - 2592000000;
