-- What was seen by everybody in the last 30 days, as worked out last, so that no page has to look through all addresses.
CREATE TABLE observed_digest (
    estate BIGINT NOT NULL PRIMARY KEY,
    as_of  BIGINT NOT NULL,
    doubts TEXT   NOT NULL, -- connections that may be anybody's, the worst of them: JSON
    total  BIGINT NOT NULL, -- how many there are
    risky  BIGINT NOT NULL  -- those with TLS 1.1 or earlier, or with something unknown
);
-- Clients that used TLS 1.1 or earlier with a system.
ALTER TABLE observed_systems ADD COLUMN legacy BIGINT NOT NULL DEFAULT 0;
