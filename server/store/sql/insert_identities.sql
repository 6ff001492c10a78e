WITH v (ident, client_id) AS ({rows})
INSERT INTO identities (estate, ident, client_id)
SELECT $1, ident, client_id FROM v WHERE TRUE
ON CONFLICT (estate, ident, client_id) DO NOTHING
RETURNING client_id
