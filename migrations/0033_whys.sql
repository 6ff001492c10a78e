-- Why a limit of a scope was set, and what ended an exception, in words.
ALTER TABLE scope_limits ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE exceptions ADD COLUMN ended_note TEXT NOT NULL DEFAULT '';
