-- What was seen is let go of by its age, a portion at a time.
CREATE INDEX observations_by_day ON observations (estate, day, address);
CREATE INDEX leases_by_end ON leases (estate, until_at, address);
