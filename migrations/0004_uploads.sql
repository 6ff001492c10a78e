-- Files of any format: read, shown, and only then stored. The row of an upload is its receipt and stays.
CREATE TABLE uploads (
    estate           BIGINT  NOT NULL,
    id               TEXT    NOT NULL, -- UUIDv7, so that ids are in order of time
    created_at       BIGINT  NOT NULL,
    created_by       TEXT    NOT NULL,
    committed_by     TEXT,             -- who vouches for what was stored
    committed_at     BIGINT,           -- the time of receipt of every reading in it, however long it takes
    way              TEXT    NOT NULL CHECK (way IN ('upload', 'command')),
    names            TEXT    NOT NULL, -- JSON: the names of the files
    file_hash        BYTEA   NOT NULL, -- SHA-256 of the files as they came, one after the other
    bytes            BIGINT  NOT NULL,
    options          TEXT    NOT NULL, -- JSON: how the files are to be read
    collected_at     BIGINT,           -- when the facts were read, where the files do not say it
    at_once          BOOLEAN NOT NULL, -- store without showing first
    state            TEXT    NOT NULL CHECK (state IN ('reading', 'preview', 'committing', 'done', 'cancelled', 'failed')),
    attempt          BIGINT  NOT NULL, -- rows of an earlier reading are written no more
    starts           BIGINT  NOT NULL, -- how often this reading was begun, so that no file ends the server for ever
    worker           TEXT    NOT NULL, -- the process that works on it; empty: none
    worker_until     BIGINT  NOT NULL, -- when others may take over
    format           TEXT    NOT NULL, -- what the files were recognised as
    told             TEXT    NOT NULL, -- JSON: what each file says of itself
    total            BIGINT  NOT NULL, -- rows
    done             BIGINT  NOT NULL, -- rows that storing has passed
    found_new        BIGINT  NOT NULL, -- rows about devices that were not known
    found_known      BIGINT  NOT NULL,
    rejected         BIGINT  NOT NULL,
    stored_new       BIGINT  NOT NULL,
    stored_changed   BIGINT  NOT NULL,
    stored_unchanged BIGINT  NOT NULL,
    stored_late      BIGINT  NOT NULL,
    problem          TEXT,
    finished_at      BIGINT,
    PRIMARY KEY (estate, id)
);
CREATE INDEX uploads_by_state ON uploads (estate, state, id);

-- The files of an upload in pieces of at most 1 MiB, until the upload is over.
CREATE TABLE upload_files (
    estate  BIGINT NOT NULL,
    upload  TEXT   NOT NULL,
    file    BIGINT NOT NULL,
    piece   BIGINT NOT NULL,
    content BYTEA  NOT NULL,
    PRIMARY KEY (estate, upload, file, piece)
);

-- What the files say, a row each. Rejected rows are kept longer than the others.
CREATE TABLE upload_rows (
    estate      BIGINT NOT NULL,
    upload      TEXT   NOT NULL,
    n           BIGINT NOT NULL, -- from 0
    file        TEXT   NOT NULL, -- its name; of one in an archive with the archive's
    place       TEXT   NOT NULL, -- for people
    status      TEXT   NOT NULL CHECK (status IN ('new', 'known', 'rejected')),
    name        TEXT   NOT NULL, -- of the device, as the row has it
    client_id   BYTEA,           -- whom it is about
    client_name TEXT,
    notes       TEXT   NOT NULL, -- a line each
    problem     TEXT,
    outcome     TEXT,            -- once stored: 'new', 'changed', 'unchanged', 'late'
    standing    TEXT,
    dictionary  BIGINT NOT NULL, -- as in history
    document    BYTEA  NOT NULL, -- the report document; of a rejected row what stood there
    PRIMARY KEY (estate, upload, n)
);
CREATE INDEX upload_rows_by_status ON upload_rows (estate, upload, status, n);

-- What the columns of somebody's tables mean, under a name.
CREATE TABLE mappings (
    estate     BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    mapping    TEXT   NOT NULL, -- JSON
    changed_at BIGINT NOT NULL,
    changed_by TEXT   NOT NULL,
    PRIMARY KEY (estate, name)
);
