-- The next clients of which a token sent anything in a span of time: what changed something, what did not, and what was
-- said last of the facts in force. Each along an index, a portion of each.
SELECT client_id FROM (
    SELECT client_id FROM (
        SELECT DISTINCT h.client_id AS client_id FROM history h
        WHERE h.estate = $1 AND h.sent_token = $2 AND h.sent_token <> '' AND h.client_id > $3
          AND h.received_at >= $4 AND h.received_at <= $5
        ORDER BY h.client_id LIMIT $6) AS kept
    UNION
    SELECT client_id FROM (
        SELECT DISTINCT e.client_id AS client_id FROM echoes e
        WHERE e.estate = $1 AND e.sent_token = $2 AND e.sent_token <> '' AND e.client_id > $3
          AND ((e.received_at >= $4 AND e.received_at <= $5)
            OR (e.first_received_at >= $4 AND e.first_received_at <= $5))
        ORDER BY e.client_id LIMIT $6) AS said
    UNION
    SELECT client_id FROM (
        SELECT c.id AS client_id FROM clients c
        WHERE c.estate = $1 AND c.sent_token = $2 AND c.sent_token <> '' AND c.sources = 1 AND c.seen_at > c.evidence_at AND c.id > $3
          AND c.received_at >= $4 AND c.received_at <= $5
        ORDER BY c.id LIMIT $6) AS run) AS touched
ORDER BY client_id LIMIT $6
