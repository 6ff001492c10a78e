INSERT INTO uploads (estate, id, created_at, created_by, committed_by, committed_at, way, names, file_hash, bytes, options,
  collected_at, at_once, state, attempt, starts, worker, worker_until, format, told, total, done, found_new, found_known,
  rejected, stored_new, stored_changed, stored_unchanged, stored_late, token)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'reading', 0, 0, '', 0, '', '[]', 0, 0, 0, 0, 0, 0, 0, 0, 0, $14)
