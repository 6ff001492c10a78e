-- The names of clients by any three signs that follow each other in them, so that a part of a name finds its few clients
-- without a look at all others. A table of its own: only a client that is new, gone or called otherwise writes here.

CREATE TABLE names (
    estate    BIGINT NOT NULL,
    client_id BYTEA  NOT NULL,
    name      TEXT   COLLATE "C" NOT NULL, -- as in sort_key, in lower case
    PRIMARY KEY (estate, client_id)
);

-- Written here so that no extension has to be allowed. It costs more than any look into the index: said, so that no
-- planner takes the names apart one by one.
CREATE FUNCTION parts_of_name(name TEXT) RETURNS TEXT[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    SELECT COALESCE(array_agg(DISTINCT substr(name, i, 3)), '{}') FROM generate_series(1, char_length(name) - 2) AS i
$$;

INSERT INTO names (estate, client_id, name) SELECT estate, id, sort_key FROM clients;

-- What waits to be put in is looked through by every search, so little may wait.
CREATE INDEX names_by_part ON names USING gin (parts_of_name(name)) WITH (gin_pending_list_limit = 512);

CREATE FUNCTION note_new_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO names (estate, client_id, name) SELECT estate, id, sort_key FROM new_rows;
    RETURN NULL;
END
$$;

CREATE FUNCTION note_other_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM names WHERE estate = OLD.estate AND client_id = OLD.id;
    ELSE
        UPDATE names SET name = NEW.sort_key WHERE estate = NEW.estate AND client_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER clients_named_first AFTER INSERT ON clients REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_new_names();
CREATE TRIGGER clients_named_otherwise AFTER UPDATE OF sort_key ON clients FOR EACH ROW
WHEN (OLD.sort_key <> NEW.sort_key) EXECUTE FUNCTION note_other_name();
CREATE TRIGGER clients_named_no_more AFTER DELETE ON clients FOR EACH ROW EXECUTE FUNCTION note_other_name();
