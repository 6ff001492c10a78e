-- What clients need is counted for every standing but ready and silent, which need nothing: a filter by fix or by several
-- reasons would have to look at each stale client otherwise.

DROP TRIGGER clients_signed_insert;
DROP TRIGGER clients_signed_delete;
DROP TRIGGER clients_signed_update;

CREATE TRIGGER clients_signed_insert AFTER INSERT ON clients
WHEN NEW.standing NOT IN ('ready', 'silent')
BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (NEW.estate, 'signature', NEW.listing, NEW.site, NEW.os_key, NEW.standing, CAST(NEW.reasons AS TEXT), 0, 1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;

CREATE TRIGGER clients_signed_delete AFTER DELETE ON clients
WHEN OLD.standing NOT IN ('ready', 'silent')
BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (OLD.estate, 'signature', OLD.listing, OLD.site, OLD.os_key, OLD.standing, CAST(OLD.reasons AS TEXT), 0, -1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;

CREATE TRIGGER clients_signed_update AFTER UPDATE OF standing, reasons, os_key, site, listing ON clients
WHEN (OLD.standing NOT IN ('ready', 'silent') OR NEW.standing NOT IN ('ready', 'silent'))
    AND (OLD.standing <> NEW.standing OR OLD.reasons <> NEW.reasons OR OLD.os_key <> NEW.os_key
        OR OLD.site <> NEW.site OR OLD.listing <> NEW.listing)
BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT OLD.estate, 'signature', OLD.listing, OLD.site, OLD.os_key, OLD.standing, CAST(OLD.reasons AS TEXT), 0, -1
    WHERE OLD.standing NOT IN ('ready', 'silent')
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT NEW.estate, 'signature', NEW.listing, NEW.site, NEW.os_key, NEW.standing, CAST(NEW.reasons AS TEXT), 0, 1
    WHERE NEW.standing NOT IN ('ready', 'silent')
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;

INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
SELECT estate, 'signature', listing, site, os_key, standing, CAST(reasons AS TEXT), 0, COUNT(*)
FROM clients WHERE standing NOT IN ('ready', 'silent', 'blocking', 'undetermined')
GROUP BY estate, listing, site, os_key, standing, reasons;
