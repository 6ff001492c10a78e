-- A site system whose report does not name its role any more. A check cannot be changed here, so the
-- table is made anew.
ALTER TABLE suspicions RENAME TO suspicions_before;
DROP INDEX suspicions_by_site_left;
DROP INDEX suspicions_open;
DROP INDEX suspicions_by_client;
DROP INDEX suspicions_by_token;
CREATE TABLE suspicions (
    estate     BIGINT  NOT NULL,
    id         TEXT    NOT NULL,
    client_id  BYTEA   NOT NULL, -- empty: it is about a sender
    kind       TEXT    NOT NULL CHECK (kind IN ('hardware', 'older_windows', 'sender', 'addresses', 'clock', 'burst', 'site', 'verdict_lost', 'roles')),
    token      TEXT    NOT NULL, -- id of the token that the reports came with; empty: none, or several
    about      TEXT    NOT NULL, -- of a burst from one address: that address; else empty
    sent_by    TEXT    NOT NULL, -- the name of whoever sent the latest
    sent_from  TEXT    NOT NULL, -- and the address
    was        TEXT    NOT NULL, -- what was known before the first of them
    became     TEXT    NOT NULL, -- what the latest said
    turned     BOOLEAN NOT NULL, -- one of them turned the client ready
    first_at   BIGINT  NOT NULL,
    last_at    BIGINT  NOT NULL,
    times      BIGINT  NOT NULL, -- reports; of a burst: clients that turned ready
    closed_at  BIGINT,
    closed_by  TEXT,
    closed_why TEXT,
    quarantine TEXT,             -- closed because what this quarantine is about counts no more
    PRIMARY KEY (estate, id)
);
INSERT INTO suspicions (estate, id, client_id, kind, token, about, sent_by, sent_from, was, became, turned, first_at, last_at, times, closed_at, closed_by,
    closed_why, quarantine)
SELECT estate, id, client_id, kind, token, about, sent_by, sent_from, was, became, turned, first_at, last_at, times, closed_at, closed_by,
    closed_why, quarantine
FROM suspicions_before;
DROP TABLE suspicions_before;
CREATE UNIQUE INDEX suspicions_open ON suspicions (estate, client_id, kind, token, about) WHERE closed_at IS NULL;
CREATE INDEX suspicions_by_client ON suspicions (estate, client_id, id);
CREATE INDEX suspicions_by_token ON suspicions (estate, token, kind);
CREATE INDEX suspicions_by_site_left ON suspicions (estate, was) WHERE closed_at IS NULL AND kind = 'site';

-- Those that lists call site systems, which are few.
CREATE INDEX members_with_roles ON members (estate, client_id) WHERE roles <> '';
