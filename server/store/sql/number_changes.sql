-- Numbers the changes that are committed, in the order in which they were written. PostgreSQL only, behind the lock on the
-- row of `change_feeds`: on SQLite a change gets its number when it is written.
WITH moved AS (
    DELETE FROM changes_waiting
    WHERE id IN (SELECT id FROM changes_waiting WHERE estate = $1 ORDER BY id LIMIT $2)
    RETURNING *
)
INSERT INTO changes (seq, estate, at, client_id, deleted,
    name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner,
    was_name, was_site, was_os_key, was_standing, was_verdict, was_impact, was_deciding, was_reasons, was_verdict_since,
    was_ruleset, was_listing, was_owner)
SELECT row_number() OVER (ORDER BY id) + (
        SELECT COALESCE((SELECT MAX(c.seq) FROM changes c WHERE c.estate = $1), f.let_go)
        FROM change_feeds f WHERE f.estate = $1),
    estate, at, client_id, deleted,
    name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner,
    was_name, was_site, was_os_key, was_standing, was_verdict, was_impact, was_deciding, was_reasons, was_verdict_since,
    was_ruleset, was_listing, was_owner
FROM moved
