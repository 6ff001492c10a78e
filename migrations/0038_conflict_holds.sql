-- Since when reports say that a client is ready, and none in between that it is not; one that leaves it open is no such one.
-- Empty: the newest verdict is another, or it waits for a restart.
ALTER TABLE clients ADD COLUMN well_since BIGINT;
UPDATE clients SET well_since = verdict_since WHERE verdict = 'ready';
-- A report that only repeats what was contradicted by a connection does not end the conflict (assess::SeenOld). Who stands as
-- ready since such a report, is in conflict again.
UPDATE clients SET standing = 'conflict'
WHERE seen_old_at IS NOT NULL AND standing IN ('ready', 'restart_pending')
  AND (seen_old_at >= COALESCE(oldest_at, seen_at) OR seen_old_at >= well_since)
  AND seen_old_at > COALESCE(oldest_at, seen_at) - 2592000000;
