-- What moved from the run of the same scope before to this one, as JSON; empty: not compared, or there was none.
ALTER TABLE scope_runs ADD COLUMN moved TEXT NOT NULL DEFAULT '';
