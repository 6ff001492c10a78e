WITH v (client_id, other_id, shares) AS ({rows})
INSERT INTO suspects (estate, client_id, other_id, shares, since)
SELECT $1, client_id, other_id, shares, $2 FROM v WHERE TRUE
ON CONFLICT (estate, client_id, other_id, shares) DO NOTHING
RETURNING client_id
