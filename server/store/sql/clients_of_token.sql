-- Of how many clients a token sent anything in a span of time.
SELECT CAST(COUNT(*) AS BIGINT) FROM (
    SELECT h.client_id FROM history h
    WHERE h.estate = $1 AND h.sent_token = $2 AND h.sent_token <> '' AND h.received_at >= $3 AND h.received_at <= $4
    UNION
    SELECT e.client_id FROM echoes e
    WHERE e.estate = $1 AND e.sent_token = $2 AND e.sent_token <> '' AND ((e.received_at >= $3 AND e.received_at <= $4)
            OR (e.first_received_at >= $3 AND e.first_received_at <= $4))
    UNION
    SELECT c.id FROM clients c
    WHERE c.estate = $1 AND c.sent_token = $2 AND c.sent_token <> '' AND c.sources = 1 AND c.seen_at > c.evidence_at AND c.received_at >= $3 AND c.received_at <= $4
) AS touched
