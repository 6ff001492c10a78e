-- Reports that said what the history holds: of the same client, facts, token and trust the newest.
WITH v (client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id, future, sent_by, way,
        sent_from) AS ({rows})
INSERT INTO echoes (estate, client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id,
                    future, sent_by, way, sent_from)
SELECT $1, client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id,
       future, sent_by, way, sent_from
FROM v WHERE TRUE
ON CONFLICT (estate, client_id, content_hash, sent_token, trust) DO UPDATE SET
    seen_at = excluded.seen_at,
    collected_at = excluded.collected_at,
    received_at = excluded.received_at,
    report_id = excluded.report_id,
    future = excluded.future,
    sent_by = excluded.sent_by,
    way = excluded.way,
    sent_from = excluded.sent_from,
    aside = NULL
WHERE excluded.seen_at > echoes.seen_at
RETURNING client_id
