-- What was found when a decision to switch off was last held against its clients.
CREATE TABLE decisions_watched (
    estate    BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    begun_at  BIGINT NOT NULL, -- when a server began to look last
    took      BIGINT NOT NULL, -- milliseconds of the look before
    looked_at BIGINT,          -- the moment that was found is of; NULL: nobody has come to an end yet
    found     TEXT   NOT NULL, -- JSON; empty: nothing, because the scope is gone
    PRIMARY KEY (estate, number)
);
CREATE INDEX decisions_by_scope ON decisions (estate, scope, number);
