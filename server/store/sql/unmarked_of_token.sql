-- How many reports of a quarantine are not marked although it is in force ($6), or are marked although it is not; and how
-- many clients rest on a report of it that nothing was remembered of yet.
SELECT CAST(
    (SELECT COUNT(*) FROM history h
     WHERE h.estate = $1 AND h.sent_token = $2 AND h.sent_token <> '' AND h.received_at >= $3 AND h.received_at <= $4
       AND ((h.aside IS NULL AND $6) OR (h.aside = $5 AND NOT $6)))
    + (SELECT COUNT(*) FROM echoes e
     WHERE e.estate = $1 AND e.sent_token = $2 AND e.sent_token <> '' AND e.received_at >= $3 AND e.received_at <= $4
       AND ((e.aside IS NULL AND $6) OR (e.aside = $5 AND NOT $6)))
    + (SELECT COUNT(*) FROM clients c
     WHERE c.estate = $1 AND c.sent_token = $2 AND c.sent_token <> '' AND c.sources = 1 AND c.seen_at > c.evidence_at AND c.received_at >= $3 AND c.received_at <= $4
       AND $6)
AS BIGINT)
