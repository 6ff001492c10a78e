-- What was seen on the wire, beside what was configured: by site system, address, machine account, protocol and UTC day.
-- Observations never move a standing.
CREATE TABLE observed_systems (
    estate   BIGINT NOT NULL,
    system   TEXT   NOT NULL, -- in lower case
    site     TEXT   NOT NULL, -- empty: not known
    added_at BIGINT NOT NULL,
    PRIMARY KEY (estate, system)
);

-- A file is known by its hash, so that the same file again changes nothing; it comes in portions, each taken once.
CREATE TABLE observed_files (
    estate   BIGINT  NOT NULL,
    system   TEXT    NOT NULL,
    sha256   BYTEA   NOT NULL,
    name     TEXT    NOT NULL,
    portions BIGINT  NOT NULL, -- taken so far
    done     BOOLEAN NOT NULL,
    sent_by  TEXT    NOT NULL,
    sent_at  BIGINT  NOT NULL,
    PRIMARY KEY (estate, system, sha256)
);

-- Whose a connection was is decided address by address, so those of an address stand together.
CREATE TABLE observations (
    estate   BIGINT NOT NULL,
    day      BIGINT NOT NULL, -- days since 1970, UTC
    system   TEXT   NOT NULL,
    address  TEXT   NOT NULL,
    machine  TEXT   NOT NULL, -- machine account in lower case, without domain and dollar; empty: none
    via      TEXT   NOT NULL CHECK (via IN ('direct', 'proxy', 'unnamed_proxy', 'hidden')),
    protocol TEXT   NOT NULL CHECK (protocol IN ('ssl3', 'tls1.0', 'tls1.1', 'tls1.2', 'tls1.3', 'unknown', 'failed')),
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (estate, address, machine, system, via, protocol, day)
);
CREATE INDEX observations_by_machine ON observations (estate, machine) WHERE machine <> '';

-- What logs cover: lines of an hour, and how many of them told a protocol. Nothing here: nothing is known of that hour.
CREATE TABLE observed_hours (
    estate BIGINT NOT NULL,
    system TEXT   NOT NULL,
    hour   BIGINT NOT NULL, -- hours since 1970, UTC
    lines  BIGINT NOT NULL,
    told   BIGINT NOT NULL,
    PRIMARY KEY (estate, system, hour)
);

-- Who had an address, and when: leases of DHCP, addresses that Configuration Manager has read.
CREATE TABLE leases (
    estate   BIGINT NOT NULL,
    address  TEXT   NOT NULL,
    ident    TEXT   NOT NULL, -- 'n:name', 'f:fqdn', 'r:SITE/RESOURCE' or 'i:RESOURCE', as in identities
    bare     TEXT   NOT NULL, -- of an FQDN its first part, in lower case: a list often has no more; else empty
    from_at  BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (estate, address, ident, from_at)
);
CREATE INDEX leases_by_ident ON leases (estate, ident);
CREATE INDEX leases_by_bare ON leases (estate, bare) WHERE bare <> '';
