-- A new client, or new facts about a known one. The guard on (seen_at, content_hash) decides the order of
-- reports in this one statement: what arrives late changes nothing, and any order of arrival ends the same.
WITH v (client_id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles, os_key,
        standing, verdict, impact, deciding, reasons, warnings, ruleset,
        collected_at, received_at, seen_at, content_hash, report_id, stale_at, sweep_at, future,
        touched, whole, trust, sent_token, sent_from) AS ({rows})
INSERT INTO clients (
    estate, id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles,
    listing, list_id, os_key, standing, verdict, impact, deciding, reasons, warnings, ruleset, verdict_since, well_since,
    collected_at, received_at, seen_at, evidence_at, content_hash, report_id, stale_at, sweep_at, future, duplicate,
    sources, touched, whole, trust, sent_token, sent_from)
SELECT
    $1, client_id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles,
    'unlisted', 0, os_key, standing, verdict, impact, deciding, reasons, warnings, ruleset, seen_at,
    CASE WHEN verdict = 'ready' THEN seen_at END,
    collected_at, received_at, seen_at, seen_at, content_hash, report_id, stale_at, sweep_at, future, FALSE,
    1, touched, whole, trust, sent_token, sent_from
FROM v WHERE TRUE
ON CONFLICT (estate, id) DO UPDATE SET
    name = excluded.name,
    sort_key = excluded.sort_key,
    sms_guid = COALESCE(excluded.sms_guid, clients.sms_guid),
    resource_id = COALESCE(excluded.resource_id, clients.resource_id),
    site = CASE WHEN excluded.site = '' THEN clients.site ELSE excluded.site END,
    fqdn = COALESCE(excluded.fqdn, clients.fqdn),
    smbios_guid = COALESCE(excluded.smbios_guid, clients.smbios_guid),
    serial_number = COALESCE(excluded.serial_number, clients.serial_number),
    roles = excluded.roles,
    -- What was read before the list came in does not bring a client back that the list says is gone.
    listing = CASE WHEN clients.listing IN ('obsolete', 'decommissioned') AND excluded.seen_at >= clients.list_id
        THEN 'returned' ELSE clients.listing END,
    os_key = excluded.os_key,
    -- Seen using an old protocol since it is configured so: see assess::SeenOld.
    standing = CASE WHEN excluded.standing IN ('ready', 'restart_pending')
        AND (clients.seen_old_at >= excluded.seen_at
            OR (excluded.verdict = 'ready' AND clients.seen_old_at >= clients.well_since))
        AND clients.seen_old_at > excluded.seen_at - 2592000000
        THEN 'conflict' ELSE excluded.standing END,
    verdict = excluded.verdict,
    impact = excluded.impact,
    deciding = excluded.deciding,
    reasons = excluded.reasons,
    warnings = excluded.warnings,
    ruleset = excluded.ruleset,
    verdict_since = CASE
        WHEN clients.verdict = excluded.verdict AND clients.impact IS NOT DISTINCT FROM excluded.impact
        THEN clients.verdict_since ELSE excluded.seen_at END,
    well_since = CASE excluded.verdict WHEN 'ready' THEN COALESCE(clients.well_since, excluded.seen_at)
        WHEN 'undetermined' THEN clients.well_since END,
    collected_at = excluded.collected_at,
    received_at = excluded.received_at,
    seen_at = excluded.seen_at,
    evidence_at = CASE
        WHEN clients.content_hash = excluded.content_hash AND clients.ruleset = excluded.ruleset
        THEN clients.evidence_at ELSE excluded.seen_at END,
    content_hash = excluded.content_hash,
    report_id = excluded.report_id,
    stale_at = excluded.stale_at,
    sweep_at = COALESCE(clients.sweep_at, excluded.sweep_at),
    future = excluded.future,
    sources = 1,
    touched = excluded.touched,
    whole = excluded.whole,
    trust = excluded.trust,
    sent_token = excluded.sent_token,
    sent_from = excluded.sent_from,
    oldest_at = NULL
WHERE clients.seen_at IS NULL
   OR excluded.seen_at > clients.seen_at
   OR (excluded.seen_at = clients.seen_at AND excluded.content_hash > clients.content_hash)
RETURNING id, evidence_at, seen_at
