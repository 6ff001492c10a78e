-- Reports from the future that said what the history holds: the first with each token, because each later one would be
-- the newest again.
WITH v (client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id, future, sent_by, way,
        sent_from) AS ({rows})
INSERT INTO echoes (estate, client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id,
                    future, sent_by, way, sent_from, first_seen_at, first_received_at)
SELECT $1, client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id,
       future, sent_by, way, sent_from, seen_at, received_at
FROM v WHERE NOT EXISTS (
    SELECT 1 FROM history h
    WHERE h.estate = $1 AND h.client_id = v.client_id AND h.content_hash = v.content_hash
      AND h.sent_token = v.sent_token AND h.trust = v.trust)
ON CONFLICT (estate, client_id, content_hash, sent_token, trust) DO NOTHING
RETURNING client_id
