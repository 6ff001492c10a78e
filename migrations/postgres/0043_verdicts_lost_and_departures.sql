-- A client that was known not to be ready and cannot be judged any more, by what a report said.
ALTER TABLE suspicions DROP CONSTRAINT suspicions_kind_check;
ALTER TABLE suspicions ADD CONSTRAINT suspicions_kind_check
    CHECK (kind IN ('hardware', 'older_windows', 'sender', 'addresses', 'clock', 'burst', 'site', 'verdict_lost'));

-- Who left the count, or their site, by a list that nobody confirmed by its number: many small steps are asked about like one.
CREATE TABLE departures (
    estate BIGINT NOT NULL,
    at     BIGINT NOT NULL, -- when the list went in force, or out of it
    site   TEXT   NOT NULL, -- where they were counted; empty: no known site
    gone   BIGINT NOT NULL, -- are no longer counted
    moved  BIGINT NOT NULL, -- are not ready, and are counted at another site
    PRIMARY KEY (estate, at, site)
);
-- Whether any list names a site.
CREATE INDEX members_by_site ON members (estate, site);
