-- The feed of the list of blockers: a row for each time that a counted client came into the list, changed in it in a way
-- that the list shows, or left it. A row holds what the client was and what it became, so that it can be read at any later
-- time without a look at what is now. Rows are never changed; the oldest are let go of.
--
-- The triggers name the columns they wait for, and what has to differ, so that a report that says nothing new does not
-- even ask them, and nobody who is no blocker and was none writes a row.
--
-- `seq` is the order in which they are read. Several servers write at once, and a number that an insert draws is drawn
-- before the commit, so that a reader who has seen 7 may meet 5 later. So the triggers write into `changes_waiting`, and
-- what is committed there is numbered and moved into `changes`: by whoever reads, one at a time behind the lock on the row
-- of `change_feeds`, all that is committed by then, in the order of `id`. Whoever has read up to a `seq` has therefore read
-- everything before it. Of one client the order is that in which things happened: its row is locked until the commit, so
-- the later change draws its `id` after the earlier one is committed. A table of its own, so that `changes` only grows at
-- its end, and finding what waits costs the same however much is kept.

CREATE TABLE changes (
    seq           BIGINT  NOT NULL,
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
    was_owner         TEXT,
    PRIMARY KEY (estate, seq)
);

-- The same, committed or not, and not numbered yet.
CREATE TABLE changes_waiting (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    estate        BIGINT  NOT NULL,
    at            BIGINT  NOT NULL,
    client_id     BYTEA   NOT NULL,
    deleted       BOOLEAN NOT NULL,
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
VALUES (1, decode(substr(md5(random()::text || clock_timestamp()::text), 1, 16), 'hex'), 0);

CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes_waiting (estate, at, client_id, deleted,
            name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner,
            was_name, was_site, was_os_key, was_standing, was_verdict, was_impact, was_deciding, was_reasons,
            was_verdict_since, was_ruleset, was_listing, was_owner)
        VALUES (NEW.estate, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT), NEW.id, FALSE,
            NEW.name, NEW.site, NEW.os_key, NEW.standing, NEW.verdict, NEW.impact,
            NEW.deciding, NEW.reasons, NEW.verdict_since, NEW.ruleset, NEW.listing, NEW.owner,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO changes_waiting (estate, at, client_id, deleted,
            name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner,
            was_name, was_site, was_os_key, was_standing, was_verdict, was_impact, was_deciding, was_reasons,
            was_verdict_since, was_ruleset, was_listing, was_owner)
        VALUES (OLD.estate, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT), OLD.id, TRUE,
            OLD.name, OLD.site, OLD.os_key, OLD.standing, OLD.verdict, OLD.impact,
            OLD.deciding, OLD.reasons, OLD.verdict_since, OLD.ruleset, OLD.listing, OLD.owner,
            OLD.name, OLD.site, OLD.os_key, OLD.standing, OLD.verdict, OLD.impact,
            OLD.deciding, OLD.reasons, OLD.verdict_since, OLD.ruleset, OLD.listing, OLD.owner);
    ELSE
        INSERT INTO changes_waiting (estate, at, client_id, deleted,
            name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner,
            was_name, was_site, was_os_key, was_standing, was_verdict, was_impact, was_deciding, was_reasons,
            was_verdict_since, was_ruleset, was_listing, was_owner)
        VALUES (NEW.estate, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT), NEW.id, FALSE,
            NEW.name, NEW.site, NEW.os_key, NEW.standing, NEW.verdict, NEW.impact,
            NEW.deciding, NEW.reasons, NEW.verdict_since, NEW.ruleset, NEW.listing, NEW.owner,
            OLD.name, OLD.site, OLD.os_key, OLD.standing, OLD.verdict, OLD.impact,
            OLD.deciding, OLD.reasons, OLD.verdict_since, OLD.ruleset, OLD.listing, OLD.owner);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER blockers_added AFTER INSERT ON clients FOR EACH ROW
WHEN (NEW.standing = 'blocking' AND NEW.listing NOT IN ('obsolete', 'decommissioned'))
EXECUTE FUNCTION note_change();

CREATE TRIGGER blockers_changed
AFTER UPDATE OF name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner
    ON clients FOR EACH ROW
WHEN (((OLD.standing = 'blocking' AND OLD.listing NOT IN ('obsolete', 'decommissioned'))
        OR (NEW.standing = 'blocking' AND NEW.listing NOT IN ('obsolete', 'decommissioned')))
    AND (OLD.name IS DISTINCT FROM NEW.name OR OLD.site IS DISTINCT FROM NEW.site
        OR OLD.os_key IS DISTINCT FROM NEW.os_key OR OLD.standing IS DISTINCT FROM NEW.standing
        OR OLD.verdict IS DISTINCT FROM NEW.verdict OR OLD.impact IS DISTINCT FROM NEW.impact
        OR OLD.deciding IS DISTINCT FROM NEW.deciding OR OLD.reasons IS DISTINCT FROM NEW.reasons
        OR OLD.verdict_since IS DISTINCT FROM NEW.verdict_since OR OLD.ruleset IS DISTINCT FROM NEW.ruleset
        OR OLD.listing IS DISTINCT FROM NEW.listing OR OLD.owner IS DISTINCT FROM NEW.owner))
EXECUTE FUNCTION note_change();

CREATE TRIGGER blockers_deleted AFTER DELETE ON clients FOR EACH ROW
WHEN (OLD.standing = 'blocking' AND OLD.listing NOT IN ('obsolete', 'decommissioned'))
EXECUTE FUNCTION note_change();
