-- A row for each time a client's standing changed, or it came into the population or left it. The numbers only grow,
-- but they are given before the commit: one that reads along has to expect a smaller one a little later.
-- The trigger names the columns it waits for, so that a report that says nothing new does not even ask it.

CREATE TABLE moves (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    estate        BIGINT NOT NULL,
    at            BIGINT NOT NULL, -- by the clock of the database
    client_id     BYTEA  NOT NULL,
    from_standing TEXT   NOT NULL,
    to_standing   TEXT   NOT NULL,
    from_verdict  TEXT,            -- what its last report had earned, whatever time had passed; empty: never reported
    from_reasons  BIGINT NOT NULL,
    to_reasons    BIGINT NOT NULL,
    from_ruleset  TEXT   NOT NULL,
    to_ruleset    TEXT   NOT NULL,
    from_listing  TEXT   NOT NULL,
    to_listing    TEXT   NOT NULL
);
CREATE INDEX moves_by_client ON moves (estate, client_id, id);
CREATE INDEX moves_by_time ON moves (estate, at);
-- Clients that had earned "ready" and lost it by what they said themselves, under the same rules.
CREATE INDEX moves_back ON moves (estate, at, client_id)
    WHERE from_verdict IN ('ready', 'restart_pending') AND to_standing IN ('blocking', 'undetermined', 'conflict')
      AND from_ruleset = to_ruleset;

CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO moves (estate, at, client_id, from_standing, to_standing, from_verdict, from_reasons, to_reasons,
        from_ruleset, to_ruleset, from_listing, to_listing)
    VALUES (NEW.estate, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT), NEW.id, OLD.standing, NEW.standing,
        OLD.verdict, OLD.reasons, NEW.reasons, OLD.ruleset, NEW.ruleset, OLD.listing, NEW.listing);
    RETURN NULL;
END
$$;

CREATE TRIGGER clients_moved AFTER UPDATE OF standing, listing ON clients FOR EACH ROW
WHEN (OLD.standing <> NEW.standing
    OR (OLD.listing IN ('obsolete', 'decommissioned')) <> (NEW.listing IN ('obsolete', 'decommissioned')))
EXECUTE FUNCTION note_move();
