-- Previews say how each row stands by itself, before anything is stored.
ALTER TABLE upload_rows ADD COLUMN by_itself TEXT; -- a standing; empty: the row was refused, or read before there was this
ALTER TABLE upload_rows ADD COLUMN lacks TEXT; -- what keeps it undetermined and somebody can say with the upload: 'view'
ALTER TABLE uploads ADD COLUMN by_itself TEXT NOT NULL DEFAULT ''; -- JSON: how many rows stand how by themselves
-- Previews that were read before this do not say it, so they are read once more.
UPDATE uploads SET state = 'reading', starts = 0, worker = '', worker_until = 0 WHERE state = 'preview';
