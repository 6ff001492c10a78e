-- Reports that changed something, and late ones that say something new.
WITH v (client_id, seen_at, content_hash, collected_at, received_at, report_id, verdict, impact, reasons, ruleset,
        late, sent_by, way, trust, sent_token, sent_from, dictionary, raw) AS ({rows})
INSERT INTO history (estate, client_id, seen_at, content_hash, collected_at, received_at, report_id, verdict, impact,
                     reasons, ruleset, late, sent_by, way, trust, sent_token, sent_from, dictionary,
                     raw)
SELECT $1, client_id, seen_at, content_hash, collected_at, received_at, report_id, verdict, impact,
       reasons, ruleset, late, sent_by, way, trust, sent_token, sent_from, dictionary, raw
FROM v WHERE TRUE
ON CONFLICT (estate, client_id, seen_at, content_hash) DO NOTHING
RETURNING client_id
