-- What is open of some kinds is asked for with each page of a site and of a client that is ready; closed ones are kept for ever.
CREATE INDEX suspicions_open_by_kind ON suspicions (estate, kind, client_id) WHERE closed_at IS NULL;
