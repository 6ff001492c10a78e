-- A client is marked while another counted record shares a suspicious id with it that nobody has settled.
WITH v (client_id) AS ({rows})
UPDATE clients
SET duplicate = (
    clients.listing NOT IN ('obsolete', 'decommissioned') AND EXISTS (
        SELECT 1 FROM suspects s JOIN clients o ON o.estate = s.estate AND o.id = s.other_id
        WHERE s.estate = clients.estate AND s.client_id = clients.id AND s.settled_at IS NULL
          AND o.listing NOT IN ('obsolete', 'decommissioned')))
FROM v
WHERE clients.estate = $1 AND clients.id = v.client_id
RETURNING clients.id
