-- A site system whose report does not name its role any more.
ALTER TABLE suspicions DROP CONSTRAINT suspicions_kind_check;
ALTER TABLE suspicions ADD CONSTRAINT suspicions_kind_check
    CHECK (kind IN ('hardware', 'older_windows', 'sender', 'addresses', 'clock', 'burst', 'site', 'verdict_lost', 'roles'));

-- Those that lists call site systems, which are few.
CREATE INDEX members_with_roles ON members (estate, client_id) WHERE roles <> '';
