SELECT id, created_at, created_by, committed_by, committed_at, way, names, file_hash, bytes, options, collected_at,
       at_once, state, starts, format, told, total, done, found_new, found_known, rejected, would_new, would_changed,
       would_unchanged, would_late, stored_new, stored_changed, stored_unchanged, stored_late, problem, finished_at,
       token, about, asked, answered, by_itself
FROM uploads WHERE estate = $1 AND id = $2
