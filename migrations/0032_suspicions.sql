-- What reports did that honest machines seldom do. Never a verdict; kept until somebody has looked, and readable afterwards.
CREATE TABLE suspicions (
    estate     BIGINT  NOT NULL,
    id         TEXT    NOT NULL,
    client_id  BYTEA   NOT NULL, -- empty: it is about a sender
    kind       TEXT    NOT NULL CHECK (kind IN ('hardware', 'older_windows', 'sender', 'addresses', 'clock', 'burst')),
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
CREATE UNIQUE INDEX suspicions_open ON suspicions (estate, client_id, kind, token, about) WHERE closed_at IS NULL;
CREATE INDEX suspicions_by_client ON suspicions (estate, client_id, id);
CREATE INDEX suspicions_by_token ON suspicions (estate, token, kind);

-- The latest report that turned a client ready: one row for each that ever turned.
CREATE TABLE turned (
    estate    BIGINT NOT NULL,
    client_id BYTEA  NOT NULL,
    token     TEXT   NOT NULL,
    sent_from TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (estate, client_id)
);
CREATE INDEX turned_by_token ON turned (estate, token, at);
CREATE INDEX turned_by_address ON turned (estate, sent_from, at);

-- Addresses of clients that were heard from more than one; a client that never moved has no row.
CREATE TABLE client_addresses (
    estate    BIGINT NOT NULL,
    client_id BYTEA  NOT NULL,
    address   TEXT   NOT NULL,
    since     BIGINT NOT NULL, -- 0: it was known before the first move
    last_at   BIGINT NOT NULL,
    PRIMARY KEY (estate, client_id, address)
);
