-- Rows of uploads that are over and were kept long enough, rejected ones later than the others. A few at a time.
DELETE FROM upload_rows
WHERE estate = $1 AND (upload, n) IN (
  SELECT r.upload, r.n FROM uploads u JOIN upload_rows r ON r.estate = u.estate AND r.upload = u.id
  WHERE u.estate = $1 AND u.state IN ('done', 'cancelled', 'failed') AND u.finished_at < $2
    AND (r.status <> 'rejected' OR u.finished_at < $3)
  LIMIT $4)
