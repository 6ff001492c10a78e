-- The changes behind a number, in order.
SELECT seq, at, client_id, deleted,
    name, site, os_key, standing, verdict, impact, deciding, reasons, verdict_since, ruleset, listing, owner,
    was_name, was_site, was_os_key, was_standing, was_verdict, was_impact, was_deciding, was_reasons, was_verdict_since,
    was_ruleset, was_listing, was_owner
FROM changes WHERE estate = $1 AND seq > $2 ORDER BY seq LIMIT $3
