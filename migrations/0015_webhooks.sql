-- Messages to other programs: who gets which, what was made for each, and what became of it.
CREATE TABLE webhooks (
    estate       BIGINT NOT NULL,
    id           TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    url          TEXT   NOT NULL, -- whole; its path can be a secret of the target, so that pages never show it
    origin       TEXT   NOT NULL, -- its scheme, host and port
    events       TEXT   NOT NULL, -- codes with commas between: 'blocking,cleared,feed-stopped'
    secret       BYTEA  NOT NULL, -- signs every message, so that it has to be kept; whoever reads this can sign, too
    old_secret   BYTEA,           -- signs too after a rotation,
    old_until    BIGINT,          -- until then
    position     BIGINT NOT NULL, -- the last entry of the change feed that was looked at
    feeds_at     BIGINT NOT NULL, -- the moment for which the feeds were looked at last
    created_at   BIGINT NOT NULL,
    disabled_at  BIGINT,          -- empty: messages are made and sent
    disabled_why TEXT,
    PRIMARY KEY (estate, id)
);
CREATE UNIQUE INDEX webhooks_by_name ON webhooks (estate, name);

-- Written in the transaction that moves the position, so that none is lost and none is made twice.
CREATE TABLE deliveries (
    estate        BIGINT NOT NULL,
    id            TEXT   NOT NULL, -- the 'webhook-id' of the message, the same at every attempt
    webhook       TEXT   NOT NULL,
    kind          TEXT   NOT NULL, -- the type of the message, such as 'blockers.added'
    things        BIGINT NOT NULL, -- how many clients or feeds it is about
    body          TEXT   NOT NULL, -- empty: it is settled, and nobody needs it any more
    made_at       BIGINT NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
    attempts      BIGINT NOT NULL,
    next_at       BIGINT NOT NULL, -- not before then
    claimed_until BIGINT NOT NULL, -- a server is at it until then
    last_at       BIGINT,          -- the last attempt
    status        BIGINT,          -- what the target answered to it; empty: nothing
    said          TEXT,            -- what went wrong, or the beginning of the answer
    PRIMARY KEY (estate, id)
);
CREATE INDEX deliveries_waiting ON deliveries (estate, webhook, next_at) WHERE state = 'waiting';
CREATE INDEX deliveries_by_state ON deliveries (estate, webhook, state, last_at);
CREATE INDEX deliveries_made ON deliveries (estate, made_at, id);
