-- Something odd about a client: noted once, and again with the latest until somebody has closed it.
WITH v (id, client_id, kind, token, about, sent_by, sent_from, was, became, turned, at) AS ({rows})
INSERT INTO suspicions (estate, id, client_id, kind, token, about, sent_by, sent_from, was, became, turned,
    first_at, last_at, times)
SELECT $1, id, client_id, kind, token, about, sent_by, sent_from, was, became, turned, at, at, 1
FROM v WHERE TRUE ORDER BY client_id, kind, token, about
ON CONFLICT (estate, client_id, kind, token, about) WHERE closed_at IS NULL DO UPDATE SET
    sent_by = excluded.sent_by,
    sent_from = excluded.sent_from,
    became = excluded.became,
    turned = suspicions.turned OR excluded.turned,
    last_at = CASE WHEN excluded.last_at > suspicions.last_at THEN excluded.last_at ELSE suspicions.last_at END,
    times = suspicions.times + 1
RETURNING client_id
