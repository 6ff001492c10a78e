-- Clients whose time has come: too old becomes stale; one that reported since is looked at again later.
UPDATE clients
SET standing = CASE WHEN stale_at <= $2 THEN 'stale' ELSE standing END,
    sweep_at = CASE WHEN stale_at <= $2 THEN NULL ELSE stale_at END
WHERE estate = $1 AND id IN (
    SELECT id FROM clients WHERE estate = $1 AND sweep_at <= $2 ORDER BY sweep_at LIMIT $3)
