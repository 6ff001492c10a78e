-- Clients by what they need, for lists of a need that few have. No column of it changes while a client reports the same
-- facts.
CREATE INDEX clients_by_need ON clients (estate, standing, reasons) WHERE reasons <> 0;
