-- When a client was last surely seen using TLS 1.1 or earlier, as far as the logs of the last weeks tell. Whoever is ready by a
-- report from before that is in conflict.
ALTER TABLE clients ADD COLUMN seen_old_at BIGINT;
CREATE INDEX clients_seen_old ON clients (estate, id) WHERE seen_old_at IS NOT NULL;
