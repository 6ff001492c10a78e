-- Exceptions: one client that somebody answers for. Kept for ever; what ended stays to be read. An exception never moves a
-- standing.
CREATE TABLE exceptions (
    estate        BIGINT NOT NULL,
    id            TEXT   NOT NULL,
    client_id     BYTEA  NOT NULL,
    kind          TEXT   NOT NULL CHECK (kind IN ('mitigated', 'accepted_loss', 'grace')),
    reason        TEXT   NOT NULL,
    control       TEXT   NOT NULL, -- the compensating control
    owner         TEXT   NOT NULL,
    expires_at    BIGINT NOT NULL,
    -- what it was asked for: the client's verdict, needs and OS version then; it lapses when they change
    verdict       TEXT   NOT NULL, -- empty: never reported
    reasons       BIGINT NOT NULL,
    os_key        TEXT   NOT NULL,
    requested_by  TEXT   NOT NULL,
    requested_at  BIGINT NOT NULL,
    decision      TEXT   CHECK (decision IN ('approved', 'rejected')),
    decided_by    TEXT,
    decided_at    BIGINT,
    decision_note TEXT,
    ended_at      BIGINT,
    ended_by      TEXT,
    ended_why     TEXT   CHECK (ended_why IN ('withdrawn', 'lapsed', 'expired')),
    PRIMARY KEY (estate, id)
);
CREATE INDEX exceptions_by_client ON exceptions (estate, client_id);
CREATE INDEX exceptions_open ON exceptions (estate, expires_at) WHERE ended_at IS NULL;
