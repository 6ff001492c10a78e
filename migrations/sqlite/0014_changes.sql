-- The feed of the list of blockers: a row for each time that a counted client came into the list, changed in it in a way
-- that the list shows, or left it. A row holds what the client was and what it became, so that it can be read at any later
-- time without a look at what is now. Rows are never changed; the oldest are let go of.
--
-- The triggers name the columns they wait for, and what has to differ, so that a report that says nothing new does not
-- even ask them, and nobody who is no blocker and was none writes a row.
--
-- `seq` is the order. There is one writer, and a number is never given twice, so whoever has read up to a number has read
-- everything before it.

CREATE TABLE changes (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    estate        BIGINT  NOT NULL,
    at            BIGINT  NOT NULL, -- by the clock of the database
    client_id     BYTEA   NOT NULL,
    deleted       BOOLEAN NOT NULL, -- the record of the client is gone; both halves say what it was last
    -- what it became
    name          TEXT    NOT NULL,
    site          TEXT    NOT NULL,
    os_key        TEXT    NOT NULL,
    standing      TEXT    NOT NULL,
    verdict       TEXT,
    impact        TEXT,
    deciding      TEXT,
    reasons       BIGINT  NOT NULL,
    verdict_since BIGINT,
    ruleset       TEXT    NOT NULL,
    listing       TEXT    NOT NULL,
    owner         TEXT,
    -- what it was before; all empty: this is the first that is known of it
    was_name          TEXT,
    was_site          TEXT,
    was_os_key        TEXT,
    was_standing      TEXT,
    was_verdict       TEXT,
    was_impact        TEXT,
    was_deciding      TEXT,
    was_reasons       BIGINT,
    was_verdict_since BIGINT,
    was_ruleset       TEXT,
    was_listing       TEXT,
    was_owner         TEXT
);

-- One row an estate: what tells this feed from that of another database, and the highest number that was let go of.
CREATE TABLE change_feeds (
    estate BIGINT NOT NULL PRIMARY KEY,
    feed   BYTEA  NOT NULL,
    let_go BIGINT NOT NULL
);
INSERT INTO change_feeds (estate, feed, let_go)
VALUES (1, randomblob(8), 0);

CREATE TRIGGER blockers_added AFTER INSERT ON clients
WHEN NEW.standing = 'blocking' AND NEW.listing NOT IN ('obsolete', 'decommissioned')
BEGIN
    INSERT INTO changes (estate, at, client_id, deleted,
        name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner,
        was_name, was_site, was_os_key, was_standing, was_verdict, was_impact, was_deciding, was_reasons,
        was_verdict_since, was_ruleset, was_listing, was_owner)
    VALUES (NEW.estate, CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER), NEW.id, FALSE,
        NEW.name, NEW.site, NEW.os_key, NEW.standing, NEW.verdict, NEW.impact,
        NEW.deciding, NEW.reasons, NEW.verdict_since, NEW.ruleset, NEW.listing, NEW.owner,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
END;

CREATE TRIGGER blockers_changed
AFTER UPDATE OF name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner
    ON clients
WHEN ((OLD.standing = 'blocking' AND OLD.listing NOT IN ('obsolete', 'decommissioned'))
        OR (NEW.standing = 'blocking' AND NEW.listing NOT IN ('obsolete', 'decommissioned')))
    AND (OLD.name IS NOT NEW.name OR OLD.site IS NOT NEW.site
        OR OLD.os_key IS NOT NEW.os_key OR OLD.standing IS NOT NEW.standing
        OR OLD.verdict IS NOT NEW.verdict OR OLD.impact IS NOT NEW.impact
        OR OLD.deciding IS NOT NEW.deciding OR OLD.reasons IS NOT NEW.reasons
        OR OLD.verdict_since IS NOT NEW.verdict_since OR OLD.ruleset IS NOT NEW.ruleset
        OR OLD.listing IS NOT NEW.listing OR OLD.owner IS NOT NEW.owner)
BEGIN
    INSERT INTO changes (estate, at, client_id, deleted,
        name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner,
        was_name, was_site, was_os_key, was_standing, was_verdict, was_impact, was_deciding, was_reasons,
        was_verdict_since, was_ruleset, was_listing, was_owner)
    VALUES (NEW.estate, CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER), NEW.id, FALSE,
        NEW.name, NEW.site, NEW.os_key, NEW.standing, NEW.verdict, NEW.impact,
        NEW.deciding, NEW.reasons, NEW.verdict_since, NEW.ruleset, NEW.listing, NEW.owner,
        OLD.name, OLD.site, OLD.os_key, OLD.standing, OLD.verdict, OLD.impact,
        OLD.deciding, OLD.reasons, OLD.verdict_since, OLD.ruleset, OLD.listing, OLD.owner);
END;

CREATE TRIGGER blockers_deleted AFTER DELETE ON clients
WHEN OLD.standing = 'blocking' AND OLD.listing NOT IN ('obsolete', 'decommissioned')
BEGIN
    INSERT INTO changes (estate, at, client_id, deleted,
        name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner,
        was_name, was_site, was_os_key, was_standing, was_verdict, was_impact, was_deciding, was_reasons,
        was_verdict_since, was_ruleset, was_listing, was_owner)
    VALUES (OLD.estate, CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER), OLD.id, TRUE,
        OLD.name, OLD.site, OLD.os_key, OLD.standing, OLD.verdict, OLD.impact,
        OLD.deciding, OLD.reasons, OLD.verdict_since, OLD.ruleset, OLD.listing, OLD.owner,
        OLD.name, OLD.site, OLD.os_key, OLD.standing, OLD.verdict, OLD.impact,
        OLD.deciding, OLD.reasons, OLD.verdict_since, OLD.ruleset, OLD.listing, OLD.owner);
END;
