-- Two more kinds of count. 'token' (detail: id of the token): of how many clients each token sent the report in force, so that
-- the list of tokens need not look at the clients. 'seen' (detail: what was seen of a client on the wire): the boxes of what was
-- seen beside what is configured. A client that is heard through the same token, and of which the same was seen, writes nothing.

-- What was seen of a client in the last 30 days, as worked out last: 'legacy', 'unclear' or 'modern'; empty: nothing.
ALTER TABLE clients ADD COLUMN seen TEXT NOT NULL DEFAULT '';
CREATE INDEX clients_by_seen ON clients (estate, seen, standing, sort_key, id) WHERE seen <> '';

CREATE TRIGGER clients_sent_first AFTER INSERT ON clients WHEN NEW.sent_token <> ''
BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (NEW.estate, 'token', '', '', '', '', NEW.sent_token, 0, 1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;

CREATE TRIGGER clients_sent_otherwise AFTER UPDATE OF sent_token ON clients WHEN OLD.sent_token <> NEW.sent_token
BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT OLD.estate, 'token', '', '', '', '', OLD.sent_token, 0, -1 WHERE OLD.sent_token <> ''
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT NEW.estate, 'token', '', '', '', '', NEW.sent_token, 0, 1 WHERE NEW.sent_token <> ''
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;

CREATE TRIGGER clients_sent_no_more AFTER DELETE ON clients WHEN OLD.sent_token <> ''
BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (OLD.estate, 'token', '', '', '', '', OLD.sent_token, 0, -1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;

-- Nothing was seen of a client that is new.
CREATE TRIGGER clients_seen_otherwise AFTER UPDATE OF seen, standing, site, listing ON clients
WHEN (OLD.seen <> '' OR NEW.seen <> '')
    AND (OLD.seen <> NEW.seen OR OLD.standing <> NEW.standing OR OLD.site <> NEW.site OR OLD.listing <> NEW.listing)
BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT OLD.estate, 'seen', OLD.listing, OLD.site, '', OLD.standing, OLD.seen, 0, -1 WHERE OLD.seen <> ''
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    SELECT NEW.estate, 'seen', NEW.listing, NEW.site, '', NEW.standing, NEW.seen, 0, 1 WHERE NEW.seen <> ''
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;

CREATE TRIGGER clients_seen_no_more AFTER DELETE ON clients WHEN OLD.seen <> ''
BEGIN
    INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
    VALUES (OLD.estate, 'seen', OLD.listing, OLD.site, '', OLD.standing, OLD.seen, 0, -1)
    ON CONFLICT DO UPDATE SET n = n + excluded.n;
END;

INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
SELECT estate, 'token', '', '', '', '', sent_token, 0, COUNT(*) FROM clients WHERE sent_token <> ''
GROUP BY estate, sent_token;
