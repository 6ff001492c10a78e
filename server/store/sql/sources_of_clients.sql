-- Everything that is kept about these clients: the one report, or every source where there are several. The history
-- tells when a source was first heard; of the newest, the client itself tells when it was heard last.
WITH v (client_id) AS ({rows})
SELECT c.id AS client_id, c.content_hash, c.trust, c.seen_at, c.evidence_at, c.collected_at, c.received_at,
       c.report_id, c.future, h.dictionary, h.raw
FROM v CROSS JOIN clients c CROSS JOIN history h
WHERE c.estate = $1 AND c.id = v.client_id AND c.sources = 1 AND c.seen_at IS NOT NULL
  AND h.estate = $1 AND h.client_id = c.id AND h.seen_at = c.evidence_at AND h.content_hash = c.content_hash
UNION ALL
SELECT e.client_id, e.content_hash, e.trust, e.seen_at, e.evidence_at,
       CASE WHEN e.seen_at = c.seen_at AND e.content_hash = c.content_hash THEN c.collected_at ELSE h.collected_at END,
       CASE WHEN e.seen_at = c.seen_at AND e.content_hash = c.content_hash THEN c.received_at ELSE h.received_at END,
       CASE WHEN e.seen_at = c.seen_at AND e.content_hash = c.content_hash THEN c.report_id ELSE h.report_id END,
       CASE WHEN e.seen_at = c.seen_at AND e.content_hash = c.content_hash THEN c.future ELSE FALSE END,
       h.dictionary, h.raw
FROM v CROSS JOIN clients c CROSS JOIN evidence e CROSS JOIN history h
WHERE c.estate = $1 AND c.id = v.client_id AND c.sources > 1
  AND e.estate = $1 AND e.client_id = c.id
  AND h.estate = $1 AND h.client_id = e.client_id AND h.seen_at = e.evidence_at AND h.content_hash = e.content_hash
