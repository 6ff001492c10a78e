-- Addresses of clients that were heard from another one than before: the one before, and the new one.
WITH v (client_id, address, since, last_at) AS ({rows})
INSERT INTO client_addresses (estate, client_id, address, since, last_at)
SELECT $1, client_id, address, since, last_at FROM v WHERE TRUE ORDER BY client_id, address
ON CONFLICT (estate, client_id, address) DO UPDATE SET
    last_at = CASE WHEN excluded.last_at > client_addresses.last_at THEN excluded.last_at
        ELSE client_addresses.last_at END
RETURNING client_id
