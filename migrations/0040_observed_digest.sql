-- What was seen by everybody in the last 30 days, as worked out last, so that no page has to look through all addresses.
CREATE TABLE observed_digest (
    estate BIGINT NOT NULL PRIMARY KEY,
    as_of  BIGINT NOT NULL,
    came   BIGINT NOT NULL, -- observed_came.times when the look began
    doubts TEXT   NOT NULL, -- connections that may be anybody's, the worst of them: JSON
    total  BIGINT NOT NULL, -- how many there are
    risky  BIGINT NOT NULL  -- those with TLS 1.1 or earlier, or with something unknown
);
-- How many times a log or a list of addresses, or a portion of one, came in, by whatever server or command.
CREATE TABLE observed_came (
    estate BIGINT NOT NULL PRIMARY KEY,
    times  BIGINT NOT NULL
);
INSERT INTO observed_came (estate, times) VALUES (1, 0);
-- Clients that used TLS 1.1 or earlier with a system.
ALTER TABLE observed_systems ADD COLUMN legacy BIGINT NOT NULL DEFAULT 0;
