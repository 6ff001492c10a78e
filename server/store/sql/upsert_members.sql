-- That a list names these clients.
WITH v (list_name, client_id, listing, owner, last_contact) AS ({rows})
INSERT INTO members (estate, list_name, client_id, list_id, listing, owner, last_contact)
SELECT $1, list_name, client_id, $2, listing, owner, last_contact FROM v WHERE TRUE
ON CONFLICT (estate, list_name, client_id) DO UPDATE SET
    list_id = excluded.list_id,
    listing = excluded.listing,
    owner = excluded.owner,
    last_contact = excluded.last_contact
RETURNING client_id
