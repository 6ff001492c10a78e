-- What several sources together make of clients that are known and locked: nothing here depends on an order.
WITH v (client_id, newest, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles, os_key,
        standing, verdict, impact, deciding, reasons, warnings, ruleset,
        collected_at, received_at, seen_at, evidence_at, content_hash, report_id, stale_at, sweep_at, future,
        sources, touched, whole, trust, oldest_at, sent_token, sent_from) AS ({rows})
UPDATE clients SET
    name = CASE WHEN v.newest THEN COALESCE(v.name, clients.name) ELSE clients.name END,
    sort_key = CASE WHEN v.newest THEN COALESCE(v.sort_key, clients.sort_key) ELSE clients.sort_key END,
    sms_guid = CASE WHEN v.newest THEN COALESCE(v.sms_guid, clients.sms_guid)
        ELSE COALESCE(clients.sms_guid, v.sms_guid) END,
    resource_id = CASE WHEN v.newest THEN COALESCE(v.resource_id, clients.resource_id)
        ELSE COALESCE(clients.resource_id, v.resource_id) END,
    site = CASE WHEN clients.site = '' OR v.newest THEN COALESCE(v.site, clients.site) ELSE clients.site END,
    fqdn = CASE WHEN v.newest THEN COALESCE(v.fqdn, clients.fqdn) ELSE COALESCE(clients.fqdn, v.fqdn) END,
    smbios_guid = CASE WHEN v.newest THEN COALESCE(v.smbios_guid, clients.smbios_guid)
        ELSE COALESCE(clients.smbios_guid, v.smbios_guid) END,
    serial_number = CASE WHEN v.newest THEN COALESCE(v.serial_number, clients.serial_number)
        ELSE COALESCE(clients.serial_number, v.serial_number) END,
    roles = v.roles,
    listing = CASE WHEN v.newest AND clients.listing IN ('obsolete', 'decommissioned') AND v.seen_at >= clients.list_id
        THEN 'returned' ELSE clients.listing END,
    os_key = v.os_key,
    -- Seen using an old protocol since it is configured so: see assess::SeenOld.
    standing = CASE WHEN v.standing IN ('ready', 'restart_pending')
        AND (clients.seen_old_at >= COALESCE(v.oldest_at, v.seen_at)
            OR (v.verdict = 'ready' AND clients.seen_old_at >= clients.well_since))
        AND clients.seen_old_at > COALESCE(v.oldest_at, v.seen_at) - 2592000000
        THEN 'conflict' ELSE v.standing END,
    verdict_since = CASE
        WHEN clients.verdict = v.verdict AND clients.impact IS NOT DISTINCT FROM v.impact
        THEN clients.verdict_since ELSE v.seen_at END,
    well_since = CASE v.verdict WHEN 'ready' THEN COALESCE(clients.well_since, v.seen_at)
        WHEN 'undetermined' THEN clients.well_since END,
    verdict = v.verdict,
    impact = v.impact,
    deciding = v.deciding,
    reasons = v.reasons,
    warnings = v.warnings,
    ruleset = v.ruleset,
    collected_at = v.collected_at,
    received_at = v.received_at,
    seen_at = v.seen_at,
    evidence_at = v.evidence_at,
    content_hash = v.content_hash,
    report_id = v.report_id,
    stale_at = v.stale_at,
    sweep_at = CASE WHEN v.sweep_at IS NULL THEN NULL
        WHEN clients.sweep_at IS NULL OR clients.sweep_at > v.sweep_at THEN v.sweep_at ELSE clients.sweep_at END,
    future = v.future,
    sources = v.sources,
    touched = v.touched,
    whole = v.whole,
    trust = v.trust,
    oldest_at = v.oldest_at,
    sent_token = CASE WHEN v.newest THEN v.sent_token ELSE clients.sent_token END,
    sent_from = CASE WHEN v.newest THEN v.sent_from ELSE clients.sent_from END
FROM v
WHERE clients.estate = $1 AND clients.id = v.client_id
RETURNING clients.id
