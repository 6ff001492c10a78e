-- The sites that whoever approved an exception could see: it answers for the client there only. ',P01,P02,'; empty: every site.
ALTER TABLE exceptions ADD COLUMN decided_within TEXT NOT NULL DEFAULT '';
UPDATE exceptions SET decided_within = COALESCE((
    SELECT ',' || u.sites || ',' FROM users u
    WHERE u.estate = exceptions.estate AND u.name = exceptions.decided_by AND u.sites <> ''), '')
WHERE decision = 'approved' AND ended_at IS NULL;
