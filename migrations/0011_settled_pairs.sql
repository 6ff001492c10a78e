-- Somebody said that two records are two machines: the pair is not suspected any more for what it shared then.
ALTER TABLE suspects ADD COLUMN settled_at BIGINT;
ALTER TABLE suspects ADD COLUMN settled_by TEXT;
