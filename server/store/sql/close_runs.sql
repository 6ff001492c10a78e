-- When the facts in force of these clients were said last. Of clients with several sources each report is remembered when
-- it comes.
WITH v (client_id) AS ({rows})
INSERT INTO echoes (estate, client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id,
                    future, sent_by, way, sent_from, first_seen_at, first_received_at)
SELECT c.estate, c.id, c.content_hash, c.sent_token, c.trust, c.seen_at, c.collected_at, c.received_at, c.report_id,
       c.future, CASE WHEN h.sent_token = c.sent_token THEN h.sent_by ELSE '' END, h.way, c.sent_from,
       c.seen_at, c.received_at
FROM v CROSS JOIN clients c CROSS JOIN history h
WHERE c.estate = $1 AND c.id = v.client_id AND c.sources = 1 AND c.seen_at > c.evidence_at
  AND h.estate = $1 AND h.client_id = c.id AND h.seen_at = c.evidence_at AND h.content_hash = c.content_hash
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
