-- What clients need is counted for every standing but ready and silent, which need nothing: a filter by fix or by several
-- reasons would have to look at each stale client otherwise.

-- No other server moves a client in between.
LOCK TABLE clients IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION count_signatures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        SELECT estate, 'signature', listing, site, os_key, standing, CAST(reasons AS TEXT),
            pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM (SELECT 1 AS sign, estate, listing, site, os_key, standing, reasons FROM new_rows WHERE standing NOT IN ('ready', 'silent')) AS moved
        GROUP BY estate, listing, site, os_key, standing, reasons
        HAVING SUM(sign) <> 0
        ORDER BY estate, listing, site, os_key, standing, CAST(reasons AS TEXT)
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        SELECT estate, 'signature', listing, site, os_key, standing, CAST(reasons AS TEXT),
            pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM (SELECT -1 AS sign, estate, listing, site, os_key, standing, reasons FROM old_rows WHERE standing NOT IN ('ready', 'silent')) AS moved
        GROUP BY estate, listing, site, os_key, standing, reasons
        HAVING SUM(sign) <> 0
        ORDER BY estate, listing, site, os_key, standing, CAST(reasons AS TEXT)
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    ELSE
        INSERT INTO counts AS c (estate, kind, listing, site, os_key, standing, detail, shard, n)
        SELECT estate, 'signature', listing, site, os_key, standing, CAST(reasons AS TEXT),
            pg_backend_pid() % 16, CAST(SUM(sign) AS BIGINT)
        FROM (
            SELECT 1 AS sign, estate, listing, site, os_key, standing, reasons FROM new_rows WHERE standing NOT IN ('ready', 'silent')
            UNION ALL
            SELECT -1 AS sign, estate, listing, site, os_key, standing, reasons FROM old_rows WHERE standing NOT IN ('ready', 'silent')
        ) AS moved
        GROUP BY estate, listing, site, os_key, standing, reasons
        HAVING SUM(sign) <> 0
        ORDER BY estate, listing, site, os_key, standing, CAST(reasons AS TEXT)
        ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = c.n + excluded.n;
    END IF;
    RETURN NULL;
END
$$;

INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
SELECT estate, 'signature', listing, site, os_key, standing, CAST(reasons AS TEXT), 0, COUNT(*)
FROM clients WHERE standing NOT IN ('ready', 'silent', 'blocking', 'undetermined')
GROUP BY estate, listing, site, os_key, standing, reasons
ON CONFLICT (estate, kind, listing, site, os_key, standing, detail, shard) DO UPDATE SET n = counts.n + excluded.n;
