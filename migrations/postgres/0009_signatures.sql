-- How many blocking and undetermined clients need the same: a count for each reason mask, kept with the others. The fix
-- plan is made from these. A client that reports the same facts, or another standing than these two, moves nothing.

-- As with the other counts, a statement's rows are seen as a set; what did not move cancels out, and is not written.
CREATE FUNCTION count_signatures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        SELECT estate, 'signature', listing, site, os_key, standing, CAST(reasons AS TEXT),
            pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM (SELECT 1 AS sign, estate, listing, site, os_key, standing, reasons FROM new_rows WHERE standing IN ('blocking', 'undetermined')) AS moved
        GROUP BY estate, listing, site, os_key, standing, reasons
        HAVING SUM(sign) <> 0
        ORDER BY estate, listing, site, os_key, standing, CAST(reasons AS TEXT)
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        SELECT estate, 'signature', listing, site, os_key, standing, CAST(reasons AS TEXT),
            pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM (SELECT -1 AS sign, estate, listing, site, os_key, standing, reasons FROM old_rows WHERE standing IN ('blocking', 'undetermined')) AS moved
        GROUP BY estate, listing, site, os_key, standing, reasons
        HAVING SUM(sign) <> 0
        ORDER BY estate, listing, site, os_key, standing, CAST(reasons AS TEXT)
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    ELSE
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        SELECT estate, 'signature', listing, site, os_key, standing, CAST(reasons AS TEXT),
            pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM (
            SELECT 1 AS sign, estate, listing, site, os_key, standing, reasons FROM new_rows WHERE standing IN ('blocking', 'undetermined')
            UNION ALL
            SELECT -1 AS sign, estate, listing, site, os_key, standing, reasons FROM old_rows WHERE standing IN ('blocking', 'undetermined')
        ) AS moved
        GROUP BY estate, listing, site, os_key, standing, reasons
        HAVING SUM(sign) <> 0
        ORDER BY estate, listing, site, os_key, standing, CAST(reasons AS TEXT)
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER clients_signed_insert AFTER INSERT ON clients
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_signatures();
CREATE TRIGGER clients_signed_delete AFTER DELETE ON clients
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_signatures();
CREATE TRIGGER clients_signed_update AFTER UPDATE ON clients
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_signatures();

-- The triggers come first: making them locks the table, so that no other server moves a client in between.
INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
SELECT estate, 'signature', listing, site, os_key, standing, CAST(reasons AS TEXT), 0, COUNT(*)
FROM clients WHERE standing IN ('blocking', 'undetermined')
GROUP BY estate, listing, site, os_key, standing, reasons;
