-- Several sources may speak of one client; each fact is the newest source's that says anything about it.

-- How many sources still have something to say. One: the report that the row names, and no row in `evidence`.
ALTER TABLE clients ADD COLUMN sources BIGINT NOT NULL DEFAULT 1;
-- Which facts the sources speak of, and of which they say everything, as bits. What was stored before this is taken
-- for saying something about all and everything about nothing, so that nothing new replaces it unseen.
ALTER TABLE clients ADD COLUMN touched BIGINT NOT NULL DEFAULT -1;
ALTER TABLE clients ADD COLUMN whole BIGINT NOT NULL DEFAULT 0;
-- 1: sent with the clients' token; 2: a person or an import vouches for it.
ALTER TABLE clients ADD COLUMN trust BIGINT NOT NULL DEFAULT 1;
-- When the oldest source that still decides anything was last seen; empty: the only one, seen at `seen_at`.
ALTER TABLE clients ADD COLUMN oldest_at BIGINT;

-- By which way a report came in: 'report', 'upload', 'command', 'share'.
ALTER TABLE history ADD COLUMN way TEXT NOT NULL DEFAULT 'report';
ALTER TABLE history ADD COLUMN trust BIGINT NOT NULL DEFAULT 1;

-- The sources of clients that have more than one. The report itself is the history's row with the same client,
-- evidence_at and hash.
CREATE TABLE evidence (
    estate       BIGINT NOT NULL,
    client_id    BYTEA  NOT NULL,
    content_hash BYTEA  NOT NULL,
    trust        BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL, -- the newest time it was said
    evidence_at  BIGINT NOT NULL, -- the time it was said first
    PRIMARY KEY (estate, client_id, content_hash, trust)
);

-- Tokens with one purpose more. A CHECK cannot be changed in place on every engine, so the table is made anew.
ALTER TABLE tokens RENAME TO tokens_before;
CREATE TABLE tokens (
    estate       BIGINT NOT NULL,
    id           TEXT   NOT NULL,
    purpose      TEXT   NOT NULL CHECK (purpose IN ('ingest', 'read', 'population', 'import')),
    name         TEXT   NOT NULL,
    secret_hash  BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    PRIMARY KEY (estate, id)
);
INSERT INTO tokens (estate, id, purpose, name, secret_hash, created_at, last_used_at, revoked_at)
SELECT estate, id, purpose, name, secret_hash, created_at, last_used_at, revoked_at FROM tokens_before;
DROP TABLE tokens_before;
