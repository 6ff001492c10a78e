-- How many clients were known when somebody looked: of a client that becomes known later, logs may have spoken before.
ALTER TABLE observed_digest ADD COLUMN clients BIGINT NOT NULL DEFAULT -1;
