-- What all lists together make of the clients that the list $2 names, or named before its upload $3: expected when any
-- list expects them, left out only when every list that names them says so. Who was read since the newest of these lists
-- came in is back. Owner and last contact are the newest list's that knows one.
WITH said AS (
    SELECT m.client_id,
           MAX(CASE WHEN m.listing = 'expected' THEN 1 ELSE 0 END) AS wanted,
           MAX(CASE WHEN m.listing = 'decommissioned' THEN 1 ELSE 0 END) AS gone,
           MAX(m.list_id) AS list_id
    FROM members m
    WHERE m.estate = $1 AND (m.list_name <> $2 OR m.list_id = $3)
      AND m.client_id IN (SELECT client_id FROM members WHERE estate = $1 AND list_name = $2)
    GROUP BY m.client_id
),
settled AS (
    SELECT c.id, said.list_id,
           CASE WHEN said.wanted = 1 THEN 'expected'
                WHEN c.seen_at > said.list_id THEN 'returned'
                WHEN said.gone = 1 THEN 'decommissioned'
                ELSE 'obsolete' END AS listing,
           (SELECT m.owner FROM members m
            WHERE m.estate = $1 AND m.client_id = c.id AND m.owner IS NOT NULL AND (m.list_name <> $2 OR m.list_id = $3)
            ORDER BY m.list_id DESC LIMIT 1) AS owner,
           (SELECT m.last_contact FROM members m
            WHERE m.estate = $1 AND m.client_id = c.id AND m.last_contact IS NOT NULL
              AND (m.list_name <> $2 OR m.list_id = $3)
            ORDER BY m.list_id DESC LIMIT 1) AS last_contact
    FROM said JOIN clients c ON c.estate = $1 AND c.id = said.client_id
)
UPDATE clients
SET listing = settled.listing, owner = settled.owner, last_contact = settled.last_contact, list_id = settled.list_id
FROM settled
WHERE clients.estate = $1 AND clients.id = settled.id
  AND (clients.listing <> settled.listing
       OR clients.owner IS DISTINCT FROM settled.owner
       OR clients.last_contact IS DISTINCT FROM settled.last_contact)
