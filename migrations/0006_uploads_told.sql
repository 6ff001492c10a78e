-- Uploads say beforehand what storing them would do, who may see them, and how complete they are.

-- Of which token it came: its id, since names can be given twice. Empty: a person sent it, or a command did.
ALTER TABLE uploads ADD COLUMN token TEXT NOT NULL DEFAULT '';
UPDATE uploads SET token = (SELECT t.id FROM tokens t WHERE t.estate = uploads.estate AND 'token ' || t.name = uploads.created_by)
WHERE 1 = (SELECT COUNT(*) FROM tokens t WHERE t.estate = uploads.estate AND 'token ' || t.name = uploads.created_by);
-- About how many rows reading will come to; empty: nobody knows.
ALTER TABLE uploads ADD COLUMN about BIGINT;
-- What storing the rows would do, by what was known when they were read.
ALTER TABLE uploads ADD COLUMN would_new BIGINT NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN would_changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN would_unchanged BIGINT NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN would_late BIGINT NOT NULL DEFAULT 0;
ALTER TABLE upload_rows ADD COLUMN forecast TEXT; -- 'new', 'changed', 'unchanged', 'late'
-- Of how many devices the files were to speak, and of how many they do.
ALTER TABLE uploads ADD COLUMN asked BIGINT;
ALTER TABLE uploads ADD COLUMN answered BIGINT;
-- The site that all stored rows name; empty: none or several; not set: nothing is stored yet.
ALTER TABLE uploads ADD COLUMN site TEXT;
-- When the upload came that `asked` and `answered` of a feed are of.
ALTER TABLE feeds ADD COLUMN asked_at BIGINT;
-- Previews that were read before this do not say what storing them would do, so they are read once more.
UPDATE uploads SET state = 'reading', starts = 0, worker = '', worker_until = 0 WHERE state = 'preview';
