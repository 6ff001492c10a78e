-- Counts move with the client that moves, in the same transaction, whoever writes.

CREATE TRIGGER clients_counted_insert AFTER INSERT ON clients BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (NEW.estate, 'client', NEW.listing, NEW.site, NEW.os_key, NEW.standing, COALESCE(NEW.impact, ''), 0, 1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT NEW.estate, 'reason', NEW.listing, NEW.site, NEW.os_key, NEW.standing, CAST(bit AS TEXT), 0, 1
    FROM reason_bits WHERE NEW.reasons <> 0 AND (NEW.reasons & mask) <> 0
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT NEW.estate, 'flag', NEW.listing, NEW.site, NEW.os_key, NEW.standing, 'duplicate', 0, 1 WHERE NEW.duplicate
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT NEW.estate, 'flag', NEW.listing, NEW.site, NEW.os_key, NEW.standing, 'future', 0, 1 WHERE NEW.future
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (NEW.estate, 'ruleset', '', '', '', '', NEW.ruleset, 0, 1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;

CREATE TRIGGER clients_counted_delete AFTER DELETE ON clients BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (OLD.estate, 'client', OLD.listing, OLD.site, OLD.os_key, OLD.standing, COALESCE(OLD.impact, ''), 0, -1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT OLD.estate, 'reason', OLD.listing, OLD.site, OLD.os_key, OLD.standing, CAST(bit AS TEXT), 0, -1
    FROM reason_bits WHERE OLD.reasons <> 0 AND (OLD.reasons & mask) <> 0
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT OLD.estate, 'flag', OLD.listing, OLD.site, OLD.os_key, OLD.standing, 'duplicate', 0, -1 WHERE OLD.duplicate
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT OLD.estate, 'flag', OLD.listing, OLD.site, OLD.os_key, OLD.standing, 'future', 0, -1 WHERE OLD.future
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (OLD.estate, 'ruleset', '', '', '', '', OLD.ruleset, 0, -1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;

CREATE TRIGGER clients_counted_update AFTER UPDATE ON clients
WHEN OLD.standing <> NEW.standing OR OLD.reasons <> NEW.reasons OR OLD.os_key <> NEW.os_key
    OR OLD.site <> NEW.site OR OLD.listing <> NEW.listing OR OLD.impact IS NOT NEW.impact
    OR OLD.duplicate <> NEW.duplicate OR OLD.future <> NEW.future OR OLD.ruleset <> NEW.ruleset
BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (OLD.estate, 'client', OLD.listing, OLD.site, OLD.os_key, OLD.standing, COALESCE(OLD.impact, ''), 0, -1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT OLD.estate, 'reason', OLD.listing, OLD.site, OLD.os_key, OLD.standing, CAST(bit AS TEXT), 0, -1
    FROM reason_bits WHERE OLD.reasons <> 0 AND (OLD.reasons & mask) <> 0
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT OLD.estate, 'flag', OLD.listing, OLD.site, OLD.os_key, OLD.standing, 'duplicate', 0, -1 WHERE OLD.duplicate
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT OLD.estate, 'flag', OLD.listing, OLD.site, OLD.os_key, OLD.standing, 'future', 0, -1 WHERE OLD.future
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (OLD.estate, 'ruleset', '', '', '', '', OLD.ruleset, 0, -1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (NEW.estate, 'client', NEW.listing, NEW.site, NEW.os_key, NEW.standing, COALESCE(NEW.impact, ''), 0, 1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT NEW.estate, 'reason', NEW.listing, NEW.site, NEW.os_key, NEW.standing, CAST(bit AS TEXT), 0, 1
    FROM reason_bits WHERE NEW.reasons <> 0 AND (NEW.reasons & mask) <> 0
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT NEW.estate, 'flag', NEW.listing, NEW.site, NEW.os_key, NEW.standing, 'duplicate', 0, 1 WHERE NEW.duplicate
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT NEW.estate, 'flag', NEW.listing, NEW.site, NEW.os_key, NEW.standing, 'future', 0, 1 WHERE NEW.future
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (NEW.estate, 'ruleset', '', '', '', '', NEW.ruleset, 0, 1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;
