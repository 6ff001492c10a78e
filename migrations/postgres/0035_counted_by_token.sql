-- Of how many clients each token sent the report in force: one more kind of count, so that the list of tokens need not look
-- at the clients. Only a client that is new, gone or heard through another token than before writes here.

-- As with the other counts, a statement's rows are seen as a set; what did not move cancels out, and is not written.
CREATE FUNCTION count_by_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        SELECT estate, 'token', '', '', '', '', sent_token, pg_backend_pid() % 16, COUNT(*)
        FROM new_rows WHERE sent_token <> ''
        GROUP BY estate, sent_token
        ORDER BY estate, sent_token
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        SELECT estate, 'token', '', '', '', '', sent_token, pg_backend_pid() % 16, -COUNT(*)
        FROM old_rows WHERE sent_token <> ''
        GROUP BY estate, sent_token
        ORDER BY estate, sent_token
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    ELSE
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        SELECT estate, 'token', '', '', '', '', sent_token, pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM (
            SELECT 1 AS sign, estate, sent_token FROM new_rows WHERE sent_token <> ''
            UNION ALL
            SELECT -1 AS sign, estate, sent_token FROM old_rows WHERE sent_token <> ''
        ) AS moved
        GROUP BY estate, sent_token
        HAVING SUM(sign) <> 0
        ORDER BY estate, sent_token
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER clients_sent_first AFTER INSERT ON clients
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_by_token();
CREATE TRIGGER clients_sent_no_more AFTER DELETE ON clients
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_by_token();
CREATE TRIGGER clients_sent_otherwise AFTER UPDATE ON clients
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_by_token();

-- The triggers come first: making them locks the table, so that no other server moves a client in between.
INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
SELECT estate, 'token', '', '', '', '', sent_token, 0, COUNT(*) FROM clients WHERE sent_token <> ''
GROUP BY estate, sent_token;
