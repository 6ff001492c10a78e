-- The names of clients by any three signs that follow each other in them, so that a part of a name finds its few clients
-- without a look at all others. A table of its own: only a client that is new, gone or called otherwise writes here.

CREATE TABLE names (
    n         INTEGER PRIMARY KEY, -- what the index by parts calls it; stays the same when the file is compacted
    estate    BIGINT NOT NULL,
    client_id BYTEA  NOT NULL,
    name      TEXT   NOT NULL, -- as in sort_key, in lower case
    UNIQUE (estate, client_id)
);

-- Names are kept beside it and not in it, and it says which names have all parts of a text, not where in them.
CREATE VIRTUAL TABLE name_parts USING fts5(
    name, content = 'names', content_rowid = 'n', tokenize = 'trigram case_sensitive 1', detail = 'none', columnsize = 0
);

CREATE TRIGGER names_first AFTER INSERT ON names
BEGIN
    INSERT INTO name_parts (rowid, name) VALUES (NEW.n, NEW.name);
END;

CREATE TRIGGER names_otherwise AFTER UPDATE OF name ON names
BEGIN
    INSERT INTO name_parts (name_parts, rowid, name) VALUES ('delete', OLD.n, OLD.name);
    INSERT INTO name_parts (rowid, name) VALUES (NEW.n, NEW.name);
END;

CREATE TRIGGER names_no_more AFTER DELETE ON names
BEGIN
    INSERT INTO name_parts (name_parts, rowid, name) VALUES ('delete', OLD.n, OLD.name);
END;

INSERT INTO names (estate, client_id, name) SELECT estate, id, sort_key FROM clients;

CREATE TRIGGER clients_named_first AFTER INSERT ON clients
BEGIN
    INSERT INTO names (estate, client_id, name) VALUES (NEW.estate, NEW.id, NEW.sort_key);
END;

CREATE TRIGGER clients_named_otherwise AFTER UPDATE OF sort_key ON clients WHEN OLD.sort_key <> NEW.sort_key
BEGIN
    UPDATE names SET name = NEW.sort_key WHERE estate = NEW.estate AND client_id = NEW.id;
END;

CREATE TRIGGER clients_named_no_more AFTER DELETE ON clients
BEGIN
    DELETE FROM names WHERE estate = OLD.estate AND client_id = OLD.id;
END;
