-- Machines that sign their reports. The keys themselves are worked out from the server's own key, the name and the
-- generation; giving a machine a new one makes the old one void.
CREATE TABLE enrolled (
    estate      BIGINT NOT NULL,
    name        TEXT   NOT NULL, -- in lower case
    generation  BIGINT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    revoked_at  BIGINT,          -- empty: its key holds
    PRIMARY KEY (estate, name)
);
