-- The audit log: who changed what. Append-only; each entry's hash covers the entry and the hash before it.
CREATE TABLE audit (
    estate  BIGINT NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT   NOT NULL, -- 'person', 'token', 'command', 'server'
    actor   TEXT   NOT NULL,
    address TEXT   NOT NULL, -- empty: not over the network
    deed    TEXT   NOT NULL, -- such as 'token.create'
    subject TEXT   NOT NULL,
    old     TEXT,
    new     TEXT,
    why     TEXT,
    hash    BYTEA  NOT NULL,
    PRIMARY KEY (estate, seq)
);

-- Number and hash of the newest entry; whoever writes the next one holds this row, so that several servers take turns.
CREATE TABLE audit_head (
    estate BIGINT NOT NULL PRIMARY KEY,
    seq    BIGINT NOT NULL,
    hash   BYTEA  NOT NULL
);
