-- Of how many clients each token sent the report in force: one more kind of count, so that the list of tokens need not look
-- at the clients. Only a client that is new, gone or heard through another token than before writes here.

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

INSERT INTO counts (estate, kind, listing, site, os_key, standing, detail, shard, n)
SELECT estate, 'token', '', '', '', '', sent_token, 0, COUNT(*) FROM clients WHERE sent_token <> ''
GROUP BY estate, sent_token;
