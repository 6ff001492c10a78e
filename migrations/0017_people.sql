-- People: what an account is for, which sites it may see, and whether it still holds. Whoever has one could do everything
-- so far, and goes on so.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'viewer'
    CHECK (role IN ('viewer', 'operator', 'approver', 'administrator', 'auditor'));
ALTER TABLE users ADD COLUMN sites TEXT NOT NULL DEFAULT ''; -- codes, comma separated; empty: every site
ALTER TABLE users ADD COLUMN disabled_at BIGINT;
ALTER TABLE users ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN last_sign_in_at BIGINT;
ALTER TABLE users ADD COLUMN must_change BOOLEAN NOT NULL DEFAULT FALSE; -- a one-time password, for choosing an own one
UPDATE users SET role = 'administrator';

-- Sessions say where they are, so that their owner can tell them apart. Older ones do not: they end.
DELETE FROM sessions;
ALTER TABLE sessions ADD COLUMN id TEXT NOT NULL DEFAULT ''; -- public: what a form names it by
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_by_user ON sessions (estate, user_name);

-- Whoever changes accounts takes this row first, so that of several servers one at a time looks who administrates.
CREATE TABLE people_turn (
    estate  BIGINT NOT NULL PRIMARY KEY,
    changes BIGINT NOT NULL
);

-- The link by which the first administrator is made; there while nobody has an account.
CREATE TABLE setup_link (
    estate      BIGINT NOT NULL PRIMARY KEY,
    secret_hash BYTEA  NOT NULL,
    made_at     BIGINT NOT NULL
);
