-- The audit log is append-only: no entry is changed, and only the oldest go, when they are old enough.

-- The last entry that was let go of; the chain goes on behind it.
CREATE TABLE audit_anchor (
    estate BIGINT NOT NULL PRIMARY KEY,
    seq    BIGINT NOT NULL,
    hash   BYTEA  NOT NULL
);

CREATE INDEX audit_by_time ON audit (estate, at);

CREATE FUNCTION refuse_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END
$$;

CREATE TRIGGER audit_no_change BEFORE UPDATE ON audit FOR EACH ROW
EXECUTE FUNCTION refuse_audit('entries of the audit log are never changed');

CREATE TRIGGER audit_no_emptying BEFORE TRUNCATE ON audit
EXECUTE FUNCTION refuse_audit('entries of the audit log are kept');

CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seq > COALESCE((SELECT seq FROM audit_anchor WHERE estate = OLD.estate), 0) THEN
        RAISE EXCEPTION 'entries of the audit log are kept';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER audit_only_oldest_go BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION keep_audit();

-- The anchor only moves on, and only to an entry that is there and older than 90 days.
CREATE FUNCTION move_audit_anchor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.estate <> OLD.estate OR NEW.seq <= OLD.seq THEN
            RAISE EXCEPTION 'the beginning of the audit log only moves on';
        END IF;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM audit WHERE estate = NEW.estate AND seq = NEW.seq AND hash = NEW.hash
            AND at <= (CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT) - 90 * 86400) * 1000) THEN
        RAISE EXCEPTION 'entries of the audit log are kept for 90 days at least';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER audit_anchor_moves_on BEFORE INSERT OR UPDATE ON audit_anchor FOR EACH ROW
EXECUTE FUNCTION move_audit_anchor();

CREATE TRIGGER audit_anchor_stays BEFORE DELETE ON audit_anchor FOR EACH ROW
EXECUTE FUNCTION refuse_audit('the beginning of the audit log is not forgotten');

CREATE TRIGGER audit_anchor_is_not_emptied BEFORE TRUNCATE ON audit_anchor
EXECUTE FUNCTION refuse_audit('the beginning of the audit log is not forgotten');

CREATE FUNCTION move_audit_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.estate <> OLD.estate OR NEW.seq NOT IN (OLD.seq, OLD.seq + 1) THEN
        RAISE EXCEPTION 'the audit log only grows';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION move_audit_head();

CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head FOR EACH ROW
EXECUTE FUNCTION refuse_audit('the audit log only grows');

CREATE TRIGGER audit_head_is_not_emptied BEFORE TRUNCATE ON audit_head
EXECUTE FUNCTION refuse_audit('the audit log only grows');
