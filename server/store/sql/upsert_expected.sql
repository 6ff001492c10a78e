-- A row of the expected list: a client that never reported yet, or what the list says of a known one.
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
    roles = CASE WHEN clients.roles = '' THEN excluded.roles ELSE clients.roles END,
    owner = excluded.owner,
    last_contact = excluded.last_contact,
    listing = excluded.listing,
    list_id = excluded.list_id,
    os_key = CASE WHEN clients.verdict IS NULL THEN excluded.os_key ELSE clients.os_key END
RETURNING id
