-- The whole state. Every key starts with `estate` (one organisation's fleet), so that each table can be
-- distributed by it without a change of keys. Times are milliseconds since 1970 UTC.

CREATE TABLE meta (
    estate BIGINT NOT NULL,
    name   TEXT   NOT NULL,
    value  TEXT   NOT NULL,
    PRIMARY KEY (estate, name)
);

CREATE TABLE clients (
    estate        BIGINT  NOT NULL,
    id            BYTEA   NOT NULL,
    -- who it is
    name          TEXT    NOT NULL,
    sort_key      TEXT    NOT NULL, -- the name in lower case; lists are in this order
    sms_guid      TEXT,
    resource_id   BIGINT,
    site          TEXT    NOT NULL, -- empty: not known
    fqdn          TEXT,
    smbios_guid   TEXT,
    serial_number TEXT,
    roles         TEXT    NOT NULL, -- ',role,role,' or empty
    owner         TEXT,
    last_contact  TEXT,
    listing       TEXT    NOT NULL CHECK (listing IN ('expected', 'unlisted', 'obsolete', 'decommissioned', 'returned')),
    list_id       BIGINT  NOT NULL, -- the expected list that named it last; 0: none did
    os_key        TEXT    NOT NULL,
    -- what it is judged as
    standing      TEXT    NOT NULL CHECK (standing IN ('blocking', 'undetermined', 'conflict', 'restart_pending', 'stale', 'silent', 'ready')),
    verdict       TEXT,             -- the standing its last report earned, whatever time has passed since
    impact        TEXT,
    deciding      TEXT,
    reasons       BIGINT  NOT NULL, -- bits of failed and unknown checks' reasons
    warnings      BIGINT  NOT NULL,
    ruleset       TEXT    NOT NULL, -- empty: never judged
    verdict_since BIGINT,
    -- the evidence in force
    collected_at  BIGINT,
    received_at   BIGINT,
    seen_at       BIGINT,           -- the earlier of collected and received: orders reports, ages them
    evidence_at   BIGINT,           -- seen_at of the history row that holds the facts
    content_hash  BYTEA,
    report_id     TEXT,
    stale_at      BIGINT,           -- when the last report becomes too old
    sweep_at      BIGINT,           -- when to look again; never later than stale_at, moved only by the sweeper
    future        BOOLEAN NOT NULL, -- the last report claimed a time in the future
    duplicate     BOOLEAN NOT NULL, -- may be a second record of another counted machine
    PRIMARY KEY (estate, id)
);

-- Lists are in order of name, whole, by standing, or by OS version. None of these columns changes while a
-- client reports the same facts, so an unchanged report touches no index.
CREATE INDEX clients_by_name ON clients (estate, sort_key, id);
CREATE INDEX clients_by_standing ON clients (estate, standing, sort_key, id);
CREATE INDEX clients_by_os ON clients (estate, os_key, standing, sort_key, id);
CREATE INDEX clients_to_sweep ON clients (estate, sweep_at) WHERE sweep_at IS NOT NULL;
CREATE INDEX clients_with_roles ON clients (estate, sort_key, id) WHERE roles <> '';
CREATE INDEX clients_duplicate ON clients (estate, sort_key, id) WHERE duplicate;
CREATE INDEX clients_future ON clients (estate, sort_key, id) WHERE future;
CREATE INDEX clients_not_expected ON clients (estate, listing, sort_key, id) WHERE listing <> 'expected';

-- Every id a client is known by, as 'g:GUID', 'r:SITE/RESOURCE', 'f:fqdn', 's:SMBIOS', 'n:name', 'x:serial'.
CREATE TABLE identities (
    estate    BIGINT NOT NULL,
    ident     TEXT   NOT NULL,
    client_id BYTEA  NOT NULL,
    PRIMARY KEY (estate, ident, client_id)
);
CREATE INDEX identities_by_client ON identities (estate, client_id);

-- Append-only: a row for each report that changed something, and for each late one that says something new.
CREATE TABLE history (
    estate       BIGINT  NOT NULL,
    client_id    BYTEA   NOT NULL,
    seen_at      BIGINT  NOT NULL,
    content_hash BYTEA   NOT NULL,
    collected_at BIGINT  NOT NULL,
    received_at  BIGINT  NOT NULL,
    report_id    TEXT,
    verdict      TEXT    NOT NULL,
    impact       TEXT,
    reasons      BIGINT  NOT NULL,
    ruleset      TEXT    NOT NULL,
    late         BOOLEAN NOT NULL,
    sent_by      TEXT    NOT NULL,
    dictionary   BIGINT  NOT NULL, -- which dictionary `raw` is compressed with; 0: none
    raw          BYTEA   NOT NULL, -- the report as it came, zstd
    PRIMARY KEY (estate, client_id, seen_at, content_hash)
);

-- Pairs of records that may be one machine; both directions are there.
CREATE TABLE suspects (
    estate    BIGINT NOT NULL,
    client_id BYTEA  NOT NULL,
    other_id  BYTEA  NOT NULL,
    shares    TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    PRIMARY KEY (estate, client_id, other_id, shares)
);

-- How many clients stand where. Kept by triggers in the transaction that moves a client. `shard` spreads
-- the writers of several servers over rows of their own; a reader sums over it.
CREATE TABLE counts (
    estate   BIGINT NOT NULL,
    kind     TEXT   NOT NULL, -- 'client' (detail: impact), 'reason' (detail: bit), 'flag', 'ruleset'
    listing  TEXT   NOT NULL,
    site     TEXT   NOT NULL,
    os_key   TEXT   NOT NULL,
    standing TEXT   NOT NULL,
    detail   TEXT   NOT NULL,
    shard    BIGINT NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (estate, kind, listing, site, os_key, standing, detail, shard)
);

-- The bits a reason mask can have, for the triggers that count.
CREATE TABLE reason_bits (
    bit  BIGINT NOT NULL PRIMARY KEY,
    mask BIGINT NOT NULL
);
INSERT INTO reason_bits (bit, mask)
WITH RECURSIVE bits (bit, mask) AS (
    SELECT CAST(0 AS BIGINT), CAST(1 AS BIGINT)
    UNION ALL
    SELECT bit + 1, mask * 2 FROM bits WHERE bit < 61
)
SELECT bit, mask FROM bits;

-- The expected device lists, one row an upload; the newest is in force.
CREATE TABLE lists (
    estate      BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    uploaded_at BIGINT NOT NULL,
    uploaded_by TEXT   NOT NULL,
    file_hash   BYTEA  NOT NULL,
    rows_read   BIGINT NOT NULL,
    new_clients BIGINT NOT NULL,
    gone        BIGINT NOT NULL,
    matched     BIGINT NOT NULL,
    duplicates  BIGINT NOT NULL,
    left_out    BIGINT NOT NULL,
    rejected    BIGINT NOT NULL,
    PRIMARY KEY (estate, id)
);

-- Records that were refused, kept for inspection.
CREATE TABLE rejects (
    estate      BIGINT NOT NULL,
    id          TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    sent_by     TEXT   NOT NULL,
    position    BIGINT NOT NULL,
    errors      TEXT   NOT NULL, -- a line each: JSON pointer, tab, sentence
    length      BIGINT NOT NULL,
    raw         BYTEA  NOT NULL, -- the first 64 KiB as they came
    PRIMARY KEY (estate, id)
);
CREATE INDEX rejects_by_time ON rejects (estate, received_at);

CREATE TABLE users (
    estate        BIGINT NOT NULL,
    name          TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (estate, name)
);

CREATE TABLE sessions (
    estate       BIGINT NOT NULL,
    secret_hash  BYTEA  NOT NULL,
    user_name    TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (estate, secret_hash)
);

CREATE TABLE tokens (
    estate       BIGINT NOT NULL,
    id           TEXT   NOT NULL,
    purpose      TEXT   NOT NULL CHECK (purpose IN ('ingest', 'read', 'population')),
    name         TEXT   NOT NULL,
    secret_hash  BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    PRIMARY KEY (estate, id)
);
