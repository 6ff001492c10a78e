-- From which address each client was heard last, so that an address leads to its clients. Only a client that is heard from
-- another address than before writes here; a report from where the last one came touches nothing.

CREATE TABLE heard_from (
    estate    BIGINT NOT NULL,
    address   TEXT   NOT NULL,
    client_id BYTEA  NOT NULL,
    PRIMARY KEY (estate, address, client_id)
);
INSERT INTO heard_from (estate, address, client_id)
SELECT estate, sent_from, id FROM clients WHERE sent_from <> '';

CREATE FUNCTION note_heard_from() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM heard_from WHERE estate = OLD.estate AND address = OLD.sent_from AND client_id = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.sent_from <> '' THEN
        INSERT INTO heard_from (estate, address, client_id) VALUES (NEW.estate, NEW.sent_from, NEW.id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER clients_heard_first AFTER INSERT ON clients FOR EACH ROW
WHEN (NEW.sent_from <> '') EXECUTE FUNCTION note_heard_from();
CREATE TRIGGER clients_heard_elsewhere AFTER UPDATE OF sent_from ON clients FOR EACH ROW
WHEN (OLD.sent_from <> NEW.sent_from) EXECUTE FUNCTION note_heard_from();
CREATE TRIGGER clients_heard_no_more AFTER DELETE ON clients FOR EACH ROW
WHEN (OLD.sent_from <> '') EXECUTE FUNCTION note_heard_from();
