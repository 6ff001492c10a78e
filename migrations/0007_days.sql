-- What the numbers were on each day. A day is written once, in one transaction, and never changed: later rules,
-- lists and exceptions do not reach back. A day on which nothing ran has no row, and none is made up for it.

-- The head of a day: what it was counted by, and everybody's standing.
CREATE TABLE days (
    estate          BIGINT  NOT NULL,
    day             BIGINT  NOT NULL, -- in days since 1970 UTC
    taken_at        BIGINT  NOT NULL, -- when its numbers were true: its end, unless nothing ran then
    ruleset         TEXT    NOT NULL,
    expected        BIGINT  NOT NULL,
    total           BIGINT  NOT NULL,
    blocking        BIGINT  NOT NULL,
    undetermined    BIGINT  NOT NULL,
    conflict        BIGINT  NOT NULL,
    restart_pending BIGINT  NOT NULL,
    stale           BIGINT  NOT NULL,
    silent          BIGINT  NOT NULL,
    ready           BIGINT  NOT NULL,
    lists           BIGINT  NOT NULL, -- expected lists in force
    feeds           BIGINT  NOT NULL, -- feeds that were waited for
    feeds_stopped   BIGINT  NOT NULL, -- and of these the ones that had stopped
    to_rejudge      BIGINT  NOT NULL, -- clients whose verdict was still by other rules
    simulated       BOOLEAN NOT NULL, -- made by the demo
    PRIMARY KEY (estate, day)
);

-- The counts of a day, as `counts` had them, of clients in the population.
CREATE TABLE daily (
    estate   BIGINT NOT NULL,
    kind     TEXT   NOT NULL, -- 'client' (detail: impact), 'reason' (detail: bit)
    day      BIGINT NOT NULL,
    site     TEXT   NOT NULL,
    os_key   TEXT   NOT NULL,
    standing TEXT   NOT NULL,
    detail   TEXT   NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (estate, kind, day, site, os_key, standing, detail)
);
