-- Reports that said what the history holds: of the same client, facts, token and trust the newest, and when the first
-- came, because since then it stands so.
WITH v (client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id, future, sent_by, way,
        sent_from) AS ({rows})
INSERT INTO echoes (estate, client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id,
                    future, sent_by, way, sent_from, first_seen_at, first_received_at)
SELECT $1, client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id,
       future, sent_by, way, sent_from, seen_at, received_at
FROM v WHERE TRUE
ON CONFLICT (estate, client_id, content_hash, sent_token, trust) DO UPDATE SET
    first_received_at = CASE WHEN excluded.first_seen_at < echoes.first_seen_at THEN excluded.first_received_at
        ELSE echoes.first_received_at END,
    first_seen_at = CASE WHEN excluded.first_seen_at < echoes.first_seen_at THEN excluded.first_seen_at
        ELSE echoes.first_seen_at END,
    collected_at = CASE WHEN excluded.seen_at > echoes.seen_at THEN excluded.collected_at ELSE echoes.collected_at END,
    received_at = CASE WHEN excluded.seen_at > echoes.seen_at THEN excluded.received_at ELSE echoes.received_at END,
    report_id = CASE WHEN excluded.seen_at > echoes.seen_at THEN excluded.report_id ELSE echoes.report_id END,
    future = CASE WHEN excluded.seen_at > echoes.seen_at THEN excluded.future ELSE echoes.future END,
    sent_by = CASE WHEN excluded.seen_at > echoes.seen_at THEN excluded.sent_by ELSE echoes.sent_by END,
    way = CASE WHEN excluded.seen_at > echoes.seen_at THEN excluded.way ELSE echoes.way END,
    sent_from = CASE WHEN excluded.seen_at > echoes.seen_at THEN excluded.sent_from ELSE echoes.sent_from END,
    aside = CASE WHEN excluded.seen_at > echoes.seen_at THEN NULL ELSE echoes.aside END,
    seen_at = CASE WHEN excluded.seen_at > echoes.seen_at THEN excluded.seen_at ELSE echoes.seen_at END
WHERE excluded.seen_at > echoes.seen_at OR excluded.first_seen_at < echoes.first_seen_at
RETURNING client_id
