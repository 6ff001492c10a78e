-- Tokens that end, that hold for some sites and networks only, and that say who made them; and which token every report
-- came with, so that what one token sent can be set aside and judged anew without it.

ALTER TABLE tokens ADD COLUMN expires_at BIGINT;               -- empty: never
ALTER TABLE tokens ADD COLUMN sites TEXT NOT NULL DEFAULT '';    -- comma separated; empty: all
ALTER TABLE tokens ADD COLUMN networks TEXT NOT NULL DEFAULT ''; -- comma separated; empty: anywhere
ALTER TABLE tokens ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN last_used_from TEXT;
ALTER TABLE tokens ADD COLUMN new_ids_per_hour BIGINT;         -- empty: as the server is set; 0: no limit

-- New clients that a limited token has made known in an hour (hours since 1970 UTC).
CREATE TABLE token_hours (
    estate BIGINT NOT NULL,
    token  TEXT   NOT NULL,
    hour   BIGINT NOT NULL,
    n      BIGINT NOT NULL,
    PRIMARY KEY (estate, token, hour)
);

-- Id of the token a report came with (empty: a person or a command brought it, or it came before this was kept), the
-- address it came from, and the quarantine that sets it aside.
ALTER TABLE history ADD COLUMN sent_token TEXT NOT NULL DEFAULT '';
ALTER TABLE history ADD COLUMN sent_from TEXT NOT NULL DEFAULT '';
ALTER TABLE history ADD COLUMN aside TEXT;
CREATE INDEX history_by_token ON history (estate, sent_token, client_id) WHERE sent_token <> '';

-- The same of what is in force. A report that says nothing new with the same token moves the address only, which no
-- index holds.
ALTER TABLE clients ADD COLUMN sent_token TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN sent_from TEXT NOT NULL DEFAULT '';
CREATE INDEX clients_by_token ON clients (estate, sent_token, id) WHERE sent_token <> '';

-- Reports that said what the history holds already: for each client, facts, token and trust the newest one, and when the first came. Without them
-- nobody could tell what is left when another token's reports are set aside. The facts stand in the history.
CREATE TABLE echoes (
    estate       BIGINT  NOT NULL,
    client_id    BYTEA   NOT NULL,
    content_hash BYTEA   NOT NULL,
    sent_token   TEXT    NOT NULL,
    trust        BIGINT  NOT NULL,
    seen_at      BIGINT  NOT NULL,
    collected_at BIGINT  NOT NULL,
    received_at  BIGINT  NOT NULL,
    report_id    TEXT,
    future       BOOLEAN NOT NULL,
    sent_by      TEXT    NOT NULL,
    way          TEXT    NOT NULL,
    sent_from    TEXT    NOT NULL,
    aside        TEXT,
    first_seen_at     BIGINT NOT NULL, -- when it was said first
    first_received_at BIGINT NOT NULL,
    PRIMARY KEY (estate, client_id, content_hash, sent_token, trust)
);
CREATE INDEX echoes_by_token ON echoes (estate, sent_token, client_id) WHERE sent_token <> '';

-- What the list itself says of a client, so that it can be told again when the reports that said otherwise are set aside.
-- Without a name (not even an empty one): named by a list before this was kept.
ALTER TABLE members ADD COLUMN name TEXT;
ALTER TABLE members ADD COLUMN sms_guid TEXT;
ALTER TABLE members ADD COLUMN resource_id BIGINT;
ALTER TABLE members ADD COLUMN site TEXT;
ALTER TABLE members ADD COLUMN fqdn TEXT;
ALTER TABLE members ADD COLUMN smbios_guid TEXT;
ALTER TABLE members ADD COLUMN serial_number TEXT;
ALTER TABLE members ADD COLUMN roles TEXT;
ALTER TABLE members ADD COLUMN os_key TEXT;

-- What one token sent in a span of time, set aside. The work goes through the clients in the order of their ids; how far
-- it has come stands here, so that a killed server goes on and several servers share it.
CREATE TABLE quarantines (
    estate     BIGINT NOT NULL,
    id         TEXT   NOT NULL,
    token      TEXT   NOT NULL,
    since      BIGINT NOT NULL, -- received then or later
    until      BIGINT NOT NULL, -- and not later than this
    why        TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    lifted_at  BIGINT,
    lifted_by  TEXT,
    lifted_why TEXT,
    working    BOOLEAN NOT NULL, -- clients are being judged anew
    position   BYTEA  NOT NULL,  -- the last client that was
    clients    BIGINT NOT NULL,  -- how many there are to judge
    judged     BIGINT NOT NULL,  -- how many were
    changed    BIGINT NOT NULL,  -- how many of these stand otherwise than before
    PRIMARY KEY (estate, id)
);
