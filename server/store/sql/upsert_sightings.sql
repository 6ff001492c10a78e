-- Failed handshakes, counted for their address and reason; the latest says what was offered.
WITH v (address, failure, highest, tls12, suites, shared, server_name, first_at, last_at, times) AS ({rows})
INSERT INTO sightings (estate, address, failure, highest, tls12, suites, shared, server_name, first_at, last_at, times)
SELECT $1, address, failure, highest, tls12, suites, shared, server_name, first_at, last_at, times
FROM v WHERE TRUE ORDER BY address, failure
ON CONFLICT (estate, address, failure) DO UPDATE SET
    highest = CASE WHEN excluded.last_at >= sightings.last_at THEN excluded.highest ELSE sightings.highest END,
    tls12 = CASE WHEN excluded.last_at >= sightings.last_at THEN excluded.tls12 ELSE sightings.tls12 END,
    suites = CASE WHEN excluded.last_at >= sightings.last_at THEN excluded.suites ELSE sightings.suites END,
    shared = CASE WHEN excluded.last_at >= sightings.last_at THEN excluded.shared ELSE sightings.shared END,
    server_name = CASE WHEN excluded.last_at >= sightings.last_at THEN excluded.server_name ELSE sightings.server_name END,
    first_at = CASE WHEN excluded.first_at < sightings.first_at THEN excluded.first_at ELSE sightings.first_at END,
    last_at = CASE WHEN excluded.last_at > sightings.last_at THEN excluded.last_at ELSE sightings.last_at END,
    times = sightings.times + excluded.times
RETURNING address
