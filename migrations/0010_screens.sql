-- Lists of one site, of one owner, and in order of how long a verdict has stood, each along an index.
-- None of these columns changes while a client reports the same facts.
CREATE INDEX clients_by_site ON clients (estate, site, standing, sort_key, id);
CREATE INDEX clients_by_owner ON clients (estate, owner, sort_key, id) WHERE owner IS NOT NULL;
CREATE INDEX clients_by_since ON clients (estate, standing, verdict_since, id);

-- Views that somebody gave a name: an address of this server with its filters, columns and order.
CREATE TABLE saved_views (
    estate     BIGINT NOT NULL,
    id         TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    address    TEXT   NOT NULL, -- path and query, such as '/blockers?os=6.1.7601-client'
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    PRIMARY KEY (estate, id)
);
