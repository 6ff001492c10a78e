-- Counts move with the clients that move, in the same transaction, whoever writes. Lists are in byte order
-- whatever the cluster's locale is, so that a page and its cursor agree everywhere.

ALTER TABLE clients ALTER COLUMN sort_key TYPE TEXT COLLATE "C";
ALTER TABLE identities ALTER COLUMN ident TYPE TEXT COLLATE "C";

-- One statement moves many clients, so the triggers see whole sets, and each count is written once a statement.
-- The three branches differ only in which of the two sets exist.
CREATE FUNCTION count_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        WITH moved AS (SELECT 1 AS sign, * FROM new_rows),
        moves AS (
            SELECT estate, 'client' AS kind, listing, site, os_key, standing, COALESCE(impact, '') AS detail, sign FROM moved
            UNION ALL
            SELECT estate, 'reason', listing, site, os_key, standing, CAST(bit AS TEXT), sign
            FROM moved JOIN reason_bits ON (moved.reasons & mask) <> 0 WHERE moved.reasons <> 0
            UNION ALL
            SELECT estate, 'flag', listing, site, os_key, standing, 'duplicate', sign FROM moved WHERE duplicate
            UNION ALL
            SELECT estate, 'flag', listing, site, os_key, standing, 'future', sign FROM moved WHERE future
            UNION ALL
            SELECT estate, 'ruleset', '', '', '', '', ruleset, sign FROM moved
        )
        SELECT estate, kind, listing, site, os_key, standing, detail, pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM moves
        GROUP BY estate, kind, listing, site, os_key, standing, detail
        HAVING SUM(sign) <> 0
        ORDER BY estate, kind, listing, site, os_key, standing, detail
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        WITH moved AS (SELECT -1 AS sign, * FROM old_rows),
        moves AS (
            SELECT estate, 'client' AS kind, listing, site, os_key, standing, COALESCE(impact, '') AS detail, sign FROM moved
            UNION ALL
            SELECT estate, 'reason', listing, site, os_key, standing, CAST(bit AS TEXT), sign
            FROM moved JOIN reason_bits ON (moved.reasons & mask) <> 0 WHERE moved.reasons <> 0
            UNION ALL
            SELECT estate, 'flag', listing, site, os_key, standing, 'duplicate', sign FROM moved WHERE duplicate
            UNION ALL
            SELECT estate, 'flag', listing, site, os_key, standing, 'future', sign FROM moved WHERE future
            UNION ALL
            SELECT estate, 'ruleset', '', '', '', '', ruleset, sign FROM moved
        )
        SELECT estate, kind, listing, site, os_key, standing, detail, pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM moves
        GROUP BY estate, kind, listing, site, os_key, standing, detail
        HAVING SUM(sign) <> 0
        ORDER BY estate, kind, listing, site, os_key, standing, detail
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    ELSE
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        WITH moved AS (SELECT 1 AS sign, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows),
        moves AS (
            SELECT estate, 'client' AS kind, listing, site, os_key, standing, COALESCE(impact, '') AS detail, sign FROM moved
            UNION ALL
            SELECT estate, 'reason', listing, site, os_key, standing, CAST(bit AS TEXT), sign
            FROM moved JOIN reason_bits ON (moved.reasons & mask) <> 0 WHERE moved.reasons <> 0
            UNION ALL
            SELECT estate, 'flag', listing, site, os_key, standing, 'duplicate', sign FROM moved WHERE duplicate
            UNION ALL
            SELECT estate, 'flag', listing, site, os_key, standing, 'future', sign FROM moved WHERE future
            UNION ALL
            SELECT estate, 'ruleset', '', '', '', '', ruleset, sign FROM moved
        )
        SELECT estate, kind, listing, site, os_key, standing, detail, pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM moves
        GROUP BY estate, kind, listing, site, os_key, standing, detail
        HAVING SUM(sign) <> 0
        ORDER BY estate, kind, listing, site, os_key, standing, detail
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER clients_counted_insert AFTER INSERT ON clients
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_moves();
CREATE TRIGGER clients_counted_delete AFTER DELETE ON clients
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_moves();
CREATE TRIGGER clients_counted_update AFTER UPDATE ON clients
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_moves();
