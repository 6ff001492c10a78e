-- Several expected lists side by side, each with a name, and who feeds the server.

-- What was one list is the list `default`; its newest upload is in force.
ALTER TABLE lists ADD COLUMN name TEXT NOT NULL DEFAULT 'default';
-- What the file was: 'devices', 'ad_computers', 'names'.
ALTER TABLE lists ADD COLUMN kind TEXT NOT NULL DEFAULT 'devices';
-- When a newer upload took its place, or somebody took it out of force; empty: in force.
ALTER TABLE lists ADD COLUMN ended_at BIGINT;
ALTER TABLE lists ADD COLUMN ended_by TEXT;
UPDATE lists SET
    ended_at = (SELECT MIN(n.uploaded_at) FROM lists n WHERE n.estate = lists.estate AND n.id > lists.id),
    ended_by = (SELECT n.uploaded_by FROM lists n WHERE n.estate = lists.estate AND n.id > lists.id ORDER BY n.id LIMIT 1);
CREATE INDEX lists_in_force ON lists (estate, name) WHERE ended_at IS NULL;

-- Which list names which client, and as what. `clients.listing`, `owner` and `last_contact` are kept as the result.
CREATE TABLE members (
    estate       BIGINT NOT NULL,
    list_name    TEXT   NOT NULL,
    client_id    BYTEA  NOT NULL,
    list_id      BIGINT NOT NULL, -- the upload that named it last
    listing      TEXT   NOT NULL CHECK (listing IN ('expected', 'obsolete', 'decommissioned')),
    owner        TEXT,
    last_contact TEXT,
    PRIMARY KEY (estate, list_name, client_id)
);
-- Whole, so that the question whether another list names a client is answered from it alone.
CREATE UNIQUE INDEX members_by_client ON members (estate, client_id, list_name);
INSERT INTO members (estate, list_name, client_id, list_id, listing, owner, last_contact)
SELECT c.estate, l.name, c.id, l.id, CASE WHEN c.listing = 'returned' THEN 'obsolete' ELSE c.listing END,
    c.owner, c.last_contact
FROM clients c JOIN lists l ON l.estate = c.estate AND l.id = c.list_id
WHERE l.ended_at IS NULL AND c.listing <> 'unlisted';

-- Who speaks for which site, and when it did. Written once a group of reports; `shard` keeps several servers apart, and
-- a reader puts the shards together.
CREATE TABLE feeds (
    estate      BIGINT NOT NULL,
    site        TEXT   NOT NULL, -- empty: the reports name none
    sender      TEXT   NOT NULL,
    way         TEXT   NOT NULL,
    shard       BIGINT NOT NULL,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    reports     BIGINT NOT NULL,
    day         BIGINT NOT NULL, -- the last day it spoke on, in days since 1970 UTC
    spoke       BIGINT NOT NULL, -- bit n: it spoke n days before `day`
    n0          BIGINT NOT NULL, -- reports of the last days; a day's number modulo 8 says where its count is
    n1          BIGINT NOT NULL,
    n2          BIGINT NOT NULL,
    n3          BIGINT NOT NULL,
    n4          BIGINT NOT NULL,
    n5          BIGINT NOT NULL,
    n6          BIGINT NOT NULL,
    n7          BIGINT NOT NULL,
    asked       BIGINT,          -- of how many clients its last upload was to speak, where it says so
    answered    BIGINT,          -- and of how many it did
    PRIMARY KEY (estate, site, sender, way, shard)
);
