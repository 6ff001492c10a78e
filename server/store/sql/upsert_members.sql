-- That a list names these clients, and what it says of them.
WITH v (list_name, client_id, listing, owner, last_contact, name, sms_guid, resource_id, site, fqdn, smbios_guid,
        serial_number, roles, os_key) AS ({rows})
INSERT INTO members (estate, list_name, client_id, list_id, listing, owner, last_contact,
    name, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles, os_key)
SELECT $1, list_name, client_id, $2, listing, owner, last_contact,
    name, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles, os_key FROM v WHERE TRUE
ON CONFLICT (estate, list_name, client_id) DO UPDATE SET
    list_id = excluded.list_id,
    listing = excluded.listing,
    owner = excluded.owner,
    last_contact = excluded.last_contact,
    name = excluded.name,
    sms_guid = excluded.sms_guid,
    resource_id = excluded.resource_id,
    site = excluded.site,
    fqdn = excluded.fqdn,
    smbios_guid = excluded.smbios_guid,
    serial_number = excluded.serial_number,
    roles = excluded.roles,
    os_key = excluded.os_key
RETURNING client_id
