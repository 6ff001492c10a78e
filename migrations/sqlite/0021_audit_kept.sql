-- The audit log is append-only: no entry is changed, and only the oldest go, when they are old enough.

-- The last entry that was let go of; the chain goes on behind it.
CREATE TABLE audit_anchor (
    estate BIGINT NOT NULL PRIMARY KEY,
    seq    BIGINT NOT NULL,
    hash   BYTEA  NOT NULL
);

CREATE INDEX audit_by_time ON audit (estate, at);

CREATE TRIGGER audit_no_change BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are never changed');
END;

-- A row that is replaced would go without a DELETE.
CREATE TRIGGER audit_no_replacing BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE estate = NEW.estate AND seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are never changed');
END;

CREATE TRIGGER audit_only_oldest_go BEFORE DELETE ON audit
WHEN OLD.seq > COALESCE((SELECT seq FROM audit_anchor WHERE estate = OLD.estate), 0)
BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are kept');
END;

-- The anchor only moves on, and only to an entry that is there and older than 90 days.
CREATE TRIGGER audit_anchor_is_old BEFORE INSERT ON audit_anchor
WHEN NOT EXISTS (
    SELECT 1 FROM audit WHERE estate = NEW.estate AND seq = NEW.seq AND hash = NEW.hash
        AND at <= (unixepoch() - 90 * 86400) * 1000)
    OR EXISTS (SELECT 1 FROM audit_anchor WHERE estate = NEW.estate AND seq >= NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are kept for 90 days at least');
END;

CREATE TRIGGER audit_anchor_moves_on BEFORE UPDATE ON audit_anchor
WHEN NEW.estate <> OLD.estate OR NEW.seq <= OLD.seq OR NOT EXISTS (
    SELECT 1 FROM audit WHERE estate = NEW.estate AND seq = NEW.seq AND hash = NEW.hash
        AND at <= (unixepoch() - 90 * 86400) * 1000)
BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are kept for 90 days at least');
END;

CREATE TRIGGER audit_anchor_stays BEFORE DELETE ON audit_anchor
BEGIN
    SELECT RAISE(ABORT, 'the beginning of the audit log is not forgotten');
END;

CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head
WHEN NEW.estate <> OLD.estate OR NEW.seq NOT IN (OLD.seq, OLD.seq + 1)
BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;

CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;
