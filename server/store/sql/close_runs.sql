-- When the facts in force of these clients were said last. Of clients with several sources each report is remembered when
-- it comes.
WITH v (client_id) AS ({rows})
INSERT INTO echoes (estate, client_id, content_hash, sent_token, trust, seen_at, collected_at, received_at, report_id,
                    future, sent_by, way, sent_from)
SELECT c.estate, c.id, c.content_hash, c.sent_token, c.trust, c.seen_at, c.collected_at, c.received_at, c.report_id,
       c.future, CASE WHEN h.sent_token = c.sent_token THEN h.sent_by ELSE '' END, h.way, c.sent_from
FROM v CROSS JOIN clients c CROSS JOIN history h
WHERE c.estate = $1 AND c.id = v.client_id AND c.sources = 1 AND c.seen_at > c.evidence_at
  AND h.estate = $1 AND h.client_id = c.id AND h.seen_at = c.evidence_at AND h.content_hash = c.content_hash
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
