-- What several sources together make of clients that are known and locked: nothing here depends on an order.
WITH v (client_id, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles, os_key,
        standing, verdict, impact, deciding, reasons, warnings, ruleset,
        collected_at, received_at, seen_at, evidence_at, content_hash, report_id, stale_at, sweep_at, future,
        sources, touched, whole, trust, oldest_at) AS ({rows})
UPDATE clients SET
    sms_guid = COALESCE(clients.sms_guid, v.sms_guid),
    resource_id = COALESCE(clients.resource_id, v.resource_id),
    site = CASE WHEN clients.site = '' THEN COALESCE(v.site, '') ELSE clients.site END,
    fqdn = COALESCE(clients.fqdn, v.fqdn),
    smbios_guid = COALESCE(clients.smbios_guid, v.smbios_guid),
    serial_number = COALESCE(clients.serial_number, v.serial_number),
    roles = v.roles,
    listing = CASE WHEN clients.listing IN ('obsolete', 'decommissioned') THEN 'returned' ELSE clients.listing END,
    os_key = v.os_key,
    standing = v.standing,
    verdict_since = CASE
        WHEN clients.verdict = v.verdict AND clients.impact IS NOT DISTINCT FROM v.impact
        THEN clients.verdict_since ELSE v.seen_at END,
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
    oldest_at = v.oldest_at
FROM v
WHERE clients.estate = $1 AND clients.id = v.client_id
RETURNING clients.id
