-- A row of an expected list: a client that never reported yet, or ids that the list adds to a known one. What it is
-- listed as follows from all lists together (settle_listings.sql).
WITH v (client_id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles,
        owner, last_contact, listing, os_key) AS ({rows})
INSERT INTO clients (
    estate, id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles,
    owner, last_contact, listing, list_id, os_key, standing, reasons, warnings, ruleset, future, duplicate)
SELECT $1, client_id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles,
    owner, last_contact, listing, $2, os_key, 'silent', 0, 0, '', FALSE, FALSE
FROM v WHERE TRUE
ON CONFLICT (estate, id) DO UPDATE SET
    sms_guid = COALESCE(clients.sms_guid, excluded.sms_guid),
    resource_id = COALESCE(excluded.resource_id, clients.resource_id),
    site = CASE WHEN excluded.site = '' THEN clients.site ELSE excluded.site END,
    fqdn = COALESCE(clients.fqdn, excluded.fqdn),
    smbios_guid = COALESCE(clients.smbios_guid, excluded.smbios_guid),
    serial_number = COALESCE(clients.serial_number, excluded.serial_number),
    -- Of a client that was judged the roles are those that it was judged by.
    roles = CASE WHEN clients.verdict IS NULL AND clients.roles = '' THEN excluded.roles ELSE clients.roles END,
    os_key = CASE WHEN clients.verdict IS NULL AND excluded.os_key <> 'unknown' THEN excluded.os_key ELSE clients.os_key END
-- A list that comes daily and says the same rewrites nothing.
WHERE (clients.sms_guid IS NULL AND excluded.sms_guid IS NOT NULL)
   OR clients.resource_id IS DISTINCT FROM COALESCE(excluded.resource_id, clients.resource_id)
   OR (excluded.site <> '' AND excluded.site <> clients.site)
   OR (clients.fqdn IS NULL AND excluded.fqdn IS NOT NULL)
   OR (clients.smbios_guid IS NULL AND excluded.smbios_guid IS NOT NULL)
   OR (clients.serial_number IS NULL AND excluded.serial_number IS NOT NULL)
   OR (clients.verdict IS NULL AND clients.roles = '' AND excluded.roles <> '')
   OR (clients.verdict IS NULL AND excluded.os_key <> 'unknown' AND excluded.os_key <> clients.os_key)
RETURNING id
