-- Verdicts by other rules. Of a client with several sources other ones may decide now, and so it may be of another
-- age; of one with a single source the times stay. What was written by these rules already is left alone.
WITH v (client_id, content_hash, sources, ruleset, verdict, impact, deciding, reasons, warnings, os_key, roles,
        oldest_at, stale_at) AS ({rows})
UPDATE clients SET
    verdict_since = CASE
        WHEN clients.verdict = v.verdict AND clients.impact IS NOT DISTINCT FROM v.impact
        THEN clients.verdict_since ELSE $2 END,
    -- Other rules mend nothing: what the report in force says, it has said since it was read.
    well_since = CASE v.verdict WHEN 'ready' THEN COALESCE(clients.well_since, clients.seen_at)
        WHEN 'undetermined' THEN clients.well_since END,
    standing = CASE WHEN v.stale_at <= $2 OR (v.stale_at IS NULL AND clients.standing = 'stale')
        THEN 'stale'
        -- Seen using an old protocol since it is configured so: see assess::SeenOld.
        WHEN v.verdict IN ('ready', 'restart_pending')
            AND (clients.seen_old_at >= COALESCE(v.oldest_at, clients.seen_at)
                OR (v.verdict = 'ready' AND clients.seen_old_at >= clients.well_since))
            AND clients.seen_old_at > COALESCE(v.oldest_at, clients.seen_at) - 2592000000
        THEN 'conflict' ELSE v.verdict END,
    verdict = v.verdict,
    impact = v.impact,
    deciding = v.deciding,
    reasons = v.reasons,
    warnings = v.warnings,
    os_key = v.os_key,
    ruleset = v.ruleset,
    roles = COALESCE(v.roles, clients.roles),
    oldest_at = v.oldest_at,
    stale_at = COALESCE(v.stale_at, clients.stale_at),
    sweep_at = CASE WHEN v.stale_at IS NULL THEN clients.sweep_at
        WHEN v.stale_at <= $2 THEN NULL
        WHEN clients.sweep_at IS NULL OR clients.sweep_at > v.stale_at THEN v.stale_at ELSE clients.sweep_at END
FROM v
WHERE clients.estate = $1 AND clients.id = v.client_id AND clients.content_hash = v.content_hash
  AND clients.sources = v.sources AND clients.ruleset <> v.ruleset
RETURNING clients.id
