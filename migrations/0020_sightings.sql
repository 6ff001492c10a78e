-- Handshakes that failed, of networks that the administrator named: one row for an address and a reason. Never a verdict.
CREATE TABLE sightings (
    estate      BIGINT NOT NULL,
    address     TEXT   NOT NULL,
    failure     TEXT   NOT NULL CHECK (failure IN ('no_tls12', 'no_shared_suite', 'not_tls', 'other')),
    highest     BIGINT,          -- the highest version of the latest hello, as it stands there; empty: it was none
    tls12       BOOLEAN NOT NULL, -- whether TLS 1.2 was offered
    suites      BIGINT NOT NULL, -- how many suites it offered
    shared      BIGINT NOT NULL, -- how many of these the server could take then
    server_name TEXT   NOT NULL, -- the name that was asked for; empty: none
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    times       BIGINT NOT NULL,
    PRIMARY KEY (estate, address, failure)
);
CREATE INDEX sightings_latest ON sightings (estate, last_at DESC, address, failure);

-- A machine's own certificate (2) stands between the clients' token (1) and what somebody vouches for, which was 2 before.
UPDATE clients SET trust = 3 WHERE trust = 2;
UPDATE history SET trust = 3 WHERE trust = 2;
UPDATE evidence SET trust = 3 WHERE trust = 2;
