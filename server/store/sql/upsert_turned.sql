-- Clients that a report turned ready, and who sent it: the latest of each.
WITH v (client_id, token, sent_from, at) AS ({rows})
INSERT INTO turned (estate, client_id, token, sent_from, at)
SELECT $1, client_id, token, sent_from, at FROM v WHERE TRUE ORDER BY client_id
ON CONFLICT (estate, client_id) DO UPDATE SET
    token = excluded.token, sent_from = excluded.sent_from, at = excluded.at
RETURNING client_id
