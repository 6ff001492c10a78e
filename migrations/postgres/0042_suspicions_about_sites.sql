-- A client that is not ready and was taken to another site by what it said itself.
ALTER TABLE suspicions DROP CONSTRAINT suspicions_kind_check;
ALTER TABLE suspicions ADD CONSTRAINT suspicions_kind_check
    CHECK (kind IN ('hardware', 'older_windows', 'sender', 'addresses', 'clock', 'burst', 'site'));
CREATE INDEX suspicions_by_site_left ON suspicions (estate, was) WHERE closed_at IS NULL AND kind = 'site';
