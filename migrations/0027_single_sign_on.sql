-- Single sign-on: accounts that another server vouches for. They are known by its address and by what it calls them, which
-- never changes; names and addresses of mail do. They have no password here.
ALTER TABLE users ADD COLUMN issuer TEXT NOT NULL DEFAULT ''; -- empty: signs in with a password
ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX users_by_subject ON users (estate, issuer, subject) WHERE issuer <> '';

-- Sign-ins that have begun elsewhere; each is good once, in the browser that began it, for ten minutes.
CREATE TABLE sign_ins_begun (
    estate       BIGINT NOT NULL,
    state_hash   BYTEA  NOT NULL,
    browser_hash BYTEA  NOT NULL, -- of the cookie
    nonce        TEXT   NOT NULL,
    verifier     TEXT   NOT NULL,
    next         TEXT   NOT NULL,
    network      TEXT   NOT NULL, -- from where, so that nobody pushes others out
    begun_at     BIGINT NOT NULL,
    PRIMARY KEY (estate, state_hash)
);
CREATE INDEX sign_ins_begun_by_time ON sign_ins_begun (estate, begun_at);
CREATE INDEX sign_ins_begun_by_network ON sign_ins_begun (estate, network, begun_at);

-- The second factor of accounts with a password.
ALTER TABLE users ADD COLUMN totp_secret BYTEA;                     -- NULL: there is none
ALTER TABLE users ADD COLUMN totp_offered BYTEA;                    -- shown, and not confirmed by a code yet
ALTER TABLE users ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;   -- the last time step a code was taken of: none is taken twice
CREATE TABLE recovery_codes (
    estate    BIGINT NOT NULL,
    user_name TEXT   NOT NULL,
    code_hash BYTEA  NOT NULL,
    PRIMARY KEY (estate, user_name, code_hash)
);

-- Whose password was right, and whose code is awaited; for five minutes and five tries.
CREATE TABLE codes_awaited (
    estate        BIGINT NOT NULL,
    secret_hash   BYTEA  NOT NULL, -- of the cookie
    user_name     TEXT   NOT NULL,
    password_hash TEXT   NOT NULL, -- it counts only while the password is the one that was checked
    next          TEXT   NOT NULL,
    tries         BIGINT NOT NULL,
    begun_at      BIGINT NOT NULL,
    PRIMARY KEY (estate, secret_hash)
);
CREATE INDEX codes_awaited_by_user ON codes_awaited (estate, user_name, begun_at);
