-- The clients that carry any of these idents: at most two for each (the first and the last by id), which is
-- enough to know that there is one, or more than one, however many machines share a cloned serial number. Of a name
-- also the first and the last that are counted, because a name means those. A client comes once, with the places of the
-- idents that it carries: reading a row costs more than finding it.
WITH v (place, ident) AS ({rows}),
carriers AS (
    SELECT v.place, (SELECT i.client_id FROM identities i WHERE i.estate = $1 AND i.ident = v.ident
                     ORDER BY i.client_id LIMIT 1) AS client_id FROM v
    UNION
    SELECT v.place, (SELECT i.client_id FROM identities i WHERE i.estate = $1 AND i.ident = v.ident
                     ORDER BY i.client_id DESC LIMIT 1) FROM v
    UNION
    SELECT v.place, (SELECT i.client_id FROM identities i JOIN clients o ON o.estate = i.estate AND o.id = i.client_id
                     WHERE i.estate = $1 AND i.ident = v.ident AND o.listing NOT IN ('obsolete', 'decommissioned')
                     ORDER BY i.client_id LIMIT 1) FROM v WHERE SUBSTR(v.ident, 1, 2) = 'n:'
    UNION
    SELECT v.place, (SELECT i.client_id FROM identities i JOIN clients o ON o.estate = i.estate AND o.id = i.client_id
                     WHERE i.estate = $1 AND i.ident = v.ident AND o.listing NOT IN ('obsolete', 'decommissioned')
                     ORDER BY i.client_id DESC LIMIT 1) FROM v WHERE SUBSTR(v.ident, 1, 2) = 'n:'
),
each_once AS (
    SELECT client_id, STRING_AGG(CAST(place AS TEXT), ',') AS places
    FROM carriers WHERE client_id IS NOT NULL GROUP BY client_id
)
SELECT each_once.places, c.id, c.name, c.sms_guid, c.resource_id, c.site, c.fqdn, c.smbios_guid, c.serial_number,
       c.seen_at, c.content_hash, c.listing, c.standing, c.verdict, c.stale_at, c.os_key, c.sent_token, c.sent_from,
       c.sources, c.touched, c.whole, c.trust, c.roles
FROM each_once CROSS JOIN clients c
WHERE c.estate = $1 AND c.id = each_once.client_id
