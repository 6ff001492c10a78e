-- Clients as they are without the reports that are set aside: one row each, whatever stood there before. The caller has
-- locked them, and goes by nothing that another one may have written meanwhile.
WITH v (client_id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles, listing, os_key,
        standing, verdict, impact, deciding, reasons, warnings, ruleset, verdict_since,
        collected_at, received_at, seen_at, evidence_at, content_hash, report_id, stale_at, sweep_at, future,
        sources, touched, whole, trust, oldest_at, sent_token, sent_from) AS ({rows})
INSERT INTO clients (
    estate, id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles,
    listing, list_id, os_key, standing, verdict, impact, deciding, reasons, warnings, ruleset, verdict_since, well_since,
    collected_at, received_at, seen_at, evidence_at, content_hash, report_id, stale_at, sweep_at, future, duplicate,
    sources, touched, whole, trust, oldest_at, sent_token, sent_from)
SELECT
    $1, client_id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles,
    listing, 0, os_key, standing, verdict, impact, deciding, reasons, warnings, ruleset, verdict_since,
    CASE WHEN verdict = 'ready' THEN verdict_since END,
    collected_at, received_at, seen_at, evidence_at, content_hash, report_id, stale_at, sweep_at, future, FALSE,
    sources, touched, whole, trust, oldest_at, sent_token, sent_from
FROM v WHERE TRUE
ON CONFLICT (estate, id) DO UPDATE SET
    name = excluded.name,
    sort_key = excluded.sort_key,
    sms_guid = excluded.sms_guid,
    resource_id = excluded.resource_id,
    site = excluded.site,
    fqdn = excluded.fqdn,
    smbios_guid = excluded.smbios_guid,
    serial_number = excluded.serial_number,
    roles = excluded.roles,
    listing = excluded.listing,
    os_key = excluded.os_key,
    -- Seen using an old protocol since it is configured so: see assess::SeenOld.
    standing = CASE WHEN excluded.standing IN ('ready', 'restart_pending')
        AND (clients.seen_old_at >= COALESCE(excluded.oldest_at, excluded.seen_at)
            OR (excluded.verdict = 'ready' AND (clients.seen_old_at >= clients.well_since OR clients.seen_old_at >= excluded.verdict_since)))
        AND clients.seen_old_at > COALESCE(excluded.oldest_at, excluded.seen_at) - 2592000000
        THEN 'conflict' ELSE excluded.standing END,
    verdict = excluded.verdict,
    impact = excluded.impact,
    deciding = excluded.deciding,
    reasons = excluded.reasons,
    warnings = excluded.warnings,
    ruleset = excluded.ruleset,
    verdict_since = excluded.verdict_since,
    -- The earlier of both: what is set aside must not make anybody look mended.
    well_since = CASE excluded.verdict
        WHEN 'ready' THEN CASE WHEN clients.well_since < excluded.verdict_since THEN clients.well_since ELSE excluded.verdict_since END
        WHEN 'undetermined' THEN clients.well_since END,
    collected_at = excluded.collected_at,
    received_at = excluded.received_at,
    seen_at = excluded.seen_at,
    evidence_at = excluded.evidence_at,
    content_hash = excluded.content_hash,
    report_id = excluded.report_id,
    stale_at = excluded.stale_at,
    sweep_at = excluded.sweep_at,
    future = excluded.future,
    sources = excluded.sources,
    touched = excluded.touched,
    whole = excluded.whole,
    trust = excluded.trust,
    oldest_at = excluded.oldest_at,
    sent_token = excluded.sent_token,
    sent_from = excluded.sent_from
RETURNING id
