-- PostgreSQL only. What a table was when it was last analysed stands in `relpages`, in pages; -1 rows: it never was.
DO $$
DECLARE
    grown regclass;
BEGIN
    FOR grown IN
        SELECT oid::regclass FROM pg_class
        WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
          AND CASE WHEN reltuples < 0 THEN pg_relation_size(oid) > 0
              ELSE pg_relation_size(oid) / current_setting('block_size')::bigint > 2 * GREATEST(relpages, 2) END
    LOOP
        EXECUTE format('ANALYZE %s', grown);
    END LOOP;
END
$$
