-- The cutover decision: scopes, what was set and said for them, runs, and the records of decisions, which nothing changes.
CREATE TABLE scopes (
    estate         BIGINT  NOT NULL,
    id             TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    sites          TEXT    NOT NULL, -- codes with commas between; empty: all
    roles          TEXT    NOT NULL,
    filter         TEXT    NOT NULL, -- parameters of an address
    protocols      TEXT    NOT NULL,
    planned        TEXT,             -- '2027-03-12'
    freshness_days BIGINT  NOT NULL,
    two_people     BOOLEAN NOT NULL,
    created_by     TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    changed_by     TEXT    NOT NULL,
    changed_at     BIGINT  NOT NULL,
    PRIMARY KEY (estate, id)
);
CREATE UNIQUE INDEX scopes_by_name ON scopes (estate, name);

CREATE TABLE scope_limits (
    estate    BIGINT NOT NULL,
    scope     TEXT   NOT NULL,
    criterion TEXT   NOT NULL,
    value     BIGINT NOT NULL,
    set_by    TEXT   NOT NULL,
    set_at    BIGINT NOT NULL,
    PRIMARY KEY (estate, scope, criterion)
);

-- What people said; the newest of a kind holds, and older ones stay. Kinds: the criteria, 'request', 'switched_off'.
CREATE TABLE scope_marks (
    estate    BIGINT  NOT NULL,
    scope     TEXT    NOT NULL,
    id        TEXT    NOT NULL, -- later ones are greater
    kind      TEXT    NOT NULL,
    holds     BOOLEAN NOT NULL, -- false: taken back
    note      TEXT    NOT NULL,
    link      TEXT    NOT NULL,
    about     TEXT    NOT NULL, -- the day it is about
    marked_by TEXT    NOT NULL,
    marked_at BIGINT  NOT NULL,
    PRIMARY KEY (estate, scope, id)
);

CREATE TABLE scope_runs (
    estate     BIGINT NOT NULL,
    id         TEXT   NOT NULL, -- later ones are greater
    scope      TEXT   NOT NULL,
    made_by    TEXT   NOT NULL,
    made_at    BIGINT NOT NULL,
    input_hash TEXT   NOT NULL,
    summary    TEXT   NOT NULL, -- JSON
    body       BYTEA  NOT NULL, -- a line for each client that is not safe, zstd
    PRIMARY KEY (estate, id)
);
CREATE INDEX scope_runs_by_scope ON scope_runs (estate, scope, id);

-- Number and hash of the newest record; whoever writes the next one holds this row.
CREATE TABLE decision_head (
    estate BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash   TEXT   NOT NULL
);
CREATE TABLE decisions (
    estate     BIGINT NOT NULL,
    number     BIGINT NOT NULL,
    scope      TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    sites      TEXT   NOT NULL, -- codes with commas between; empty: all
    decided    TEXT   NOT NULL,
    decided_by TEXT   NOT NULL,
    decided_at BIGINT NOT NULL,
    head       TEXT   NOT NULL,
    foot       TEXT   NOT NULL,
    hash       TEXT   NOT NULL,
    PRIMARY KEY (estate, number)
);
CREATE TABLE decision_parts (
    estate BIGINT NOT NULL,
    number BIGINT NOT NULL,
    part   BIGINT NOT NULL,
    bytes  BYTEA  NOT NULL, -- together one stream of zstd: a line for each client
    PRIMARY KEY (estate, number, part)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a decision is never changed';
END
$$;
CREATE TRIGGER decisions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decision_parts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_parts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
