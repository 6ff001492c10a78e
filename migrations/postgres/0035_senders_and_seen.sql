-- Two more kinds of count. 'token' (detail: id of the token): of how many clients each token sent the report in force, so that
-- the list of tokens need not look at the clients. 'seen' (detail: what was seen of a client on the wire): the boxes of what was
-- seen beside what is configured. A client that is heard through the same token, and of which the same was seen, writes nothing.

-- What was seen of a client in the last 30 days, as worked out last: 'legacy', 'unclear' or 'modern'; empty: nothing.
ALTER TABLE clients ADD COLUMN seen TEXT NOT NULL DEFAULT '';
CREATE INDEX clients_by_seen ON clients (estate, seen, standing, sort_key, id) WHERE seen <> '';

-- As with the other counts, a statement's rows are seen as a set; what did not move cancels out, and is not written.
CREATE FUNCTION count_senders_and_seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        WITH moves AS (
            SELECT estate, 'token' AS kind, '' AS listing, '' AS site, '' AS standing, sent_token AS detail, 1 AS sign
            FROM new_rows WHERE sent_token <> ''
            UNION ALL
            SELECT estate, 'seen', listing, site, standing, seen, 1 FROM new_rows WHERE seen <> ''
        )
        SELECT estate, kind, listing, site, '', standing, detail, pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM moves
        GROUP BY estate, kind, listing, site, standing, detail
        ORDER BY estate, kind, listing, site, standing, detail
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        WITH moves AS (
            SELECT estate, 'token' AS kind, '' AS listing, '' AS site, '' AS standing, sent_token AS detail, -1 AS sign
            FROM old_rows WHERE sent_token <> ''
            UNION ALL
            SELECT estate, 'seen', listing, site, standing, seen, -1 FROM old_rows WHERE seen <> ''
        )
        SELECT estate, kind, listing, site, '', standing, detail, pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM moves
        GROUP BY estate, kind, listing, site, standing, detail
        ORDER BY estate, kind, listing, site, standing, detail
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    ELSE
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        WITH moves AS (
            SELECT estate, 'token' AS kind, '' AS listing, '' AS site, '' AS standing, sent_token AS detail, 1 AS sign
            FROM new_rows WHERE sent_token <> ''
            UNION ALL
            SELECT estate, 'token', '', '', '', sent_token, -1 FROM old_rows WHERE sent_token <> ''
            UNION ALL
            SELECT estate, 'seen', listing, site, standing, seen, 1 FROM new_rows WHERE seen <> ''
            UNION ALL
            SELECT estate, 'seen', listing, site, standing, seen, -1 FROM old_rows WHERE seen <> ''
        )
        SELECT estate, kind, listing, site, '', standing, detail, pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM moves
        GROUP BY estate, kind, listing, site, standing, detail
        HAVING SUM(sign) <> 0
        ORDER BY estate, kind, listing, site, standing, detail
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER clients_sent_first AFTER INSERT ON clients
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_senders_and_seen();
CREATE TRIGGER clients_sent_no_more AFTER DELETE ON clients
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_senders_and_seen();
CREATE TRIGGER clients_sent_otherwise AFTER UPDATE ON clients
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_senders_and_seen();

-- The triggers come first: making them locks the table, so that no other server moves a client in between.
INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
SELECT estate, 'token', '', '', '', '', sent_token, 0, COUNT(*) FROM clients WHERE sent_token <> ''
GROUP BY estate, sent_token;
